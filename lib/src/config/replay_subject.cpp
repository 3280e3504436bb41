// SPDX-License-Identifier: MIT
#include "config/replay_subject.hpp"

#include <fmt/format.h>

#include "config/replay_limits.hpp"
#include "config/replay_recipe.hpp"
#include "config/supervisor.hpp"
#include "core/error.hpp"
#include "rt/carried.hpp"

namespace tactus::config {
namespace {

using Kind = layout::LogSectionKind;

policy::Options options_of(const Recipe& recipe, const std::string& kernels) {
  policy::Options options = policy_options(recipe.backend, kernels);
  // Only fused rounds: others ran the exact model of a .tmodel.
  if (recipe.backend != "fused") options.tier = policy::Tier::kF32;
  if (!recipe.slow.empty()) options.slow = {{"of the log", recipe.slow}};
  return options;
}

Result<policy::ModelPlan::Ptr> own_plan(const trace::LogReader& log,
                                        const Recipe& recipe) {
  return load_model(log.section(Kind::kModel), log.name() + " (model)",
                    options_of(recipe, recipe.kernels));
}

// With the log's kernels where they fit, so that only the model differs.
template <class Load>
Result<policy::ModelPlan::Ptr> with_kernels(const Recipe& recipe,
                                            std::vector<std::string>& notes,
                                            const Load& load) {
  auto plan = load(recipe.kernels);
  if (plan || plan.error().code() != ErrorCode::kUnavailable) return plan;
  auto ruled = load("rule");
  if (ruled)
    notes.emplace_back(
        "the log's kernels do not fit this model: its own are chosen by rule, "
        "and sums may differ in their last bits");
  return ruled;
}

// Nothing is sent here, so a model whose golden vectors are not met is
// compared too: that is how a changed weight is found. It is noted.
Result<policy::ModelPlan::Ptr> other_plan(const std::string& path,
                                          const Recipe& recipe,
                                          std::vector<std::string>& notes) {
  return with_kernels(
      recipe, notes,
      [&](const std::string& kernels) -> Result<policy::ModelPlan::Ptr> {
        policy::Options options = options_of(recipe, kernels);
        auto plan = load_model(path, options);
        if (plan || plan.error().code() == ErrorCode::kUnavailable) return plan;
        options.check_golden = false;
        auto unchecked = load_model(path, options);
        if (unchecked) notes.emplace_back(plan.error().text());
        return unchecked ? unchecked : plan;
      });
}

// The plan of a loop that was built, as the log ran it: kernels that are
// chosen by time may be others at each load.
Result<policy::ModelPlan::Ptr> built_plan(const policy::ModelPlan::Ptr& plan,
                                          const Recipe& recipe,
                                          std::vector<std::string>& notes) {
  const policy::Description& d = plan->describe();
  if (d.backend != recipe.backend || d.kernels == recipe.kernels) return plan;
  return with_kernels(recipe, notes, [&](const std::string& kernels) {
    policy::Options options = options_of(recipe, kernels);
    options.tier = d.tier;
    options.check_golden = false;  // they were, when it was loaded
    for (const auto& o : d.outputs) options.outputs.push_back(o.name);
    return policy::ModelPlan::from_image(plan->image(), d.label, options);
  });
}

// The frame's units; the kind is the only one there is.
PolicyBinding binding_of(const trace::LogReader& log, const Recipe& recipe,
                         const FrameLayout& frame) {
  const ReplayBasis& basis = recipe.basis;
  const FrameField* action = frame.find(basis.output);
  return {.input = basis.input,
          .output = basis.output,
          .kind = "joint_velocity",
          .unit = action ? action->unit : "",
          .where = log.name(),
          .rate_hz = 1e9 / static_cast<double>(basis.timing.period_ns),
          .state = recipe.state,
          .history = recipe.history};
}

class Subject final : public trace::ReplaySubject {
 public:
  Subject(std::unique_ptr<PolicyStage> policy, ShieldSupervisor::Parts parts)
      : policy_(std::move(policy)), supervisor_(std::move(parts)) {}

  // Loop::save's order: ..., supervisor, policy; each padded to 8.
  Result<void> reset(uint64_t cycle,
                     std::span<const std::byte> keyframe) override {
    const rt::CarriedPart part = policy_->carried();
    const std::size_t shield = layout::log_align(supervisor_.carried_size());
    const std::size_t model = layout::log_align(part.size);
    if (keyframe.size() < sizeof(rt::LoopCarried) + shield + model) {
      return bad_input(
          "keyframe of cycle {}: {} bytes: too few for this shield and model: "
          "was the log written by another version?",
          cycle, keyframe.size());
    }
    const std::byte* end = keyframe.data() + keyframe.size();
    supervisor_.restore(end - model - shield);
    part.restore(part.self, end - model);
    return {};
  }
  tactus_status infer(std::byte* frame,
                      const tactus_tick& tick) noexcept override {
    return policy_->run(frame, tick.state);
  }
  rt::Supervisor& supervisor() noexcept override { return supervisor_; }

 private:
  std::unique_ptr<PolicyStage> policy_;
  ShieldSupervisor supervisor_;
};

Result<void> check_frame(const trace::LogReader& log,
                         const FrameLayout& frame) {
  const auto other = [&](const std::string& what) {
    return bad_input("log {}: its frame is not the loop's: {}", log.name(),
                     what);
  };
  const auto& fields = log.info().fields;
  if (log.header().frame_size != frame.size() ||
      fields.size() != frame.fields().size()) {
    return other(fmt::format("{} fields, {} bytes", fields.size(),
                             log.header().frame_size));
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const trace::FieldInfo& a = fields[i];
    const FrameField& b = frame.fields()[i];
    if (a.name != b.name || a.type != b.type || a.count != b.count ||
        a.offset != b.offset) {
      return other("field " + a.name);
    }
  }
  return {};
}

struct Parts {
  const policy::ModelPlan::Ptr& plan;
  const PolicyBinding& policy;
  const ImagePtr& image;
  const File& file;  // signals only
  const FrameLayout& frame;
};

Result<std::unique_ptr<trace::ReplaySubject>> subject_of(const Parts& parts) {
  auto policy = PolicyStage::make(parts.plan, parts.policy, parts.frame);
  if (!policy) return policy.error();
  auto binding =
      bind_signals(*parts.image, parts.file, parts.frame, parts.policy.output);
  if (!binding) return binding.error();
  const auto isa = rt::choose_isa();
  if (!isa) return isa.error();
  return std::unique_ptr<trace::ReplaySubject>(
      new Subject(std::move(*policy), {.image = parts.image,
                                       .binding = *binding,
                                       .kernel = &safety::kernel_for(*isa),
                                       .link = nullptr,
                                       .robot_epoch = nullptr,
                                       .native = nullptr}));
}

}  // namespace

FrameLayout frame_of(const trace::LogReader& log) {
  std::vector<tactus_field> fields;
  for (const trace::FieldInfo& f : log.info().fields) {
    fields.push_back(
        {f.name.c_str(), f.unit.c_str(), f.type, f.count, f.offset});
  }
  auto frame =
      FrameLayout::of(fields, static_cast<uint32_t>(log.header().frame_size));
  return frame ? std::move(*frame) : FrameLayout{};
}

Result<Replayed> make_replay_subject(const trace::LogReader& log,
                                     const ReplayAsk& ask) {
  auto recipe = read_recipe(log);
  if (!recipe) return recipe.error();
  const ReplayBasis& basis = recipe->basis;
  Replayed made;
  auto plan = ask.model.empty() ? own_plan(log, *recipe)
                                : other_plan(ask.model, *recipe, made.notes);
  if (!plan) return plan.error();
  auto limits = own_limits(log, basis);
  if (limits && !ask.limits.empty())
    limits = other_limits(log, basis, *limits->shield.image, ask.limits);
  if (!limits) return limits.error();
  const FrameLayout frame = frame_of(log);
  auto subject = subject_of({*plan, binding_of(log, *recipe, frame),
                             limits->shield.image, limits->file, frame});
  if (!subject) return subject.error();
  made.subject = std::move(*subject);
  return made;
}

Result<Replayed> replay_subject_of(const trace::LogReader& log,
                                   const Blueprint& b) {
  if (auto ok = check_frame(log, b.frame); !ok) return ok.error();
  auto recipe = read_recipe(log);
  if (!recipe) return recipe.error();
  Replayed made;
  auto plan = built_plan(b.plan, *recipe, made.notes);
  if (!plan) return plan.error();
  auto subject = subject_of({*plan, b.policy, b.image, b.file, b.frame});
  if (!subject) return subject.error();
  made.subject = std::move(*subject);
  return made;
}

}  // namespace tactus::config
