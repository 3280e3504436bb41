// SPDX-License-Identifier: MIT
// Straight-line AVX2 or AVX-512 code for a program. A register of the
// program is a slot in memory; vector registers hold the slots that are used
// next (the one whose use is farthest away makes room: Belady, A study of
// replacement algorithms, 1966). AVX2 does four lanes, then the other four.
#include <xbyak/xbyak.h>

#include <bit>
#include <bitset>
#include <map>

#include "kin/sincos.hpp"
#include "safety/expr/jit.hpp"

namespace tactus::safety {
namespace {

using Outputs = std::bitset<kMaxExprRegisters>;

constexpr uint8_t kLessEqual = 0x12;  // ordered, quiet: NaN is false
constexpr uint32_t kNever = ~0U;
constexpr std::size_t kEntry = 16;  // bytes before the code
constexpr uint32_t kSpare = 6;      // vector registers for use inside one op

uint32_t operands(ExprCode code) {
  switch (code) {
    case ExprCode::kSqrt:
    case ExprCode::kSin:
    case ExprCode::kCos:
      return 1;
    case ExprCode::kWhere:
      return 3;
    default:
      return 2;
  }
}

// When a slot's present content is read next.
uint32_t next_use(const ExprProgram& p, const Outputs& outputs, uint16_t slot,
                  uint32_t from) {
  for (uint32_t i = from; i < p.ops; ++i) {
    const ExprOp& op = p.op[i];
    const uint16_t reads[] = {op.a, op.b, op.c};
    for (uint32_t k = 0; k < operands(op.code); ++k) {
      if (reads[k] == slot) return i;
    }
    if (op.out == slot) return kNever;
  }
  return outputs[slot] ? p.ops : kNever;
}

template <class V>
constexpr bool kWide = std::is_same_v<V, Xbyak::Zmm>;

template <class V>
class Emitter : public Xbyak::CodeGenerator {
 public:
  Emitter(const ExprProgram& program, const Outputs& outputs)
      : CodeGenerator(4096 + program.ops * std::size_t{1024},
                      Xbyak::DontSetProtectRWE),
        program_(program),
        outputs_(outputs) {
    // UBSan looks for a signature before a function that is called through a
    // pointer; before the first page's begin there is nothing to look at.
    dq(0);
    dq(0);
    static_assert(kEntry == 16);
    body();
    if (!kWide<V>) {
      add(rdi, 32);
      body();
    }
    vzeroupper();
    ret();
    align(8);
    for (auto& [bits, label] : pool_) {
      L(label);
      dq(bits);
    }
  }

 private:
  static constexpr uint32_t kRegisters = (kWide<V> ? 32 : 16) - kSpare;
  struct Held {
    uint16_t slot = kNoRegister;
    bool dirty = false;  // not in memory yet
  };

  Xbyak::Address memory(uint16_t slot) { return ptr[rdi + slot * 64]; }
  V spare(uint32_t i) { return V(static_cast<int>(kRegisters + i)); }
  V at(uint32_t i) { return V(static_cast<int>(i)); }

  void put(const V& to, uint64_t bits) {
    vbroadcastsd(to, ptr[rip + pool_[bits]]);
  }
  void put(const V& to, double value) {
    put(to, std::bit_cast<uint64_t>(value));
  }

  // ----------------------------------------------------- vector registers

  uint32_t find(uint16_t slot) const {
    for (uint32_t r = 0; r < kRegisters; ++r) {
      if (held_[r].slot == slot) return r;
    }
    return kNever;
  }

  // A register without content; `now`: the op that is being written.
  uint32_t make_room(uint32_t now) {
    uint32_t best = kNever, farthest = 0;
    for (uint32_t r = 0; r < kRegisters; ++r) {
      if (pinned_[r]) continue;
      if (held_[r].slot == kNoRegister) return r;
      const uint32_t use = next_use(program_, outputs_, held_[r].slot, now);
      if (best == kNever || use > farthest) {
        best = r;
        farthest = use;
      }
    }
    if (held_[best].dirty && farthest != kNever)
      vmovapd(memory(held_[best].slot), at(best));
    held_[best] = {};
    return best;
  }

  uint32_t load(uint16_t slot, uint32_t now) {
    uint32_t r = find(slot);
    if (r == kNever) {
      r = make_room(now);
      held_[r] = {slot, false};
      if (slot < program_.constants)
        put(at(r), program_.constant[slot] + 0.0);
      else
        vmovapd(at(r), memory(slot));
    }
    pinned_[r] = true;
    return r;
  }

  void body() {
    for (Held& h : held_) h = {};
    for (uint32_t i = 0; i < program_.ops; ++i) one(i);
    for (uint32_t r = 0; r < kRegisters; ++r) {
      const Held& h = held_[r];
      if (h.dirty && outputs_[h.slot]) vmovapd(memory(h.slot), at(r));
    }
  }

  void one(uint32_t i) {
    const ExprOp& op = program_.op[i];
    const uint32_t n = operands(op.code);
    pinned_.reset();
    const uint32_t a = load(op.a, i);
    const uint32_t b = n > 1 ? load(op.b, i) : a;
    const uint32_t c = n > 2 ? load(op.c, i) : a;
    // What the slot held is dead from here on, but may be an operand.
    const uint32_t out = make_room(i + 1);
    compute(op.code, at(out), at(a), at(b), at(c));
    const uint32_t before = find(op.out);
    if (before != kNever) held_[before] = {};
    held_[out] = {op.out, true};
  }

  // ----------------------------------------------------------- operations

  void compute(ExprCode code, const V& o, const V& a, const V& b, const V& c) {
    switch (code) {
      case ExprCode::kAdd:
        return vaddpd(o, a, b);
      case ExprCode::kSub:
        return vsubpd(o, a, b);
      case ExprCode::kMul:
        return vmulpd(o, a, b);
      case ExprCode::kDiv:
        return vdivpd(o, a, b);
      case ExprCode::kSqrt:
        return vsqrtpd(o, a);
      case ExprCode::kMin:
        select_le(a, b, a, b, o);
        return select_le(a, a, o, a, o);
      case ExprCode::kMax:
        select_le(b, a, a, b, o);
        return select_le(a, a, o, a, o);
      case ExprCode::kWhere:
        put(spare(1), -std::numeric_limits<double>::infinity());
        put(spare(2), std::numeric_limits<double>::quiet_NaN());
        select_le(b, a, spare(1), spare(2), o);
        return select_le(a, b, c, o, o);
      default:
        return sincos(code == ExprCode::kSin, a, o);
    }
  }

  // out = x <= y ? a : b; spare 0 is its.
  void select_le(const V& x, const V& y, const V& a, const V& b, const V& out) {
    if constexpr (kWide<V>) {
      vcmppd(k1, x, y, kLessEqual);
      vblendmpd(out | k1, b, a);
    } else {
      vcmppd(spare(0), x, y, kLessEqual);
      vblendvpd(out, b, a, spare(0));
    }
  }

  // to = first + z (to)
  void step(const V& to, const V& z, double first, const V& temporary) {
    vmulpd(to, z, to);
    put(temporary, first);
    vaddpd(to, temporary, to);
  }

  // kin::sincos, operation by operation.
  void sincos(bool sine, const V& x, const V& o) {
    namespace k = kin::detail;
    const V quarter = spare(1), z = spare(2), s = spare(3), c = spare(4),
            t = spare(5);
    put(t, k::kTwoOverPi);
    vmulpd(quarter, x, t);
    put(t, k::kRound);
    vaddpd(quarter, quarter, t);
    vsubpd(z, quarter, t);  // n
    vmovapd(o, x);
    for (const double part : {k::kPio2High, k::kPio2Mid, k::kPio2Low}) {
      put(t, part);
      vmulpd(t, z, t);
      vsubpd(o, o, t);
    }
    vmulpd(z, o, o);
    put(s, k::kSinTerms[5]);
    for (int i = 4; i >= 0; --i) step(s, z, k::kSinTerms[i], t);
    vmulpd(t, z, o);
    vmulpd(s, t, s);
    vaddpd(s, o, s);
    put(c, k::kCosTerms[5]);
    for (int i = 4; i >= 0; --i) step(c, z, k::kCosTerms[i], t);
    vmulpd(t, z, z);
    vmulpd(c, t, c);
    put(t, 0.5);
    vmulpd(t, t, z);
    vsubpd(c, t, c);
    put(t, 1.0);
    vsubpd(c, t, c);
    turn(sine, quarter, s, c, o);
    put(z, kin::kMaxAngle);
    put(t, std::numeric_limits<double>::quiet_NaN());
    select_le(x, z, o, t, o);
    put(z, -kin::kMaxAngle);
    select_le(z, x, o, t, o);
  }

  // Odd quarters swap sine and cosine; the next bit is the sign.
  void turn(bool sine, const V& quarter, const V& s, const V& c, const V& o) {
    const V t = spare(5);
    vpsllq(t, quarter, 63);
    if constexpr (kWide<V>) {
      vpmovq2m(k1, t);
      vblendmpd(o | k1, sine ? s : c, sine ? c : s);
    } else {
      vblendvpd(o, sine ? s : c, sine ? c : s, t);
    }
    if (!sine) {
      put(t, uint64_t{1});
      vpaddq(quarter, quarter, t);
    }
    vpsllq(quarter, quarter, 62);
    put(t, -0.0);
    vandpd(t, quarter, t);
    vxorpd(o, o, t);
  }

  const ExprProgram& program_;
  const Outputs& outputs_;
  std::map<uint64_t, Xbyak::Label> pool_;
  Held held_[kRegisters];
  std::bitset<kRegisters> pinned_;
};

struct Codes {
  std::unique_ptr<Xbyak::CodeGenerator> program[kExprPrograms];
};

std::unique_ptr<Xbyak::CodeGenerator> emit(const ExprProgram& program,
                                           const Outputs& outputs,
                                           rt::Isa isa) {
  if (isa == rt::Isa::kAvx512)
    return std::make_unique<Emitter<Xbyak::Zmm>>(program, outputs);
  return std::make_unique<Emitter<Xbyak::Ymm>>(program, outputs);
}

}  // namespace

ExprRunner compile_native(const Expressions& all, rt::Isa isa) {
  ExprRunner out{nullptr, {}, "vm", ""};
  if (isa == rt::Isa::kPortable) {
    out.refusal = "the portable kernel has none";
    return out;
  }
  Outputs outputs[kExprPrograms];
  for (uint32_t i = 0; i < all.count; ++i) {
    const Expression& e = all.expression[i];
    for (const uint16_t end : {e.hi, e.lo}) {
      if (end != kNoRegister) outputs[static_cast<uint32_t>(e.when)].set(end);
    }
  }
  auto codes = std::make_shared<Codes>();
  try {
    for (uint32_t w = 0; w < kExprPrograms; ++w) {
      codes->program[w] = emit(all.program[w], outputs[w], isa);
      if (!codes->program[w]->setProtectModeRE(false)) {
        out.refusal = "the system refuses executable memory";
        return out;
      }
      const uint8_t* entry = codes->program[w]->getCode() + kEntry;
      out.native.run[w] = std::bit_cast<void (*)(double*) noexcept>(entry);
    }
  } catch (const Xbyak::Error& error) {
    out.refusal = error.what();
    return out;
  }
  out.code = codes;
  out.name = std::string("jit ") + rt::isa_name(isa);
  return out;
}

}  // namespace tactus::safety
