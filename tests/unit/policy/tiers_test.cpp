// SPDX-License-Identifier: MIT
// Whole plans of the tiers below f32: which layers they are about, what they
// refuse, and how far shared models are from their float64 outputs.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "core/npy.hpp"
#include "tiers_rig.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

std::string refusal(const OnnxFile& file, const Options& options) {
  auto plan = ModelPlan::from_image(as_image(file.bytes()), "net", options);
  return plan ? "" : plan.error().text();
}

}  // namespace

Test(tiers, only_integer_plans_claim_it) {
  const OnnxFile file = actor("Elu");
  for (const Tier tier : {Tier::kF32, Tier::kBf16})
    cr_assert_not(load(file, options_for(file, tier))->describe().bit_exact);
}

Test(tiers, are_near_f32) {
  const OnnxFile file = actor("Elu");
  const auto want = rollout(load(file, options_for(file, Tier::kF32)));
  const std::pair<Tier, float> kBounds[] = {
      {Tier::kBf16, 0.03F}, {Tier::kInt16, 0.005F}, {Tier::kInt8, 0.1F}};
  for (const auto& [tier, bound] : kBounds) {
    const auto got = rollout(load(file, options_for(file, tier)));
    float most = 0;
    for (std::size_t i = 0; i < got.size(); ++i)
      most = std::max(most, std::fabs(got[i] - want[i]));
    cr_assert(most > 0 && most < bound, "%s: %g", name_of(tier), double(most));
  }
}

Test(tiers, int8_keeps_16_bits_in_its_first_and_last_layers) {
  const OnnxFile file = actor("Relu");
  const auto plan = load(file, options_for(file, Tier::kInt8));
  const std::string& kernels = plan->describe().kernels;
  cr_assert(kernels.starts_with("fused/2:int8:"));
  const auto format_of = [&](const std::string& shape) {
    const std::size_t end = kernels.find(":" + shape);
    cr_assert(end != std::string::npos, "%s", kernels.c_str());
    const std::size_t begin = kernels.rfind("gemv-", end);
    return kernels.substr(begin + 5, kernels.find('.', begin) - begin - 5);
  };
  cr_assert(format_of("40x19") == "i16");
  cr_assert(format_of("33x40") == "i8");
  cr_assert(format_of("21x33") == "i8");
  cr_assert(format_of("5x21") == "i16");
  cr_assert(format_of("1x33") == "i16");
}

Test(tiers, a_logged_plan_is_made_again) {
  const OnnxFile file = actor("Elu");
  for (const Tier tier : {Tier::kBf16, Tier::kInt16, Tier::kInt8}) {
    Options options = options_for(file, tier);
    options.kernel_choice = KernelChoice::kTimed;
    const auto first = load(file, options);
    options.kernel_choice = KernelChoice::kRule;
    options.kernel_override = first->describe().kernels;
    const auto again = load(file, options);
    cr_assert(again->describe().kernels == first->describe().kernels);
    cr_assert(same(rollout(again), rollout(first)));
  }
}

Test(tiers, an_integer_plan_of_another_machine_gives_its_bits_here) {
  const OnnxFile file = actor("Elu");
  Options options = options_for(file, Tier::kInt16);
  const auto want = rollout(load(file, options));
  options.kernel_override = "fused/2:int16:sve;gemv-i16.9x1u1:40x19";
  cr_assert(same(rollout(load(file, options)), want));
  options.kernel_override = "fused/2:f32:sve;gemv9x1u1:40x19";
  cr_assert(says(refusal(file, options), "were asked for"));
  options = options_for(file, Tier::kBf16);
  options.kernel_override = "fused/2:bf16:sve;gemv-bf16.9x1u1:40x19";
  cr_assert(says(refusal(file, options), "were asked for"));
}

Test(tiers, integers_without_a_calibration_are_refused_with_the_remedy) {
  for (const Tier tier : kExact) {
    Options options;
    options.tier = tier;
    const std::string none = refusal(actor("Elu"), options);
    cr_assert(says(none, "'s'") && says(none, name_of(tier)), "%s",
              none.c_str());
    cr_assert(says(none, "there is no calibration"));
    cr_assert(says(none, "rtctl model quantize"));
    options.calibration = {"other.npy", 1, {{"s", 1, -1, {}}}};
    const std::string other = refusal(actor("Elu"), options);
    cr_assert(says(other, "'h'") && says(other, "by other.npy has no such"),
              "%s", other.c_str());
  }
}

Test(tiers, a_calibration_that_makes_no_sense_is_refused) {
  Options options = options_for(actor("Elu"), Tier::kInt16);
  options.calibration.ranges[0].amax = NAN;
  cr_assert(says(refusal(actor("Elu"), options), "calibrate again"));
  options = options_for(actor("Elu"), Tier::kInt16);
  options.calibration.ranges[0].each.pop_back();
  cr_assert(says(refusal(actor("Elu"), options), "calibrate again"));
}

namespace {

// 0.8 for (1, 1), far too narrow for the rounding of bf16; its golden action.
OnnxFile vouched_for(const std::string& action) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 1});
  f.weight(tensor("w", {2, 1}, {0.1F, 0.7F}));
  f.node("MatMul", {"x", "w"}, {"y"});
  f.metadata("tactus.golden", R"({"by": "test", "tolerance": 1e-6,
                 "observation": [[1, 1]], "action": [[)" +
                                  action + "]]}");
  return f;
}

}  // namespace

Test(tiers, golden_vectors_vouch_for_the_model_in_f32) {
  Options options;
  options.tier = Tier::kBf16;
  const auto plan = load(vouched_for("0.8"), options);
  cr_assert(plan->describe().golden.checked == 1);
  cr_assert_not(plan->describe().self_checked);
}

Test(tiers, a_wrong_golden_vector_is_refused_in_every_tier) {
  Options options;
  options.tier = Tier::kBf16;
  cr_assert(says(refusal(vouched_for("0.9"), options), "golden vector 0"));
}

Test(tiers, bf16_needs_no_calibration) {
  Options options;
  options.tier = Tier::kBf16;
  cr_assert(refusal(actor("Elu"), options).empty());
}

Test(tiers, a_model_without_such_a_layer_is_refused) {
  OnnxFile f;
  f.input("x", {1, 4}).output("y", {1, 4}).node("Tanh", {"x"}, {"y"});
  Options options;
  for (const Tier tier : {Tier::kBf16, Tier::kInt16, Tier::kInt8}) {
    options.tier = tier;
    cr_assert(says(refusal(f, options), "no layer"));
  }
}

Test(tiers, what_is_not_finite_is_reported) {
  const OnnxFile file = actor("Relu");
  for (const Tier tier : {Tier::kBf16, Tier::kInt16, Tier::kInt8})
    for (const float bad : {NAN, INFINITY}) {
      const auto plan = load(file, options_for(file, tier));
      auto context = Context::make(plan);
      std::vector<float> x(23, 0.1F), act(5), value(1);
      x[7] = bad;
      const InputView in{x.data()};
      const OutputView out[] = {act, value};
      cr_assert(context->run({&in, 1}, out) == Status::kNotFinite);
      x[7] = 0;
      cr_assert(context->run({&in, 1}, out) == Status::kOk);
    }
}

// ------------------------------------------------------- shared models

namespace {

struct Shared {
  const char* model;
  double int16, int8;  // max |error| / max |output|, over the stored rows
};
constexpr Shared kShared[] = {{"apollo", 0.14, 1.5},
                              {"b2_mlp", 1e-3, 0.05},
                              {"go1", 0.04, 0.8},
                              {"leap_reorient", 0.03, 0.6},
                              {"tron1_pf_encoder", 1e-3, 0.03},
                              {"tron1_wf_policy", 5e-4, 0.025},
                              {"shapes/rsl_rl_norm", 1.1e-3, 0.03},
                              {"unitree_g1_lstm", 0.01, 0.02},
                              {"shapes/gru_policy", 8e-4, 0.01}};

double deviation(const std::string& stem, Tier tier) {
  const auto rows = read_npy(stem + ".obs.npy");
  const auto want = read_npy(stem + ".act64.npy");
  cr_assert(rows && want);
  const std::vector<float> x(rows->data.begin(), rows->data.end());
  auto plan = ModelPlan::load(stem + ".onnx", {});
  cr_assert(bool(plan));
  auto calibration = calibrate(**plan, {"obs", {x}});
  cr_assert(bool(calibration));
  Options options;
  options.tier = tier;
  options.calibration = *calibration;
  plan = ModelPlan::load(stem + ".onnx", options);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  auto context = Context::make(*plan);
  const Description& d = (*plan)->describe();
  std::vector<float> y(d.outputs[0].size);
  double most = 0, largest = 0;
  for (std::size_t row = 0; row < want->data.size() / y.size(); ++row) {
    const InputView in{x.data() + row * d.inputs[0].size};
    const OutputView out(y);
    cr_assert(context->run({&in, 1}, {&out, 1}) == Status::kOk);
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double w = want->data[row * y.size() + i];
      most = std::max(most, std::fabs(double(y[i]) - w));
      largest = std::max(largest, std::fabs(w));
    }
  }
  return most / largest;
}

}  // namespace

Test(tiers, shared_models_stay_within_their_stated_error) {
  const char* folder = std::getenv("TACTUS_TEST_MODELS");
  if (!folder) cr_skip_test("TACTUS_TEST_MODELS is not set");
  for (const Shared& s : kShared) {
    const std::string stem = std::string(folder) + "/" + s.model;
    const double int16 = deviation(stem, Tier::kInt16);
    const double int8 = deviation(stem, Tier::kInt8);
    cr_expect(int16 <= s.int16, "%s int16: %.3g", s.model, int16);
    cr_expect(int8 <= s.int8, "%s int8: %.3g", s.model, int8);
    cr_log_info("%s: int16 %.2g, int8 %.2g", s.model, int16, int8);
  }
}
