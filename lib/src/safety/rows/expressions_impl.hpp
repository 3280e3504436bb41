// SPDX-License-Identifier: MIT
// Custom expressions as rows; included by rows_impl.hpp. What is checked
// when (expr/code.hpp): a program without q and dq once per candidate, with u
// on eight slices of its fall to zero; one with q or dq for every sample of
// the motion, where q and dq are intervals that hold the truth from before
// the sample to after it, and u is anything between itself and zero.
#pragma once

#include "safety/expr/vm.hpp"
#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// What one run of a program looks at.
struct ExprScene {
  const Image& image;
  const ShieldInput& in;
  const Past& past;
  const Intent& intent;
  const Motion& motion;
  uint32_t block;    // of the motion
  Double8 from, to;  // of the stop's s: u lies between their multiples
};

struct Ends8 {
  Double8 lo, hi;
};

// The value between two multiples of `x`, whichever sign it has.
inline void between(double x, const ExprScene& scene, Ends8& out) {
  const Double8 a = scene.from * x;
  const Double8 b = scene.to * x;
  select_le(a, b, a, b, out.lo);
  select_le(a, b, b, a, out.hi);
}

inline void around(const Double8& value, const Double8& wide, Ends8& out) {
  out.lo = value - wide;
  out.hi = value + wide;
}

template <class F>
void observed_ends(const ExprInput& input, const ExprScene& scene, Ends8& out) {
  const float* values = scene.in.value[input.signal];
  const Double8 none = Double8{} + std::numeric_limits<double>::quiet_NaN();
  if (values == nullptr) {
    out = {none, none};
    return;
  }
  const double age = seconds(scene.in.now_ns - scene.in.stamp_ns[input.signal]);
  const double last = scene.motion.until[scene.motion.blocks - 1][kLanes - 1];
  const double rate = F::on(Fault::kExprUncertain) ? 0 : input.rate;
  const double error = F::on(Fault::kExprUncertain) ? 0 : input.error;
  const double value = static_cast<double>(values[input.element]);
  around(Double8{} + value, Double8{} + (error + rate * (age + last)), out);
}

template <class F>
void ends_of(const ExprInput& input, const ExprScene& scene, Ends8& out) {
  const uint32_t j = input.element;
  const Motion& motion = scene.motion;
  const Double8 error = Double8{} + input.error;
  const Double8 last = Double8{} + scene.past.last[j % kMaxJoints];
  switch (input.source) {
    case ExprSource::kAction:
      between(scene.intent.u[j], scene, out);
      return;
    case ExprSource::kLast:
      out = {last, last};
      return;
    case ExprSource::kPosition:
      around(motion.q[scene.block].at[j],
             F::on(Fault::kExprWide) ? Double8{}
                                     : motion.wide[scene.block].at[j] + error,
             out);
      return;
    case ExprSource::kVelocity:
      around(Double8{},
             F::on(Fault::kExprWide) ? Double8{}
                                     : motion.speed[scene.block].at[j] + error,
             out);
      return;
    case ExprSource::kSignal:
      observed_ends<F>(input, scene, out);
      return;
    case ExprSource::kNone:
      break;
  }
  out.lo = out.hi = Double8{} + std::numeric_limits<double>::quiet_NaN();
}

// Ends of all inputs; the lanes where one of them leaves its range are no
// longer good.
template <class F>
void load_inputs(const ExprProgram& program, const ExprScene& scene,
                 Double8* reg, kin::Int8& good) {
  for (uint32_t i = 0; i < program.inputs; ++i) {
    const ExprInput& input = program.input[i];
    Ends8 ends;
    ends_of<F>(input, scene, ends);
    reg[program.constants + 2 * i] = ends.lo;
    reg[program.constants + 2 * i + 1] = ends.hi;
    kin::Int8 above, below;
    kin::at_least(ends.lo, Double8{} + input.lo, above);
    kin::at_least(Double8{} + input.hi, ends.hi, below);
    good = good & above & below;
  }
}

// One run: machine code where it was admitted, the VM elsewhere.
template <class F>
void run_scene(uint32_t which, const ExprScene& scene, Double8* reg,
               kin::Int8& good) {
  const ExprProgram& program = scene.image.expressions.program[which];
  load_inputs<F>(program, scene, reg, good);
  const auto* native = scene.in.native;
  if (native != nullptr && native->run[which] != nullptr) {
    native->run[which](reinterpret_cast<double*>(reg));
  } else {
    run_program(program, reg);
  }
}

inline void take_ends(const Expression& e, uint32_t row, const Double8* reg,
                      const kin::Int8& good, Slack8& out) {
  if (e.hi != kNoRegister) out.take((Double8{} + e.max) - reg[e.hi], row);
  if (e.lo != kNoRegister) out.take(reg[e.lo] - e.min, row);
  out.good = out.good & good;
}

template <class F>
void program_slacks(uint32_t which, ExprScene& scene, uint32_t runs,
                    Slack8* out) {
  const Expressions& all = scene.image.expressions;
  const ExprProgram& program = all.program[which];
  if (program.registers == 0) return;
  alignas(64) Double8 reg[kMaxExprRegisters];
  load_constants(program, reg);
  for (scene.block = 0; scene.block < runs; ++scene.block) {
    kin::Int8 good = ~kin::Int8{};
    run_scene<F>(which, scene, reg, good);
    if (F::on(Fault::kExprRange)) good = ~kin::Int8{};
    for (uint32_t i = 0; i < all.count; ++i) {
      if (static_cast<uint32_t>(all.expression[i].when) != which) continue;
      take_ends(all.expression[i], i, reg, good, out[i]);
    }
  }
}

template <class F>
void expression_slacks(const Image& image, const ShieldInput& in,
                       const Past& past, const Intent& intent,
                       const Motion& motion, Slack* out) {
  if (image.expressions.count == 0) return;
  Slack8 lanes[kMaxExpressions];
  ExprScene scene{image, in, past, intent, motion, 0, {}, {}};
  // Slice k of s: k / 8 to (k + 1) / 8, exact.
  for (uint32_t k = 0; k < kLanes; ++k) {
    scene.from[k] = F::on(Fault::kExprStop) ? 1 : k / 8.0;
    scene.to[k] = F::on(Fault::kExprStop) ? 1 : (k + 1) / 8.0;
  }
  program_slacks<F>(0, scene, 1, lanes);
  scene.from = Double8{};
  scene.to = Double8{} + 1.0;
  program_slacks<F>(1, scene, motion.blocks, lanes);
  for (uint32_t i = 0; i < image.expressions.count; ++i) {
    lanes[i].drain(out[i]);
    out[i].link = kNoIndex;
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
