// SPDX-License-Identifier: MIT
#include "policy/plan.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "policy/answers.hpp"
#include "policy/backend.hpp"
#include "policy/image.hpp"
#include "policy/ir/build.hpp"
#include "policy/metadata.hpp"
#include "policy/slow.hpp"
#include "policy/tmodel.hpp"
#include "rt/isa.hpp"

namespace tactus::policy {

const char* name_of(DType type) noexcept {
  constexpr const char* kNames[] = {
      "float32", "float64", "float16", "bfloat16", "int64",  "int32",  "bool",
      "int8",    "uint8",   "int16",   "uint16",   "uint32", "uint64", "other"};
  return kNames[static_cast<std::size_t>(type)];
}

const char* name_of(Tier tier) noexcept {
  constexpr const char* kNames[] = {"f32", "bf16", "int16", "int8"};
  return kNames[static_cast<std::size_t>(tier)];
}

ModelPlan::ModelPlan() = default;
ModelPlan::~ModelPlan() = default;

bool ModelPlan::rt_safe() const noexcept { return compiled_->rt_safe(); }

Result<void> require_rt_safe(const ModelPlan& plan) {
  if (plan.rt_safe()) return {};
  return bad_input(
      "{}: backend '{}' may not run in the loop (it allocates and locks): use "
      "backend 'fused' or 'reference'",
      plan.describe().label, plan.describe().backend);
}

class PlanBuilder {
 public:
  PlanBuilder(LoadedModel loaded, const std::string& label,
              const Options& options)
      : loaded_(std::move(loaded)), label_(label), options_(options) {}

  Result<ModelPlan::Ptr> run();

 private:
  Result<void> read();
  void read_stored();
  Result<void> build();
  Result<void> compile();
  Result<std::unique_ptr<const Compiled>> compile_with(const Backend& backend);
  Result<void> fit_slow();
  Result<void> fit_answers();
  Result<void> fit_contract();
  Result<void> fit_action() const;
  [[nodiscard]] bool whole() const;
  void count();
  Result<void> check_golden();
  Result<void> check_golden_in_f32();
  Result<void> compare(Context& context, std::size_t row);
  [[nodiscard]] std::string golden_cause() const;
  [[nodiscard]] std::size_t golden_output() const;
  Error prefixed(const Error& error) const;

  LoadedModel loaded_;
  const std::string& label_;
  const Options& options_;
  Metadata metadata_;
  ir::Built built_;
  Tier tier_ = Tier::kF32;
  const Calibration* calibration_ = nullptr;
  std::shared_ptr<ModelPlan> plan_{new ModelPlan};
};

Error PlanBuilder::prefixed(const Error& error) const {
  const std::string_view text = error.text();
  if (text.starts_with(label_)) return error;
  return {error.code(), label_ + ": " + error.text()};
}

Result<void> PlanBuilder::read() {
  auto metadata = read_metadata(loaded_.model, label_);
  if (!metadata) return metadata.error();
  metadata_ = std::move(*metadata);
  Description& d = plan_->description_;
  d.label = label_;
  d.hash = xxh64(loaded_.image);
  d.file_bytes = loaded_.image.size();
  d.opset = loaded_.model.opset;
  d.producer = loaded_.model.producer;
  d.contract = metadata_.contract;
  d.golden.vectors = metadata_.golden.action.size();
  d.golden.by = metadata_.golden.by;
  d.golden.tolerance = metadata_.golden.tolerance;
  read_stored();
  return {};
}

// What a .tmodel adds; what was asked for goes before it.
void PlanBuilder::read_stored() {
  tier_ = options_.tier.value_or(Tier::kF32);
  calibration_ = &options_.calibration;
  if (!loaded_.stored) return;
  const Stored& stored = *loaded_.stored;
  tier_ = options_.tier.value_or(stored.tier);
  if (calibration_->ranges.empty()) calibration_ = &stored.calibration;
  Description& d = plan_->description_;
  // A tier that rounds cannot meet what the exact one meets.
  if (stored.golden_tolerance > 0 && tier_ == stored.tier) {
    metadata_.golden.tolerance = stored.golden_tolerance;
    d.golden.tolerance = stored.golden_tolerance;
  }
  d.storage.sections = stored.sections;
  d.storage.tier = stored.tier;
  d.storage.calibration = stored.calibration.source;
  d.storage.calibration_rows = stored.calibration.rows;
  d.storage.accuracy = stored.accuracy;
  for (const IsaKernels& k : stored.kernels) {
    if (!k.weights.empty()) d.storage.isas.emplace_back(rt::isa_name(k.isa));
  }
}

void PlanBuilder::count() {
  Description& d = plan_->description_;
  std::map<std::string, std::size_t> ops;
  for (const auto& node : loaded_.model.nodes) {
    if (node.op != "Constant") ++ops[node.op];
  }
  for (const auto& [op, n] : ops) d.ops.push_back({op, n});
  for (const auto& t : loaded_.model.initializers) {
    d.parameters += t->data.size();
  }
}

Result<void> PlanBuilder::build() {
  const bool action = options_.output_choice == OutputChoice::kAction;
  auto built =
      ir::build(loaded_.model,
                {options_.outputs, metadata_.states,
                 action ? metadata_.contract.action.output : std::string()});
  if (!built) return prefixed(built.error());
  built_ = std::move(*built);
  count();
  Description& d = plan_->description_;
  d.inputs = built_.inputs;
  d.outputs = built_.outputs;
  d.states = built_.states;
  return fit_contract();
}

Result<void> PlanBuilder::fit_contract() {
  Description& d = plan_->description_;
  if (!d.contract.present) return {};
  if (auto ok = place(d.contract, d.inputs, label_); !ok) return ok;
  return fit_action();
}

Result<void> PlanBuilder::fit_action() const {
  const Description& d = plan_->description_;
  const Action& action = d.contract.action;
  const auto& outputs = loaded_.model.outputs;
  if (!action.output.empty() &&
      std::ranges::find(outputs, action.output, &onnx::ValueInfo::name) ==
          outputs.end()) {
    return bad_input(
        "{}: the contract's action is output '{}', the model has "
        "none of that name: correct tactus.contract",
        label_, action.output);
  }
  const std::size_t at = golden_output();
  const std::size_t size = at < d.outputs.size() ? d.outputs[at].size : 0;
  for (const auto* list : {&action.scale, &action.offset}) {
    if (size && list->size() > 1 && list->size() != size) {
      return bad_input(
          "{}: the contract's action has {} scales or offsets, "
          "the output {} elements: correct tactus.contract",
          label_, list->size(), size);
    }
  }
  return {};
}

// No output of the file was left out.
bool PlanBuilder::whole() const {
  const Description& d = plan_->description_;
  return std::ranges::all_of(loaded_.model.outputs, [&](const auto& o) {
    return std::ranges::count(d.outputs, o.name, &TensorInfo::name) > 0 ||
           std::ranges::count(d.states, o.name, &StatePair::output) > 0;
  });
}

// The kernels that a .tmodel names for this instruction set, with the weights
// it packed for them, where neither another choice nor a replay asks for more;
// what this build cannot use is packed anew, as for an ONNX file.
Result<std::unique_ptr<const Compiled>> PlanBuilder::compile_with(
    const Backend& backend) {
  auto slow = resolve_slow(plan_->description_, options_.slow);
  if (!slow) return slow.error();
  CompileInput input{
      built_.graph,           built_.states.size(),     tier_,        label_,
      options_.kernel_choice, options_.kernel_override, *calibration_};
  input.slow = std::move(*slow);
  const auto isa = rt::choose_isa();
  Storage& storage = plan_->description_.storage;
  const Stored* stored = loaded_.stored.get();
  if (!stored || options_.backend != "fused" || !isa) {
    return backend.compile(input);
  }
  if (tier_ != stored->tier || !whole()) {
    storage.packed_anew = "another tier, or fewer outputs, were asked for";
    return backend.compile(input);
  }
  if (calibration_ != &stored->calibration && is_exact(tier_)) {
    storage.packed_anew = "another calibration was given";
    return backend.compile(input);
  }
  const auto own = std::ranges::find(stored->kernels, *isa, &IsaKernels::isa);
  if (own == stored->kernels.end()) {
    storage.packed_anew = fmt::format("it has none for {}", rt::isa_name(*isa));
    return backend.compile(input);
  }
  if (!options_.stored_kernels && input.kernels.empty()) {
    storage.packed_anew = "another choice of kernels was asked for";
    return backend.compile(input);
  }
  if (input.kernels.empty()) input.kernels = own->kernels;
  if (input.kernels == own->kernels) input.packed = own->weights;
  auto compiled = backend.compile(input);
  storage.used_packed = compiled && !input.packed.empty();
  if (compiled || !options_.kernel_override.empty()) return compiled;
  if (compiled.error().code() != ErrorCode::kUnavailable) return compiled;
  storage.packed_anew = compiled.error().text();
  input.kernels.clear();
  input.packed = {};
  return backend.compile(input);
}

// What was asked for must serve; a model's own word is a hint.
Result<void> PlanBuilder::fit_slow() {
  Description& d = plan_->description_;
  std::vector<Columns> used;
  const auto layers = plan_->compiled_->cached();
  for (const auto& layer : layers)
    used.insert(used.end(), layer.begin(), layer.end());
  d.slow = joined(std::move(used));
  d.cached_layers = layers.size();
  for (const SlowInput& asked : options_.slow) {
    const auto list = resolve_slow(d, asked);
    const auto serves = [&](const Columns& c) {
      return std::ranges::any_of(d.slow, [&](const Columns& u) {
        return c.first < u.first + u.count && u.first < c.first + c.count;
      });
    };
    if (list && std::ranges::any_of(*list, serves)) continue;
    return bad_input(
        "{}: slow input '{}': backend '{}', tier {}, has no first layer that "
        "reads it as it is: leave it out of slow",
        label_, asked.name, d.backend, name_of(d.tier));
  }
  return {};
}

Result<void> PlanBuilder::fit_answers() {
  Description& d = plan_->description_;
  d.answers = options_.answers;
  if (d.answers == 0) return {};
  if (!d.states.empty()) {
    return bad_input(
        "{}: answers = {}: the model is recurrent ('{}'): its answer is not "
        "the inputs' alone: leave answers out",
        label_, d.answers, d.states.front().input);
  }
  if (d.answers > kMostAnswers) {
    return bad_input("{}: answers = {}: at most {}", label_, d.answers,
                     kMostAnswers);
  }
  AnswerTable::Shape shape{d.answers, 0, 0};
  for (const auto& t : d.inputs) shape.inputs += t.size;
  for (const auto& t : d.outputs) shape.outputs += t.size;
  return AnswerTable::check(shape, label_);
}

Result<void> PlanBuilder::compile() {
  const auto known = backends();
  const auto backend =
      std::ranges::find(known, options_.backend, &Backend::name);
  if (backend == known.end()) {
    return bad_input("{}: no backend '{}': use fused, reference or onednn",
                     label_, options_.backend);
  }
  if (tier_ != Tier::kF32 && options_.backend != "fused") {
    return bad_input(
        "{}: backend {} has no tier {}{}: use backend fused, or tier f32",
        label_, options_.backend, name_of(tier_),
        options_.tier ? "" : ", for which this .tmodel was made");
  }
  if (auto ok = check(*calibration_); !ok) return prefixed(ok.error());
  auto compiled = compile_with(*backend);
  if (!compiled) return prefixed(compiled.error());
  plan_->compiled_ = std::move(*compiled);
  Description& d = plan_->description_;
  d.backend = backend->name;
  d.kernels = plan_->compiled_->kernels();
  d.tier = tier_;
  d.bit_exact = plan_->compiled_->bit_exact();
  d.weight_bytes = plan_->compiled_->weight_bytes();
  d.compiled_ops = plan_->compiled_->ops();
  std::size_t offset = 0;
  for (auto& s : d.states) {
    s.offset = offset;
    offset += s.size * plan_->compiled_->state_width();
  }
  if (options_.kernel_override.empty() || d.bit_exact ||
      options_.kernel_override == d.kernels) {
    return {};
  }
  return unavailable(
      "{}: kernels '{}' were asked for, this build makes '{}': replay with the "
      "build that recorded",
      label_, options_.kernel_override, d.kernels);
}

// The output that golden vectors and contract speak of: the one named, else
// the file's first that is no state; past the end if it was not selected.
std::size_t PlanBuilder::golden_output() const {
  const Description& d = plan_->description_;
  std::string name = d.contract.action.output;
  for (const auto& o : loaded_.model.outputs) {
    const bool state = std::ranges::find(d.states, o.name,
                                         &StatePair::output) != d.states.end();
    if (name.empty() && !state) name = o.name;
  }
  const auto it = std::ranges::find(d.outputs, name, &TensorInfo::name);
  return static_cast<std::size_t>(it - d.outputs.begin());
}

// What a tier is allowed on top is for rounding: there the rows that it was
// calibrated over are to blame, not the model.
std::string PlanBuilder::golden_cause() const {
  if (tier_ == Tier::kF32)
    return "the weights or the graph are not what was trained";
  return fmt::format(
      "tier {}{} rounds it too far: make it again with rtctl model quantize",
      name_of(tier_),
      is_exact(tier_) ? ", calibrated over " + calibration_->source + ","
                      : std::string());
}

Result<void> PlanBuilder::compare(Context& context, std::size_t row) {
  Description& d = plan_->description_;
  const auto& observation = metadata_.golden.observation[row];
  const auto& action = metadata_.golden.action[row];
  const std::size_t which = golden_output();
  std::vector<InputView> inputs;
  std::size_t used = 0;
  for (const auto& i : d.inputs) {
    inputs.push_back({observation.data() + used});
    used += i.size;
  }
  if (used != observation.size() || action.size() != d.outputs[which].size) {
    return bad_input(
        "{}: golden vector {}: {} observations and {} actions, the model has "
        "{} "
        "and {}: make the golden vectors again",
        label_, row, observation.size(), action.size(), used,
        d.outputs[which].size);
  }
  std::vector<std::vector<float>> values;
  for (const auto& o : d.outputs) values.emplace_back(o.size);
  std::vector<OutputView> outputs(values.begin(), values.end());
  if (!metadata_.golden.rollout) context.reset();
  if (context.run(inputs, outputs) != Status::kOk) {
    return bad_input("{}: golden vector {}: the model gives no finite output",
                     label_, row);
  }
  for (std::size_t i = 0; i < action.size(); ++i) {
    const double difference = std::fabs(static_cast<double>(values[which][i]) -
                                        static_cast<double>(action[i]));
    d.golden.worst = std::max(d.golden.worst, difference);
    if (!(difference <= d.golden.tolerance)) {
      return bad_input(
          "{}: golden vector {}: output {} differs by {:.3g}, tolerance {:.3g} "
          "(made by {}): {}",
          label_, row, i, difference, d.golden.tolerance, d.golden.by,
          golden_cause());
    }
  }
  ++d.golden.checked;
  return {};
}

Result<void> PlanBuilder::check_golden() {
  Description& d = plan_->description_;
  const bool possible = golden_output() < d.outputs.size();
  if (!metadata_.golden.present || !options_.check_golden || !possible) {
    return {};
  }
  const bool stored = loaded_.stored && loaded_.stored->golden_tolerance > 0 &&
                      loaded_.stored->tier == tier_;
  if (tier_ != Tier::kF32 && !stored) return check_golden_in_f32();
  auto context = Context::make(plan_);
  if (!context) return context.error();
  for (std::size_t i = 0; i < metadata_.golden.action.size(); ++i) {
    if (auto ok = compare(*context, i); !ok) return ok;
  }
  d.self_checked = false;
  return {};
}

// The vectors vouch for weights and graph; a tier's rounding is larger than
// what they allow, unless a .tmodel says how much that is.
Result<void> PlanBuilder::check_golden_in_f32() {
  Options options = options_;
  options.tier = Tier::kF32;
  options.calibration = {};
  options.kernel_override.clear();
  auto twin = ModelPlan::from_image(loaded_.image, label_, options);
  if (!twin) return twin.error();
  plan_->description_.golden = (*twin)->describe().golden;
  plan_->description_.self_checked = (*twin)->describe().self_checked;
  return {};
}

Result<ModelPlan::Ptr> PlanBuilder::run() {
  using Stage = Result<void> (PlanBuilder::*)();
  for (const Stage stage :
       {&PlanBuilder::read, &PlanBuilder::build, &PlanBuilder::compile,
        &PlanBuilder::fit_slow, &PlanBuilder::fit_answers,
        &PlanBuilder::check_golden}) {
    if (auto ok = (this->*stage)(); !ok) return ok.error();
  }
  plan_->image_ = std::move(loaded_.image);
  return ModelPlan::Ptr(std::move(plan_));
}

Result<ModelPlan::Ptr> ModelPlan::load(const std::string& path,
                                       const Options& options) {
  auto loaded = load_file(path);
  if (!loaded) return loaded.error();
  return PlanBuilder(std::move(*loaded), path, options).run();
}

Result<ModelPlan::Ptr> ModelPlan::from_image(std::span<const std::byte> image,
                                             const std::string& label,
                                             const Options& options) {
  auto loaded = load_image(image, label);
  if (!loaded) return loaded.error();
  return PlanBuilder(std::move(*loaded), label, options).run();
}

}  // namespace tactus::policy
