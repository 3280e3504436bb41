// SPDX-License-Identifier: MIT
#include "io/address.hpp"

#include <criterion/criterion.h>

#include <string>

using namespace tactus;

Test(address, reads_every_form) {
  const char* forms[][2] = {{"127.0.0.1:5010", "127.0.0.1:5010"},
                            {"udp://127.0.0.1:5010", "127.0.0.1:5010"},
                            {"udp://[::1]:1", "[::1]:1"},
                            {"0.0.0.0:0", "0.0.0.0:0"}};
  for (const auto& form : forms) {
    auto a = io::parse_address(form[0]);
    cr_assert(a, "%s", form[0]);
    const std::string text = a->text();
    cr_assert_str_eq(text.c_str(), form[1]);
  }
}

Test(address, a_bad_one_is_one_line_that_names_it) {
  for (const char* bad :
       {"", ":", "127.0.0.1", "127.0.0.1:", ":5010", "127.0.0.1:65536",
        "127.0.0.1:50x", "tcp://127.0.0.1:1", "robot:5010", "::1:5010",
        "[127.0.0.1]:1", "127.0.0.1:-1", "udp://", "[]:1", "[:1"}) {
    auto a = io::parse_address(bad);
    cr_assert(!a, "%s", bad);
    const std::string text = a.error().text();
    cr_assert_eq(a.error().code(), ErrorCode::kBadInput);
    cr_assert_neq(text.find(bad), std::string::npos);
    cr_assert_eq(text.find('\n'), std::string::npos);
  }
}
