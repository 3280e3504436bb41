// SPDX-License-Identifier: MIT
#include "policy/verify.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "core/error.hpp"
#include "policy/backend.hpp"
#include "policy/image.hpp"
#include "policy/tmodel.hpp"
#include "rt/isa.hpp"

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

Result<std::vector<OutputError>> errors_of(const ModelPlan::Ptr& plan,
                                           const Oracle& oracle) {
  auto got = trace(plan, oracle.inputs, &oracle.trace);
  if (!got) return got.error();
  const Description& d = plan->describe();
  std::vector<OutputError> errors;
  for (std::size_t i = 0; i < d.outputs.size(); ++i) {
    errors.push_back(
        compare(d.outputs[i].name, i, got->outputs, oracle.trace.outputs));
  }
  for (std::size_t i = 0; i < d.states.size(); ++i) {
    errors.push_back(
        compare(d.states[i].output, i, got->states, oracle.trace.states));
  }
  return errors;
}

Options unrounded(const char* backend) {
  Options options;
  options.backend = backend;
  options.tier = Tier::kF32;
  options.check_golden = false;
  return options;
}

// The file, read once: another one in its place changes nothing.
struct Image {
  std::span<const std::byte> bytes;
  const std::string& label;

  [[nodiscard]] Result<ModelPlan::Ptr> plan(const Options& options) const {
    return ModelPlan::from_image(bytes, label, options);
  }
};

BackendReport judge(const Image& image, const char* backend,
                    const Oracle& oracle, const VerifyOptions& options) {
  BackendReport report;
  report.backend = backend;
  auto plan = image.plan(unrounded(backend));
  if (!plan) {
    report.reason = plan.error().text();
    return report;
  }
  report.available = true;
  report.kernels = (*plan)->describe().kernels;
  auto errors = errors_of(*plan, oracle);
  if (!errors) {
    report.reason = errors.error().text();
    return report;
  }
  report.outputs = std::move(*errors);
  report.ok = std::ranges::all_of(report.outputs, [&](const OutputError& e) {
    return e.relative <= options.tolerance;
  });
  return report;
}

// On the backend that the loop would use.
void check_golden(const Image& image, VerifyReport& report) {
  const auto here =
      std::ranges::find(report.backends, true, &BackendReport::available);
  const std::string backend =
      here == report.backends.end() ? "fused" : here->backend;
  Options options = unrounded(backend.c_str());
  options.check_golden = true;
  auto plan = image.plan(options);
  if (plan) {
    report.model = (*plan)->describe();
    report.golden_ok = report.model.golden.checked > 0;
  } else {
    report.golden_error = plan.error().text();
  }
}

// Without a tolerance of its own a tier cannot be judged by golden vectors.
std::string judge_stored(const StoredReport& s, const Stored& stored,
                         const std::string& model) {
  const bool judged = s.tier == Tier::kF32 || stored.golden_tolerance > 0;
  if (s.golden.vectors > 0 && !judged) {
    return fmt::format(
        "{}: it does not say how far tier {} may be from its golden vectors: "
        "make it again with rtctl model quantize",
        model, name_of(s.tier));
  }
  for (const OutputError& e : s.outputs) {
    if (std::isfinite(e.max_error)) continue;
    return fmt::format(
        "{}: tier {}: output '{}' is not finite where the model's is: make it "
        "again with rtctl model quantize",
        model, name_of(s.tier), e.output);
  }
  return {};
}

// As the loop would load it, its packed weights held against the image.
StoredReport check_stored(const Image& image, const Stored& stored,
                          const Oracle& oracle) {
  StoredReport s;
  s.tier = stored.tier;
  auto plan = image.plan({});
  if (!plan) {
    s.error = plan.error().text();
    return s;
  }
  s.kernels = (*plan)->describe().kernels;
  s.golden = (*plan)->describe().golden;
  auto errors = errors_of(*plan, oracle);
  if (!errors) {
    s.error = errors.error().text();
    return s;
  }
  s.outputs = std::move(*errors);
  s.error = judge_stored(s, stored, image.label);
  return s;
}

}  // namespace

Result<VerifyReport> verify(const std::string& model,
                            const VerifyOptions& options) {
  auto loaded = load_file(model);
  if (!loaded) return loaded.error();
  const Image image{loaded->image, model};
  auto reference = image.plan(unrounded("reference"));
  if (!reference) return reference.error();
  VerifyReport report;
  report.model = (*reference)->describe();
  const Rows inputs = random_inputs(report.model, options);
  auto lead = trace(*reference, inputs, nullptr);
  if (!lead) return lead.error();
  const Oracle oracle{inputs, *lead};
  for (const Backend& b : backends()) {
    report.backends.push_back(judge(image, b.name, oracle, options));
  }
  check_golden(image, report);
  if (loaded->stored)
    report.stored = check_stored(image, *loaded->stored, oracle);
  report.ok = report.golden_error.empty() &&
              (!report.stored || report.stored->error.empty()) &&
              std::ranges::all_of(report.backends, [](const BackendReport& b) {
                return !b.available || b.ok;
              });
  return report;
}

}  // namespace tactus::policy
