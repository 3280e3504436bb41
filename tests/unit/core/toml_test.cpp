// SPDX-License-Identifier: MIT
#include "core/toml.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <string>

using tactus::toml::Document;

namespace {

Document parsed(std::string_view text) {
  auto document = Document::parse(text, "a.toml");
  cr_assert(bool(document), "%s", document ? "" : document.error().text());
  return *document;
}

std::string verdict(const Document& document) {
  const auto done = document.finish();
  return done ? "fine" : done.error().text();
}

std::string refusal(std::string_view text) {
  const auto document = Document::parse(text, "a.toml");
  return document ? "fine" : document.error().text();
}

}  // namespace

Test(toml, reads_typed_values) {
  const auto doc = parsed(
      "name = \"arm\"\n"
      "loop = {period = \"1 ms\", cpu = 1, hot = true, gain = 0.5}\n");
  const auto loop = doc.root().table("loop");
  cr_assert(eq(str, doc.root().text("name"), "arm"));
  cr_assert(eq(i64, loop.duration("period"), 1'000'000));
  cr_assert(eq(i64, loop.integer("cpu", 0, 7), 1));
  cr_assert(loop["hot"].flag());
  cr_assert(eq(dbl, loop["gain"].number(), 0.5));
  cr_assert(eq(i64, loop.duration("lead", 60'000), 60'000));
  cr_assert(eq(str, verdict(doc), "fine"));
}

Test(toml, says_file_line_column_key_seen_and_expected) {
  const auto doc = parsed("a = 1\nloop = {period = \"1 mm\"}\n");
  cr_assert(eq(i64, doc.root().table("loop").duration("period"), 0));
  cr_assert(eq(str, verdict(doc),
               "a.toml:2:18: loop.period: \"1 mm\": expected a duration such "
               "as \"3 ms\""));
}

Test(toml, names_an_unknown_key_and_the_near_one) {
  const auto doc = parsed("[loop]\nperiod = \"1 ms\"\npriorty = 4\n");
  const auto loop = doc.root().table("loop");
  (void)loop.duration("period");
  (void)loop.integer("priority", 1, 99, 45);
  cr_assert(eq(str, verdict(doc),
               "a.toml:3:1: loop.priorty: unknown key: expected one of "
               "period, priority (is \"priority\" meant?)"));
}

Test(toml, names_a_missing_key_and_the_near_one) {
  const auto doc = parsed("human = {dmin = \"50 mm\"}\n");
  (void)doc.root().table("human").quantity("d_min", tactus::kLength);
  cr_assert(eq(str, verdict(doc),
               "a.toml:1:9: human.d_min: missing: expected a length such as "
               "\"50 mm\" (is \"dmin\" meant?)"));
}

Test(toml, keeps_the_first_error) {
  const auto doc = parsed("a = 1\nb = 2\n");
  (void)doc.root().text("b");
  (void)doc.root().text("a");
  cr_assert(eq(str, verdict(doc),
               "a.toml:2:5: b: 2: expected a text in quotes, on one line"));
}

Test(toml, judges_unknown_keys_only_where_a_table_was_read) {
  const auto doc = parsed("[loop]\nx = 1\n[io]\ny = 1\n");
  doc.root().skip("loop");
  doc.root().skip("io");
  cr_assert(eq(str, verdict(doc), "fine"));
}

Test(toml, reads_dotted_keys_as_tables) {
  const auto doc = parsed("stage = {late.infer = \"keep_last 2\"}\n");
  const auto late = doc.root().table("stage").table("late");
  cr_assert(eq(u32, late["infer"].word_count().count, 2));
  cr_assert(eq(str, verdict(doc), "fine"));
}

Test(toml, keys_come_in_the_order_of_the_file) {
  const auto doc = parsed("[signal]\nz = 1\na = 2\nm = 3\n");
  auto keys = doc.root().table("signal").keys();
  cr_assert(eq(sz, keys.size(), 3));
  cr_assert(eq(str, keys[0], "z"));
  cr_assert(eq(str, keys[2], "m"));
}

Test(toml, offers_the_near_word_of_a_choice) {
  const auto doc = parsed("overrun = \"skp\"\n");
  (void)doc.root().choice("overrun", {"skip", "rephase"});
  cr_assert(eq(str, verdict(doc),
               "a.toml:1:11: overrun: \"skp\": expected one of \"skip\", "
               "\"rephase\" (is \"skip\" meant?)"));
}

Test(toml, list_items_have_their_own_place) {
  const auto doc = parsed("box = [\"0 m .. 1 m\", \"1 m\"]\n");
  for (const auto& side : doc.root().list("box"))
    (void)side.range(tactus::kLength);
  cr_assert(eq(str, verdict(doc),
               "a.toml:1:22: box[1]: \"1 m\": expected a range \"lo .. hi\", "
               "each a length such as \"50 mm\""));
}

Test(toml, refuses_numbers_that_are_not_finite) {
  const auto doc = parsed("x = nan\n");
  (void)doc.root()["x"].number();
  cr_assert(
      eq(str, verdict(doc), "a.toml:1:5: x: nan: expected a finite number"));
}

Test(toml, a_syntax_error_has_its_place) {
  const auto doc = Document::parse("a = \n", "a.toml");
  cr_assert(not(bool(doc)));
  const std::string text = doc.error().text();
  cr_assert(text.starts_with("a.toml:1:5: not TOML: "), "%s", text.c_str());
}

// toml++ 3.3 aborts in an assertion here.
Test(toml, a_key_that_cannot_begin_is_a_syntax_error) {
  cr_assert(not(bool(Document::parse("[`", "a.toml"))));
}

Test(toml, letters_beyond_ascii_stand_in_quotes_and_comments) {
  const auto doc = parsed(
      "a = \"Gr\u00FC\u00DFe \U0001F916\" # 90 \u00B0\n"
      "\"t\u00FCr\" = '\u00B0\u2028'\n");
  cr_assert(eq(str, doc.root().text("a"), "Gr\u00FC\u00DFe \U0001F916"));
  cr_assert(eq(str, doc.root().text("t\u00FCr"), "\u00B0\u2028"));
  cr_assert(eq(str, verdict(doc), "fine"));
}

Test(toml, the_mark_that_some_editors_write_first_is_no_letter) {
  const auto doc = parsed(
      "\xEF\xBB\xBF"
      "a = 1\n");
  cr_assert(eq(i64, doc.root().integer("a", 0, 1), 1));
}

// toml++ 3.3 runs into undefined behaviour on these.
Test(toml, letters_beyond_ascii_outside_quotes_have_their_place) {
  for (const char* text :
       {"a = 5\u00F6", "a = \"\u00B0\" \u00F6", "a = 5\"\u00F6\"", "\u00F6 = 1",
        "\"#\"\uFD7F", "a = \"\\\"#\" \u00F6", "a = [1=\"\u2CEF\"]",
        "a = 1\u00A0", "a = \uFEFF"}) {
    const std::string said = refusal(text);
    cr_assert(said.starts_with("a.toml:1:"), "%s", said.c_str());
    cr_assert(said.find("not TOML: ") != std::string::npos, "%s", said.c_str());
  }
  cr_assert(eq(str, refusal("a = \"\u00B0\" \u00F6"),
               "a.toml:1:9: not TOML: Error while parsing key-value pair: "
               "expected a comment or whitespace, saw "
               "'\u00F6'"));
}

Test(toml, bytes_that_are_not_utf8_have_their_place) {
  const std::string said = "not TOML: bytes that are not UTF-8";
  cr_assert(
      eq(str, refusal("b = 1\na = \"\u00B0\xB0\""), "a.toml:2:7: " + said));
  cr_assert(eq(str, refusal("a = 1 # \xC3"), "a.toml:1:9: " + said));
  cr_assert(eq(str, refusal("\xFF"), "a.toml:1:1: " + said));
}

Test(toml, texts_of_several_lines_are_refused) {
  for (const char* text : {"a = \"\"\"x\"\"\"", "a = '''x'''"})
    cr_assert(eq(str, refusal(text),
                 "a.toml:1:5: not TOML as read here: expected quoted texts on "
                 "one line"));
}

Test(toml, a_degree_sign_is_no_unit_and_is_shown) {
  const auto doc = parsed("a = \"90 \u00B0\"\n");
  (void)doc.root().quantity("a", tactus::kAngle);
  cr_assert(eq(str, verdict(doc),
               "a.toml:1:5: a: \"90 \u00B0\": expected an angle such as "
               "\"2 deg\""));
}

Test(toml, a_duplicate_key_is_a_syntax_error) {
  cr_assert(not(bool(Document::parse("a = 1\na = 2\n", "a.toml"))));
}

Test(toml, a_missing_file_is_bad_input_with_its_name) {
  const auto doc = Document::load("/nonexistent/arm.toml");
  cr_assert(not(bool(doc)));
  cr_assert(eq(int, doc.error().exit_code(), 2));
  const std::string text = doc.error().text();
  cr_assert(text.starts_with("/nonexistent/arm.toml: ENOENT"), "%s",
            text.c_str());
}

Test(toml, refuses_deep_nesting_before_it_recurses) {
  std::string deep = "a = ";
  deep += std::string(100'000, '[');
  cr_assert(not(bool(Document::parse(deep, "a.toml"))));
  std::string dots = "a";
  for (int i = 0; i < 50'000; ++i) dots += ".a";
  cr_assert(not(bool(Document::parse(dots + " = 1", "a.toml"))));
}

Test(toml, points_into_a_text) {
  const auto doc = parsed("a = 1\nb = {c = \"x \\\" y\", d = 'x \" y'}\n");
  const auto b = doc.root().table("b");
  b["d"].fail_within(4, "\"y\"", "z");
  cr_assert(eq(str, verdict(doc), "a.toml:2:29: b.d: \"y\": expected z"));
  const auto again = parsed("a = 1\nb = {c = \"x \\\" y\", d = 'x \" y'}\n");
  again.root().table("b")["c"].fail_within(4, "\"y\"", "z");
  cr_assert(eq(str, verdict(again), "a.toml:2:16: b.c: \"y\": expected z"));
}
