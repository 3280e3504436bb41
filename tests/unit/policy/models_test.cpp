// SPDX-License-Identifier: MIT
// Public policies against their stored float64 outputs: within 4 times what
// ONNX Runtime itself deviates (the table's `dev`), relative to the largest
// output. TACTUS_TEST_MODELS names the folder; without it these skip.
#include <criterion/criterion.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "allocations.hpp"
#include "core/npy.hpp"
#include "onnx_writer.hpp"
#include "policy/plan.hpp"

using namespace tactus;
using namespace tactus::policy;

namespace {

struct Case {
  const char* model;
  const char* input;   // its file's suffix; "in": one file per input
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
    {"shapes/rl_games", "in", "out64.mu", 4e-7},
    {"shapes/rl_games", "in", "out64.log_std", 4e-7},
    {"shapes/rl_games", "in", "out64.value", 4e-7},
    {"shapes/sac_gaussian", "in", "out64.action", 3e-7},
    {"shapes/sac_gaussian", "in", "out64.log_std", 3e-7},
    {"shapes/sb3_ppo", "in", "out64.actions", 2e-7},
    {"shapes/sb3_ppo", "in", "out64.values", 2e-7},
};
constexpr Case kOther[] = {
    {"go2_him", "obs", "act64", 1e-6},
    {"unitree_g1_lstm", "obs", "act64", 9e-7},
    {"shapes/gru_policy", "obs", "act64", 3e-7},
    {"anydrive_lstm", "obs", "act64", 2e-7},
    {"shapes/act_decoder", "in", "out64.actions", 6e-7},
    {"shapes/act_decoder_mha", "in", "out64.actions", 9e-7},
    {"shapes/depth_cnn", "in", "out64.actions", 2e-7},
    {"shapes/rma_conv1d", "obs", "act64", 4e-7},
    {"shapes/sb3_ppo", "in", "out64.log_prob", 2e-7},
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

struct Worst {
  double difference = 0, largest = 0;
  void add(double got, double want) {
    const double e = std::fabs(got - want);
    largest = std::max(largest, std::fabs(want));
    if (!(e <= difference)) difference = e;
  }
  [[nodiscard]] double relative() const { return difference / largest; }
};

// The rows of each input.
std::vector<Npy> inputs_of(const Case& c, const std::string& stem,
                           const Description& d) {
  std::vector<Npy> files;
  for (const auto& input : d.inputs) {
    const bool each = std::string(c.input) == "in";
    files.push_back(array(stem + "." + c.input +
                          (each ? "." + input.name : std::string()) + ".npy"));
  }
  return files;
}

// Its last values, where the rollout's are stored (h_in: X.h64.npy).
void add_state(const std::string& stem, Context& context, Worst& worst) {
  const auto& states = context.plan().describe().states;
  for (std::size_t i = 0; i < states.size(); ++i) {
    const std::string name = states[i].input.substr(0, 1);
    const Npy want = array(stem + "." + name + "64.npy");
    std::vector<float> got(states[i].size);
    context.get_state(i, got);
    cr_assert_eq(want.data.size(), got.size());
    for (std::size_t k = 0; k < got.size(); ++k) {
      worst.add(double(got[k]), want.data[k]);
    }
  }
}

// max |ours - float64| / max |float64| over all rows and the last state.
double deviation(const Case& c, const std::string& backend) {
  const std::string stem = folder() + "/" + c.model;
  Options options;
  options.backend = backend;
  if (!output_name(c).empty()) options.outputs = {output_name(c)};
  auto plan = ModelPlan::load(stem + ".onnx", options);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  auto context = Context::make(*plan);
  cr_assert(bool(context));
  const Npy want = array(stem + "." + c.output + ".npy");
  const Description& d = (*plan)->describe();
  std::vector<std::vector<float>> x;
  for (const Npy& file : inputs_of(c, stem, d)) {
    x.emplace_back(file.data.begin(), file.data.end());
  }
  const std::size_t m = d.outputs[0].size, rows = want.data.size() / m;
  cr_assert_eq(x[0].size(), rows * d.inputs[0].size);
  std::vector<float> y(m);
  Worst worst;
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<InputView> in;
    for (std::size_t i = 0; i < x.size(); ++i) {
      in.push_back({x[i].data() + row * d.inputs[i].size});
    }
    const OutputView output(y);
    cr_assert(context->run(in, {&output, 1}) == Status::kOk);
    for (std::size_t i = 0; i < m; ++i) {
      worst.add(double(y[i]), want.data[row * m + i]);
    }
  }
  add_state(stem, *context, worst);
  return worst.relative();
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

// What has no recurrent layer.
constexpr Case kWindowsAndAttention[] = {
    {"go2_him", "obs", "act64", 1e-6},
    {"shapes/act_decoder", "in", "out64.actions", 6e-7},
    {"shapes/act_decoder_mha", "in", "out64.actions", 9e-7},
    {"shapes/depth_cnn", "in", "out64.actions", 2e-7},
    {"shapes/rma_conv1d", "obs", "act64", 4e-7},
};
Test(models, windows_and_attention_agree_on_onednn) {
  test::use_built_modules();
  all_agree(kWindowsAndAttention, "onednn");
}

namespace {

// In f32 all the way, and without allocation after load.
void runs_in_f32(const Case& c) {
  auto plan = ModelPlan::load(folder() + "/" + c.model + ".onnx", {});
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  const Description& d = (*plan)->describe();
  cr_expect(d.kernels.find("f64:") == std::string::npos, "%s: %s", c.model,
            d.kernels.c_str());
  auto context = Context::make(*plan);
  cr_assert(bool(context));
  std::vector<std::vector<float>> x, y;
  std::vector<InputView> in;
  for (const auto& i : d.inputs) x.emplace_back(i.size, 0.1F);
  for (const auto& o : d.outputs) y.emplace_back(o.size);
  for (const auto& v : x) in.push_back({v.data()});
  const std::vector<OutputView> out(y.begin(), y.end());
  const long before = test::allocations.load();
  for (int i = 0; i < 10; ++i) {
    cr_assert(context->run(in, out) == Status::kOk);
    context->prewarm();
  }
  cr_expect_eq(test::allocations.load() - before, 0, "%s", c.model);
}

}  // namespace

Test(models, all_run_in_f32_without_allocation_after_load) {
  test::need_counter();
  for (const Case& c : kMlp) runs_in_f32(c);
  for (const Case& c : kHeads) runs_in_f32(c);
  for (const Case& c : kOther) runs_in_f32(c);
}
