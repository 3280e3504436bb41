// SPDX-License-Identifier: MIT
// Quantities written with their unit: "0.25 m/s", "2 deg", "1.5 ms",
// "-0.8 m .. 0.9 m", "80 % urdf". Everything comes out in SI (m, s, kg,
// rad) and finite; durations come out as exact integer nanoseconds. Errors
// read `"what was seen": expected what`; core/toml.hpp puts the file and
// position before them. Set-up only: allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tactus/result.hpp"

namespace tactus {

// Exponents of the base units. Angle counts as one, so that rad/s never
// passes for Hz.
struct Dimension {
  int8_t length = 0;
  int8_t time = 0;
  int8_t mass = 0;
  int8_t angle = 0;
  bool operator==(const Dimension&) const = default;
};

inline constexpr Dimension kRatio{};
inline constexpr Dimension kLength{1, 0, 0, 0};
inline constexpr Dimension kTime{0, 1, 0, 0};
inline constexpr Dimension kMass{0, 0, 1, 0};
inline constexpr Dimension kAngle{0, 0, 0, 1};
inline constexpr Dimension kFrequency{0, -1, 0, 0};
inline constexpr Dimension kSpeed{1, -1, 0, 0};
inline constexpr Dimension kAcceleration{1, -2, 0, 0};
inline constexpr Dimension kJerk{1, -3, 0, 0};
inline constexpr Dimension kAngularSpeed{0, -1, 0, 1};
inline constexpr Dimension kAngularAcceleration{0, -2, 0, 1};
inline constexpr Dimension kAngularJerk{0, -3, 0, 1};
inline constexpr Dimension kForce{1, -2, 1, 0};
inline constexpr Dimension kTorque{2, -2, 1, 0};
inline constexpr Dimension kPower{2, -3, 1, 0};

// a * b^power; nothing beyond exponents of 8.
[[nodiscard]] std::optional<Dimension> product_of(Dimension a, Dimension b,
                                                  int power);

// `an angular speed such as "1 rad/s"`.
[[nodiscard]] std::string describe(Dimension dimension);
// SI symbol: "rad/s"; "1" for a ratio.
[[nodiscard]] std::string si_unit(Dimension dimension);

struct Quantity {
  double value = 0;  // SI
  Dimension dimension;
};

struct Range {
  double lo = 0;
  double hi = 0;
};

// A bound on its own, or relative to the robot description's:
//   "1 rad/s"       absolute = true,  value
//   "urdf"          scale 1, shrink 0
//   "urdf - 2 deg"  shrink: each end moves inwards by it (SI)
//   "80 % urdf"     scale 0.8
// Never wider than the description: scale in (0, 1], shrink >= 0.
struct Bound {
  bool absolute = false;
  double value = 0;
  double scale = 1;
  double shrink = 0;
};

struct Sustained {  // "2 mrad/s for 50 ms"
  double value = 0;
  int64_t duration_ns = 0;
};

struct CountOf {  // "3 of 100"
  uint32_t count = 0;
  uint32_t of = 0;
};

struct WordCount {  // "keep_last 2"; "trip" has no count
  std::string word;
  bool has_count = false;
  uint32_t count = 0;
};

// A unit alone: "rad/s2", "m", "%". The value is what one of it is in SI.
Result<Quantity> parse_unit(std::string_view text);
Result<Quantity> parse_quantity(std::string_view text);
Result<double> parse_quantity(std::string_view text, Dimension expected);
// Exact: "0.5 s" is 500000000; a fraction of a nanosecond is an error, and
// so is a negative duration.
Result<int64_t> parse_duration(std::string_view text);
// "lo .. hi", lo < hi.
Result<Range> parse_range(std::string_view text, Dimension expected);
Result<Bound> parse_bound(std::string_view text, Dimension expected);
Result<Sustained> parse_sustained(std::string_view text, Dimension expected);
// 1 <= count <= of.
Result<CountOf> parse_count_of(std::string_view text);
Result<WordCount> parse_word_count(std::string_view text);

}  // namespace tactus
