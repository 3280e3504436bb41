// SPDX-License-Identifier: MIT
// The rules of redundancy.hpp, a file for each group of families. Set-up
// only.
#pragma once

#include <optional>
#include <string>

#include "safety/redundancy.hpp"

namespace tactus::safety::redundant {

// m, rad or a part of the figures: far above what doubles lose, far below
// what anybody means.
inline constexpr double kClear = 1e-9;

struct Reason {
  std::string because;
  std::string proof;
};
using Verdict = std::optional<Reason>;

// Whether `row` holds whenever `other`, a hard row that binds, holds.
Verdict implied_by(const Image& image, const Row& row, const Row& other);
Verdict linear_implied(const Image& image, const Row& row, const Row& other);
Verdict space_implied(const Image& image, const Row& row, const Row& other);

// Whether `row` holds whatever happens, or whatever the hard rows leave.
Verdict never_binds(const Image& image, const Row& row);
Verdict out_of_reach(const Image& image, const Row& row);
Verdict always_true(const Image& image, const Row& row);

// Whether nothing satisfies `row`; or both together.
Verdict never_holds(const Image& image, const Row& row);
Verdict never_hold_both(const Image& image, const Row& row, const Row& other);
Verdict no_room(const Image& image, const Row& row, const Row& other);

[[nodiscard]] inline double rounding_at(const Image& image, const Row& row) {
  return image.derived.rounding[&row - image.row];
}

}  // namespace tactus::safety::redundant
