// SPDX-License-Identifier: MIT
// rtctl model prune: a smaller ONNX file, and what it costs.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

#include "core/error.hpp"
#include "model_tools.hpp"
#include "policy/prune.hpp"

namespace tactus::cli {
namespace {

using policy::ModelPlan;

// "75%", "75 %": a share; "128": units of each layer.
Result<policy::PruneOptions> prune_options(const ModelOptions& o) {
  policy::PruneOptions options;
  const auto wrong = [&] {
    return bad_input(
        "--keep \"{}\": give a share such as 75%, or a number of "
        "units such as 128",
        o.keep);
  };
  if (!o.output.ends_with(".onnx")) {
    return bad_input("--output {}: end it in .onnx: it is smaller, not packed",
                     o.output);
  }
  std::string text = o.keep;
  const bool share = text.ends_with("%");
  if (share) text.pop_back();
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  while (*end == ' ') ++end;
  if (end == text.c_str() || *end != '\0' || !(value > 0)) return wrong();
  constexpr double kMostUnits = 1e6;
  if (share && value < 100) {
    options.keep = value / 100;
  } else if (!share && value <= kMostUnits && value == std::floor(value)) {
    options.keep_units = static_cast<std::size_t>(value);
  } else {
    return wrong();
  }
  return options;
}

struct PruneResult {
  policy::Pruned pruned;
  ModelPlan::Ptr before, after;
  std::vector<policy::Timing> time;
  std::vector<policy::OutputAccuracy> accuracy;  // empty: no rows
  std::string source;
};

Value prune_value(const ModelOptions& o, const PruneResult& r) {
  Value::Array layers;
  for (const auto& l : r.pruned.layers) {
    layers.push_back(Value()
                         .add("layer", l.name)
                         .add("before", l.before)
                         .add("after", l.after)
                         .add("duplicates", l.duplicates)
                         .add("reason", l.reason));
  }
  return Value()
      .add("schema", "tactus/model-prune/1")
      .add("model", o.model)
      .add("machine", machine_value())
      .add("keep", o.keep)
      .add("source", r.source)
      .add("layers", layers)
      .add("weight_bytes_before", r.before->describe().weight_bytes)
      .add("weight_bytes_after", r.after->describe().weight_bytes)
      .add("file_bytes_before", r.before->describe().file_bytes)
      .add("file_bytes_after", r.after->describe().file_bytes)
      .add("time_before", timing_value(r.time[0]))
      .add("time_after", timing_value(r.time[1]))
      .add("speedup", r.time[0].p50 / r.time[1].p50)
      .add("accuracy",
           r.accuracy.empty() ? Value() : accuracy_value(r.accuracy))
      .add("golden_dropped", r.pruned.golden_dropped)
      .add("written", o.output);
}

std::string prune_text(const ModelOptions& o, const PruneResult& r) {
  std::string text = fmt::format(
      "{}: units ranked by {}\n", o.model,
      r.source.empty() ? "their weights alone (no --calibrate)" : r.source);
  for (const auto& l : r.pruned.layers) {
    text += l.reason.empty()
                ? fmt::format("  {:<20} {} -> {} units{}\n", l.name, l.before,
                              l.after,
                              l.duplicates ? fmt::format(", {} equal ones "
                                                         "merged",
                                                         l.duplicates)
                                           : "")
                : fmt::format("  {:<20} kept: {}\n", l.name, l.reason);
  }
  text += fmt::format(
      "  weights {} -> {} bytes, p50 {} -> {} ({:.2f} times as fast)\n",
      r.before->describe().weight_bytes, r.after->describe().weight_bytes,
      human_time(r.time[0].p50), human_time(r.time[1].p50),
      r.time[0].p50 / r.time[1].p50);
  text += r.accuracy.empty()
              ? "  no rows, no error: give --calibrate\n"
              : "  over these rows:\n" + accuracy_text(r.accuracy);
  text += "  kept sizes are multiples of 16: the units between cost nothing\n";
  if (r.pruned.golden_dropped > 0) {
    text += fmt::format(
        "  {} golden vectors are the old model's and were dropped: this one is "
        "self-checked\n",
        r.pruned.golden_dropped);
  }
  return text + fmt::format("  wrote {}\n", o.output);
}

Result<std::vector<policy::OutputAccuracy>> pruned_errors(
    const PruneResult& r, const policy::Rows& rows) {
  auto before = load_reference(r.before->image(), "before");
  if (!before) return before.error();
  auto after = load_reference(r.pruned.image, "after");
  if (!after) return after.error();
  return policy::action_errors(*before, *after, rows);
}

Result<PruneResult> prune(const ModelOptions& o, const Output& out) {
  auto options = prune_options(o);
  if (!options) return options.error();
  if (auto ok = check_output(o); !ok) return ok.error();
  PruneResult r;
  auto before = load_exact(o.model);
  if (!before) return before.error();
  r.before = *before;
  policy::Rows rows;
  if (!o.calibrate.empty()) {
    auto read = rows_of(o.calibrate, r.before->describe());
    if (!read) return read.error();
    rows = std::move(*read);
    r.source = fmt::format("{} rows of {}", rows.count, rows.source);
  }
  const policy::Rows* given = o.calibrate.empty() ? nullptr : &rows;
  out.live("prune: ranking units ...");
  auto pruned = policy::prune(*r.before, given, *options);
  if (!pruned) return pruned.error();
  r.pruned = std::move(*pruned);
  policy::Options plain;
  auto after = ModelPlan::from_image(r.pruned.image, o.output, plain);
  if (!after) return after.error();
  r.after = *after;
  out.live("prune: timing ...");
  const ModelPlan::Ptr both[] = {r.before, r.after};
  auto time =
      policy::time_calls(both, given, o.duration_ns.value_or(1'000'000'000));
  if (!time) return time.error();
  r.time = std::move(*time);
  if (given != nullptr) {
    auto errors = pruned_errors(r, rows);
    if (!errors) return errors.error();
    r.accuracy = std::move(*errors);
  }
  if (auto ok = write_output(o.output, text_of(r.pruned.image)); !ok) {
    return ok.error();
  }
  return r;
}

}  // namespace

int prune_model(const ModelOptions& o, const Output& out) {
  auto r = prune(o, out);
  if (!r) return out.error(r.error());
  out.result(prune_value(o, *r), prune_text(o, *r));
  return 0;
}

}  // namespace tactus::cli
