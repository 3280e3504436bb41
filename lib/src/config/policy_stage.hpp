// SPDX-License-Identifier: MIT
// The infer stage: frame fields → policy → raw action in the frame. make()
// is set-up; run() is RT-safe, on one thread. Replay uses it as it is.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/file.hpp"
#include "config/frame.hpp"
#include "core/json.hpp"
#include "policy/observer.hpp"
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
  AtEngage state = AtEngage::kKeep;
  std::vector<std::string> slow = {};  // as they were named, to be told
  // Of the model's only input, where it has no contract.
  std::optional<policy::History> history = {};
};

class PolicyStage {
 public:
  // Checks names, sizes, units and the model's contract against the frame.
  static Result<std::unique_ptr<PolicyStage>> make(policy::ModelPlan::Ptr plan,
                                                   const PolicyBinding& binding,
                                                   const FrameLayout& frame);

  // INVALID: an output is NaN or infinite. `state`: of the loop, before this
  // cycle. RT-safe.
  tactus_status run(std::byte* frame, uint32_t state) noexcept;
  // As tactus_stage::fn, `self` a PolicyStage.
  static tactus_status stage(void* self, void* frame, const tactus_tick* tick);

  [[nodiscard]] uint32_t output_offset() const { return output_.offset; }
  [[nodiscard]] uint32_t output_size() const { return output_.count * 4; }
  [[nodiscard]] const policy::ModelPlan& plan() const { return *plan_; }
  // Recurrent state and histories, for keyframes.
  [[nodiscard]] rt::CarriedPart carried();
  // What was not computed again, of each kind that was asked for; null when
  // none was. Any thread.
  [[nodiscard]] json::Value reuse_value() const;
  // What run() does over the last signals, leaving state and frame alone.
  [[nodiscard]] rt::PrewarmStep prewarm();

 private:
  struct Copy {
    uint32_t offset;  // in the frame
    uint32_t count;
    uint32_t to;  // in signals_
  };
  PolicyStage(policy::ModelPlan::Ptr plan, policy::Context context)
      : plan_(std::move(plan)), context_(std::move(context)) {}
  Result<void> bind(const PolicyBinding& binding, const FrameLayout& frame);
  Result<void> bind_output(const PolicyBinding& binding,
                           const FrameLayout& frame);

  void decode() noexcept;
  void run_dry() noexcept;
  void reset_at_engage(uint32_t state) noexcept;
  void publish_reuse() noexcept;
  void save(std::byte* to) noexcept;
  void restore(const std::byte* from) noexcept;

  policy::ModelPlan::Ptr plan_;
  policy::Context context_;
  FrameField output_;
  std::vector<Copy> copies_;
  std::vector<float> signals_;  // end to end
  policy::Observer observer_;
  std::vector<float> action_;
  std::vector<policy::OutputView> outputs_;
  AtEngage at_engage_ = AtEngage::kKeep;
  uint64_t engaged_ = 0;  // whether the loop was at the last run; carried
  // policy::Reuse, for other threads.
  std::atomic<uint64_t> slow_hits_{0}, slow_misses_{0};
  std::atomic<uint64_t> answer_hits_{0}, answer_misses_{0};
};

}  // namespace tactus::config
