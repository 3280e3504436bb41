// SPDX-License-Identifier: MIT
// Past-time rows and callbacks.
#include <bitset>
#include <cstring>

#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {
namespace {

// Nothing is remembered for longer, so sums of nanoseconds stay far below
// where they would be too many.
constexpr int64_t kLongest = 24 * int64_t{3'600'000'000'000};

// The shortest motion there is: held until the stop, which then has nothing
// to brake, and the tail of the lag.
int64_t least_motion(const Commit& commit) {
  return hold_ns(commit) + 8 * commit.lag_ns;
}

bool form_ok(const Memory& m) {
  switch (m.form) {
    case MemoryForm::kHistorically:
      return positive(m.worth);
    case MemoryForm::kOnce:
      return true;
    case MemoryForm::kAtMost:
      return m.allowed_ns > 0 && m.allowed_ns < m.window_ns && m.slot_ns > 0 &&
             m.slot_ns <= kLongest &&
             m.slot_ns * int64_t{kMemorySlots - 1} >= m.window_ns;
  }
  return false;
}

template <std::size_t size>
bool ends(const char (&text)[size]) {
  return memchr(text, '\0', size) != nullptr;
}

}  // namespace

Check check_memories(const Image& image) {
  const uint32_t count = image.expressions.count;
  if (image.memories > kMaxMemories || image.memories > count)
    return over_size();
  for (uint32_t i = 0; i < image.memories; ++i) {
    const Memory& m = image.memory[i];
    const bool times = m.window_ns > 0 && m.window_ns <= kLongest &&
                       m.gap_ns >= image.commit.period_ns &&
                       m.gap_ns <= kLongest;
    if (!times || !form_ok(m) || m.expression != count - image.memories + i)
      return bad_input("limits image: past-time row {}: its figures", i);
    if (m.form == MemoryForm::kOnce &&
        m.window_ns <= least_motion(image.commit))
      return bad_input(
          "limits image: past-time row {}: once {} ns: every motion with its "
          "stop takes longer than {} ns: a longer window",
          i, m.window_ns, least_motion(image.commit));
  }
  return {};
}

namespace {

// Inputs of a program that what is in `hi` or `lo` after it depends on.
std::bitset<kMaxExprInputs> inputs_of(const ExprProgram& p,
                                      const Expression& e) {
  std::bitset<kMaxExprRegisters> needed;
  for (const uint16_t end : {e.hi, e.lo})
    if (end != kNoRegister) needed.set(end);
  for (uint32_t i = p.ops; i-- > 0;) {
    const ExprOp& op = p.op[i];
    if (!needed[op.out]) continue;
    needed.reset(op.out);
    for (const uint16_t from : {op.a, op.b, op.c}) needed.set(from);
  }
  std::bitset<kMaxExprInputs> out;
  for (uint32_t k = 0; k < p.inputs; ++k)
    out[k] = needed[p.constants + 2 * k] || needed[p.constants + 2 * k + 1];
  return out;
}

}  // namespace

// Of what moves no faster than its row says, it is known how it is now.
void derive_memories(Image& image) {
  for (uint32_t m = 0; m < image.memories; ++m) {
    const auto& e = image.expressions.expression[image.memory[m].expression];
    const ExprProgram& p =
        image.expressions.program[static_cast<uint32_t>(e.when)];
    const auto needed = inputs_of(p, e);
    for (uint32_t k = 0; k < p.inputs; ++k) {
      const ExprInput& in = p.input[k];
      const bool once = in.source == ExprSource::kSignal && !(in.rate > 0);
      if (needed[k] && once) image.derived.observed[m] |= 1u << in.signal;
    }
  }
}

Check check_callbacks(const Image& image) {
  if (image.callbacks > kMaxCallbacks) return over_size();
  for (uint32_t i = 0; i < image.callbacks; ++i) {
    const Callback& c = image.callback[i];
    const bool texts =
        ends(c.name) && ends(c.unit) && ends(c.symbol) && ends(c.module);
    const bool named = texts && c.name[0] != '\0' &&
                       (c.symbol[0] == '\0') == (c.module[0] == '\0');
    if (!named || c.min - c.min != 0 || c.budget_ns <= 0 ||
        c.budget_ns > image.commit.period_ns)
      return bad_input("limits image: callback {}: its figures", i);
  }
  return {};
}

}  // namespace tactus::safety::sealing
