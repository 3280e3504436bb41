// SPDX-License-Identifier: MIT
#include "safety/expr/jit.hpp"

namespace tactus::safety {

ExprRunner compile_native(const Expressions&, rt::Isa) {
  return {nullptr, {}, "vm", "this build has no JIT for this processor"};
}

}  // namespace tactus::safety
