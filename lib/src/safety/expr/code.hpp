// SPDX-License-Identifier: MIT
// Custom expressions as they stand in the image: straight-line programs over
// registers of eight lanes. The compiler (expr/tree.hpp, expr/emit.hpp)
// writes them, the VM (expr/vm.hpp) runs them, the JIT (expr/jit.hpp) may run
// them faster. A program computes interval ends, not values: what is not
// known exactly (sensor error, prediction, rounding) is in its inputs or in
// the folded limits, so it needs no other arithmetic than this.
//
// Plain data; bytes may come from anywhere: valid() before anything runs.
#pragma once

#include <cstdint>
#include <type_traits>

namespace tactus::safety {

inline constexpr uint32_t kExprVersion = 1;
inline constexpr uint32_t kMaxExpressions = 48;
inline constexpr uint32_t kMaxExprOps = 1536;
inline constexpr uint32_t kMaxExprConstants = 192;
inline constexpr uint32_t kMaxExprInputs = 64;
inline constexpr uint32_t kMaxExprRegisters = 448;
inline constexpr uint32_t kExprText = 128;
inline constexpr uint16_t kNoRegister = 0xFFFF;

// NaN of any operand gives NaN, in all of them.
enum class ExprCode : uint16_t {
  kNone = 0,  // no program has one
  kAdd = 1,
  kSub = 2,
  kMul = 3,
  kDiv = 4,
  kMin = 5,
  kMax = 6,
  kSqrt = 7,
  kSin = 8,  // kin/sincos.hpp
  kCos = 9,
  kWhere = 10,  // c where a <= b, -inf elsewhere
};
inline constexpr uint16_t kExprCodes = 11;

// Unused operands name register 0.
struct ExprOp {
  ExprCode code;
  uint16_t out, a, b, c;
};
static_assert(sizeof(ExprOp) == 10);

enum class ExprSource : uint32_t {
  kNone = 0,
  kAction = 1,    // u of the joint `element`, and what the stop makes of it
  kLast = 2,      // the command sent before
  kPosition = 3,  // of the joint, predicted
  kVelocity = 4,
  kSignal = 5,
  kStep = 6,  // s since the release of the command before
};

// Registers constants + 2k and + 2k + 1 hold the ends of input k, which are
// observed or predicted -+ (error + rate * (time since it was observed)).
struct ExprInput {
  ExprSource source;
  uint32_t signal;  // kSignal: index in the image
  uint32_t element;
  uint32_t reserved;
  double error;
  double rate;
  // What the rounding bound was derived for: an interval that leaves it
  // violates.
  double lo, hi;
};

// When a program runs: kAction once for each candidate, its lanes are eight
// slices of the stop's fall from u to 0; kMotion for every block of eight
// samples of the motion.
enum class ExprWhen : uint32_t { kAction = 0, kMotion = 1 };
inline constexpr uint32_t kExprPrograms = 2;

struct ExprProgram {
  uint32_t ops;  // 0: does not run
  uint32_t constants;
  uint32_t inputs;
  uint32_t registers;  // constants, ends of inputs, temporaries
  double constant[kMaxExprConstants];
  ExprInput input[kMaxExprInputs];
  ExprOp op[kMaxExprOps];
};

struct Expression {
  char text[kExprText];  // of its row; cut where longer
  char unit[16];
  ExprWhen when;
  uint16_t hi, lo;  // registers of its ends; kNoRegister: no limit there
  uint32_t ops;     // that it needs, shared ones included
  uint32_t reserved;
  double max, min;     // rounding is taken off
  double rounding;     // derived bound, already in max and min
  double least, most;  // it never leaves these, over the declared ranges
};

struct Expressions {
  uint32_t version;
  uint32_t count;
  ExprProgram program[kExprPrograms];
  Expression expression[kMaxExpressions];
};
static_assert(std::is_trivially_copyable_v<Expressions>);

// Of an image: what its expressions may name.
struct ExprWorld {
  uint32_t joints;
  uint32_t signals;
  const uint32_t* values;  // of each signal
};

// True when nothing in it can read or write outside of its registers, its
// inputs exist, and every register is written before it is read.
[[nodiscard]] bool valid(const Expressions& expressions,
                         const ExprWorld& world) noexcept;

// An image's programs as machine code; null entries: not there.
struct ExprNative {
  void (*run[kExprPrograms])(double* registers) noexcept = {};
};

}  // namespace tactus::safety
