// SPDX-License-Identifier: MIT
#include "core/npy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

#include "core/error.hpp"
#include "core/fd.hpp"

namespace tactus {
namespace {

struct TypeEntry {
  std::string_view descr;
  NpyType type;
  std::size_t width;
};
constexpr TypeEntry kTypes[] = {{"<f4", NpyType::kF32, 4},
                                {"<f8", NpyType::kF64, 8},
                                {"<i4", NpyType::kI32, 4},
                                {"<i8", NpyType::kI64, 8}};
constexpr std::string_view kMagic("\x93NUMPY", 6);

template <class T>
T load(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

double element(NpyType type, const std::byte* p) {
  switch (type) {
    case NpyType::kF32:
      return static_cast<double>(load<float>(p));
    case NpyType::kF64:
      return load<double>(p);
    case NpyType::kI32:
      return load<int32_t>(p);
    case NpyType::kI64:
      return static_cast<double>(load<int64_t>(p));
  }
  return 0;
}

// The text after 'key': in the header's dictionary.
std::string_view after(std::string_view header, std::string_view key) {
  const std::size_t at = header.find(key);
  if (at == std::string_view::npos) return {};
  const std::size_t colon = header.find(':', at + key.size());
  if (colon == std::string_view::npos) return {};
  header.remove_prefix(colon + 1);
  const std::size_t start = header.find_first_not_of(' ');
  return start == std::string_view::npos ? std::string_view{}
                                         : header.substr(start);
}

// "(64, 3)", "(64,)" or "()".
bool parse_shape(std::string_view text, std::vector<int64_t>& shape) {
  const std::size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string_view::npos) {
    return false;
  }
  text = text.substr(1, end - 1);
  while (true) {
    const std::size_t start = text.find_first_not_of(", ");
    if (start == std::string_view::npos) return true;
    text.remove_prefix(start);
    int64_t size = 0;
    const auto [rest, error] =
        std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || size < 0 || shape.size() >= 32) return false;
    shape.push_back(size);
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  }
}

// Elements, or SIZE_MAX when they cannot fit in `limit`.
std::size_t count_of(const std::vector<int64_t>& shape, std::size_t limit) {
  std::size_t n = 1;
  for (const int64_t d : shape) {
    const auto size = static_cast<std::size_t>(d);
    if (size != 0 && n > limit / size) return SIZE_MAX;
    n *= size;
  }
  return n;
}

struct Header {
  std::string_view text;
  std::size_t data = 0;  // where the array starts
};

bool find_header(std::span<const std::byte> bytes, Header& out) {
  const auto* p = reinterpret_cast<const char*>(bytes.data());
  if (bytes.size() < 12 || std::string_view(p, 6) != kMagic) return false;
  const bool first = p[6] == 1;
  const std::size_t size = first ? load<uint16_t>(bytes.data() + 8)
                                 : load<uint32_t>(bytes.data() + 8);
  const std::size_t start = first ? 10 : 12;
  if (p[6] < 1 || p[6] > 3 || size > bytes.size() - start) return false;
  out = {{p + start, size}, start + size};
  return true;
}

}  // namespace

Result<Npy> parse_npy(std::span<const std::byte> bytes,
                      const std::string& label) {
  Header header;
  if (!find_header(bytes, header)) {
    return bad_input("{}: not a .npy file, or cut short: save it again", label);
  }
  const std::string_view descr = after(header.text, "'descr'");
  const auto* type = std::ranges::find_if(kTypes, [&](const TypeEntry& t) {
    return descr.size() > 5 && descr.substr(1, 3) == t.descr;
  });
  if (type == std::end(kTypes) ||
      !after(header.text, "'fortran_order'").starts_with("False")) {
    return bad_input(
        "{}: not little-endian float or int in C order: save it with "
        "np.ascontiguousarray(x, dtype='<f4')",
        label);
  }
  Npy out;
  out.type = type->type;
  const std::size_t have = bytes.size() - header.data;
  if (!parse_shape(after(header.text, "'shape'"), out.shape)) {
    return bad_input("{}: its shape cannot be read: save it again", label);
  }
  const std::size_t count = count_of(out.shape, have / type->width);
  if (count == SIZE_MAX || count * type->width != have) {
    return bad_input("{}: {} bytes of data do not fit its shape: save it again",
                     label, have);
  }
  out.data.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    out.data[i] =
        element(out.type, bytes.data() + header.data + i * type->width);
  }
  return out;
}

Result<Npy> read_npy(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info{};
  if (!fd || ::fstat(fd.get(), &info) != 0)
    return file_error(path, errno, "give a .npy file");
  if (!S_ISREG(info.st_mode))
    return bad_input("{}: not a regular file: give a .npy file", path);
  std::vector<std::byte> bytes(static_cast<std::size_t>(info.st_size));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got =
        ::read(fd.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return bad_input("{}: changed while read: try again", path);
    done += static_cast<std::size_t>(got);
  }
  return parse_npy(bytes, path);
}

namespace {

void put(std::string& out, NpyType type, double value) {
  const auto append = [&](auto v) {
    out.append(reinterpret_cast<const char*>(&v), sizeof v);
  };
  switch (type) {
    case NpyType::kF32:
      return append(static_cast<float>(value));
    case NpyType::kF64:
      return append(value);
    case NpyType::kI32:
      return append(static_cast<int32_t>(value));
    case NpyType::kI64:
      return append(static_cast<int64_t>(value));
  }
}

std::string encode(const Npy& array) {
  std::string shape;
  for (const int64_t d : array.shape) shape += std::to_string(d) + ", ";
  if (array.shape.size() > 1) shape.resize(shape.size() - 2);
  const auto* type = std::ranges::find(kTypes, array.type, &TypeEntry::type);
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                  type->descr, shape);
  // Data starts at a multiple of 64; the header ends in a newline.
  header.resize((10 + header.size() + 64) / 64 * 64 - 11, ' ');
  header += '\n';
  std::string out(kMagic);
  out += std::string_view("\x01\x00", 2);
  const auto size = static_cast<uint16_t>(header.size());
  out.append(reinterpret_cast<const char*>(&size), 2);
  out += header;
  for (const double v : array.data) put(out, array.type, v);
  return out;
}

}  // namespace

Result<void> write_npy(const std::string& path, const Npy& array) {
  const std::string bytes = encode(array);
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  std::size_t done = 0;
  while (fd && done < bytes.size()) {
    const ssize_t n =
        ::write(fd.get(), bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  if (done == bytes.size()) return {};
  return file_error(path, errno, "choose a folder that can be written");
}

Result<void> check_finite(std::span<const float> rows, std::size_t columns,
                          const std::string& path,
                          std::span<const double> read) {
  const auto wrong =
      std::ranges::find_if_not(rows, [](float v) { return std::isfinite(v); });
  if (wrong == rows.end()) return {};
  const auto at = static_cast<std::size_t>(wrong - rows.begin());
  const double value = read.empty() ? static_cast<double>(*wrong) : read[at];
  return bad_input(
      "{}: row {}, column {} (from 0) is {}, no finite float: leave such rows "
      "out",
      path, at / columns, at % columns, value);
}

}  // namespace tactus
