// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "policy/answers.hpp"
#include "policy/backend.hpp"
#include "policy/plan.hpp"

namespace tactus::policy {

// Everything is sized and touched once, here.
struct Context::Memory {
  std::vector<float> inputs;      // of the last run, end to end
  std::vector<InputView> latest;  // the same, for prewarm
  std::vector<std::vector<float>> outputs;
  std::vector<OutputView> dry;
  // As doubles: aligned for either width.
  std::vector<double> state, shadow;
  std::size_t state_bytes = 0;
  std::size_t width = 4;
  std::optional<AnswerTable> answers;
  Reuse reuse;

  // Everything of a run but its consequences: state moves from now() to
  // next(), which nobody has to take.
  [[gnu::noinline]] Status compute(Executor& executor,
                                   std::span<const InputView> from,
                                   std::span<const OutputView> to,
                                   Reuse* counted) noexcept;

  [[nodiscard]] std::byte* now() {
    return reinterpret_cast<std::byte*>(state.data());
  }
  [[nodiscard]] std::byte* next() {
    return reinterpret_cast<std::byte*>(shadow.data());
  }
};

Context::Context(ModelPlan::Ptr plan) : plan_(std::move(plan)) {}
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;
Context::~Context() = default;

void Context::allocate_ports(const Description& d) {
  Memory& m = *memory_;
  AnswerTable::Shape shape{d.answers, 0, 0};
  for (const auto& t : d.inputs) shape.inputs += t.size;
  for (const auto& t : d.outputs) shape.outputs += t.size;
  m.inputs.assign(shape.inputs, 0.0F);
  const float* at = m.inputs.data();
  for (const auto& t : d.inputs) {
    m.latest.push_back({at});
    at += t.size;
  }
  for (const auto& t : d.outputs) m.outputs.emplace_back(t.size);
  if (shape.answers > 0) m.answers.emplace(shape);
}

Result<void> Context::allocate() {
  auto executor = plan_->compiled().make_executor();
  if (!executor) return executor.error();
  executor_ = std::move(*executor);
  memory_ = std::make_unique<Memory>();
  const Description& d = plan_->describe();
  allocate_ports(d);
  memory_->dry.assign(memory_->outputs.begin(), memory_->outputs.end());
  memory_->width = plan_->compiled().state_width();
  for (const auto& s : d.states) {
    memory_->state_bytes += s.size * memory_->width;
  }
  memory_->state.assign((memory_->state_bytes + 7) / 8, 0.0);
  memory_->shadow = memory_->state;
  prewarm();  // touches every page and weight
  return {};
}

Result<Context> Context::make(ModelPlan::Ptr plan) {
  Context context(std::move(plan));
  if (auto ok = context.allocate(); !ok) return ok.error();
  return context;
}

namespace {

// Not inlined, as compute(): what prewarm() calls is then what run() will.
[[gnu::noinline]] bool fits(const Description& d,
                            std::span<const InputView> inputs,
                            std::span<const OutputView> outputs) noexcept {
  bool ok =
      inputs.size() == d.inputs.size() && outputs.size() == d.outputs.size();
  for (std::size_t i = 0; ok && i < inputs.size(); ++i) {
    ok = inputs[i].data != nullptr;
  }
  for (std::size_t i = 0; ok && i < outputs.size(); ++i) {
    ok = outputs[i].size() == d.outputs[i].size;
  }
  return ok;
}

// Exponent bits all ones: NaN or infinite. Integers, so that a vector of them
// is looked at in one step.
template <class T, class Bits>
bool finite(const T* values, std::size_t size, Bits exponent) noexcept {
  Bits bad = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const Bits bits = std::bit_cast<Bits>(values[i]) & exponent;
    bad |= static_cast<Bits>(bits == exponent);
  }
  return bad == 0;
}
bool finite(const float* values, std::size_t size) noexcept {
  return finite(values, size, uint32_t{0x7f800000});
}
bool finite(const double* values, std::size_t size) noexcept {
  return finite(values, size, uint64_t{0x7ff0000000000000});
}

bool all_finite(std::span<const OutputView> outputs) noexcept {
  bool ok = true;
  for (const OutputView& o : outputs) ok &= finite(o.data(), o.size());
  return ok;
}

template <class T>
bool state_finite(const std::byte* bytes, std::size_t size) noexcept {
  return finite(reinterpret_cast<const T*>(bytes), size / sizeof(T));
}

}  // namespace

Status Context::Memory::compute(Executor& executor,
                                std::span<const InputView> from,
                                std::span<const OutputView> to,
                                Reuse* counted) noexcept {
  const Status status = executor.run({from, to, now(), next(), counted});
  if (status != Status::kOk) return status;
  const bool good = all_finite(to) &&
                    (width == 4 ? state_finite<float>(next(), state_bytes)
                                : state_finite<double>(next(), state_bytes));
  return good ? Status::kOk : Status::kNotFinite;
}

Status Context::run(std::span<const InputView> inputs,
                    std::span<const OutputView> outputs) noexcept {
  const Description& d = plan_->describe();
  if (!fits(d, inputs, outputs)) return Status::kBadArgument;
  Memory& m = *memory_;
  float* to = m.inputs.data();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::size_t size = d.inputs[i].size;
    if (inputs[i].changed) std::copy_n(inputs[i].data, size, to);
    to += size;
  }
  if (m.answers && answer(outputs)) return Status::kOk;
  const Status status = compute(inputs, outputs);
  if (m.answers && status == Status::kOk) keep_answer(outputs);
  return status;
}

Status Context::compute(std::span<const InputView> inputs,
                        std::span<const OutputView> outputs) noexcept {
  Memory& m = *memory_;
  const Status status = m.compute(*executor_, inputs, outputs, &m.reuse);
  if (status != Status::kOk) return status;
  if (m.state_bytes) std::memcpy(m.now(), m.next(), m.state_bytes);
  return Status::kOk;
}

// The outputs for these very inputs, if they are still there.
bool Context::answer(std::span<const OutputView> outputs) noexcept {
  Memory& m = *memory_;
  const float* from = m.answers->find(m.inputs);
  ++(from ? m.reuse.answer_hits : m.reuse.answer_misses);
  if (!from) return false;
  for (const OutputView& o : outputs) {
    std::copy_n(from, o.size(), o.data());
    from += o.size();
  }
  return true;
}

void Context::keep_answer(std::span<const OutputView> outputs) noexcept {
  float* to = memory_->answers->store(memory_->inputs).data();
  for (const OutputView& o : outputs) to = std::ranges::copy(o, to).out;
}

const Reuse& Context::reuse() const noexcept { return memory_->reuse; }
void Context::clear_reuse() noexcept { memory_->reuse = {}; }

// Everything, also what the next run may find unchanged: when it changes, it
// must be warm.
void Context::prewarm() noexcept {
  Memory& m = *memory_;
  if (!fits(plan_->describe(), m.latest, m.dry)) return;
  executor_->invalidate();
  static_cast<void>(m.compute(*executor_, m.latest, m.dry, nullptr));
}

void Context::reset() noexcept {
  std::ranges::fill(memory_->state, 0.0);
  executor_->invalidate();
}

std::span<std::byte> Context::state() noexcept {
  return {memory_->now(), memory_->state_bytes};
}

bool Context::get_state(std::size_t pair,
                        std::span<float> value) const noexcept {
  const auto& states = plan_->describe().states;
  if (pair >= states.size() || value.size() != states[pair].size) return false;
  const std::byte* from = memory_->now() + states[pair].offset;
  if (memory_->width == sizeof(float)) {
    std::memcpy(value.data(), from, value.size_bytes());
  } else {
    const auto* wide = reinterpret_cast<const double*>(from);
    for (float& v : value) v = static_cast<float>(*wide++);
  }
  return true;
}

bool Context::set_state(std::size_t pair,
                        std::span<const float> value) noexcept {
  const auto& states = plan_->describe().states;
  if (pair >= states.size() || value.size() != states[pair].size) return false;
  std::byte* to = memory_->now() + states[pair].offset;
  if (memory_->width == sizeof(float)) {
    std::memcpy(to, value.data(), value.size_bytes());
  } else {
    std::copy(value.begin(), value.end(), reinterpret_cast<double*>(to));
  }
  executor_->invalidate();
  return true;
}

}  // namespace tactus::policy
