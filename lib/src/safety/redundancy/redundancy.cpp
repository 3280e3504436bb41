// SPDX-License-Identifier: MIT
#include "safety/redundancy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "safety/redundancy/rules.hpp"

namespace tactus::safety {

using namespace redundant;

namespace {

Finding finding(const Image& image, uint32_t r, Reason reason) {
  return {r, image.row[r].id, std::move(reason.because),
          std::move(reason.proof)};
}

// How much a row that refuses changes: what only warns least.
int strictness(const Row& row) {
  return row.response == Response::kWarn ? 0 : static_cast<int>(row.response);
}

// A row that refuses less often may yet answer harder, or for longer.
bool answers_for(const Row& other, const Row& row) {
  return row.hysteresis <= other.hysteresis &&
         strictness(row) <= strictness(other);
}

// What implies a row must bind itself: of two rows that say the same, one is
// left.
Verdict idle_row(const Image& image, uint32_t r,
                 const std::vector<Finding>& idle) {
  const Row& row = image.row[r];
  if (Verdict alone = never_binds(image, row)) return alone;
  for (uint32_t k = 0; k < image.rows; ++k) {
    const bool gone =
        std::any_of(idle.begin(), idle.end(),
                    [&](const Finding& f) { return f.index == k; });
    const Row& other = image.row[k];
    if (k == r || gone || other.kind != RowKind::kHard) continue;
    if (!answers_for(other, row)) continue;
    if (Verdict implied = implied_by(image, row, other)) return implied;
  }
  return std::nullopt;
}

void find_contradictions(const Image& image, std::vector<Finding>& out) {
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    if (row.kind != RowKind::kHard) continue;
    Verdict found = never_holds(image, row);
    for (uint32_t k = 0; k < r && !found; ++k)
      if (image.row[k].kind == RowKind::kHard)
        found = never_hold_both(image, row, image.row[k]);
    if (found) out.push_back(finding(image, r, std::move(*found)));
  }
}

}  // namespace

Redundancy find_redundancy(const Image& image) {
  Redundancy out;
  find_contradictions(image, out.contradictions);
  // From the last row on: of two that say the same the first is left.
  for (uint32_t r = image.rows; r-- > 0;)
    if (Verdict found = idle_row(image, r, out.idle))
      out.idle.push_back(finding(image, r, std::move(*found)));
  std::reverse(out.idle.begin(), out.idle.end());
  return out;
}

std::string to_text(const Redundancy& redundancy) {
  if (redundancy.idle.empty()) return "";
  std::string out = "rows that never bind:\n";
  for (const Finding& f : redundancy.idle)
    out += fmt::format("  {}: {}: {}\n", f.row, f.because, f.proof);
  return out;
}

namespace redundant {

namespace {

bool monitors(const Row& row) {
  return row.kernel == RowKernel::kSeparation ||
         row.kernel == RowKernel::kSeparationNow;
}

// Both slacks are the same sums of the figures, and every operation in them
// is monotone, rounded or not: a figure that is no greater leaves a slack
// that is no less.
Verdict human_implied(const Image& image, const Row& row, const Row& other) {
  if (!monitors(row) || row.kernel != other.kernel) return std::nullopt;
  const Human& a = image.human[row.index];
  const Human& b = image.human[other.index];
  const bool weaker = a.signal == b.signal && a.d_min <= b.d_min &&
                      a.speed <= b.speed && a.intrusion <= b.intrusion &&
                      a.sensor <= b.sensor && a.robot <= b.robot &&
                      row.margin <= other.margin;
  if (!weaker) return std::nullopt;
  return Reason{fmt::format("{} implies it", other.id),
                fmt::format("the same signal, {}, and no figure is greater: "
                            "d_min {:g} <= {:g} m, speed {:g} <= {:g} m/s",
                            image.signal[a.signal].name, a.d_min, b.d_min,
                            a.speed, b.speed)};
}

// Equal expressions share their registers (expr/tree.hpp has no duplicates),
// so the two rows compare the same numbers, run for run.
Verdict expression_implied(const Image& image, const Row& row,
                           const Row& other) {
  if (row.kernel != RowKernel::kExpression || other.kernel != row.kernel)
    return std::nullopt;
  const Expression& a = image.expressions.expression[row.index];
  const Expression& b = image.expressions.expression[other.index];
  const bool above = a.hi == kNoRegister || (a.hi == b.hi && a.max >= b.max);
  const bool below = a.lo == kNoRegister || (a.lo == b.lo && a.min <= b.min);
  if (a.when != b.when || !above || !below || row.margin > other.margin)
    return std::nullopt;
  return Reason{fmt::format("{} implies it", other.id),
                "the same expression, and no limit is tighter"};
}

// The bound on the joints' speeds is no less than the command's own, and
// joint.velocity has that bound at or below its limit (predict_impl.hpp:
// peak; rows/joints_impl.hpp). Neither row has a margin or rounds.
Verdict box_implied(const Image& image, const Row& row, const Row& other) {
  if (row.kernel != RowKernel::kActionBox ||
      other.kernel != RowKernel::kJointVelocity || row.margin > 0)
    return std::nullopt;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double most = image.velocity[j];
    if (!(most <= image.action_hi[j] && -most >= image.action_lo[j]))
      return std::nullopt;
  }
  return Reason{fmt::format("{} implies it", other.id),
                "a command counts as a speed, and its limit is no higher for "
                "any joint"};
}

}  // namespace

Verdict implied_by(const Image& image, const Row& row, const Row& other) {
  for (const auto rule : {linear_implied, human_implied, expression_implied,
                          box_implied, space_implied})
    if (Verdict found = rule(image, row, other)) return found;
  return std::nullopt;
}

Verdict never_binds(const Image& image, const Row& row) {
  if (Verdict far = out_of_reach(image, row)) return far;
  return always_true(image, row);
}

}  // namespace redundant
}  // namespace tactus::safety
