// SPDX-License-Identifier: MIT
// The same 32 expressions for everybody: four shapes, constants and inputs
// by number. Ours computes the upper ends of intervals at eight points; a
// peer computes values at eight points.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace bench::expressions {

inline constexpr uint32_t kCount = 32;
inline constexpr uint32_t kInputs = 16;
inline constexpr uint32_t kPoints = 8;

constexpr uint32_t input(uint32_t i, uint32_t which) {
  return (i * 5 + which * 3 + 1) % kInputs;
}
constexpr double constant(uint32_t i) { return 0.25 + 0.125 * i; }

inline std::string text(uint32_t i) {
  const auto x = [&](uint32_t which) {
    return fmt::format("x{}", input(i, which));
  };
  const double c = constant(i);
  switch (i % 4) {
    case 0:
      return fmt::format("abs({}) * {} + abs({}) * {}", x(0), c, x(1), x(2));
    case 1:
      return fmt::format("sqrt({0} * {0} + {1} * {1} + {2})", x(0), x(1), c);
    case 2:
      return fmt::format("min({} * {}, {}) - max({}, {}) * 0.5", x(0), x(1), c,
                         x(2), x(3));
    default:
      return fmt::format("({} - {} * {}) / max(abs({}), 0.5) + {}", x(0), x(1),
                         c, x(2), x(3));
  }
}

template <uint32_t i>
double value(const double* x) {
  constexpr double c = constant(i);
  const double a = x[input(i, 0)], b = x[input(i, 1)], d = x[input(i, 2)],
               e = x[input(i, 3)];
  if constexpr (i % 4 == 0) return std::fabs(a) * c + std::fabs(b) * d;
  if constexpr (i % 4 == 1) return std::sqrt(a * a + b * b + c);
  if constexpr (i % 4 == 2) return std::min(a * b, c) - std::max(d, e) * 0.5;
  return (a - b * c) / std::max(std::fabs(d), 0.5) + e;
}

// All of them at one point, compiled ahead (peers/expr_compiled.cpp).
void compiled(const double* x, double* out);

// peers/expr_muparser.cpp, where the library is there.
class Muparser {
 public:
  Muparser();
  ~Muparser();  // where State is known
  void run(const double* x, double* out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bench::expressions
