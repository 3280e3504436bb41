// SPDX-License-Identifier: MIT
#include "policy/verify.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string_view>

#include "core/error.hpp"
#include "policy/backend.hpp"

namespace tactus::policy {
namespace {

using Rows = std::vector<std::vector<std::vector<float>>>;  // row, port, value

std::vector<OutputView> views(std::vector<std::vector<float>>& values) {
  return {values.begin(), values.end()};
}

// N(0, 1), N(0, 0.1) and ±10 in turn; the last row zero.
Rows random_inputs(const Description& d, const VerifyOptions& options) {
  std::mt19937_64 random(options.seed);
  std::normal_distribution<float> normal;
  Rows rows(options.rows);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (const auto& t : d.inputs) {
      auto& values = rows[r].emplace_back(t.size);
      for (float& v : values) {
        const float n = normal(random);
        v = r % 3 == 0 ? n : r % 3 == 1 ? 0.1F * n : n < 0 ? -10.0F : 10.0F;
        if (r + 1 == rows.size()) v = 0;
      }
    }
  }
  return rows;
}

// States follow the reference, so that errors do not add up over rows.
struct Trace {
  Rows outputs, states;
};

Result<Trace> trace(const ModelPlan::Ptr& plan, const Rows& inputs,
                    const Trace* lead) {
  auto context = Context::make(plan);
  if (!context) return context.error();
  const Description& d = plan->describe();
  Trace out;
  for (std::size_t r = 0; r < inputs.size(); ++r) {
    for (std::size_t s = 0; lead && r > 0 && s < d.states.size(); ++s) {
      context->set_state(s, lead->states[r - 1][s]);
    }
    std::vector<InputView> in;
    for (const auto& values : inputs[r]) in.push_back({values.data()});
    auto& given = out.outputs.emplace_back();
    for (const auto& t : d.outputs) given.emplace_back(t.size);
    const Status status = context->run(in, views(given));
    if (status == Status::kBackend) {
      return internal_error("backend '{}' failed in row {}", d.backend, r);
    }
    auto& held = out.states.emplace_back();
    for (std::size_t s = 0; s < d.states.size(); ++s) {
      context->get_state(s, held.emplace_back(d.states[s].size));
    }
  }
  return out;
}

OutputError compare(const std::string& name, std::size_t port,
                    const Rows& values, const Rows& reference) {
  OutputError e{name};
  for (std::size_t r = 0; r < values.size(); ++r) {
    for (std::size_t i = 0; i < values[r][port].size(); ++i) {
      const double a = static_cast<double>(values[r][port][i]);
      const double b = static_cast<double>(reference[r][port][i]);
      e.max_reference = std::max(e.max_reference, std::fabs(b));
      const bool same = a == b || (std::isnan(a) && std::isnan(b));
      const double error = same ? 0 : std::fabs(a - b);
      // max() would drop a NaN.
      if (!(error <= e.max_error))
        e.max_error = std::isnan(error) ? INFINITY : error;
    }
  }
  e.relative = e.max_error == 0 ? 0 : e.max_error / e.max_reference;
  return e;
}

struct Oracle {
  const Rows& inputs;
  const Trace& trace;
};

BackendReport judge(const std::string& model, const char* backend,
                    const Oracle& oracle, const VerifyOptions& options) {
  BackendReport report;
  report.backend = backend;
  Options plan_options;
  plan_options.backend = backend;
  plan_options.check_golden = false;
  plan_options.tier = Tier::kF32;  // what rounding costs, quantize says
  auto plan = ModelPlan::load(model, plan_options);
  if (!plan) {
    report.reason = plan.error().text();
    return report;
  }
  report.available = true;
  report.kernels = (*plan)->describe().kernels;
  auto got = trace(*plan, oracle.inputs, &oracle.trace);
  if (!got) {
    report.reason = got.error().text();
    return report;
  }
  const Description& d = (*plan)->describe();
  for (std::size_t i = 0; i < d.outputs.size(); ++i) {
    report.outputs.push_back(
        compare(d.outputs[i].name, i, got->outputs, oracle.trace.outputs));
  }
  for (std::size_t i = 0; i < d.states.size(); ++i) {
    report.outputs.push_back(
        compare(d.states[i].output, i, got->states, oracle.trace.states));
  }
  report.ok = std::ranges::all_of(report.outputs, [&](const OutputError& e) {
    return e.relative <= options.tolerance;
  });
  return report;
}

// Golden vectors on the backend that the loop would use.
void check_golden(const std::string& model, VerifyReport& report) {
  Options options;
  for (const auto& b : report.backends) {
    if (b.available) {
      options.backend = b.backend;
      break;
    }
  }
  auto plan = ModelPlan::load(model, options);
  if (plan) {
    report.model = (*plan)->describe();
    report.golden_ok = report.model.golden.checked > 0;
  } else {
    report.golden_error = plan.error().text();
  }
}

// The weights that a .tmodel packed, against those of its image.
Result<void> check_packed(const std::string& model, VerifyReport& report) {
  Options options;
  options.check_golden = false;
  auto plan = ModelPlan::load(model, options);
  const std::string_view why = plan ? "" : plan.error().text();
  if (why.find("packed weights") != std::string_view::npos)
    report.packed_error = why;
  return {};
}

}  // namespace

Result<VerifyReport> verify(const std::string& model,
                            const VerifyOptions& options) {
  Options first;
  first.backend = "reference";
  first.check_golden = false;
  auto reference = ModelPlan::load(model, first);
  if (!reference) return reference.error();
  VerifyReport report;
  report.model = (*reference)->describe();
  const Rows inputs = random_inputs(report.model, options);
  auto lead = trace(*reference, inputs, nullptr);
  if (!lead) return lead.error();
  for (const Backend& b : backends()) {
    report.backends.push_back(judge(model, b.name, {inputs, *lead}, options));
  }
  check_golden(model, report);
  if (auto ok = check_packed(model, report); !ok) return ok.error();
  report.ok = report.golden_error.empty() && report.packed_error.empty() &&
              std::ranges::all_of(report.backends, [](const BackendReport& b) {
                return !b.available || b.ok;
              });
  return report;
}

}  // namespace tactus::policy
