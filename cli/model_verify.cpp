// SPDX-License-Identifier: MIT
// rtctl model verify.
#include "policy/verify.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "model_tools.hpp"

namespace tactus::cli {
namespace {

Value errors_value(const std::vector<policy::OutputError>& list) {
  Value::Array outputs;
  for (const auto& e : list) {
    outputs.push_back(Value()
                          .add("output", e.output)
                          .add("max_error", e.max_error)
                          .add("max_reference", e.max_reference)
                          .add("relative", e.relative));
  }
  return outputs;
}

Value backend_value(const policy::BackendReport& b) {
  return Value()
      .add("backend", b.backend)
      .add("kernels", b.kernels)
      .add("available", b.available)
      .add("reason", b.reason)
      .add("ok", b.ok)
      .add("outputs", errors_value(b.outputs));
}

Value stored_value(const policy::StoredReport& s) {
  return Value()
      .add("tier", policy::name_of(s.tier))
      .add("ok", s.error.empty())
      .add("error", s.error)
      .add("kernels", s.kernels)
      .add("golden", golden_value(s.golden))
      .add("outputs", errors_value(s.outputs));
}

double worst(const std::vector<policy::OutputError>& list) {
  double most = 0;
  for (const auto& e : list) most = std::max(most, e.relative);
  return most;
}

std::string stored_text(const policy::StoredReport& s) {
  if (!s.error.empty())
    return fmt::format("  {:<9} FAILS: {}\n", policy::name_of(s.tier), s.error);
  return fmt::format(
      "  {:<9} golden {}; off by {:.3g} of the largest value on random inputs; "
      "kernels {}\n",
      policy::name_of(s.tier), golden_text(s.golden), worst(s.outputs),
      s.kernels);
}

std::string backend_text(const policy::BackendReport& b) {
  if (!b.available)
    return fmt::format("  {:<9} not used: {}\n", b.backend, b.reason);
  return fmt::format(
      "  {:<9} {}, worst {:.3g} of the largest value; kernels {}\n", b.backend,
      b.ok ? "agrees" : "DIFFERS", worst(b.outputs), b.kernels);
}

std::string verify_text(const policy::VerifyReport& report) {
  std::string text =
      fmt::format("{}\n  golden    {}\n", report.model.label,
                  report.golden_error.empty() ? golden_text(report.model.golden)
                                              : report.golden_error);
  if (report.stored) text += stored_text(*report.stored);
  for (const auto& b : report.backends) text += backend_text(b);
  return text;
}

}  // namespace

Value golden_value(const policy::GoldenResult& g) {
  if (g.vectors == 0) return {};
  return Value()
      .add("by", g.by)
      .add("vectors", g.vectors)
      .add("checked", g.checked)
      .add("tolerance", g.tolerance)
      .add("worst", g.worst);
}

std::string golden_text(const policy::GoldenResult& g) {
  if (g.vectors == 0) return "none: self-checked only";
  if (g.checked == 0) {
    return fmt::format(
        "{} vectors by {}, not compared here: rtctl model verify", g.vectors,
        g.by);
  }
  return fmt::format("{} of {} vectors by {}, worst {:.3g}, allowed {:.3g}",
                     g.checked, g.vectors, g.by, g.worst, g.tolerance);
}

int verify_model(const ModelOptions& o, const Output& out) {
  auto report = policy::verify(o.model, {});
  if (!report) return out.error(report.error());
  Value::Array backends;
  for (const auto& b : report->backends) backends.push_back(backend_value(b));
  out.result(Value()
                 .add("schema", "tactus/model-verify/1")
                 .add("model", o.model)
                 .add("ok", report->ok)
                 .add("golden", golden_value(report->model.golden))
                 .add("golden_ok", report->golden_ok)
                 .add("golden_error", report->golden_error)
                 .add("stored",
                      report->stored ? stored_value(*report->stored) : Value())
                 .add("self_checked", report->model.self_checked)
                 .add("backends", backends),
             verify_text(*report));
  return report->ok ? 0 : 1;
}

}  // namespace tactus::cli
