// SPDX-License-Identifier: MIT
#include "config/blueprint.hpp"

#include <algorithm>

#include "config/budget.hpp"
#include "core/error.hpp"
#include "policy/slow.hpp"

namespace tactus::config {
namespace {

tactus_stage stage_of(const char* name, tactus_stage_kind kind,
                      int64_t deadline_ns, const LateRule& late) {
  tactus_stage stage{};
  stage.sz = sizeof stage;
  stage.name = name;
  stage.kind = kind;
  stage.deadline_ns = deadline_ns;
  stage.on_late = late.rule;
  stage.keep_last = late.keep_last;
  return stage;
}

void fill_stages(Blueprint& b) {
  const StageTable& s = b.file.stage;
  b.sense = {stage_of("sense", TACTUS_SENSE, s.sense_ns, s.late_sense)};
  b.infer = stage_of("infer", TACTUS_INFER, s.infer_ns, s.late_infer);
  b.check = stage_of("check", TACTUS_CHECK, s.check_ns, {TACTUS_TRIP, 0});
  b.act = stage_of("act", TACTUS_ACT, s.act_ns, s.late_act);
}

Result<void> need(bool present, const File& file, const char* table) {
  if (present) return {};
  return bad_input("{}: [{}]: missing: rtctl run needs it", file.path, table);
}

// Two runs in lockstep are to have the same bits; in real time the fastest
// is wanted, and the log says what it was. What a .tmodel names is both.
policy::Options kernels_for(const PolicyTable& policy, const RunAsk& ask) {
  if (policy.kernels != "auto")
    return policy_options(policy.backend, policy.kernels);
  auto options =
      policy_options(policy.backend, ask.lockstep ? "rule" : "timed");
  options.stored_kernels = true;
  return options;
}

// By name, and, for a model without a contract, where the signal's values lie
// in the inputs.
Result<std::vector<policy::SlowInput>> slow_inputs(const File& file) {
  if (file.policy.slow.empty()) return std::vector<policy::SlowInput>{};
  policy::Contract contract;
  policy::TensorInfo inputs;
  for (const std::string& name : file.policy.input) {
    const auto s = std::ranges::find(file.signal, name, &SignalEntry::name);
    policy::Observation& o = contract.observations.emplace_back();
    o.name = name;
    o.size = s->count;
    inputs.size += o.size;
  }
  contract.history = file.policy.history;
  if (contract.history) inputs.size *= contract.history->length;
  auto ok = policy::place(contract, {inputs}, file.path + " [policy]");
  if (!ok) return ok.error();
  std::vector<policy::SlowInput> list;
  for (const policy::Observation& o : contract.observations) {
    if (std::ranges::count(file.policy.slow, o.name) > 0)
      list.push_back({o.name, policy::columns_of(o)});
  }
  return list;
}

}  // namespace

double rate_of(const File& file) {
  return 1e9 / static_cast<double>(file.loop.period_ns);
}

rt::LoopSpec loop_spec_of(const File& file, const RunAsk& ask) {
  rt::LoopSpec spec;
  spec.name = file.name;
  spec.period_ns = file.loop.period_ns;
  spec.overrun = file.loop.overrun;
  spec.trip = file.loop.trip;
  spec.engage_time_ns = file.loop.engage_time_ns;
  spec.commit_deadline_ns =
      file.guard.none ? file.loop.commit_ns : file.guard.commit_ns;
  // In lockstep time stands still between releases: there is no slack.
  spec.prewarm_max_ns = ask.lockstep ? 0 : file.loop.prewarm_max_ns;
  spec.shadow = ask.shadow;
  spec.engage_when_ready = ask.engage && !ask.shadow;
  spec.exit_on_latch = ask.exit_on_latch;
  spec.trip_on_gap = file.record.trip_on_gap;
  if (!file.record.path.empty()) {
    const int64_t cycles = file.record.keyframe_ns / file.loop.period_ns;
    spec.keyframe_cycles = static_cast<uint32_t>(cycles < 1 ? 1 : cycles);
  }
  return spec;
}

policy::Options policy_options(const std::string& backend,
                               const std::string& kernels) {
  policy::Options options;
  options.backend = backend;
  options.stored_kernels = false;
  if (kernels == "timed") {
    options.kernel_choice = policy::KernelChoice::kTimed;
  } else if (kernels != "rule") {
    options.kernel_override = kernels;
  }
  return options;
}

Result<policy::ModelPlan::Ptr> load_model(const std::string& path,
                                          const policy::Options& options) {
  policy::Options action = options;
  action.output_choice = policy::OutputChoice::kAction;
  return policy::ModelPlan::load(path, action);
}

Result<policy::ModelPlan::Ptr> load_model(std::span<const std::byte> image,
                                          const std::string& label,
                                          const policy::Options& options) {
  policy::Options action = options;
  action.output_choice = policy::OutputChoice::kAction;
  return policy::ModelPlan::from_image(image, label, action);
}

Result<RunFile> load_run_file(const std::string& path) {
  auto document = toml::Document::load(path);
  if (!document) return document.error();
  auto file = read_file(*document);
  if (!file) return file.error();
  for (const auto& [present, table] :
       {std::pair{file->io.present, "io"}, {file->policy.present, "policy"}}) {
    if (auto ok = need(present, *file, table); !ok) return ok.error();
  }
  auto shield = load_shield(*document, timing_of(*file));
  if (!shield) return shield.error();
  if (auto ok = document->finish(); !ok) return ok.error();
  safety::Budget budget = budget_of(*shield, stage_times(*file));
  return RunFile{std::move(*file), std::move(*shield), std::move(budget)};
}

Result<Blueprint> blueprint_of(const std::string& path, const RunAsk& ask) {
  auto read = load_run_file(path);
  if (!read) return read.error();
  if (auto ok = check_budget(read->shield, read->budget); !ok)
    return ok.error();
  File* file = &read->file;
  if (!ask.log.empty()) {
    file->record.path = ask.log;
    if (file->record.keyframe_ns == 0) file->record.keyframe_ns = 1000000000;
    file->origins.push_back({"record.path", ask.log, "--log"});
  }
  policy::Options options = kernels_for(file->policy, ask);
  options.answers = file->policy.answers;
  auto slow = slow_inputs(*file);
  if (!slow) return slow.error();
  options.slow = std::move(*slow);
  auto plan = load_model(file->policy.model, options);
  if (!plan) return plan.error();

  Blueprint b;
  b.file = std::move(*file);
  b.frame = FrameLayout::of(b.file, read->shield.image->joints);
  b.spec = loop_spec_of(b.file, ask);
  b.image = read->shield.image;
  b.limits = std::move(read->shield.source);
  b.budget = std::move(read->budget);
  b.plan = std::move(*plan);
  const PolicyTable& policy = b.file.policy;
  b.policy = {.input = policy.input,
              .output = policy.output,
              .kind = policy.kind,
              .unit = policy.unit,
              .where = path + " [policy]",
              .rate_hz = rate_of(b.file),
              .state = policy.state,
              .slow = policy.slow,
              .history = policy.history};
  b.sender = b.file.io.peer;
  b.command = ask.command;
  b.lockstep = ask.lockstep;
  fill_stages(b);
  return b;
}

}  // namespace tactus::config
