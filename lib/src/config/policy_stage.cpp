// SPDX-License-Identifier: MIT
#include "config/policy_stage.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"

namespace tactus::config {
namespace {

policy::ContractClaim claim_of(const PolicyBinding& binding,
                               const std::vector<FrameField>& fields,
                               const FrameField& output) {
  policy::ContractClaim claim;
  for (const FrameField& f : fields) {
    claim.observations.push_back({f.name, f.count, f.unit});
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
    const int index =
        model.contract.present ? static_cast<int>(fields.size()) : -1;
    copies_.push_back({field->offset, field->count, total, index});
    total += field->count;
    fields.push_back(*field);
  }
  if (auto ok = policy::check_contract(
          *plan_, claim_of(binding, fields, output_), binding.where);
      !ok) {
    return ok.error();
  }
  std::size_t wanted = 0;
  for (const auto& in : model.inputs) wanted += in.size;
  if (wanted != total) {
    return bad_input("{}: {}: the model takes {} values, the inputs have {}",
                     binding.where, model.label, wanted, total);
  }
  values_.assign(total, 0.0F);
  action_.assign(output_.count, 0.0F);
  const float* at = values_.data();
  for (const auto& in : model.inputs) {
    inputs_.push_back({at, true});
    at += in.size;
  }
  outputs_.push_back(action_);
  return {};
}

tactus_status PolicyStage::run(std::byte* frame) noexcept {
  const policy::Contract& contract = plan_->describe().contract;
  for (const Copy& c : copies_) {
    const std::span<float> to(values_.data() + c.to, c.count);
    std::memcpy(to.data(), frame + c.offset, 4 * std::size_t{c.count});
    if (c.observation < 0) continue;
    policy::encode(
        contract.observations[static_cast<std::size_t>(c.observation)], to, to);
  }
  const policy::Status status = context_.run(inputs_, outputs_);
  if (contract.present) policy::decode(contract.action, action_);
  std::memcpy(frame + output_.offset, action_.data(), 4 * action_.size());
  if (status == policy::Status::kOk) return TACTUS_OK;
  return status == policy::Status::kNotFinite ? TACTUS_INVALID : TACTUS_FAILED;
}

tactus_status PolicyStage::stage(void* self, void* frame, const tactus_tick*) {
  return static_cast<PolicyStage*>(self)->run(static_cast<std::byte*>(frame));
}

rt::CarriedPart PolicyStage::carried() {
  const auto save = [](const void* self, std::byte* to) noexcept {
    auto* stage =
        const_cast<PolicyStage*>(static_cast<const PolicyStage*>(self));
    const auto from = stage->context_.state();
    std::ranges::copy(from, to);
  };
  const auto restore = [](void* self, const std::byte* from) noexcept {
    const auto to = static_cast<PolicyStage*>(self)->context_.state();
    std::copy_n(from, to.size(), to.data());
  };
  return {this, context_.state().size(), save, restore};
}

}  // namespace tactus::config
