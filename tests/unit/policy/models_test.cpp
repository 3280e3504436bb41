// SPDX-License-Identifier: MIT
// Public policies against their stored float64 outputs: within 4 times what
// ONNX Runtime itself deviates (the table's `dev`), relative to the largest
// output. TACTUS_TEST_MODELS names the folder; without it these skip.
#include <criterion/criterion.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "core/npy.hpp"
#include "onnx_writer.hpp"
#include "policy/plan.hpp"

using namespace tactus;
using namespace tactus::policy;

namespace {

struct Case {
  const char* model;
  const char* input;   // file stem suffix of the inputs
  const char* output;  // of the float64 outputs; "" after the model: one each
  double dev;
};

constexpr Case kMlp[] = {
    {"apollo", "obs", "act64", 4e-5},
    {"b2_mlp", "obs", "act64", 5e-7},
    {"go1", "obs", "act64", 5e-6},
    {"leap_reorient", "obs", "act64", 5e-6},
    {"tron1_pf_encoder", "obs", "act64", 1e-6},
    {"tron1_wf_policy", "obs", "act64", 3e-7},
    {"shapes/rsl_rl_norm", "obs", "act64", 3e-7},
};
constexpr Case kHeads[] = {
    {"shapes/rl_games", "in.obs", "out64.mu", 4e-7},
    {"shapes/rl_games", "in.obs", "out64.log_std", 4e-7},
    {"shapes/rl_games", "in.obs", "out64.value", 4e-7},
    {"shapes/sac_gaussian", "in.obs", "out64.action", 3e-7},
    {"shapes/sac_gaussian", "in.obs", "out64.log_std", 3e-7},
    {"shapes/sb3_ppo", "in.obs", "out64.actions", 2e-7},
    {"shapes/sb3_ppo", "in.obs", "out64.values", 2e-7},
};
constexpr Case kOther[] = {
    {"go2_him", "obs", "act64", 1e-6},
    {"unitree_g1_lstm", "obs", "act64", 9e-7},
    {"shapes/gru_policy", "obs", "act64", 3e-7},
    {"anydrive_lstm", "obs", "act64", 2e-7},
};

std::string folder() {
  const char* dir = std::getenv("TACTUS_TEST_MODELS");
  if (!dir) cr_skip_test("TACTUS_TEST_MODELS is not set");
  return dir;
}

Npy array(const std::string& path) {
  auto npy = read_npy(path);
  cr_assert(bool(npy), "%s", npy ? "" : npy.error().text());
  return *npy;
}

std::string output_name(const Case& c) {
  const std::string out = c.output;
  return out.starts_with("out64.") ? out.substr(6) : "";
}

// max |ours - float64| / max |float64| over all rows.
double deviation(const Case& c, const std::string& backend) {
  const std::string stem = folder() + "/" + c.model;
  Options options;
  options.backend = backend;
  if (!output_name(c).empty()) options.outputs = {output_name(c)};
  auto plan = ModelPlan::load(stem + ".onnx", options);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  auto context = Context::make(*plan);
  cr_assert(bool(context));
  const Npy in = array(stem + "." + c.input + ".npy");
  const Npy want = array(stem + "." + c.output + ".npy");
  const Description& d = (*plan)->describe();
  const std::size_t n = d.inputs[0].size, m = d.outputs[0].size;
  std::vector<float> x(n), y(m);
  double worst = 0, largest = 0;
  for (std::size_t row = 0; (row + 1) * n <= in.data.size(); ++row) {
    for (std::size_t i = 0; i < n; ++i) x[i] = float(in.data[row * n + i]);
    const InputView input{x.data()};
    const OutputView output(y);
    cr_assert(context->run({&input, 1}, {&output, 1}) == Status::kOk);
    for (std::size_t i = 0; i < m; ++i) {
      const double w = want.data[row * m + i];
      const double e = std::fabs(double(y[i]) - w);
      largest = std::max(largest, std::fabs(w));
      if (!(e <= worst)) worst = e;
    }
  }
  return worst / largest;
}

template <std::size_t N>
void all_agree(const Case (&cases)[N], const std::string& backend) {
  for (const Case& c : cases) {
    const double dev = deviation(c, backend);
    cr_expect(dev <= 4 * c.dev, "%s %s (%s): %.3g, allowed %.3g", c.model,
              c.output, backend.c_str(), dev, 4 * c.dev);
    cr_log_info("%s %s %s: %.2f of the allowed", c.model, c.output,
                backend.c_str(), dev / (4 * c.dev));
  }
}

}  // namespace

Test(models, perceptrons_agree_on_reference) { all_agree(kMlp, "reference"); }
Test(models, perceptrons_agree_on_fused) { all_agree(kMlp, "fused"); }
Test(models, perceptrons_agree_on_onednn) {
  test::use_built_modules();
  all_agree(kMlp, "onednn");
}
Test(models, several_heads_agree_on_reference) {
  all_agree(kHeads, "reference");
}
Test(models, several_heads_agree_on_fused) { all_agree(kHeads, "fused"); }
Test(models, recurrent_and_others_agree_on_reference) {
  all_agree(kOther, "reference");
}

Test(models, recurrent_and_others_agree_on_fused) {
  all_agree(kOther, "fused");
}
