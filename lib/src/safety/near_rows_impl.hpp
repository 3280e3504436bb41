// SPDX-License-Identifier: MIT
// Rows that are not in space as rung project sees them (near.hpp): linear rows
// on q and dq, and expressions of the action.
#pragma once

#include "safety/near_walk_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// If what the bounds leave free can use it up.
inline void seat_row(const Near& row, const Bounds& bounds,
                     NearList& out) noexcept {
  double most = 0;
  for (uint32_t j = 0; j < kMaxJoints; ++j) {
    const double change = magnitude(row.lever[j]) + row.held[j];
    most += change > 0 ? change * (bounds.hi[j] - bounds.lo[j]) : 0;
  }
  if (row.slack > most) return;
  Near* to = seat(out, row.key, row.slack);
  if (to != nullptr) *to = row;
}

// Each block binds for itself: which of them leaves least changes with u.
template <class F>
void near_linear_row(const Reference& at, uint32_t index, double margin,
                     const Bounds& bounds, NearList& out) noexcept {
  const Linear& linear = at.image.linear[index];
  const Motion& motion = at.motion;
  const bool position = linear.of == LinearOf::kPosition;
  for (uint32_t b = 0; b < motion.blocks; ++b) {
    Double8 left;
    block_left<F>(linear, motion, at.image.joints, b, left);
    const uint32_t lane = least_lane(left);
    const double path = position ? motion.path[b][lane] : 0;
    const double spread =
        position ? motion.spread[b][lane] + at.intent.room_s : 1;
    const double reaction = position ? motion.reaction_s : 0;
    Near row = {};
    row.key = key_of(b, kLinearFrom + index);
    row.slack = left[lane] - margin;
    for (uint32_t j = 0; j < at.image.joints; ++j) {
      const double size = magnitude(linear.a[j]);
      row.lever[j] = -path * linear.a[j];
      row.held[j] = spread * size;
      row.turned[j] = reaction * size;
    }
    seat_row(row, bounds, out);
  }
}

template <class F>
void near_linear(const Reference& at, const Kept& kept, const Bounds& bounds,
                 NearList& out) noexcept {
  for (uint32_t i = 0; i < at.image.linears; ++i) {
    const bool of_motion = at.image.linear[i].of != LinearOf::kAction;
    if (!kept.linear[i].kept || !of_motion) continue;
    near_linear_row<F>(at, i, kept.linear[i].most, bounds, out);
  }
}

// What the limits leave of an expression's two ends, and how that changes.
struct End {
  double left;
  double slope[kMaxJoints];
};
struct Ends {
  End above[kMaxExpressions];
  End below[kMaxExpressions];
};

// Slopes are differences over this step of a command, rad/s or m/s.
inline constexpr double kProbe = 1e-5;
inline constexpr uint32_t kProbed = kLanes - 1;

// Lane 0 is the reference's command, lane l that of joint first + l - 1 a
// step more; the other inputs as the check has them.
template <class F>
void load_probe(const ExprProgram& program, const ExprScene& scene,
                uint32_t first, Double8* reg) noexcept {
  for (uint32_t i = 0; i < program.inputs; ++i) {
    const ExprInput& input = program.input[i];
    Ends8 ends;
    ends_of<F>(input, scene, ends);
    if (input.source == ExprSource::kAction) {
      ends.lo = Double8{} + scene.u[input.element % kMaxJoints];
      const uint32_t lane = input.element - first + 1;
      if (lane >= 1 && lane <= kProbed) ends.lo[lane] += kProbe;
      ends.hi = ends.lo;
    }
    reg[program.constants + 2 * i] = ends.lo;
    reg[program.constants + 2 * i + 1] = ends.hi;
  }
}

inline void put_slopes(const Double8& left, uint32_t first, uint32_t joints,
                       End& out) noexcept {
  out.left = left[0];
  for (uint32_t j = first; j < joints && j < first + kProbed; ++j) {
    out.slope[j] = (left[j - first + 1] - left[0]) / kProbe;
  }
}

template <class F>
void probe(const Reference& at, const Kept& kept, Ends& out) noexcept {
  const Image& image = at.image;
  const Expressions& all = image.expressions;
  constexpr uint32_t kOnce = static_cast<uint32_t>(ExprWhen::kAction);
  const ExprProgram& program = all.program[kOnce];
  const Motion& motion = at.motion;
  const ExprScene scene{image,
                        at.in,
                        at.intent.u,
                        at.past.last,
                        at.past.step_s,
                        motion.q,
                        motion.wide,
                        motion.speed,
                        motion.until[motion.blocks - 1][kLanes - 1],
                        {},
                        {}};
  alignas(64) Double8 reg[kMaxExprRegisters];
  load_constants(program, reg);
  for (uint32_t first = 0; first < image.joints; first += kProbed) {
    load_probe<F>(program, scene, first, reg);
    run_loaded(kOnce, scene, reg);
    for (uint32_t i = 0; i < all.count; ++i) {
      const Expression& e = all.expression[i];
      if (e.when != ExprWhen::kAction || !kept.expression[i].kept) continue;
      const double margin = kept.expression[i].most;
      if (e.hi != kNoRegister)
        put_slopes((e.max - margin) - reg[e.hi], first, image.joints,
                   out.above[i]);
      if (e.lo != kNoRegister)
        put_slopes(reg[e.lo] - (e.min + margin), first, image.joints,
                   out.below[i]);
    }
  }
}

inline void seat_end(const End& end, uint32_t obstacle, const Bounds& bounds,
                     NearList& out) noexcept {
  Near row = {};
  row.key = key_of(0, obstacle);
  row.slack = end.left;
  for (uint32_t j = 0; j < kMaxJoints; ++j) row.lever[j] = end.slope[j];
  seat_row(row, bounds, out);
}

// Each end as it is at the command itself; the stop makes less of most of them.
template <class F>
void near_expressions(const Reference& at, const Kept& kept,
                      const Bounds& bounds, NearList& out) noexcept {
  const Expressions& all = at.image.expressions;
  if (all.count == 0 || all.program[0].registers == 0) return;
  Ends ends = {};
  probe<F>(at, kept, ends);
  for (uint32_t i = 0; i < all.count; ++i) {
    const Expression& e = all.expression[i];
    if (e.when != ExprWhen::kAction || !kept.expression[i].kept) continue;
    const uint32_t obstacle = kExprFrom + 2 * i;
    if (e.hi != kNoRegister) seat_end(ends.above[i], obstacle, bounds, out);
    if (e.lo != kNoRegister) seat_end(ends.below[i], obstacle + 1, bounds, out);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
