// SPDX-License-Identifier: MIT
// The robot's spheres as it stands and moves, in long double; shares no
// arithmetic with kin/. For present.cpp. Not for the RT thread.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "kin/chain.hpp"

namespace tactus::safety::present {

using Real = long double;
using Vec = std::array<Real, 3>;

Vec operator+(const Vec& a, const Vec& b);
Vec operator-(const Vec& a, const Vec& b);
Vec operator*(Real s, const Vec& a);
Real dot(const Vec& a, const Vec& b);
Real norm(const Vec& a);
Vec vec(const double* v);

struct Ball {
  Vec at{};
  Vec velocity{};
  Real radius = 0;
  uint32_t body = 0;  // as in kin::Sphere
  bool moves = true;  // the base's do not
};

// One for each sphere of the chain, in its order.
std::vector<Ball> balls_of(const kin::Chain& chain, const float* q,
                           const float* dq);

}  // namespace tactus::safety::present
