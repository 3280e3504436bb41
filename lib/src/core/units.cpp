// SPDX-License-Identifier: MIT
#include "core/units.hpp"

#include <charconv>
#include <cmath>
#include <numbers>

#include "core/error.hpp"
#include "core/text.hpp"

namespace tactus {
namespace {

// value * mul / div: "80 mm" divides by 1000 and so is exactly the double
// nearest to 0.08, which 80 * 0.001 is not.
struct Symbol {
  std::string_view name;
  double mul;
  double div;
  Dimension dimension;
};

constexpr Symbol kSymbols[] = {
    {"m", 1, 1, kLength},     {"km", 1000, 1, kLength},
    {"cm", 1, 100, kLength},  {"mm", 1, 1e3, kLength},
    {"um", 1, 1e6, kLength},  {"s", 1, 1, kTime},
    {"ms", 1, 1e3, kTime},    {"us", 1, 1e6, kTime},
    {"ns", 1, 1e9, kTime},    {"min", 60, 1, kTime},
    {"h", 3600, 1, kTime},    {"rad", 1, 1, kAngle},
    {"mrad", 1, 1e3, kAngle}, {"deg", std::numbers::pi, 180, kAngle},
    {"kg", 1, 1, kMass},      {"g", 1, 1e3, kMass},
    {"Hz", 1, 1, kFrequency}, {"kHz", 1e3, 1, kFrequency},
    {"N", 1, 1, kForce},      {"kN", 1e3, 1, kForce},
    {"Nm", 1, 1, kTorque},    {"N.m", 1, 1, kTorque},
    {"mNm", 1, 1e3, kTorque}, {"J", 1, 1, kTorque},
    {"W", 1, 1, kPower},      {"%", 1, 100, kRatio},
    {"1", 1, 1, kRatio},
};

struct Named {
  Dimension dimension;
  std::string_view what;
  std::string_view unit;
};

constexpr Named kNamed[] = {
    {kRatio, "a ratio such as \"80 %\"", "1"},
    {kLength, "a length such as \"50 mm\"", "m"},
    {kTime, "a duration such as \"3 ms\"", "s"},
    {kMass, "a mass such as \"2 kg\"", "kg"},
    {kAngle, "an angle such as \"2 deg\"", "rad"},
    {kFrequency, "a frequency such as \"1 kHz\"", "1/s"},
    {kSpeed, "a speed such as \"0.25 m/s\"", "m/s"},
    {kAcceleration, "an acceleration such as \"2 m/s2\"", "m/s2"},
    {kJerk, "a jerk such as \"50 m/s3\"", "m/s3"},
    {kAngularSpeed, "an angular speed such as \"1 rad/s\"", "rad/s"},
    {kAngularAcceleration, "an angular acceleration such as \"6 rad/s2\"",
     "rad/s2"},
    {kAngularJerk, "an angular jerk such as \"300 rad/s3\"", "rad/s3"},
    {kForce, "a force such as \"20 N\"", "N"},
    {kTorque, "a torque such as \"5 Nm\"", "Nm"},
    {kPower, "a power such as \"80 W\"", "W"},
    {{0, -2, 1, 0}, "a spring constant such as \"75 N/mm\"", "N/m"},
    {{-1, -2, 1, 0}, "a pressure such as \"140 N/cm2\"", "N/m2"},
    {{2, 0, 0, 0}, "an area such as \"1 cm2\"", "m2"},
};

const Named* named(Dimension dimension) {
  for (const Named& n : kNamed)
    if (n.dimension == dimension) return &n;
  return nullptr;
}

struct Scale {
  double mul = 1;
  double div = 1;
  Dimension dimension;
};

bool within(int value) { return value >= -8 && value <= 8; }

bool add(Dimension& to, Dimension what, int times) {
  const int sum[4] = {to.length + times * what.length,
                      to.time + times * what.time, to.mass + times * what.mass,
                      to.angle + times * what.angle};
  for (int s : sum)
    if (!within(s)) return false;
  to = {static_cast<int8_t>(sum[0]), static_cast<int8_t>(sum[1]),
        static_cast<int8_t>(sum[2]), static_cast<int8_t>(sum[3])};
  return true;
}

// "s2", "s^2", "s": one factor, raised to `sign`.
bool apply_factor(std::string_view text, int sign, Scale& scale) {
  int power = 1;
  if (text.size() > 1 && text.back() >= '2' && text.back() <= '4') {
    power = text.back() - '0';
    text.remove_suffix(1);
    if (text.ends_with('^')) text.remove_suffix(1);
  }
  for (const Symbol& symbol : kSymbols) {
    if (symbol.name != text) continue;
    for (int i = 0; i < power; ++i) {
      scale.mul *= sign > 0 ? symbol.mul : symbol.div;
      scale.div *= sign > 0 ? symbol.div : symbol.mul;
    }
    return add(scale.dimension, symbol.dimension, sign * power);
  }
  return false;
}

bool parse_scale(std::string_view text, Scale& scale) {
  int sign = 1;
  for (int factors = 0; factors < 4; ++factors) {
    const auto slash = text.find('/');
    if (!apply_factor(trim(text.substr(0, slash)), sign, scale)) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
    sign = -1;
  }
  return false;
}

Error refuse(std::string_view text, std::string_view expected) {
  return bad_input("{}: expected {}", quoted(text), expected);
}

constexpr std::string_view kAnyQuantity =
    "a number with its unit, such as \"0.25 m/s\"";

}  // namespace

std::optional<Dimension> product_of(Dimension a, Dimension b, int power) {
  if (!add(a, b, power)) return std::nullopt;
  return a;
}

std::string describe(Dimension dimension) {
  if (const Named* n = named(dimension)) return std::string(n->what);
  return "a quantity in " + si_unit(dimension);
}

std::string si_unit(Dimension dimension) {
  if (const Named* n = named(dimension)) return std::string(n->unit);
  return fmt::format("m^{} s^{} kg^{} rad^{}", dimension.length, dimension.time,
                     dimension.mass, dimension.angle);
}

Result<Quantity> parse_unit(std::string_view text) {
  Scale scale;
  if (!parse_scale(trim(text), scale))
    return refuse(text, "a unit such as \"rad/s\"");
  return Quantity{scale.mul / scale.div, scale.dimension};
}

Result<Quantity> parse_quantity(std::string_view text) {
  const std::string_view body = trim(text);
  double value = 0;
  const auto end = body.data() + body.size();
  // A leading '+' is not from_chars' business, nor ours.
  const auto [stop, fault] = std::from_chars(body.data(), end, value);
  Scale scale;
  const auto unit = trim(std::string_view(stop, end));
  if (fault != std::errc() || unit.empty() || !parse_scale(unit, scale))
    return refuse(text, kAnyQuantity);
  const double si = value * scale.mul / scale.div;
  if (!std::isfinite(si)) return refuse(text, "a finite quantity");
  return Quantity{si, scale.dimension};
}

Result<double> parse_quantity(std::string_view text, Dimension expected) {
  const auto any = parse_quantity(text);
  if (!any || any->dimension != expected)
    return refuse(text, describe(expected));
  return any->value;
}

}  // namespace tactus
