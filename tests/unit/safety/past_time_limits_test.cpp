// SPDX-License-Identifier: MIT
// past, at_most and kind = "callback" in [limit].
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <fstream>
#include <random>

#include "limits_rig.hpp"
#include "safety/explain_rows.hpp"

using namespace limits_rig;
using namespace tactus::safety;

namespace {

bool is(bool value) { return value; }

std::string file_with(const std::string& row) {
  return with(
      "ladder", "x = {" + row + "}\nladder",
      with("max_age=\"500 ms\"", "range=\"-2 m .. 2 m\", max_age=\"500 ms\""));
}
const std::string kExpr = "kind=\"expr\", expr=\"target[0]\", max=\"1 m\", ";
const std::string kCall = "kind=\"callback\", unit=\"m\", min=\"50 mm\", ";

std::unique_ptr<Image> image_of(const std::string& row) {
  auto made = compiled(file_with(row));
  cr_assert(is(static_cast<bool>(made)), "%s", made ? "" : made.error().text());
  return std::move(*made);
}
const Row& last_row(const Image& image) { return image.row[image.rows - 1]; }

// `at`: where in the row the error points.
void refuses(const std::string& row, const std::string& at,
             const std::string& line) {
  const std::string said = refusal(file_with(row));
  const std::string expected =
      "a.toml:17:" + std::to_string(("x = {" + row).find(at) + 1) +
      ": limit.x." + line;
  cr_assert(is(said == expected), "\n  said     %s\n  expected %s",
            said.c_str(), expected.c_str());
}

}  // namespace

Test(past_time_limits, historically) {
  const auto image =
      image_of(kExpr + "past=\"historically 1.5 s\", margin=\"10 mm\"");
  const Memory& m = image->memory[0];
  cr_assert(is(m.form == MemoryForm::kHistorically));
  cr_assert(is(m.window_ns == 1'500'000'000 && m.gap_ns == 4'000'000));
  cr_assert(is(last_row(*image).kernel == RowKernel::kMemory));
  cr_assert(is(last_row(*image).margin == 0.01 && m.worth == 1));
}

Test(past_time_limits, once_and_at_most_are_measured_in_seconds) {
  const auto seen = image_of(kExpr + "past=\"once 500 ms\", margin=\"20 ms\"");
  cr_assert(is(seen->memory[0].form == MemoryForm::kOnce));
  cr_assert(is(last_row(*seen).scale == 0.5 && last_row(*seen).margin == 0.02));
  const auto duty = image_of(kExpr + "at_most=\"0.5 s in 2 s\"");
  const Memory& m = duty->memory[0];
  cr_assert(is(m.form == MemoryForm::kAtMost && m.allowed_ns == 500'000'000));
  // The longer side: 31 of them hold the window.
  cr_assert(is(m.slot_ns == 64'516'130 && 31 * m.slot_ns >= m.window_ns));
  cr_assert(is(last_row(*duty).scale == 0.5));
}

// A plain row beside it keeps its place.
Test(past_time_limits, of_the_expressions_the_last_are_remembered) {
  const auto image =
      image_of(kExpr +
               "past=\"once 500 ms\"}\ny = {kind=\"expr\", expr=\"target[1]\", "
               "max=\"1 m\"");
  cr_assert(is(image->memory[0].expression == 1));
  cr_assert(
      is(std::string(image->expressions.expression[1].text) == "target[0]"));
}

Test(past_time_limits, what_the_stop_need_not_satisfy) {
  const std::string moving =
      "kind=\"expr\", expr=\"abs(u[0])\", min=\"0.1 "
      "rad/s\", ";
  cr_assert(is(refusal(file_with(moving + "past=\"once 2 s\"")) == "accepted"));
  cr_assert(is(refusal(file_with(moving + "past=\"historically 2 s\"")) !=
               "accepted"));
}

Test(past_time_limits, explain_says_how_time_is_kept) {
  const auto told = [](const std::string& words) {
    const auto image = image_of(kExpr + words);
    const ExplainedRow row =
        explain_row(*image, last_row(*image), tactus::rt::Isa::kPortable);
    return row.limit + "; " + row.bound;
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  cr_assert(is(has(told("past=\"historically 2 s\""),
                   "throughout the last 2 "
                   "s; checks more than "
                   "0.004 s apart")));
  cr_assert(is(has(told("past=\"once 2 s\""),
                   "at some instant of the last 2 "
                   "s")));
  const std::string duty = told("at_most=\"0.5 s in 2 s\"");
  cr_assert(is(has(duty, "0.5 s of the last 2 s, in 32 slots of 0.0645161 s")));
  cr_assert(is(has(duty, "one slot too long")));
}

Test(past_time_limits, refuses_what_it_cannot_enforce) {
  const std::string past =
      "expected \"historically 2 s\" or \"once 500 ms\", up to an hour";
  for (const char* bad : {"always 2 s", "historically", "once 0 s",
                          "historically 2 m", "once 61 min", "once -1 s"}) {
    refuses(kExpr + "past=\"" + bad + "\"", std::string("\"") + bad,
            "past: \"" + std::string(bad) + "\": " + past);
  }
  const std::string duty =
      "expected a time in a longer one, up to an hour: \"0.5 s in 2 s\"";
  for (const char* bad : {"2 s", "2 s in 2 s", "3 s in 2 s", "0.5 s of 2 s",
                          "x in 2 s", "1 s in x"}) {
    refuses(kExpr + "at_most=\"" + bad + "\"", std::string("\"") + bad,
            "at_most: \"" + std::string(bad) + "\": " + duty);
  }
  refuses(kExpr + "past=\"once 1 s\", at_most=\"1 s in 2 s\"", "\"1 s in",
          "at_most: \"1 s in 2 s\": expected past or at_most, not both");
}

// Every motion lasts longer: it could never be satisfied.
Test(past_time_limits, a_window_shorter_than_any_motion) {
  const std::string said = refusal(file_with(kExpr + "past=\"once 100 ms\""));
  cr_assert(is(said.find("every motion with its stop takes longer") !=
               std::string::npos),
            "%s", said.c_str());
}

Test(past_time_limits, eight_of_them) {
  std::string rows = kExpr + "past=\"once 1 s\"";
  for (int i = 0; i < 8; ++i)
    rows += "}\ny" + std::to_string(i) + " = {" + kExpr + "past=\"once 1 s\"";
  const std::string said = refusal(file_with(rows));
  cr_assert(
      is(said.find("at most 8 rows with past or at_most") != std::string::npos),
      "%s", said.c_str());
}

Test(past_time_limits, callbacks) {
  const auto image = image_of(kCall + "budget=\"20 us\"");
  const Callback& c = image->callback[0];
  cr_assert(is(c.min == 0.05 && c.budget_ns == 20'000));
  cr_assert(is(std::string(c.name) == "x" && std::string(c.unit) == "m"));
  cr_assert(is(c.module[0] == '\0' && c.symbol[0] == '\0'));
  const auto module = image_of(
      kCall + "budget=\"20 us\", module=\"d.so\", symbol=\"door_row\"");
  cr_assert(is(std::string(module->callback[0].module) == "d.so"));
  cr_assert(is(std::string(module->callback[0].symbol) == "door_row"));
}

Test(past_time_limits, a_callback_is_answered_by_a_stop) {
  const std::string row = kCall + "budget=\"20 us\"";
  cr_assert(is(last_row(*image_of(row)).response == Response::kStop));
  const auto latch = image_of(row + ", response=\"latch\"");
  cr_assert(is(last_row(*latch).response == Response::kLatch));
  const auto warn = image_of(row + ", response=\"warn\"");
  cr_assert(is(last_row(*warn).kind == RowKind::kSoft));
  refuses(row + ", response=\"ladder\"", "\"ladder",
          "response: \"ladder\": expected stop, latch or warn: no other action "
          "has a margin of a callback");
}

Test(past_time_limits, refuses_callbacks_that_are_not_whole) {
  const std::string budget = "expected a time above zero and below the period";
  refuses(kCall + "budget=\"0 us\"", "\"0 us", "budget: \"0 us\": " + budget);
  refuses(kCall + "budget=\"1 ms\"", "\"1 ms", "budget: \"1 ms\": " + budget);
  for (const char* half : {"module=\"d.so\"", "symbol=\"door\""}) {
    const std::string said =
        refusal(file_with(kCall + "budget=\"20 us\", " + half));
    cr_assert(is(said.find("missing") != std::string::npos), "%s",
              said.c_str());
  }
  const std::string said = refusal(
      file_with("kind=\"callback\", unit=\"m\", min=\"1 s\", budget=\"1 us\""));
  cr_assert(is(said.find("limit.x.min") != std::string::npos), "%s",
            said.c_str());
}

// The rows of rtctl(1) between its words on expressions and on space.
Test(past_time_limits, the_manuals_examples_compile) {
  std::ifstream manual("packaging/man/rtctl.1.scd");
  cr_assert(is(manual.is_open()), "run from the repository's root");
  std::string line, rows;
  while (std::getline(manual, line) && !line.starts_with("Of the time before"))
    continue;
  while (std::getline(manual, line) && line != "# SPACE") {
    const bool begins = line.find(" = {kind=") != std::string::npos;
    const bool goes_on = line.starts_with("        module=");
    if (begins || goes_on) rows += (begins ? "\n" : " ") + line;
  }
  const std::string signals =
      "tool = {from=\"io\", shape=3, unit=\"N\", range=\"-99 N .. 99 N\", "
      "max_age=\"3 ms\", stale=\"stop\"}\n"
      "button = {from=\"io\", shape=1, unit=\"1\", range=\"0 % .. 100 %\", "
      "max_age=\"3 ms\", stale=\"stop\"}\n";
  const auto made = compiled(with("ladder", rows.substr(1) + "\nladder",
                                  with("hand = {", signals + "hand = {")));
  cr_assert(is(static_cast<bool>(made)), "%s", made ? "" : made.error().text());
  cr_assert(is((*made)->memories == 3 && (*made)->callbacks == 1));
}

// Any bytes are accepted or refused in one line.
Test(past_time_limits, words_are_fuzzed) {
  const std::string alphabet = "historcalyne 0123456789.-sminu\\\"x";
  const std::string seeds[] = {"historically 2 s", "once 500 ms",
                               "0.5 s in 2 s"};
  std::mt19937 rng(5);
  uint32_t accepted = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string words = seeds[i % 3];
    for (uint32_t n = rng() % 4; n > 0; --n) {
      const std::size_t at = rng() % words.size();
      words[at] = alphabet[rng() % (alphabet.size() - 3)];
      if (rng() % 4 == 0) words.erase(at, 1 + rng() % 3);
      if (words.empty()) words = "x";
    }
    const char* key = i % 3 == 2 ? "at_most" : "past";
    const std::string said =
        refusal(file_with(kExpr + key + "=\"" + words + "\""));
    accepted += said == "accepted" ? 1 : 0;
    cr_assert(is(said.find('\n') == std::string::npos), "%s", said.c_str());
  }
  cr_assert(is(accepted > 500 && accepted < 2500), "%u", accepted);
}
