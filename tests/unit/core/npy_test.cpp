// SPDX-License-Identifier: MIT
#include "core/npy.hpp"

#include <criterion/criterion.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace tactus;

namespace {

std::string header(const std::string& text, const std::string& data) {
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(text.size());
  out += '\0';
  return out + text + data;
}

Result<Npy> parse(const std::string& bytes) {
  return parse_npy(std::as_bytes(std::span(bytes)), "a.npy");
}

const std::string kData(24, '\0');
const std::string kGood =
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n";

}  // namespace

Test(npy, round_trips_every_type_and_shape) {
  std::string path = "/tmp/tactus-npy-XXXXXX";
  const int fd = ::mkstemp(path.data());
  cr_assert(fd >= 0);
  ::close(fd);
  for (const NpyType type :
       {NpyType::kF32, NpyType::kF64, NpyType::kI32, NpyType::kI64}) {
    for (const auto& shape : {std::vector<int64_t>{}, {3}, {2, 3}, {0, 4}}) {
      Npy a{type, shape, {}};
      std::size_t n = 1;
      for (const int64_t d : shape) n *= static_cast<std::size_t>(d);
      for (std::size_t i = 0; i < n; ++i) a.data.push_back(double(i) - 2);
      cr_assert(bool(write_npy(path, a)));
      auto b = read_npy(path);
      cr_assert(bool(b), "%s", b ? "" : b.error().text());
      cr_assert(b->type == type && b->shape == shape && b->data == a.data);
    }
  }
  ::unlink(path.c_str());
}

Test(npy, every_truncation_is_an_error) {
  const std::string bytes = header(kGood, kData);
  cr_assert(bool(parse(bytes)));
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    cr_assert_not(bool(parse(bytes.substr(0, n))), "%zu bytes", n);
  }
  cr_assert_not(bool(parse(bytes + "x")));
}

Test(npy, what_it_cannot_hold_is_refused) {
  for (const char* text :
       {"{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }",
        "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, -3), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, "
        "4294967296, 6), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", "",
        "{"}) {
    cr_assert_not(bool(parse(header(text, kData))), "%s", text);
  }
}

Test(npy, a_missing_file_is_named) {
  auto a = read_npy("/nonexistent/a.npy");
  cr_assert_not(bool(a));
  cr_assert(std::strstr(a.error().text(), "/nonexistent/a.npy"));
}
