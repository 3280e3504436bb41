// SPDX-License-Identifier: MIT
// The shield's check, compiled once per instruction set from the same
// sources (check.hpp). Only IEEE + - * / sqrt in one order, so all of them
// give the same bits; which one runs is a matter of speed alone. Choosing is
// set-up, the functions are RT-safe.
#pragma once

#include "rt/isa.hpp"
#include "safety/qp.hpp"
#include "safety/shield.hpp"

namespace tactus::safety {

struct Kernel {
  rt::Isa isa;
  // Judges in.action. Writes out and, in state, the candidate plan (publish
  // state.candidate when out.rung is not stop), the standstill timer and
  // the times seen; the running plan changes in committed() only.
  void (*check)(const Image& image, ShieldState& state, const ShieldInput& in,
                ShieldOutput& out) noexcept;
  // What check() will send if callbacks are content, and its motion; `state` is
  // as before the check and is changed: give it a copy. False: no motion is
  // known, samples 0.
  bool (*foresee)(const Image& image, ShieldState& state, const ShieldInput& in,
                  Foreseen& out) noexcept;
  // Every row on this instant alone, as measured, and on in.action: rung pass
  // if all hold now. Nothing that comes after is looked at, no stop verified:
  // no leave to send, and out.action is zero. Task windows count as closed.
  void (*check_instant)(const Image& image, const ShieldState& state,
                        const ShieldInput& in, ShieldOutput& out) noexcept;
  void (*committed)(const Image& image, ShieldState& state,
                    const Sent& sent) noexcept;
  // One program of an image's expressions, as check runs it without machine
  // code: for tests and figures. `registers` are 64-byte aligned, eight
  // doubles each, kMaxExprRegisters of them; the ends of inputs are there.
  void (*run)(const ExprProgram& program, double* registers) noexcept;
  // Rung project's solver, for tests and benches.
  void (*solve)(const QpProblem& problem, const QpRows& warm,
                QpResult& out) noexcept;
};

// The widest built that is not wider than `isa`.
[[nodiscard]] const Kernel& kernel_for(rt::Isa isa) noexcept;

// One per instruction set; those that this processor cannot be built for are
// left out (kernels/, build.mk).
extern const Kernel kPortableKernel;
extern const Kernel kAvx2Kernel;
extern const Kernel kAvx512Kernel;

}  // namespace tactus::safety
