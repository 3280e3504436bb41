// SPDX-License-Identifier: MIT
// The infer stage: frame fields → policy → raw action in the frame. make()
// is set-up; run() is RT-safe, on one thread. Replay uses it as it is.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/frame.hpp"
#include "policy/plan.hpp"
#include "rt/loop_spec.hpp"
#include "tactus/result.hpp"

namespace tactus::config {

struct PolicyBinding {
  std::vector<std::string> input;  // frame fields, in the model's order
  std::string output;              // frame field
  std::string kind;                // "joint_velocity"; "": not said
  std::string unit;                // "": not said
  std::string where;               // "arm.toml [policy]", for errors
  double rate_hz = 0;              // of the loop; 0: not said
};

class PolicyStage {
 public:
  // Checks names, sizes, units and the model's contract against the frame.
  static Result<std::unique_ptr<PolicyStage>> make(policy::ModelPlan::Ptr plan,
                                                   const PolicyBinding& binding,
                                                   const FrameLayout& frame);

  // INVALID: an output is NaN or infinite. RT-safe.
  tactus_status run(std::byte* frame) noexcept;
  // As tactus_stage::fn, `self` a PolicyStage.
  static tactus_status stage(void* self, void* frame, const tactus_tick* tick);

  [[nodiscard]] uint32_t output_offset() const { return output_.offset; }
  [[nodiscard]] uint32_t output_size() const { return output_.count * 4; }
  [[nodiscard]] const policy::ModelPlan& plan() const { return *plan_; }
  // The recurrent state, for keyframes.
  [[nodiscard]] rt::CarriedPart carried();

 private:
  struct Copy {
    uint32_t offset;  // in the frame
    uint32_t count;
    uint32_t to;      // in values_
    int observation;  // of the contract, to scale by; -1: none
  };
  PolicyStage(policy::ModelPlan::Ptr plan, policy::Context context)
      : plan_(std::move(plan)), context_(std::move(context)) {}
  Result<void> bind(const PolicyBinding& binding, const FrameLayout& frame);
  Result<void> bind_output(const PolicyBinding& binding,
                           const FrameLayout& frame);

  policy::ModelPlan::Ptr plan_;
  policy::Context context_;
  FrameField output_;
  std::vector<Copy> copies_;
  std::vector<float> values_;  // every input, end to end
  std::vector<float> action_;
  std::vector<policy::InputView> inputs_;
  std::vector<policy::OutputView> outputs_;
};

}  // namespace tactus::config
