// SPDX-License-Identifier: MIT
#include "safety/expr/jit.hpp"

#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string_view>

#include "safety/expr/vm.hpp"

namespace tactus::safety {
namespace {

constexpr uint32_t kAdmission = 96;  // rounds of eight lanes

struct alignas(64) Registers {
  kin::Double8 lane[kMaxExprRegisters];
};

// Inputs of one round: corners first, then points in the ranges, then any
// bits at all.
class Points {
 public:
  double draw(const ExprInput& input, uint32_t round) {
    constexpr double kInf = std::numeric_limits<double>::infinity();
    const double corners[] = {input.lo,
                              input.hi,
                              0.0,
                              -0.0,
                              kInf,
                              -kInf,
                              std::numeric_limits<double>::quiet_NaN(),
                              5e-324,
                              -1e-310,
                              0.5 * (input.lo + input.hi),
                              1e300,
                              1e-160};
    const uint64_t bits = next_();
    if (round % 4 == 0) return corners[bits % std::size(corners)];
    if (round % 4 == 3 && bits % 8 == 0) {
      return std::bit_cast<double>(uint64_t{next_()});
    }
    const double part = static_cast<double>(bits >> 11) * 0x1p-53;
    return input.lo + part * (input.hi - input.lo);
  }

 private:
  std::mt19937_64 next_{20'240'901};
};

bool same(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

bool same_ends(const Expressions& all, uint32_t which, const Registers& a,
               const Registers& b) {
  for (uint32_t i = 0; i < all.count; ++i) {
    const Expression& e = all.expression[i];
    if (static_cast<uint32_t>(e.when) != which) continue;
    for (const uint16_t end : {e.hi, e.lo}) {
      if (end == kNoRegister) continue;
      for (uint32_t k = 0; k < kin::kLanes; ++k) {
        if (!same(a.lane[end][k], b.lane[end][k])) return false;
      }
    }
  }
  return true;
}

bool program_agrees(const Expressions& all, uint32_t which,
                    const ExprNative& native, uint32_t rounds) {
  const ExprProgram& program = all.program[which];
  if (program.registers == 0) return true;
  auto vm = std::make_unique<Registers>();
  auto jit = std::make_unique<Registers>();
  Points points;
  for (uint32_t round = 0; round < rounds; ++round) {
    *vm = Registers{};
    load_constants(program, vm->lane);
    for (uint32_t i = 0; i < 2 * program.inputs; ++i) {
      kin::Double8& lane = vm->lane[program.constants + i];
      for (uint32_t k = 0; k < kin::kLanes; ++k) {
        lane[k] = points.draw(program.input[i / 2], round);
      }
    }
    *jit = *vm;
    run_program(program, vm->lane);
    native.run[which](reinterpret_cast<double*>(jit->lane));
    if (!same_ends(all, which, *vm, *jit)) return false;
  }
  return true;
}

}  // namespace

bool agrees(const Expressions& expressions, const ExprNative& native,
            uint32_t rounds) {
  for (uint32_t w = 0; w < kExprPrograms; ++w) {
    if (!program_agrees(expressions, w, native, rounds)) return false;
  }
  return true;
}

ExprRunner make_runner(const Expressions& expressions, rt::Isa isa,
                       const char* asked) {
  const auto vm = [](std::string why) {
    return ExprRunner{nullptr, {}, "vm", std::move(why)};
  };
  if (expressions.count == 0) return vm("");  // no code, no pages for it
  if (asked != nullptr && std::string_view(asked) == "off")
    return vm("TACTUS_JIT=off");
  ExprRunner made = compile_native(expressions, isa);
  if (made.code == nullptr) return made;
  if (!agrees(expressions, made.native, kAdmission))
    return vm("its code did not give the VM's bits: report this");
  return made;
}

ExprRunner make_runner(const Expressions& expressions, rt::Isa isa) {
  return make_runner(expressions, isa, std::getenv("TACTUS_JIT"));
}

}  // namespace tactus::safety
