// SPDX-License-Identifier: MIT
// rtctl model bench: every backend and tier that a model has here, in turn.
#include <fmt/format.h>

#include "core/error.hpp"
#include "model_tools.hpp"

namespace tactus::cli {
namespace {

using policy::ModelPlan;

struct Entry {
  std::string backend;
  policy::Tier tier;
  std::string refused;
  ModelPlan::Ptr plan;
};

// What there is to time: one backend, or each with each tier it has.
std::vector<Entry> entries_of(const ModelOptions& o,
                              const policy::Calibration& calibration) {
  constexpr const char* kBackends[] = {"fused", "reference", "onednn"};
  std::vector<Entry> entries;
  for (const char* backend : kBackends) {
    if (!o.backend.empty() && o.backend != backend) continue;
    for (const policy::Tier tier :
         {policy::Tier::kF32, policy::Tier::kBf16, policy::Tier::kInt16,
          policy::Tier::kInt8}) {
      const bool fused = std::string_view(backend) == "fused";
      if (!fused && tier != policy::Tier::kF32) continue;
      policy::Options options;
      options.backend = backend;
      options.tier = tier;
      options.calibration = calibration;
      options.check_golden = false;
      auto plan = ModelPlan::load(o.model, options);
      entries.push_back({backend, tier, plan ? "" : plan.error().text(),
                         plan ? *plan : nullptr});
    }
  }
  return entries;
}

std::string bench_line(const Entry& e, const policy::Timing& t,
                       const rt::Caches& caches) {
  return fmt::format(
      "  {:<9} {:<6} p50 {}, p99 {}, max {} ({} samples of {} calls; {} bytes, "
      "{})\n",
      e.backend, policy::name_of(e.tier), human_time(t.p50), human_time(t.p99),
      human_time(t.max), t.samples, t.calls, e.plan->describe().weight_bytes,
      policy::fits_where(e.plan->describe().weight_bytes, caches));
}

Value bench_value(const Entry& e, const policy::Timing& t) {
  Value v = timing_value(t);
  return v.add("backend", e.backend)
      .add("tier", policy::name_of(e.tier))
      .add("kernels", e.plan->describe().kernels)
      .add("weight_bytes", e.plan->describe().weight_bytes);
}

}  // namespace

int bench_model(const ModelOptions& o, const Output& out) {
  auto plan = load_exact(o.model);
  if (!plan) return out.error(plan.error());
  policy::Rows rows;
  policy::Calibration calibration;
  if (!o.calibrate.empty()) {
    auto read = rows_of(o.calibrate, (*plan)->describe());
    if (!read) return out.error(read.error());
    rows = std::move(*read);
    auto made = policy::calibrate(**plan, rows.view());
    if (!made) return out.error(made.error());
    calibration = std::move(*made);
  }
  const std::vector<Entry> entries = entries_of(o, calibration);
  std::vector<ModelPlan::Ptr> plans;
  for (const Entry& e : entries) {
    if (e.plan) plans.push_back(e.plan);
  }
  if (plans.empty()) {
    return out.error(
        entries.empty()
            ? bad_input("--backend \"{}\": expected fused, reference or onednn",
                        o.backend)
            : Error(unavailable("{}", entries[0].refused)));
  }
  out.live("bench: timing ...");
  auto times = policy::time_calls(plans, rows.count ? &rows : nullptr,
                                  o.duration_ns.value_or(2'000'000'000));
  if (!times) return out.error(times.error());
  const rt::Caches caches = rt::cpu_caches();
  std::string text = fmt::format("{}\n  on {}\n", o.model, machine_text());
  Value::Array list, refused;
  std::size_t next = 0;
  for (const Entry& e : entries) {
    if (e.plan) {
      text += bench_line(e, (*times)[next], caches);
      list.push_back(bench_value(e, (*times)[next++]));
    } else {
      text += fmt::format("  {:<9} {:<6} not used: {}\n", e.backend,
                          policy::name_of(e.tier), e.refused);
      refused.push_back(Value()
                            .add("backend", e.backend)
                            .add("tier", policy::name_of(e.tier))
                            .add("reason", e.refused));
    }
  }
  const policy::Timing& first = (*times)[0];
  out.result(Value()
                 .add("schema", "tactus/model-bench/1")
                 .add("model", o.model)
                 .add("backend", plans[0]->describe().backend)
                 .add("n", first.samples)
                 .add("min_ns", first.min)
                 .add("p50_ns", first.p50)
                 .add("p99_ns", first.p99)
                 .add("p999_ns", first.p999)
                 .add("max_ns", first.max)
                 .add("machine", machine_value())
                 .add("rows", list)
                 .add("refused", refused),
             text);
  return 0;
}

}  // namespace tactus::cli
