// SPDX-License-Identifier: MIT
// rtctl model inspect, verify, bench, run.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "commands.hpp"
#include "core/error.hpp"
#include "policy/model_run.hpp"
#include "policy/verify.hpp"

namespace tactus::cli {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    text += fmt::format("{}{}", i ? ", " : "", shape[i]);
  }
  return text + "]";
}

Value shape_value(const std::vector<int64_t>& shape) {
  Value::Array array;
  for (const int64_t n : shape) array.emplace_back(n);
  return array;
}

Value tensors(const std::vector<policy::TensorInfo>& list) {
  Value::Array array;
  for (const auto& t : list) {
    array.push_back(Value()
                        .add("name", t.name)
                        .add("shape", shape_value(t.shape))
                        .add("type", policy::name_of(t.dtype)));
  }
  return array;
}

Value ops(const std::vector<policy::OpCount>& list) {
  Value v = Value::object();
  for (const auto& op : list) v.add(op.op, op.count);
  return v;
}

Value contract(const policy::Contract& c) {
  if (!c.present) return {};
  Value::Array observations;
  for (const auto& o : c.observations) {
    observations.push_back(Value()
                               .add("name", o.name)
                               .add("shape", shape_value(o.shape))
                               .add("unit", o.unit));
  }
  Value action;
  action.add("name", c.action.name)
      .add("kind", c.action.kind)
      .add("unit", c.action.unit)
      .add("rate_hz", c.action.rate_hz);
  return Value().add("observations", observations).add("action", action);
}

Value golden(const policy::Description& d) {
  if (d.golden.vectors == 0) return {};
  return Value()
      .add("by", d.golden.by)
      .add("vectors", d.golden.vectors)
      .add("checked", d.golden.checked)
      .add("tolerance", d.golden.tolerance)
      .add("worst", d.golden.worst);
}

Value describe(const policy::Description& d, const char* schema) {
  Value states = Value::object();
  for (const auto& s : d.states) states.add(s.input, s.output);
  return Value()
      .add("schema", schema)
      .add("model", d.label)
      .add("hash", hex(d.hash))
      .add("bytes", d.file_bytes)
      .add("opset", d.opset)
      .add("producer", d.producer)
      .add("inputs", tensors(d.inputs))
      .add("outputs", tensors(d.outputs))
      .add("states", states)
      .add("ops", ops(d.ops))
      .add("compiled_ops", ops(d.compiled_ops))
      .add("parameters", d.parameters)
      .add("weight_bytes", d.weight_bytes)
      .add("backend", d.backend)
      .add("kernels", d.kernels)
      .add("contract", contract(d.contract))
      .add("golden", golden(d))
      .add("self_checked", d.self_checked);
}

std::string golden_text(const policy::Description& d) {
  if (d.golden.vectors == 0) return "none: self-checked only";
  if (d.golden.checked == 0) {
    return fmt::format(
        "{} vectors by {}, not compared here: rtctl model verify",
        d.golden.vectors, d.golden.by);
  }
  return fmt::format("{} of {} vectors by {}, worst {:.3g}, allowed {:.3g}",
                     d.golden.checked, d.golden.vectors, d.golden.by,
                     d.golden.worst, d.golden.tolerance);
}

std::string describe_text(const policy::Description& d) {
  std::string text = fmt::format("{}\n  hash      {}\n  opset     {}, {}\n",
                                 d.label, hex(d.hash), d.opset, d.producer);
  for (const auto& t : d.inputs) {
    text += fmt::format("  input     {} {}\n", t.name, shape_text(t.shape));
  }
  for (const auto& t : d.outputs) {
    text += fmt::format("  output    {} {}\n", t.name, shape_text(t.shape));
  }
  for (const auto& s : d.states) {
    text += fmt::format("  state     {} -> {}\n", s.input, s.output);
  }
  for (const auto& o : d.contract.observations) {
    text += fmt::format("  observes  {} {} {}\n", o.name, shape_text(o.shape),
                        o.unit);
  }
  if (d.contract.present) {
    text += fmt::format("  acts      {} ({}, {})\n", d.contract.action.name,
                        d.contract.action.kind, d.contract.action.unit);
  }
  text += fmt::format("  weights   {} parameters, {} bytes packed ({})\n",
                      d.parameters, d.weight_bytes, d.backend);
  text += fmt::format("  kernels   {}\n", d.kernels);
  return text + fmt::format("  golden    {}\n", golden_text(d));
}

int inspect(const ModelOptions& o, const Output& out) {
  // The file is looked at even when its golden vectors do not fit: that is
  // what verify is for.
  policy::Options options;
  options.check_golden = false;
  auto plan = policy::ModelPlan::load(o.model, options);
  if (!plan) return out.error(plan.error());
  const policy::Description& d = (*plan)->describe();
  out.result(describe(d, "tactus/model/1"), describe_text(d));
  return 0;
}

Value backend_value(const policy::BackendReport& b) {
  Value::Array outputs;
  for (const auto& e : b.outputs) {
    outputs.push_back(Value()
                          .add("output", e.output)
                          .add("max_error", e.max_error)
                          .add("max_reference", e.max_reference)
                          .add("relative", e.relative));
  }
  return Value()
      .add("backend", b.backend)
      .add("kernels", b.kernels)
      .add("available", b.available)
      .add("reason", b.reason)
      .add("ok", b.ok)
      .add("outputs", outputs);
}

int verify(const ModelOptions& o, const Output& out) {
  auto report = policy::verify(o.model, {});
  if (!report) return out.error(report.error());
  Value::Array backends;
  std::string text =
      fmt::format("{}\n  golden    {}\n", o.model,
                  report->golden_error.empty() ? golden_text(report->model)
                                               : report->golden_error);
  for (const auto& b : report->backends) {
    backends.push_back(backend_value(b));
    double worst = 0;
    for (const auto& e : b.outputs) worst = std::max(worst, e.relative);
    text += b.available
                ? fmt::format(
                      "  {:<9} {}, worst {:.3g} of the largest value; "
                      "kernels {}\n",
                      b.backend, b.ok ? "agrees" : "DIFFERS", worst, b.kernels)
                : fmt::format("  {:<9} not used: {}\n", b.backend, b.reason);
  }
  out.result(Value()
                 .add("schema", "tactus/model-verify/1")
                 .add("model", o.model)
                 .add("ok", report->ok)
                 .add("golden", golden(report->model))
                 .add("golden_ok", report->golden_ok)
                 .add("golden_error", report->golden_error)
                 .add("self_checked", report->model.self_checked)
                 .add("backends", backends),
             text);
  return report->ok ? 0 : 1;
}

std::vector<int64_t> time_calls(policy::Context& context) {
  const policy::Description& d = context.plan().describe();
  std::size_t in = 0;
  std::size_t given = 0;
  for (const auto& t : d.inputs) in += t.size;
  for (const auto& t : d.outputs) given += t.size;
  std::vector<float> values(in, 0.1F);
  std::vector<float> results(given);
  std::vector<policy::InputView> inputs;
  std::vector<policy::OutputView> outputs;
  float* at = values.data();
  for (const auto& t : d.inputs) {
    inputs.push_back({at, true});
    at += t.size;
  }
  at = results.data();
  for (const auto& t : d.outputs) {
    outputs.emplace_back(at, t.size);
    at += t.size;
  }
  constexpr int kWarm = 200;
  constexpr int kCalls = 5000;
  std::vector<int64_t> ns;
  for (int i = 0; i < kWarm + kCalls; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    (void)context.run(inputs, outputs);
    const auto end = std::chrono::steady_clock::now();
    if (i >= kWarm) ns.push_back((end - begin).count());
  }
  std::sort(ns.begin(), ns.end());
  return ns;
}

int bench(const ModelOptions& o, const Output& out) {
  policy::Options options;
  if (!o.backend.empty()) options.backend = o.backend;
  auto plan = policy::ModelPlan::load(o.model, options);
  if (!plan) return out.error(plan.error());
  auto context = policy::Context::make(*plan);
  if (!context) return out.error(context.error());
  const std::vector<int64_t> ns = time_calls(*context);
  const auto at = [&](double p) {
    return ns[static_cast<std::size_t>(p * static_cast<double>(ns.size() - 1))];
  };
  out.result(
      Value()
          .add("schema", "tactus/model-bench/1")
          .add("model", o.model)
          .add("backend", options.backend)
          .add("n", ns.size())
          .add("min_ns", ns.front())
          .add("p50_ns", at(0.5))
          .add("p99_ns", at(0.99))
          .add("p999_ns", at(0.999))
          .add("max_ns", ns.back()),
      fmt::format("{} ({}): {} calls, min {} ns, p50 {} ns, p99 {} ns, p99.9 "
                  "{} ns, max {} ns",
                  o.model, options.backend, ns.size(), ns.front(), at(0.5),
                  at(0.99), at(0.999), ns.back()));
  return 0;
}

Result<policy::Tier> tier_of(const std::string& text) {
  constexpr std::pair<const char*, policy::Tier> kTiers[] = {
      {"", policy::Tier::kF32},
      {"f32", policy::Tier::kF32},
      {"bf16", policy::Tier::kBf16},
      {"int16", policy::Tier::kInt16},
      {"int8", policy::Tier::kInt8}};
  for (const auto& [name, tier] : kTiers) {
    if (text == name) return tier;
  }
  return bad_input("--tier: \"{}\": expected f32, bf16, int16 or int8", text);
}

int run(const ModelOptions& o, const Output& out) {
  auto tier = tier_of(o.tier);
  if (!tier) return out.error(tier.error());
  policy::RunOptions options;
  options.output_dir = o.output;
  options.whole = o.whole;
  options.plan.tier = *tier;
  if (!o.backend.empty()) options.plan.backend = o.backend;
  for (const std::string& input : o.inputs) {
    options.inputs.push_back(policy::named_file(input));
  }
  auto report = policy::model_run(o.model, options);
  if (!report) return out.error(report.error());
  Value::Array written;
  std::string text = fmt::format("{} rows\n", report->rows);
  for (const std::string& path : report->written) {
    written.emplace_back(path);
    text += "  " + path + "\n";
  }
  out.result(Value()
                 .add("schema", "tactus/model-run/1")
                 .add("model", o.model)
                 .add("backend", options.plan.backend)
                 .add("rows", report->rows)
                 .add("written", written),
             text);
  return 0;
}

}  // namespace

int model_command(const ModelOptions& o, const Output& out) {
  if (o.verb == "inspect") return inspect(o, out);
  if (o.verb == "verify") return verify(o, out);
  if (o.verb == "bench") return bench(o, out);
  return run(o, out);
}

}  // namespace tactus::cli
