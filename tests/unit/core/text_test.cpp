// SPDX-License-Identifier: MIT
#include "core/text.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string>

#include "core/json.hpp"

using namespace tactus;

namespace {

constexpr std::string_view kNotUtf8[] = {"\x80",          // continues nothing
                                         "\xC3",          // ends too early
                                         "\xC0\xAF",      // overlong
                                         "\xE0\x80\xAF",  // overlong
                                         "\xED\xA0\x80",  // surrogate
                                         "\xF4\x90\x80\x80",  // above U+10FFFF
                                         "\xFF"};

}  // namespace

Test(text, utf8_length_counts_the_bytes_of_one_letter) {
  cr_assert(eq(sz, utf8_length("ab"), 1));
  cr_assert(eq(sz, utf8_length("\u00F6x"), 2));
  cr_assert(eq(sz, utf8_length("\u20ACx"), 3));
  cr_assert(eq(sz, utf8_length("\U0001F916x"), 4));
  cr_assert(eq(sz, utf8_length(""), 0));
  for (const auto bytes : kNotUtf8) cr_assert(eq(sz, utf8_length(bytes), 0));
}

Test(text, utf8_cut_keeps_letters_whole) {
  const std::string_view text = "ab\u20AC";
  cr_assert(eq(sz, utf8_cut(text, 9).size(), 5));
  cr_assert(eq(sz, utf8_cut(text, 5).size(), 5));
  cr_assert(eq(sz, utf8_cut(text, 4).size(), 2));
  cr_assert(eq(sz, utf8_cut(text, 3).size(), 2));
  cr_assert(eq(sz, utf8_cut(text, 2).size(), 2));
  cr_assert(eq(sz, utf8_cut("\x80\x80\x80\x80\x80", 4).size(), 4));
}

Test(text, a_quoted_text_does_not_end_in_half_a_letter) {
  std::string text = std::string(59, 'a') + "\u00F6" + "b";
  cr_assert(eq(str, quoted(text), "\"" + std::string(59, 'a') + "…\""));
}

Test(text, one_line_shows_what_steers_a_terminal) {
  cr_assert(eq(str, one_line("a\n\x1B[m\u009B°"), "a\\x0a\\x1b[m\\x9b°"));
}

Test(json, bytes_that_are_not_utf8_become_question_marks) {
  for (const auto bytes : kNotUtf8) {
    std::string text = json::Value(std::string(bytes)).json();
    cr_assert(eq(str, text, "\"" + std::string(bytes.size(), '?') + "\""));
  }
  cr_assert(eq(str, json::Value(std::string("90 °")).json(), "\"90 °\""));
}
