// SPDX-License-Identifier: MIT
// Expressions as machine code: the VM's operations without its dispatch, in
// registers. Made at set-up only, into memory that is never writable and
// executable at once, and admitted only after it gave the VM's bits on
// corners (NaN, infinities, zeros of both signs, denormals, the ends of every
// range) and on random points. Wherever that is refused the VM runs instead.
#pragma once

#include <memory>
#include <string>

#include "rt/isa.hpp"
#include "safety/expr/code.hpp"

namespace tactus::safety {

// What runs an image's expressions.
struct ExprRunner {
  std::shared_ptr<const void> code;  // keeps `native` alive; null: the VM
  ExprNative native;
  std::string name;     // "jit avx512", "vm"
  std::string refusal;  // why not the JIT; empty where it runs

  // For ShieldInput; null: the VM.
  [[nodiscard]] const ExprNative* get() const {
    return code != nullptr ? &native : nullptr;
  }
};

// `asked`: "off" keeps the VM (TACTUS_JIT); null or anything else: the JIT
// where it can be had. `expressions` must be valid().
[[nodiscard]] ExprRunner make_runner(const Expressions& expressions,
                                     rt::Isa isa, const char* asked);
// By the environment.
[[nodiscard]] ExprRunner make_runner(const Expressions& expressions,
                                     rt::Isa isa);

// Machine code for both programs, or why there is none. Not admitted yet.
// jit_x86_64.cpp or jit_none.cpp.
[[nodiscard]] ExprRunner compile_native(const Expressions& expressions,
                                        rt::Isa isa);

// True when `native` and the VM agree.
[[nodiscard]] bool agrees(const Expressions& expressions,
                          const ExprNative& native, uint32_t rounds);

}  // namespace tactus::safety
