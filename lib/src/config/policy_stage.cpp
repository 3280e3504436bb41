// SPDX-License-Identifier: MIT
#include "config/policy_stage.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "core/layout/log.hpp"

namespace tactus::config {
namespace {

// `samples` of each field fill the inputs.
policy::ContractClaim claim_of(const PolicyBinding& binding,
                               const std::vector<FrameField>& fields,
                               const FrameField& output, std::size_t samples) {
  policy::ContractClaim claim;
  for (const FrameField& f : fields) {
    claim.observations.push_back({f.name, f.count * samples, f.unit});
  }
  claim.action_kind = binding.kind;
  claim.action_unit = binding.unit;
  claim.action_size = output.count;
  claim.action_rate_hz = binding.rate_hz;
  return claim;
}

Result<FrameField> float_field(const FrameLayout& frame,
                               const std::string& name) {
  const FrameField* f = frame.find(name);
  return frame.require(name, TACTUS_F32, f ? f->count : 1);
}

}  // namespace

Result<std::unique_ptr<PolicyStage>> PolicyStage::make(
    policy::ModelPlan::Ptr plan, const PolicyBinding& binding,
    const FrameLayout& frame) {
  if (auto ok = policy::require_rt_safe(*plan); !ok) return ok.error();
  auto context = policy::Context::make(plan);
  if (!context) return context.error();
  std::unique_ptr<PolicyStage> stage(
      new PolicyStage(std::move(plan), std::move(*context)));
  if (auto ok = stage->bind(binding, frame); !ok) return ok.error();
  return stage;
}

Result<void> PolicyStage::bind_output(const PolicyBinding& binding,
                                      const FrameLayout& frame) {
  auto output = float_field(frame, binding.output);
  if (!output) return output.error();
  output_ = *output;
  const auto& given = plan_->describe().outputs;
  if (given.size() != 1 || given[0].size != output_.count) {
    return bad_input(
        "{}: {}: output of {} values where {} has {}: give a model whose "
        "selected output is the action",
        binding.where, plan_->describe().label,
        given.empty() ? 0 : given[0].size, output_.name, output_.count);
  }
  return {};
}

Result<void> PolicyStage::bind(const PolicyBinding& binding,
                               const FrameLayout& frame) {
  if (auto ok = bind_output(binding, frame); !ok) return ok.error();
  std::vector<FrameField> fields;
  uint32_t total = 0;
  const policy::Description& model = plan_->describe();
  for (const std::string& name : binding.input) {
    if (name == binding.output) {
      return bad_input(
          "{}: {} is the policy's input and output: copy the last action into "
          "a field of its own, in a sense stage",
          binding.where, name);
    }
    auto field = float_field(frame, name);
    if (!field) return field.error();
    copies_.push_back({field->offset, field->count, total});
    total += field->count;
    fields.push_back(*field);
  }
  std::vector<policy::SignalClaim> signals;
  for (const FrameField& f : fields) signals.push_back({f.name, f.count, ""});
  auto observer =
      policy::observer_of(model, binding.history, signals, binding.where);
  if (!observer) return observer.error();
  observer_ = std::move(*observer);
  const bool stacks = binding.history && !model.contract.present;
  if (auto ok =
          policy::check_contract(*plan_,
                                 claim_of(binding, fields, output_,
                                          stacks ? binding.history->length : 1),
                                 binding.where);
      !ok) {
    return ok.error();
  }
  if (observer_.size() != total) {
    return bad_input("{}: {}: the model takes {} values, the inputs have {}",
                     binding.where, model.label, observer_.size(), total);
  }
  signals_.assign(total, 0.0F);
  action_.assign(output_.count, 0.0F);
  outputs_.push_back(action_);
  at_engage_ = binding.state;
  return {};
}

// The first run of an engagement begins as the first of all does.
void PolicyStage::reset_at_engage(uint32_t state) noexcept {
  const bool engaged = state == TACTUS_STATE_ENGAGED;
  if (engaged && engaged_ == 0) {
    context_.reset();
    observer_.reset();
  }
  engaged_ = engaged ? 1 : 0;
}

void PolicyStage::decode() noexcept {
  const policy::Contract& contract = plan_->describe().contract;
  if (contract.present) policy::decode(contract.action, action_);
}

tactus_status PolicyStage::run(std::byte* frame, uint32_t state) noexcept {
  if (at_engage_ == AtEngage::kReset) reset_at_engage(state);
  for (const Copy& c : copies_) {
    std::memcpy(signals_.data() + c.to, frame + c.offset,
                4 * std::size_t{c.count});
  }
  observer_.observe(signals_);
  const policy::Status status = context_.run(observer_.inputs(), outputs_);
  if (status == policy::Status::kOk) observer_.advance();
  decode();
  std::memcpy(frame + output_.offset, action_.data(), 4 * action_.size());
  publish_reuse();
  if (status == policy::Status::kOk) return TACTUS_OK;
  return status == policy::Status::kNotFinite ? TACTUS_INVALID : TACTUS_FAILED;
}

tactus_status PolicyStage::stage(void* self, void* frame,
                                 const tactus_tick* tick) {
  return static_cast<PolicyStage*>(self)->run(static_cast<std::byte*>(frame),
                                              tick->state);
}

void PolicyStage::publish_reuse() noexcept {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const policy::Reuse& now = context_.reuse();
  slow_hits_.store(now.slow_hits, kRelaxed);
  slow_misses_.store(now.slow_misses, kRelaxed);
  answer_hits_.store(now.answer_hits, kRelaxed);
  answer_misses_.store(now.answer_misses, kRelaxed);
}

json::Value PolicyStage::reuse_value() const {
  constexpr auto kRelaxed = std::memory_order_relaxed;
  const policy::Description& model = plan_->describe();
  json::Value value;
  if (model.cached_layers > 0) {
    value.add("slow", json::Value()
                          .add("layers", model.cached_layers)
                          .add("hits", slow_hits_.load(kRelaxed))
                          .add("misses", slow_misses_.load(kRelaxed)));
  }
  if (model.answers > 0) {
    value.add("answers", json::Value()
                             .add("size", model.answers)
                             .add("hits", answer_hits_.load(kRelaxed))
                             .add("misses", answer_misses_.load(kRelaxed)));
  }
  return value;
}

// Recurrent state, padded; histories; whether it was engaged, where that
// decides something.
void PolicyStage::save(std::byte* to) noexcept {
  std::memset(to, 0, carried().size);
  std::ranges::copy(context_.state(), to);
  to += layout::log_align(context_.state().size());
  observer_.save(to);
  to += layout::log_align(observer_.state_size());
  if (at_engage_ == AtEngage::kReset) std::memcpy(to, &engaged_, 8);
}

void PolicyStage::restore(const std::byte* from) noexcept {
  context_.clear_reuse();  // a dry run's
  const auto state = context_.state();
  std::copy_n(from, state.size(), state.data());
  from += layout::log_align(state.size());
  observer_.restore(from);
  from += layout::log_align(observer_.state_size());
  if (at_engage_ == AtEngage::kReset) std::memcpy(&engaged_, from, 8);
}

// The last signals once more. What is written here run() makes anew; the
// frame is warm by then, for sense has just written it.
void PolicyStage::run_dry() noexcept {
  observer_.observe(signals_);
  context_.prewarm();
  decode();
  publish_reuse();
}

rt::PrewarmStep PolicyStage::prewarm() {
  const auto run = [](void* self, int64_t) noexcept {
    static_cast<PolicyStage*>(self)->run_dry();
  };
  return {run, this};
}

rt::CarriedPart PolicyStage::carried() {
  const auto save = [](const void* self, std::byte* to) noexcept {
    const_cast<PolicyStage*>(static_cast<const PolicyStage*>(self))->save(to);
  };
  const auto restore = [](void* self, const std::byte* from) noexcept {
    static_cast<PolicyStage*>(self)->restore(from);
  };
  const std::size_t size = layout::log_align(context_.state().size()) +
                           layout::log_align(observer_.state_size()) +
                           (at_engage_ == AtEngage::kReset ? 8 : 0);
  return {this, size, save, restore};
}

}  // namespace tactus::config
