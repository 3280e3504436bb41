// SPDX-License-Identifier: MIT
#include "safety/diff.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "limits_rig.hpp"

using namespace tactus::safety;

namespace {

bool is(bool value) { return value; }

Difference against_good(const std::string& text) {
  const auto a = limits_rig::compiled(limits_rig::kGood);
  const auto b = limits_rig::compiled(text);
  cr_assert(is(static_cast<bool>(a) && static_cast<bool>(b)));
  return compare(**a, **b);
}
bool has(const Difference& d, Way way, const std::string& of) {
  for (const Change& c : d.changes)
    if (c.way == way && c.of == of) return true;
  return false;
}
Difference with(const std::string& what, const std::string& by) {
  return against_good(limits_rig::with(what, by));
}

struct Case {
  const char* what;
  const char* by;
  const char* of;
};
// The first makes the check stricter, its opposite looser.
constexpr Case kStricter[] = {
    {"d_min=\"50 mm\"", "d_min=\"60 mm\"", "row human"},
    {"max=\"1 rad/s\"", "max=\"0.9 rad/s\"", "row action.max"},
    {"rate=\"12 rad/s2\"", "rate=\"11 rad/s2\"", "row action.rate"},
    {"-0.8 m .. 0.9 m", "-0.8 m .. 0.85 m", "row cell"},
    {"0.5 m .. 0.6 m\", \"0.5", "0.5 m .. 0.7 m\", \"0.5", "row post"},
    {"b=\"0.5 rad/s\"", "b=\"0.4 rad/s\"", "row pair"},
    {"velocity=\"80 % urdf\"", "velocity=\"70 % urdf\"", "row joint.velocity"},
    {"max_age=\"100 ms\"", "max_age=\"90 ms\"", "signal hand"},
    {"radius=\"80 mm\"", "radius=\"90 mm\"", "signal hand"},
    {"decel=\"6 rad/s2\"", "decel=\"5 rad/s2\"", "constant decel j1"},
    {"lag=\"20 ms\"", "lag=\"25 ms\"", "constant actuator lag"},
    {"model_error=\"2 mm\"", "model_error=\"3 mm\"", "constant model error"},
};

}  // namespace

Test(diff, of_the_same_limits_is_empty) {
  const Difference d = against_good(limits_rig::kGood);
  cr_assert(is(d.changes.empty() && !d.looser()));
}

Test(diff, tells_stricter_from_looser_both_ways) {
  const auto good = limits_rig::compiled(limits_rig::kGood);
  for (const Case& c : kStricter) {
    const auto strict = limits_rig::compiled(limits_rig::with(c.what, c.by));
    cr_assert(is(static_cast<bool>(strict)), "%s", c.by);
    const Difference there = compare(**good, **strict);
    cr_assert(is(has(there, Way::kTightened, c.of)), "%s: %s", c.by,
              to_text(there).c_str());
    cr_assert(is(!there.looser()), "%s: %s", c.by, to_text(there).c_str());
    const Difference back = compare(**strict, **good);
    cr_assert(is(has(back, Way::kLoosened, c.of) && back.looser()), "%s", c.by);
  }
}

Test(diff, a_row_removed_is_looser_and_one_added_is_not) {
  const auto good = limits_rig::compiled(limits_rig::kGood);
  const auto less = limits_rig::compiled(limits_rig::without_line("post"));
  const Difference there = compare(**good, **less);
  cr_assert(is(has(there, Way::kRemoved, "row post") && there.looser()));
  const Difference back = compare(**less, **good);
  cr_assert(is(has(back, Way::kAdded, "row post") && !back.looser()));
}

Test(diff, what_cannot_be_told_counts_as_looser) {
  const Difference d = with("a=[1, -0.5]", "a=[1, -0.4]");
  cr_assert(is(has(d, Way::kChanged, "row pair") && d.looser()));
}

Test(diff, fewer_rungs_are_noted_only) {
  const Difference d =
      with("[\"pass\", \"scale\", \"stop\"]", "[\"pass\", \"stop\"]");
  cr_assert(is(has(d, Way::kNoted, "ladder") && !d.looser()));
}

Test(diff, joints_that_change_alike_are_one_line) {
  const Difference d = with("rate=\"12 rad/s2\"", "rate=\"11 rad/s2\"");
  std::size_t lines = 0;
  for (const Change& c : d.changes) lines += c.figure == "rate" ? 1 : 0;
  cr_assert(is(lines == 1), "%s", to_text(d).c_str());
}
