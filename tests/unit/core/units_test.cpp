// SPDX-License-Identifier: MIT
#include "core/units.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>
#include <string>

using namespace tactus;

namespace {

template <class T>
std::string text(const Result<T>& result) {
  return result ? "accepted" : result.error().text();
}

double si(std::string_view written, Dimension dimension) {
  const auto value = parse_quantity(written, dimension);
  return value ? *value : std::nan("");
}

Bound bound(std::string_view written, Dimension dimension) {
  const auto parsed = parse_bound(written, dimension);
  cr_assert(bool(parsed));
  return *parsed;
}

}  // namespace

Test(units, come_out_in_si) {
  cr_assert(eq(dbl, si("0.25 m/s", kSpeed), 0.25));
  cr_assert(eq(dbl, si("80 mm", kLength), 0.08));
  cr_assert(eq(dbl, si("2 mrad/s", kAngularSpeed), 0.002));
  cr_assert(eq(dbl, si("12 rad/s2", kAngularAcceleration), 12.0));
  cr_assert(eq(dbl, si("12 rad/s^2", kAngularAcceleration), 12.0));
  cr_assert(eq(dbl, si("180 deg", kAngle), M_PI));
  cr_assert(eq(dbl, si("80 %", kRatio), 0.8));
  cr_assert(eq(dbl, si("6 km/h", kSpeed), 6000.0 / 3600.0));
  cr_assert(eq(dbl, si("300 rad/s3", kAngularJerk), 300.0));
  cr_assert(eq(dbl, si("-5e-3 m", kLength), -0.005));
}

Test(units, names_the_expected_dimension) {
  cr_assert(eq(str, text(parse_quantity("1 m/s", kAngularSpeed)),
               "\"1 m/s\": expected an angular speed such as \"1 rad/s\""));
  cr_assert(eq(str, text(parse_quantity("50", kLength)),
               "\"50\": expected a length such as \"50 mm\""));
}

Test(units, refuses_what_is_not_a_finite_quantity) {
  const char* wrong[] = {"",        "m",        "inf m", "nan m",
                         "1e999 m", "1 m m",    "1 foo", "0x1 m",
                         "1,5 m",   "1 m/",     "1 /s",  "1 m/s/s/s/s/s",
                         "1 s5",    "1e308 km", "1 m9"};
  for (const char* one : wrong)
    cr_assert(not(bool(parse_quantity(one))), "%s was accepted", one);
}

Test(units, an_angle_is_not_a_ratio) {
  cr_assert(not(bool(parse_quantity("1 Hz", kAngularSpeed))));
  cr_assert(not(bool(parse_quantity("1 1", kAngle))));
}

Test(durations, are_exact) {
  cr_assert(eq(i64, *parse_duration("1 ms"), 1'000'000));
  cr_assert(eq(i64, *parse_duration("0.1 s"), 100'000'000));
  cr_assert(eq(i64, *parse_duration("1.234567 ms"), 1'234'567));
  cr_assert(eq(i64, *parse_duration("10 min"), 600'000'000'000));
  cr_assert(eq(i64, *parse_duration("0 s"), 0));
}

Test(durations, refuse_fractions_signs_and_overflow) {
  cr_assert(eq(str, text(parse_duration("1.5 ns")),
               "\"1.5 ns\": expected a whole number of nanoseconds"));
  const char* wrong[] = {"-1 ms",
                         "1",
                         "1.",
                         ".5 s",
                         "1e3 ms",
                         "1 m",
                         "9999999999999999 h",
                         "999999999999999 h",
                         "inf s"};
  for (const char* one : wrong)
    cr_assert(not(bool(parse_duration(one))), "%s was accepted", one);
}

Test(ranges, have_lo_below_hi) {
  auto range = parse_range("-0.8 m .. 0.9 m", kLength);
  cr_assert(eq(dbl, range->lo, -0.8));
  cr_assert(eq(dbl, range->hi, 0.9));
  cr_assert(eq(str, text(parse_range("1 m .. 1 m", kLength)),
               "\"1 m .. 1 m\": expected lo below hi"));
  cr_assert(not(bool(parse_range("1 m", kLength))));
  cr_assert(not(bool(parse_range("0 m .. 1 s", kLength))));
}

Test(bounds, are_absolute_or_relative_to_the_urdf) {
  cr_assert(eq(dbl, bound("80 % urdf", kAngularSpeed).scale, 0.8));
  auto shrunk = parse_bound("urdf - 2 deg", kAngle);
  cr_assert(eq(dbl, shrunk->shrink, M_PI / 90));
  cr_assert(not(shrunk->absolute));
  cr_assert(eq(dbl, bound("1 rad/s", kAngularSpeed).value, 1.0));
  cr_assert(eq(dbl, bound("urdf", kAngle).scale, 1.0));
}

Test(bounds, are_never_wider_than_the_urdf) {
  const char* wrong[] = {"120 % urdf",    "0 % urdf",      "urdf + 2 deg",
                         "urdf - -2 deg", "urdf - 2 mm",   "-5 % urdf",
                         "2 deg urdf",    "urdf - 2 deg x"};
  for (const char* one : wrong)
    cr_assert(not(bool(parse_bound(one, kAngle))), "%s was accepted", one);
}

Test(phrases, carry_counts_and_durations) {
  auto still = parse_sustained("2 mrad/s for 50 ms", kAngularSpeed);
  cr_assert(eq(dbl, still->value, 0.002));
  cr_assert(eq(i64, still->duration_ns, 50'000'000));
  cr_assert(eq(u32, parse_count_of("3 of 100")->of, 100));
  cr_assert(eq(str, parse_word_count("keep_last 2")->word, "keep_last"));
  cr_assert(eq(u32, parse_word_count("keep_last 2")->count, 2));
  cr_assert(not(parse_word_count("trip")->has_count));
}

Test(phrases, refuse_nonsense) {
  for (const char* one : {"0 of 100", "101 of 100", "3", "3 of", "a of b"})
    cr_assert(not(bool(parse_count_of(one))), "%s was accepted", one);
  for (const char* one : {"", "keep_last x", "keep_last -1", "a 1 2"})
    cr_assert(not(bool(parse_word_count(one))), "%s was accepted", one);
  cr_assert(not(bool(parse_sustained("2 mrad/s", kAngularSpeed))));
}

Test(units, dimensions_multiply_within_bounds) {
  using tactus::Dimension;
  const auto power = tactus::product_of(tactus::kForce, tactus::kSpeed, 1);
  cr_assert(bool(power) && *power == tactus::kPower);
  const auto per = tactus::product_of(tactus::kLength, tactus::kTime, -1);
  cr_assert(bool(per) && *per == tactus::kSpeed);
  const Dimension far{8, 0, 0, 0};
  cr_assert(
      eq(int, tactus::product_of(far, tactus::kLength, 1).has_value(), 0));
}
