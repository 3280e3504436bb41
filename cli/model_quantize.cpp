// SPDX-License-Identifier: MIT
// rtctl model quantize: every tier beside the others, and a file of one.
#include <fmt/format.h>

#include "core/error.hpp"
#include "model_tools.hpp"
#include "policy/qdq.hpp"

namespace tactus::cli {
namespace {

using policy::ModelPlan;

Value report_value(const policy::QuantizeReport& r) {
  Value::Array tiers;
  for (const auto& t : r.tiers) {
    Value v;
    v.add("tier", policy::name_of(t.tier)).add("refused", t.refused);
    if (t.refused.empty()) {
      v.add("weight_bytes", t.weight_bytes)
          .add("cache", policy::fits_where(t.weight_bytes, r.caches))
          .add("bit_exact", t.bit_exact)
          .add("time", timing_value(t.timing))
          .add("error", t.error)
          .add("within", t.within)
          .add("accuracy", accuracy_value(t.accuracy));
    }
    tiers.push_back(v);
  }
  return Value()
      .add("schema", "tactus/model-quantize/1")
      .add("model", r.model)
      .add("machine", machine_value())
      .add("rows", r.rows)
      .add("source", r.source)
      .add("unit", r.unit)
      .add("spread", r.spread)
      .add("max_error", r.max_error)
      .add("limit", r.limit)
      .add("tiers", tiers)
      .add("recommended", policy::name_of(r.taken))
      .add("reason", r.reason);
}

std::string report_text(const policy::QuantizeReport& r) {
  std::string text = fmt::format("{}: {} rows of {}\n  on {}\n", r.model,
                                 r.rows, r.source, machine_text());
  for (const auto& t : r.tiers) {
    if (!t.refused.empty()) {
      text += fmt::format("  {:<6} not used: {}\n", policy::name_of(t.tier),
                          t.refused);
      continue;
    }
    text += fmt::format(
        "  {:<6} {:>8} bytes, {}, p50 {}{}{}\n", policy::name_of(t.tier),
        t.weight_bytes, policy::fits_where(t.weight_bytes, r.caches),
        human_time(t.timing.p50), t.bit_exact ? ", bit-exact" : "",
        t.within ? "" : ", error too large");
    text += accuracy_text(t.accuracy);
  }
  return text +
         fmt::format("  take   {}: {}\n", policy::name_of(r.taken), r.reason);
}

Result<policy::QuantizeOptions> quantize_options(const ModelOptions& o,
                                                 const Output& out) {
  policy::QuantizeOptions options;
  auto tier = policy::tier_of(o.tier);
  if (!tier) return tier.error();
  options.tier = *tier;
  if (o.duration_ns) options.duration_ns = *o.duration_ns;
  options.max_error = o.max_error;
  if (o.max_error && !(*o.max_error > 0)) {
    return bad_input(
        "--max-error {}: give an error above 0, in the action's "
        "unit",
        *o.max_error);
  }
  options.progress = [&out](const char* what) {
    out.live(fmt::format("quantize: {} ...", what));
  };
  const bool known = o.output.empty() || o.output.ends_with(".tmodel") ||
                     o.output.ends_with(".onnx");
  if (known) return options;
  return bad_input("--output {}: end it in .tmodel or .onnx", o.output);
}

struct Written {
  std::string path;                              // empty: nothing was asked for
  std::vector<policy::OutputAccuracy> accuracy;  // of a QDQ file
  std::size_t products = 0;
};

Result<void> check_quantize_output(const ModelOptions& o) {
  const bool int8 = o.tier.empty() || o.tier == "auto" || o.tier == "int8";
  if (o.output.ends_with(".onnx") && !int8)
    return bad_input(
        "--tier {}: an ONNX file with QuantizeLinear is int8: write a .tmodel",
        o.tier);
  return check_output(o);
}

Result<Written> write_qdq(const std::string& path, const ModelPlan::Ptr& plan,
                          const policy::Rows& rows,
                          const policy::QuantizeReport& report) {
  auto made = policy::export_qdq(*plan, rows);
  if (!made) return made.error();
  const auto image = std::as_bytes(std::span(made->file));
  auto other = load_reference(image, path);
  if (!other) return other.error();
  auto reference = load_reference(plan->image(), plan->describe().label);
  if (!reference) return reference.error();
  auto errors = policy::action_errors(*reference, *other, rows);
  if (!errors) return errors.error();
  for (const auto& e : *errors) {
    if (!e.action || e.all.max <= report.max_error) continue;
    return bad_input(
        "{}: as int8 in ONNX, {} is off by {:.3g}, {:.3g} are allowed ({}): "
        "raise --max-error, or write a .tmodel",
        path, e.output, e.all.max, report.max_error, report.limit);
  }
  if (auto ok = write_output(path, made->file); !ok) return ok.error();
  return Written{path, std::move(*errors), made->products};
}

Result<Written> write_quantised(const ModelOptions& o,
                                const ModelPlan::Ptr& plan,
                                const policy::Rows& rows,
                                const policy::QuantizeReport& report) {
  if (o.output.empty()) return Written{};
  if (o.output.ends_with(".onnx")) {
    return write_qdq(o.output, plan, rows, report);
  }
  auto file = policy::make_tmodel(*plan, report, report_value(report).json());
  if (!file) return file.error();
  if (auto ok = write_output(o.output, text_of(*file)); !ok) return ok.error();
  return Written{o.output, {}, 0};
}

}  // namespace

int quantize_model(const ModelOptions& o, const Output& out) {
  auto options = quantize_options(o, out);
  if (!options) return out.error(options.error());
  if (auto ok = check_quantize_output(o); !ok) return out.error(ok.error());
  auto plan = load_exact(o.model);
  if (!plan) return out.error(plan.error());
  auto rows = rows_of(o.calibrate, (*plan)->describe());
  if (!rows) return out.error(rows.error());
  auto report = policy::quantize(**plan, *rows, *options);
  if (!report) return out.error(report.error());
  auto written = write_quantised(o, *plan, *rows, *report);
  if (!written) return out.error(written.error());
  Value value = report_value(*report);
  std::string text = report_text(*report);
  value.add("written", written->path);
  if (!written->path.empty())
    text += fmt::format("  wrote  {}\n", written->path);
  if (written->products > 0) {
    value.add("qdq", Value()
                         .add("products", written->products)
                         .add("accuracy", accuracy_value(written->accuracy)));
    text += fmt::format("    {} products by int8 weights per channel\n{}",
                        written->products, accuracy_text(written->accuracy));
  }
  out.result(value, text);
  return 0;
}

}  // namespace tactus::cli
