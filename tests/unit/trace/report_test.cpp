// SPDX-License-Identifier: MIT
#include "trace/report.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "synthetic.hpp"
#include "trace/explain.hpp"
#include "trace/json_text.hpp"

using namespace tactus::trace;
using namespace tactus::trace::test;

namespace {

ReportOptions options() {
  ReportOptions out;
  out.links = [](const float* q) {
    std::vector<Point> points{{0, 0, 0}, {0, 0, 0.3}};
    double x = 0, z = 0.3, a = 0.8;
    for (int i = 0; i < 2; ++i) {
      a -= q[i + 1];
      x += 0.35 * std::sin(a);
      z += 0.35 * std::cos(a);
      points.push_back({x * std::cos(q[0]), x * std::sin(q[0]), z});
    }
    return points;
  };
  out.reasons = [](uint32_t bits) { return "reasons " + std::to_string(bits); };
  return out;
}

}  // namespace

Test(percentiles, are_nearest_rank) {
  std::vector<int64_t> v;
  for (int64_t i = 100; i > 0; --i) v.push_back(i);
  const Percentiles p = percentiles(&v);
  cr_assert(is(p.p50 == 50 && p.p99 == 99 && p.max == 100 && p.n == 100));
  std::vector<int64_t> none;
  cr_assert(is(percentiles(&none).max == 0));
}

Test(report, counts_released_as_executed_and_skipped) {
  const auto bytes = log_bytes({.skip_at = 130});
  auto log = LogReader::parse(bytes, "t");
  cr_assert(ok(log));
  const Summary s = summarise(*log);
  cr_assert(is(s.executed == 400 && s.skipped == 3 && s.released == 403));
  cr_assert(is(s.bad == 1));
  cr_assert(is(s.rungs[TACTUS_RUNG_PASS] + s.rungs[TACTUS_RUNG_SCALE] +
                   s.rungs[TACTUS_RUNG_STOP] ==
               400));
  cr_assert(is(s.stages.size() == 4 && s.stages[1].ran == 400));
  cr_assert(is(has(to_text(s, log->info()), "403 released")));
  const std::string json = to_json(s, log->info(), "tactus/report/1");
  cr_assert(is(has(json, "\"released\": 403")));
}

Test(report, says_when_the_guardian_acted_and_that_it_was_late) {
  constexpr uint32_t kActed = tactus::layout::kCycleGuardActed;
  constexpr uint32_t kBroken = tactus::layout::kCycleGuardBoundBroken;
  const auto bytes =
      log_bytes({.flags = {{100, kActed}, {101, kActed | kBroken}}});
  auto log = LogReader::parse(bytes, "t");
  const Summary s = summarise(*log);
  cr_assert(is(s.events.size() == 2));
  cr_assert(is(s.events[0].cycle == 100));
  cr_assert(is(s.events[1].cycle == 101));
  cr_assert(is(has(s.events[1].text, "later than its bound")));
  cr_assert(is(has(*explain(*log, 101, options()), "later than its bound")));
}

// A stop counts as verified by its own flag only, and only on rung stop.
Test(report, counts_verified_stops_apart) {
  const auto plain = log_bytes({.cycles = 3000});
  auto log = LogReader::parse(plain, "t");
  uint64_t first = 0;
  while (log->at(first).record.rung != TACTUS_RUNG_STOP) ++first;
  const uint64_t stops = summarise(*log).rungs[TACTUS_RUNG_STOP];
  cr_assert(is(stops > 2 && summarise(*log).stop_verified == 0));
  constexpr uint32_t kVerified = tactus::layout::kCycleStopVerified;
  const auto bytes = log_bytes(
      {.cycles = 3000,
       .flags = {{0, kVerified}, {first, kVerified}, {first + 1, kVerified}}});
  auto flagged = LogReader::parse(bytes, "t");
  const Summary s = summarise(*flagged);
  cr_assert(is(s.stop_verified == 2 && s.stop_verified_engaged == 2));
  const std::string json = to_json(s, flagged->info(), "tactus/report/1");
  cr_assert(is(has(
      json, "\"verified\": 2, \"unverified\": " + std::to_string(stops - 2))));
  cr_assert(is(has(to_text(s, flagged->info()), "2 verified (2 while")));
}

// TACTUS_REPORT_OUT=FILE keeps the page, for a look at it in a browser.
Test(report, page_is_one_file_that_needs_nothing_else) {
  const auto bytes = log_bytes({.cycles = 8000, .lose = 3000, .skip_at = 5100});
  auto log = LogReader::parse(bytes, "synthetic.tlog");
  cr_assert(ok(log));
  const Summary s = summarise(*log, options());
  const std::string page = to_html(s, *log, options());
  for (const char* bad : {"http://", "https://", "src=", "@import", "nan"})
    cr_assert(is(!has(page, bad)));
  cr_assert(is(has(page, "synthetic &lt;&amp;&quot;&gt;")));
  cr_assert(is(has(page, "scene-data")));
  if (const char* out = std::getenv("TACTUS_REPORT_OUT")) {
    FILE* file = std::fopen(out, "w");
    std::fwrite(page.data(), 1, page.size(), file);
    std::fclose(file);
  }
}

Test(report, of_an_empty_log_is_whole) {
  const auto bytes = log_bytes({.cycles = 0});
  auto log = LogReader::parse(bytes, "t");
  cr_assert(ok(log));
  const Summary s = summarise(*log);
  cr_assert(is(!to_text(s, log->info()).empty()));
  cr_assert(is(has(to_html(s, *log, {}), "</html>")));
}

Test(explain, shows_timing_and_verdict) {
  const auto bytes = log_bytes();
  auto log = LogReader::parse(bytes, "t");
  auto text = explain(*log, 42, options());
  cr_assert(ok(text));
  for (const char* part : {"cycle 42", "infer", "rung pass", "deadline",
                           "raw u", "before the wake"})
    cr_assert(is(has(*text, part)));
  auto json = explain_json(*log, 42, options());
  cr_assert(ok(json));
  cr_assert(is(has(*json, "tactus/explain/1")));
}

Test(explain, says_why_a_cycle_is_not_there) {
  const auto lost = log_bytes({.lose = 130});
  auto a = LogReader::parse(lost, "t");
  cr_assert(is(has(explain(*a, 130).error().text(), "gap")));
  cr_assert(is(has(explain(*a, 9999).error().text(), "0 to 399")));
  const auto skipped = log_bytes({.skip_at = 130});
  auto b = LogReader::parse(skipped, "t");
  cr_assert(is(has(explain(*b, 131).error().text(), "skipped")));
}

Test(json_text, survives_any_bytes) {
  cr_assert(is(quote("a\"b\\\n\xff") == "\"a\\\"b\\\\\\u000a?\""));
  cr_assert(is(quote("\xc3\xa9") == "\"\xc3\xa9\""));
  cr_assert(is(escape("<a&b>") == "&lt;a&amp;b&gt;"));
  cr_assert(is(number(std::nan("")) == "null"));
}
