// SPDX-License-Identifier: MIT
// rtctl model inspect, run.
#include <fmt/format.h>

#include <chrono>

#include "commands.hpp"
#include "config/blueprint.hpp"
#include "core/error.hpp"
#include "model_tools.hpp"
#include "policy/model_run.hpp"

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
                               .add("unit", o.unit)
                               .add("history", o.history.length)
                               .add("slow", o.slow));
  }
  Value action;
  action.add("name", c.action.name)
      .add("kind", c.action.kind)
      .add("unit", c.action.unit)
      .add("rate_hz", c.action.rate_hz);
  return Value().add("observations", observations).add("action", action);
}

Value storage(const policy::Storage& s) {
  if (s.sections.empty()) return {};
  Value::Array sections, isas;
  for (const auto& section : s.sections) {
    sections.push_back(Value()
                           .add("name", section.name)
                           .add("isa", section.isa)
                           .add("bytes", section.size));
  }
  for (const auto& isa : s.isas) isas.emplace_back(isa);
  return Value()
      .add("tier", policy::name_of(s.tier))
      .add("calibration", s.calibration)
      .add("calibration_rows", s.calibration_rows)
      .add("packed_for", isas)
      .add("used_packed", s.used_packed)
      .add("packed_anew", s.packed_anew)
      .add("accuracy", s.accuracy.empty() ? Value() : Value::raw(s.accuracy))
      .add("sections", sections);
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
      .add("cache", policy::fits_where(d.weight_bytes, rt::cpu_caches()))
      .add("tier", policy::name_of(d.tier))
      .add("bit_exact", d.bit_exact)
      .add("storage", storage(d.storage))
      .add("backend", d.backend)
      .add("kernels", d.kernels)
      .add("contract", contract(d.contract))
      .add("golden", golden_value(d.golden))
      .add("self_checked", d.self_checked);
}

std::string storage_text(const policy::Storage& s) {
  if (s.sections.empty()) return {};
  std::string text =
      fmt::format("  made for  {}, calibrated over {} rows of {}\n",
                  policy::name_of(s.tier), s.calibration_rows,
                  s.calibration.empty() ? "nothing" : s.calibration);
  std::string isas;
  for (const auto& isa : s.isas) isas += (isas.empty() ? "" : ", ") + isa;
  text += fmt::format(
      "  packed    for {}; {}\n", isas.empty() ? "none" : isas,
      s.used_packed ? "used as it is" : "packed anew here: " + s.packed_anew);
  for (const auto& section : s.sections) {
    text += fmt::format("  section   {}{}{}, {} bytes\n", section.name,
                        section.isa.empty() ? "" : " for ", section.isa,
                        section.size);
  }
  return text;
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
  text += fmt::format("  weights   {} parameters, {} bytes packed ({}), {}\n",
                      d.parameters, d.weight_bytes, d.backend,
                      policy::fits_where(d.weight_bytes, rt::cpu_caches()));
  text +=
      fmt::format("  tier      {}{}\n", policy::name_of(d.tier),
                  d.bit_exact ? ", bit-exact on every instruction set" : "");
  text += storage_text(d.storage);
  text += fmt::format("  kernels   {}\n", d.kernels);
  return text + fmt::format("  golden    {}\n", golden_text(d.golden));
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

Result<void> check_kernels(const std::string& kernels,
                           const std::string& backend) {
  if (backend != "fused")
    return bad_input("--kernels: backend {} has none to choose: leave it out",
                     backend);
  if (!config::names_kernels(kernels))
    return bad_input(
        "--kernels: '{}': expected rule, timed or what model inspect prints",
        kernels);
  return {};
}

int run(const ModelOptions& o, const Output& out) {
  auto tier = policy::tier_of(o.tier);
  if (!tier) return out.error(tier.error());
  policy::RunOptions options;
  options.output_dir = o.output;
  options.whole = o.whole;
  options.signals = o.signals;
  options.threads = o.threads;
  using Clock = std::chrono::steady_clock;
  options.progress = [&out, next = Clock::now()](std::size_t done) mutable {
    if (Clock::now() < next) return;
    out.live(fmt::format("model run: {} rows", done));
    next = Clock::now() + std::chrono::milliseconds(100);
  };
  const std::string backend = o.backend.empty() ? "fused" : o.backend;
  if (o.kernels) {
    if (auto ok = check_kernels(*o.kernels, backend); !ok)
      return out.error(ok.error());
    options.plan = config::policy_options(backend, *o.kernels);
  }
  options.plan.tier = *tier;
  options.plan.backend = backend;
  for (const std::string& input : o.inputs) {
    options.inputs.push_back(policy::named_file(input));
  }
  auto report = policy::model_run(o.model, options);
  if (!report) return out.error(report.error());
  Value::Array written;
  std::string text =
      fmt::format("{} rows in {} ({}, {})\n", report->rows,
                  human_time(report->seconds * 1e9), report->backend,
                  policy::name_of(report->tier));
  for (const std::string& path : report->written) {
    written.emplace_back(path);
    text += "  " + path + "\n";
  }
  out.result(Value()
                 .add("schema", "tactus/model-run/1")
                 .add("model", o.model)
                 .add("backend", report->backend)
                 .add("tier", policy::name_of(report->tier))
                 .add("rows", report->rows)
                 .add("seconds", report->seconds)
                 .add("written", written),
             text);
  return 0;
}

}  // namespace

int model_command(const ModelOptions& o, const Output& out) {
  if (o.verb == "inspect") return inspect(o, out);
  if (o.verb == "verify") return verify_model(o, out);
  if (o.verb == "bench") return bench_model(o, out);
  if (o.verb == "quantize") return quantize_model(o, out);
  if (o.verb == "prune") return prune_model(o, out);
  if (o.verb == "slow") return model_slow(o, out);
  return run(o, out);
}

}  // namespace tactus::cli
