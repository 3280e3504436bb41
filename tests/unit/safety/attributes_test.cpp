// SPDX-License-Identifier: MIT
// What a row says beside its limit: severity, response, warn, hysteresis; from
// the text, and what seal() refuses.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>
#include <string>

#include "limits_rig.hpp"
#include "rig.hpp"
#include "safety/explain.hpp"
#include "safety/violations.hpp"

using namespace criterion;
using limits_rig::compiled;
using limits_rig::kGood;
using limits_rig::refusal;
using limits_rig::with;

namespace {

using namespace tactus::safety;

const Row& row_of(const Image& image, const std::string& id) {
  for (uint32_t r = 0; r < image.rows; ++r)
    if (id == image.row[r].id) return image.row[r];
  cr_assert(false, "no row %s", id.c_str());
  return image.row[0];
}

// The post with more keys.
std::string post(const std::string& keys) {
  return with("post = {", "post = {" + keys + ", ");
}

bool sealed_with(void (*change)(Image&)) {
  auto image = rig::draft();
  change(*image);
  return static_cast<bool>(seal(*image));
}

}  // namespace

Test(attributes, default_to_what_the_ladder_makes_of_it) {
  const auto image = compiled(kGood);
  cr_assert(bool(image));
  for (uint32_t r = 0; r < (*image)->rows; ++r) {
    const Row& row = (*image)->row[r];
    cr_expect(row.severity == RowSeverity::kByRung, "%s", row.id);
    cr_expect(row.response == Response::kLadder, "%s", row.id);
    cr_expect(row.warn == 0 && row.hysteresis == 0, "%s", row.id);
  }
}

Test(attributes, stand_in_their_row) {
  const auto image =
      compiled(post(R"(severity="medium", response="stop", warn="5 cm", )"
                    R"(hysteresis="1 cm")"));
  cr_assert(bool(image), "%s", image.error().text());
  const Row& row = row_of(**image, "post");
  cr_assert(row.severity == RowSeverity::kMedium);
  cr_assert(row.response == Response::kStop);
  cr_assert(row.kind == RowKind::kHard);
  cr_assert(std::fabs(row.warn - 0.05) < 1e-12);
  cr_assert(std::fabs(row.hysteresis - 0.01) < 1e-12);
}

Test(attributes, of_a_human_are_both_rows_but_for_lengths) {
  const auto image = compiled(
      with("human = {", R"(human = {severity="high", response="latch", )"
                        R"(warn="5 cm", hysteresis="1 cm", )"));
  cr_assert(bool(image), "%s", image.error().text());
  const Row& now = row_of(**image, "human.now");
  cr_assert(row_of(**image, "human").warn > 0);
  cr_assert(now.severity == RowSeverity::kHigh);
  cr_assert(now.response == Response::kLatch);
  cr_assert(now.warn == 0 && now.hysteresis == 0);
}

Test(attributes, of_action_and_joint_are_all_their_rows) {
  const auto image = compiled(
      with("joint = {", R"(joint = {severity="low", response="stop", )"));
  cr_assert(bool(image), "%s", image.error().text());
  for (const char* id : {"joint.position", "joint.velocity"}) {
    cr_expect(row_of(**image, id).severity == RowSeverity::kLow, "%s", id);
    cr_expect(row_of(**image, id).response == Response::kStop, "%s", id);
  }
  cr_assert(row_of(**image, "action.max").response == Response::kLadder);
}

Test(attributes, a_row_that_warns_is_soft_and_an_assumption) {
  const auto image = compiled(post(R"(response="warn")"));
  cr_assert(bool(image), "%s", image.error().text());
  cr_assert(row_of(**image, "post").kind == RowKind::kSoft);
  const std::string text = to_text(explain(**image));
  cr_assert(text.find("post.warns: row post only warns") != std::string::npos);
  cr_assert(text.find("severity by rung, response warn") != std::string::npos);
}

Test(attributes, are_explained) {
  const auto image =
      compiled(post(R"(severity="high", response="stop", warn="5 cm", )"
                    R"(hysteresis="1 cm")"));
  cr_assert(bool(image));
  const std::string text = to_text(explain(**image));
  cr_assert(text.find("severity high, response stop, warn 0.05, hysteresis "
                      "0.01") != std::string::npos);
}

Test(attributes, refuse_what_is_not_one) {
  cr_assert(refusal(post(R"(severity="bad")"))
                .find("limit.post.severity: \"bad\": expected one of \"low\", "
                      "\"medium\", \"high\", \"critical\"") !=
            std::string::npos);
  cr_assert(refusal(post(R"(response="stopp")")).find("(is \"stop\" meant?)") !=
            std::string::npos);
  cr_assert(refusal(post(R"(warn="5 rad")"))
                .find("limit.post.warn: \"5 rad\": expected a length") !=
            std::string::npos);
  cr_assert(refusal(post(R"(warn="0 cm")")).find("a value above zero") !=
            std::string::npos);
  cr_assert(refusal(post(R"(hysteresis="-1 cm")")).find("a value above zero") !=
            std::string::npos);
  cr_assert(refusal(post(R"(response="warn", hysteresis="1 cm")"))
                .find("refuses nothing") != std::string::npos);
}

Test(attributes, refuse_that_only_warning_keeps_a_human_safe) {
  cr_assert(refusal(with("human = {", R"(human = {response="warn", )"))
                .find("nothing else keeps the robot away from a human") !=
            std::string::npos);
  cr_assert(refusal(with("joint = {", R"(joint = {response="warn", )"))
                .find("the other rows build on these") != std::string::npos);
}

Test(attributes, seal_refuses_what_is_not_one) {
  cr_assert(sealed_with([](Image&) {}));
  cr_expect(not(sealed_with(
      [](Image& i) { i.row[4].response = static_cast<Response>(0); })));
  cr_expect(not(sealed_with(
      [](Image& i) { i.row[4].response = static_cast<Response>(5); })));
  cr_expect(not(sealed_with(
      [](Image& i) { i.row[4].severity = static_cast<RowSeverity>(5); })));
  cr_expect(
      not(sealed_with([](Image& i) { i.row[4].response = Response::kWarn; })));
  cr_expect(not(sealed_with([](Image& i) { i.row[4].warn = -1; })));
  cr_expect(not(sealed_with([](Image& i) { i.row[4].warn = NAN; })));
  cr_expect(not(sealed_with([](Image& i) { i.row[4].hysteresis = NAN; })));
  cr_expect(not(sealed_with([](Image& i) { i.row[4].hysteresis = INFINITY; })));
  cr_expect(not(sealed_with([](Image& i) {
    i.row[4].kind = RowKind::kSoft;
    i.row[4].hysteresis = 0.1;
  })));
}

Test(attributes, seal_refuses_rows_of_which_none_acts) {
  cr_expect(not(sealed_with([](Image& i) {
    for (uint32_t r = 0; r < i.rows; ++r)
      i.row[r].kind = r % 2 == 0 ? RowKind::kSoft : RowKind::kOff;
  })));
}

Test(attributes, declared_severity_goes_before_the_rungs) {
  constexpr auto kHard = RowKind::kHard;
  cr_assert(severity_of(RowSeverity::kByRung, kHard, TACTUS_RUNG_STOP) ==
            Severity::kCritical);
  cr_assert(severity_of(RowSeverity::kLow, kHard, TACTUS_RUNG_STOP) ==
            Severity::kLow);
  cr_assert(severity_of(RowSeverity::kCritical, kHard, TACTUS_RUNG_SCALE) ==
            Severity::kCritical);
  cr_assert(declared_of("high") == RowSeverity::kHigh);
  cr_assert(declared_of("") == RowSeverity::kByRung);
}
