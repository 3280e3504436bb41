// SPDX-License-Identifier: MIT
#include "policy/quantize.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "policy/backend.hpp"
#include "policy/image.hpp"
#include "policy/recommend.hpp"
#include "policy/tmodel.hpp"

namespace tactus::policy {
namespace {

constexpr Tier kTiers[] = {Tier::kF32, Tier::kBf16, Tier::kInt16, Tier::kInt8};

class Quantizer {
 public:
  Quantizer(const ModelPlan& plan, const Rows& rows,
            const QuantizeOptions& options)
      : plan_(plan), rows_(rows), options_(options) {}
  Result<QuantizeReport> run();

 private:
  Result<ModelPlan::Ptr> load(const char* backend, Tier tier) const;
  Result<void> prepare();
  Result<void> compile();
  Result<void> measure();
  Result<void> judge();
  void allow(const OutputAccuracy& action);
  Result<void> choose();
  void say(const char* what) const {
    if (options_.progress) options_.progress(what);
  }

  const ModelPlan& plan_;
  const Rows& rows_;
  const QuantizeOptions& options_;
  QuantizeReport report_;
  ModelPlan::Ptr reference_;
  std::vector<ModelPlan::Ptr> plans_;  // by tier; null: refused
};

Result<ModelPlan::Ptr> Quantizer::load(const char* backend, Tier tier) const {
  Options options;
  options.backend = backend;
  options.tier = tier;
  options.check_golden = false;
  options.calibration = report_.calibration;
  options.kernel_choice = KernelChoice::kTimed;
  return ModelPlan::from_image(model_part(plan_.image()),
                               plan_.describe().label, options);
}

Result<void> Quantizer::prepare() {
  report_.model = plan_.describe().label;
  report_.cpu = rt::cpu_name();
  report_.caches = rt::cpu_caches();
  report_.rows = rows_.count;
  report_.source = rows_.source;
  say("calibrating");
  auto calibration = calibrate(plan_, rows_.view());
  if (!calibration) return calibration.error();
  report_.calibration = std::move(*calibration);
  auto reference = load("reference", Tier::kF32);
  if (!reference) return reference.error();
  reference_ = std::move(*reference);
  return {};
}

// A tier that this model cannot have is a row with the reason.
Result<void> Quantizer::compile() {
  for (const Tier tier : kTiers) {
    say(name_of(tier));
    TierReport& t = report_.tiers.emplace_back();
    t.tier = tier;
    auto plan = load("fused", tier);
    plans_.push_back(plan ? *plan : nullptr);
    if (!plan) {
      if (tier == Tier::kF32) return plan.error();
      t.refused = plan.error().text();
      continue;
    }
    t.weight_bytes = (*plan)->describe().weight_bytes;
    t.bit_exact = (*plan)->describe().bit_exact;
  }
  return {};
}

Result<void> Quantizer::measure() {
  say("timing");
  std::vector<ModelPlan::Ptr> there;
  for (const auto& plan : plans_) {
    if (plan) there.push_back(plan);
  }
  auto timings = time_calls(there, &rows_, options_.duration_ns);
  if (!timings) return timings.error();
  std::size_t next = 0;
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    if (plans_[i]) report_.tiers[i].timing = (*timings)[next++];
  }
  return {};
}

void Quantizer::allow(const OutputAccuracy& action) {
  report_.unit = action.unit;
  report_.spread = action.all.spread;
  report_.max_error =
      options_.max_error.value_or(kErrorOfSpread * action.all.spread);
  report_.limit = options_.max_error
                      ? "--max-error"
                      : fmt::format(
                            "{:g} % of the action's spread of {:.4g} "
                            "over the rows",
                            100 * kErrorOfSpread, action.all.spread);
}

Result<void> Quantizer::judge() {
  say("comparing actions");
  for (std::size_t i = 0; i < plans_.size(); ++i) {
    if (!plans_[i]) continue;
    auto errors = action_errors(reference_, plans_[i], rows_);
    if (!errors) return errors.error();
    TierReport& t = report_.tiers[i];
    t.accuracy = std::move(*errors);
    const auto action =
        std::ranges::find(t.accuracy, true, &OutputAccuracy::action);
    if (action == t.accuracy.end()) {
      return internal_error("{}: no output is the action", report_.model);
    }
    if (i == 0) allow(*action);
    if (!(report_.max_error > 0))
      return bad_input(
          "{}: the action does not vary over these rows: give more of them, or "
          "--max-error",
          rows_.source);
    t.error = action->all.max;
    // f32 is what there is to compare with: nothing here is closer.
    t.within = t.tier == Tier::kF32 || t.error <= report_.max_error;
  }
  return {};
}

Result<void> Quantizer::choose() {
  if (options_.tier) {
    const TierReport& asked =
        report_.tiers[static_cast<std::size_t>(*options_.tier)];
    if (!asked.refused.empty()) return bad_input("{}", asked.refused);
  }
  recommend(report_, options_.tier);
  report_.plan = plans_[static_cast<std::size_t>(report_.taken)];
  return {};
}

Result<QuantizeReport> Quantizer::run() {
  using Step = Result<void> (Quantizer::*)();
  for (const Step step :
       {&Quantizer::prepare, &Quantizer::compile, &Quantizer::measure,
        &Quantizer::judge, &Quantizer::choose}) {
    if (auto ok = (this->*step)(); !ok) return ok.error();
  }
  return std::move(report_);
}

// The action's error as the golden vectors see it: before scaling.
double raw_error(const Contract& contract, double error) {
  double least = 0;
  for (const double s : contract.action.scale) {
    const double size = std::fabs(s);
    if (size > 0 && (least == 0 || size < least)) least = size;
  }
  return least > 0 ? error / least : error;
}

std::string contract_text(const ModelPlan& plan) {
  auto loaded = load_image(plan.image(), plan.describe().label);
  if (!loaded) return {};
  for (const auto& p : loaded->model.metadata) {
    if (p.key == "tactus.contract") return p.value;
  }
  return {};
}

// Of the tier that was taken; 0: the model's own. What fails here, in f32 and
// by the file's own tolerance (not that of a .tmodel this was made from), is
// the model.
Result<double> golden_tolerance(std::span<const std::byte> image,
                                const Description& d,
                                const QuantizeReport& report) {
  if (d.golden.vectors == 0) return 0.0;
  auto exact = ModelPlan::from_image(image, d.label, {});
  if (!exact) return exact.error();
  if (report.taken == Tier::kF32) return 0.0;
  return (*exact)->describe().golden.tolerance +
         raw_error(d.contract, report.max_error);
}

// What would be refused at every load is refused when it is made. What fails
// without its golden vectors too, no other rows would mend.
Result<void> check_loads(std::span<const std::byte> file,
                         const std::string& label,
                         const QuantizeReport& report) {
  auto loaded = ModelPlan::from_image(file, label, {});
  if (loaded) return {};
  Options unchecked;
  unchecked.check_golden = false;
  auto apart = ModelPlan::from_image(file, label, unchecked);
  if (!apart) return apart.error();
  return bad_input(
      "{} over rows like this vector, with a larger --max-error (now "
      "{:.3g}) or another tier",
      loaded.error().text(), report.max_error);
}

}  // namespace

Result<QuantizeReport> quantize(const ModelPlan& plan, const Rows& rows,
                                const QuantizeOptions& options) {
  return Quantizer(plan, rows, options).run();
}

Result<std::vector<std::byte>> make_tmodel(const ModelPlan& plan,
                                           const QuantizeReport& report,
                                           const std::string& accuracy_json) {
  const Description& d = plan.describe();
  const auto image = model_part(plan.image());
  const auto isa = rt::choose_isa();
  if (!isa) return isa.error();
  Stored stored;
  stored.tier = report.taken;
  stored.calibration = report.calibration;
  stored.contract = contract_text(plan);
  stored.accuracy = accuracy_json;
  auto tolerance = golden_tolerance(image, d, report);
  if (!tolerance) return tolerance.error();
  stored.golden_tolerance = *tolerance;
  const auto packed = report.plan->compiled().packed();
  stored.kernels.push_back(
      {*isa, report.plan->describe().kernels, {packed.begin(), packed.end()}});
  std::vector<std::byte> file = write_tmodel(image, stored);
  auto ok = check_loads(file, d.label, report);
  if (!ok) return ok.error();
  return file;
}

Result<std::optional<Tier>> tier_of(const std::string& text) {
  if (text.empty() || text == "auto") return std::optional<Tier>();
  for (const Tier t : kTiers) {
    if (text == name_of(t)) return std::optional<Tier>(t);
  }
  return bad_input("--tier: \"{}\": expected auto, f32, bf16, int16 or int8",
                   text);
}

}  // namespace tactus::policy
