// SPDX-License-Identifier: MIT
// Custom expressions as rows; included by rows_impl.hpp. What is checked
// when (expr/code.hpp): a program without q and dq once per candidate, with u
// on eight slices of its fall to zero; one with q or dq for every sample of
// the motion, where q and dq are intervals that hold the truth from before
// the sample to after it, and u is anything between itself and zero.
#pragma once

#include "safety/expr/vm.hpp"
#include "safety/rows/past_time_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// What one run of a program looks at.
struct ExprScene {
  const Image& image;
  const ShieldInput& in;
  const double* u;     // of each joint
  const double* last;  // the command before it
  double step;         // s between the two
  const kin::Samples8 *q, *wide, *speed;
  double span;       // s: other signals as they may be until then
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
  const double rate = F::on(Fault::kExprUncertain) ? 0 : input.rate;
  const double error = F::on(Fault::kExprUncertain) ? 0 : input.error;
  const double value = static_cast<double>(values[input.element]);
  around(Double8{} + value, Double8{} + (error + rate * (age + scene.span)),
         out);
}

template <class F>
void ends_of(const ExprInput& input, const ExprScene& scene, Ends8& out) {
  const uint32_t j = input.element;
  const Double8 error = Double8{} + input.error;
  const Double8 last = Double8{} + scene.last[j % kMaxJoints];
  switch (input.source) {
    case ExprSource::kAction:
      between(scene.u[j], scene, out);
      return;
    case ExprSource::kLast:
      out = {last, last};
      return;
    case ExprSource::kPosition:
      around(scene.q->at[j],
             F::on(Fault::kExprWide) ? Double8{} : scene.wide->at[j] + error,
             out);
      return;
    case ExprSource::kVelocity:
      around(Double8{},
             F::on(Fault::kExprWide) ? Double8{} : scene.speed->at[j] + error,
             out);
      return;
    case ExprSource::kSignal:
      observed_ends<F>(input, scene, out);
      return;
    case ExprSource::kStep:
      out.lo = out.hi = Double8{} + scene.step;
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
inline void run_loaded(uint32_t which, const ExprScene& scene, Double8* reg) {
  const auto* native = scene.in.native;
  if (native != nullptr && native->run[which] != nullptr) {
    native->run[which](reinterpret_cast<double*>(reg));
  } else {
    run_program(scene.image.expressions.program[which], reg);
  }
}
template <class F>
void run_scene(uint32_t which, const ExprScene& scene, Double8* reg,
               kin::Int8& good) {
  load_inputs<F>(scene.image.expressions.program[which], scene, reg, good);
  run_loaded(which, scene, reg);
}

inline void take_ends(const Expression& e, uint32_t row, const Double8* reg,
                      const kin::Int8& good, Slack8& out) {
  if (e.hi != kNoRegister) out.take((Double8{} + e.max) - reg[e.hi], row);
  if (e.lo != kNoRegister) out.take(reg[e.lo] - e.min, row);
  out.good = out.good & good;
}

// How long each lane of each block of the motion counts for, s: together they
// are the motion, and a lane's own interval covers what it counts for.
struct Lengths {
  Double8 of[kMaxSamples / kLanes];
  double whole;
};
inline void lengths_of(const Motion& motion, Lengths& out) {
  out.whole = 0;
  for (uint32_t b = 0; b < motion.blocks; ++b) {
    for (uint32_t k = 0; k < kLanes; ++k) {
      const double until = motion.until[b][k];
      const double more = until - out.whole;
      out.of[b][k] = more > 0 ? more : 0;
      if (!(until <= out.whole)) out.whole = until;  // NaN stays
    }
  }
}

// Lanes in which an expression is certain to be within its limits.
inline void within_limits(const Expression& e, const Double8* reg,
                          kin::Int8& good) {
  kin::Int8 enough;
  if (e.hi != kNoRegister) {
    kin::at_least((Double8{} + e.max) - reg[e.hi], Double8{}, enough);
    good = good & enough;
  }
  if (e.lo != kNoRegister) {
    kin::at_least(reg[e.lo] - e.min, Double8{}, enough);
    good = good & enough;
  }
}

// What the motion is to every expression, and to rows that add up time.
struct ExprTally {
  explicit ExprTally(const Image& image) {
    begin(lanes, image.expressions.count);
    begin(spent, image.memories);
  }
  union {
    Slack8 lanes[kMaxExpressions];
  };
  double spent[kMaxMemories];  // s in violation, at most
};

inline double spent_in(const Double8& length, const kin::Int8& good) {
  double sum = 0;
  for (uint32_t k = 0; k < kLanes; ++k) sum += good[k] != 0 ? 0 : length[k];
  return sum;
}

// Of a program that runs once, the lanes are no times: the whole motion.
inline void add_spent(const Image& image, uint32_t which, uint32_t block,
                      const Double8* reg, const kin::Int8& good,
                      const Lengths& lengths, ExprTally& out) {
  for (uint32_t m = 0; m < image.memories; ++m) {
    const Memory& memory = image.memory[m];
    const Expression& e = image.expressions.expression[memory.expression];
    if (memory.form != MemoryForm::kAtMost ||
        static_cast<uint32_t>(e.when) != which) {
      continue;
    }
    kin::Int8 held = good;
    within_limits(e, reg, held);
    if (e.when == ExprWhen::kMotion) {
      out.spent[m] += spent_in(lengths.of[block], held);
    } else if (spent_in(Double8{} + 1.0, held) > 0) {
      out.spent[m] = lengths.whole;
    }
  }
}

template <class F>
void program_slacks(uint32_t which, ExprScene& scene, uint32_t runs,
                    const Lengths& lengths, ExprTally& out) {
  const Expressions& all = scene.image.expressions;
  const ExprProgram& program = all.program[which];
  if (program.registers == 0) return;
  alignas(64) Double8 reg[kMaxExprRegisters];
  load_constants(program, reg);
  for (uint32_t b = 0; b < runs; ++b, ++scene.q, ++scene.wide, ++scene.speed) {
    kin::Int8 good = ~kin::Int8{};
    run_scene<F>(which, scene, reg, good);
    if (F::on(Fault::kExprRange)) good = ~kin::Int8{};
    for (uint32_t i = 0; i < all.count; ++i) {
      if (static_cast<uint32_t>(all.expression[i].when) != which) continue;
      take_ends(all.expression[i], i, reg, good, out.lanes[i]);
    }
    add_spent(scene.image, which, b, reg, good, lengths, out);
  }
}

template <class F>
void expression_slacks(const Image& image, const ShieldInput& in,
                       const Past& past, const Intent& intent,
                       const Motion& motion, Slacks& out) {
  if (image.expressions.count == 0) return;
  ExprTally tally(image);
  Lengths lengths;
  lengths.whole = 0;
  if (image.memories > 0) lengths_of(motion, lengths);
  const double last = motion.until[motion.blocks - 1][kLanes - 1];
  ExprScene scene{image,       in,       intent.u,    past.last,
                  past.step_s, motion.q, motion.wide, motion.speed,
                  last,        {},       {}};
  // Slice k of s: k / 8 to (k + 1) / 8, exact.
  for (uint32_t k = 0; k < kLanes; ++k) {
    scene.from[k] = F::on(Fault::kExprStop) ? 1 : k / 8.0;
    scene.to[k] = F::on(Fault::kExprStop) ? 1 : (k + 1) / 8.0;
  }
  program_slacks<F>(0, scene, 1, lengths, tally);
  scene.q = motion.q;
  scene.wide = motion.wide;
  scene.speed = motion.speed;
  scene.from = Double8{};
  scene.to = Double8{} + 1.0;
  program_slacks<F>(1, scene, motion.blocks, lengths, tally);
  for (uint32_t i = 0; i < image.expressions.count; ++i) {
    tally.lanes[i].drain(out.expression[i]);
    out.expression[i].link = kNoIndex;
  }
  for (uint32_t m = 0; m < image.memories; ++m) {
    memory_slack<F>(image.memory[m], past.left[m],
                    {lengths.whole, tally.spent[m], intent.fresh},
                    out.expression[image.memory[m].expression], out.memory[m]);
  }
}

// Which memories' expressions are within their limits as things are: what is
// measured and observed, and the command that was sent last. A bit each.
template <class F>
uint32_t held_now(const Image& image, const ShieldInput& in, const Past& past) {
  kin::Samples8 q, wide, speed;
  double none[kMaxJoints];
  for (uint32_t j = 0; j < image.joints; ++j) {
    q.at[j] = Double8{} + past.q[0][j];
    wide.at[j] = Double8{} + past.error[j];
    speed.at[j] = Double8{} + past.hull[j];
    none[j] = std::numeric_limits<double>::quiet_NaN();
  }
  // Once the guardian has acted, what it sends is not known here.
  const bool ours = !in.guardian_acted || F::on(Fault::kPastGuard);
  const Double8 one = Double8{} + 1.0;
  ExprScene scene{image,
                  in,
                  ours ? past.last : none,
                  ours ? past.earlier : none,
                  past.last_step_s,
                  &q,
                  &wide,
                  &speed,
                  0,
                  one,
                  one};
  const Expressions& all = image.expressions;
  uint32_t held = 0;
  alignas(64) Double8 reg[kMaxExprRegisters];
  for (uint32_t which = 0; which < kExprPrograms; ++which) {
    if (all.program[which].registers == 0) continue;
    load_constants(all.program[which], reg);
    kin::Int8 good = ~kin::Int8{};
    run_scene<F>(which, scene, reg, good);
    if (F::on(Fault::kExprRange)) good = ~kin::Int8{};
    for (uint32_t m = 0; m < image.memories; ++m) {
      const Expression& e = all.expression[image.memory[m].expression];
      if (static_cast<uint32_t>(e.when) != which) continue;
      kin::Int8 within = good;
      within_limits(e, reg, within);
      if (within[0] != 0) held |= 1u << m;
    }
  }
  return held;
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
