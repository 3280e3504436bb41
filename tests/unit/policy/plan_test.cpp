// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>

#include "../instrumented.hpp"
#include "allocations.hpp"
#include "plan_rig.hpp"
#include "policy/observer.hpp"
#include "policy/plan.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

std::vector<float> ramp(std::size_t n, float step) {
  std::vector<float> v(n);
  for (std::size_t i = 0; i < n; ++i) {
    v[i] = std::sin(static_cast<float>(i) * step) * 0.3F;
  }
  return v;
}

// 17 → 40 → 5, odd sizes on purpose, normaliser in front, scale behind.
OnnxFile actor(const char* activation = "Elu") {
  OnnxFile f;
  f.input("obs", {1, 17}).output("act", {1, 5});
  f.weight(tensor("mean", {17}, ramp(17, 0.3F)));
  f.weight(tensor("std", {17}, std::vector<float>(17, 0.7F)));
  f.weight(tensor("w1", {17, 40}, ramp(680, 0.7F)));
  f.weight(tensor("b1", {40}, ramp(40, 0.2F)));
  f.weight(tensor("w2", {5, 40}, ramp(200, 1.1F)));
  f.weight(tensor("b2", {5}, ramp(5, 0.9F)));
  f.weight(tensor("two", {}, {2.0F}));
  f.node("Sub", {"obs", "mean"}, {"s"}).node("Div", {"s", "std"}, {"n"});
  f.node("MatMul", {"n", "w1"}, {"m"}).node("Add", {"b1", "m"}, {"a"});
  f.node(activation, {"a"}, {"h"});
  f.node("Gemm", {"h", "w2", "b2"}, {"g"}, {int_attribute("transB", 1)});
  f.node("Mul", {"g", "two"}, {"act"});
  return f;
}

// h' = tanh(h + x), y = 2 h'.
OnnxFile integrator() {
  OnnxFile f;
  f.input("x", {1, 2}).input("h_in", {1, 2});
  f.output("y", {1, 2}).output("h_out", {1, 2});
  f.weight(tensor("two", {}, {2.0F}));
  f.node("Add", {"x", "h_in"}, {"s"}).node("Tanh", {"s"}, {"h_out"});
  f.node("Mul", {"h_out", "two"}, {"y"});
  return f;
}

// One operator of each family that only `reference` runs.
OnnxFile mixture() {
  OnnxFile f;
  f.input("x", {1, 2, 6}).output("y", {1, 1, 4});
  f.weight(tensor("w", {4, 1, 3}, ramp(12, 0.7F)));
  f.weight(tensor("one", {4}, {1, 1, 1, 1}));
  f.weight(tensor("step", {}, {0.1F}));
  f.weight(typed_tensor<int8_t>(3, "zero", {}, {0}));
  f.weight(tensor("wr", {1, 4, 2}, ramp(8, 0.3F)));
  f.weight(tensor("rr", {1, 4, 4}, ramp(16, 0.4F)));
  f.node("Conv", {"x", "w"}, {"a"}, {int_attribute("group", 2)});
  f.node("InstanceNormalization", {"a", "one", "one"}, {"b"});
  f.node("MaxPool", {"b"}, {"c"}, {ints_attribute("kernel_shape", {2})});
  f.node("AveragePool", {"c"}, {"d"}, {ints_attribute("kernel_shape", {2})});
  f.node("QuantizeLinear", {"d", "step", "zero"}, {"e"});
  f.node("DequantizeLinear", {"e", "step", "zero"}, {"g"});
  f.node("Transpose", {"g"}, {"h"}, {ints_attribute("perm", {1, 0, 2})});
  f.node("RNN", {"h", "wr", "rr"}, {"", "y"},
         {int_attribute("hidden_size", 4)});
  return f;
}

ModelPlan::Ptr plan_of(const OnnxFile& file, const char* backend,
                       Options options = {}) {
  options.backend = backend;
  return test::plan_of(file, options);
}

std::vector<float> run(Context& context, const std::vector<float>& x,
                       Status want = Status::kOk) {
  std::vector<float> y(context.plan().describe().outputs[0].size);
  const InputView in{x.data()};
  const OutputView out(y);
  cr_assert(context.run({&in, 1}, {&out, 1}) == want);
  return y;
}

std::string load_error(const OnnxFile& file, Options options = {}) {
  const std::string bytes = file.bytes();
  auto plan = ModelPlan::from_image(as_image(bytes), "test.onnx", options);
  return plan ? "loaded" : plan.error().text();
}

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

Test(plan, run_prewarm_and_reset_do_not_allocate) {
  need_counter();
  for (const char* backend : {"fused", "reference"}) {
    for (const OnnxFile& file : {actor(), integrator()}) {
      Context context = context_of(plan_of(file, backend));
      const auto& d = context.plan().describe();
      const std::vector<float> x = ramp(d.inputs[0].size, 0.5F);
      std::vector<float> y(d.outputs[0].size);
      const InputView in{x.data()};
      const OutputView out(y);
      const long before = allocations.load();
      for (int i = 0; i < 100; ++i) {
        static_cast<void>(context.run({&in, 1}, {&out, 1}));
        context.prewarm();
        context.reset();
      }
      const long after = allocations.load();
      cr_assert_eq(after - before, 0, "%s", backend);
    }
  }
}

Test(plan, no_family_of_operators_allocates) {
  need_counter();
  Context context = context_of(plan_of(mixture(), "reference"));
  const std::vector<float> x = ramp(12, 0.5F);
  std::vector<float> y(4);
  const InputView in{x.data()};
  const OutputView out(y);
  const long before = allocations.load();
  cr_assert(context.run({&in, 1}, {&out, 1}) == Status::kOk);
  cr_assert_eq(allocations.load() - before, 0);
}

Test(plan, neither_histories_nor_reuse_allocate) {
  need_counter();
  Options options;
  options.answers = 8;
  options.slow = {{"obs"}};
  const auto plan = plan_of(actor(), "fused", options);
  Contract contract;
  contract.observations.resize(1);
  contract.observations[0].size = 1;
  contract.history = History{.length = 17};
  cr_assert(bool(place(contract, plan->describe().inputs, "test")));
  Observer observer = Observer::make(plan->describe(), contract);
  Context context = context_of(plan);
  std::vector<float> y(5);
  std::vector<std::byte> state(observer.state_size());
  const OutputView out(y);
  const long before = allocations.load();
  for (int i = 0; i < 100; ++i) {
    const float x = i % 50 < 25 ? 1.0F : static_cast<float>(i);
    observer.observe({&x, 1});
    static_cast<void>(context.run(observer.inputs(), {&out, 1}));
    observer.advance();
    observer.save(state.data());
    observer.restore(state.data());
  }
  context.reset();
  observer.reset();
  cr_assert_eq(allocations.load() - before, 0);
  cr_assert(context.reuse().answer_hits > 0);
  cr_assert(context.reuse().slow_misses > 0);
}

Test(plan, backends_agree_on_odd_sizes_for_every_activation) {
  use_built_modules();
  for (const char* activation :
       {"Relu", "LeakyRelu", "Elu", "Selu", "Celu", "Tanh", "Sigmoid",
        "Softplus", "Mish", "Identity", "HardSigmoid", "HardSwish",
        "Softsign"}) {
    Context fused = context_of(plan_of(actor(activation)));
    Context reference = context_of(plan_of(actor(activation), "reference"));
    for (int row = 0; row < 8; ++row) {
      const auto x = ramp(17, 0.1F + static_cast<float>(row));
      const auto a = run(fused, x), b = run(reference, x);
      for (std::size_t i = 0; i < a.size(); ++i) {
        cr_assert(std::fabs(a[i] - b[i]) < 1e-5F, "%s %zu: %g %g", activation,
                  i, double(a[i]), double(b[i]));
      }
    }
  }
}

Test(plan, a_nan_observation_gives_a_nan_action_and_says_so) {
  for (const char* activation : {"Relu", "Elu", "Tanh", "HardSigmoid"}) {
    for (const char* backend : {"fused", "reference"}) {
      Context context = context_of(plan_of(actor(activation), backend));
      std::vector<float> x(17, 0.0F);
      x[3] = NAN;
      for (const float y : run(context, x, Status::kNotFinite)) {
        cr_assert(std::isnan(y), "%s %s", activation, backend);
      }
    }
  }
}

Test(plan, wrong_sizes_are_refused_and_nothing_is_written) {
  Context context = context_of(plan_of(actor()));
  const std::vector<float> x(17, 0.0F);
  std::vector<float> y(4, 7.0F);
  const InputView in{x.data()};
  const OutputView out(y);
  cr_assert(context.run({&in, 1}, {&out, 1}) == Status::kBadArgument);
  cr_assert(context.run({}, {&out, 1}) == Status::kBadArgument);
  cr_assert_eq(y[0], 7.0F);
}

Test(plan, recurrent_state_is_carried_reset_and_restored) {
  for (const char* backend : {"fused", "reference"}) {
    Context context = context_of(plan_of(integrator(), backend));
    const std::vector<float> x = {0.2F, -0.4F};
    const auto first = run(context, x);
    const auto saved = context.state();
    const std::vector<std::byte> copy(saved.begin(), saved.end());
    const auto second = run(context, x);
    cr_assert(first[0] != second[0]);
    std::memcpy(context.state().data(), copy.data(), copy.size());
    cr_assert(run(context, x) == second, "restored");
    context.reset();
    cr_assert(run(context, x) == first, "reset");
  }
}

// An exporter names a size of the output instead of saying it, which is read as
// one; or it only looks like a state.
Test(plan, a_state_is_one_by_what_is_computed) {
  const auto inputs = [](const char* to) {
    OnnxFile f;
    f.input("x", {1, 2}).input("s_in", {1, 2});
    f.output("y", {1, 2}).output("s_out", {1, 1});
    f.weight(tensor("w", {2, 1}, {1, 1}));
    f.node("Add", {"x", "s_in"}, {to});
    if (std::string(to) == "sum") f.node("MatMul", {"sum", "w"}, {"s_out"});
    f.node("Tanh", {to}, {"y"});
    return plan_of(f)->describe().inputs.size();
  };
  cr_assert_eq(inputs("s_out"), 1u);
  cr_assert_eq(inputs("sum"), 2u);
}

Test(plan, prewarm_touches_neither_state_nor_outputs) {
  Context a = context_of(plan_of(integrator()));
  Context b = context_of(plan_of(integrator()));
  const std::vector<float> x = {0.2F, -0.4F};
  run(a, x);
  run(b, x);
  for (int i = 0; i < 5; ++i) a.prewarm();
  cr_assert(run(a, x) == run(b, x));
}

Test(plan, a_run_that_is_not_finite_does_not_advance_the_state) {
  Context context = context_of(plan_of(integrator()));
  const std::vector<float> x = {0.2F, -0.4F};
  run(context, x);
  const auto saved = context.state();
  const std::vector<std::byte> before(saved.begin(), saved.end());
  run(context, {NAN, 0}, Status::kNotFinite);
  cr_assert_eq(
      std::memcmp(before.data(), context.state().data(), before.size()), 0);
}

Test(plan, a_slice_of_a_layer_keeps_its_activation_to_itself) {
  OnnxFile f;
  f.input("x", {1, 2}).output("whole", {1, 4}).output("part", {1, 2});
  f.weight(tensor("w", {2, 4}, {1, 2, 3, 4, 5, 6, 7, 8}));
  f.node("MatMul", {"x", "w"}, {"whole"});
  f.node("Split", {"whole"}, {"left", "right"}, {int_attribute("axis", 1)});
  f.node("Tanh", {"left"}, {"part"});
  f.opset(11);
  Context context = context_of(plan_of(f));
  const std::vector<float> x = {1, 1};
  std::vector<float> whole(4), part(2);
  const InputView in{x.data()};
  const OutputView out[] = {whole, part};
  cr_assert(context.run({&in, 1}, out) == Status::kOk);
  cr_assert_eq(whole[0], 6.0F);
  cr_assert_eq(whole[3], 12.0F);
  cr_assert(std::fabs(part[0] - std::tanh(6.0F)) < 1e-6F);
}

Test(plan, kernels_of_another_build_are_unavailable) {
  Options options;
  options.kernel_override = plan_of(actor())->describe().kernels;
  cr_assert(says(load_error(actor(), options), "loaded"));
  options.kernel_override += "x";
  const std::string bytes = actor().bytes();
  auto plan = ModelPlan::from_image(as_image(bytes), "a.onnx", options);
  cr_assert_not(bool(plan));
  cr_assert_eq(plan.error().exit_code(), 3);
}

// A stack of equal layers: timed once, so that they cannot disagree.
Test(plan, kernels_that_were_timed_are_reproduced_by_their_names) {
  OnnxFile f;
  f.input("x0", {1, 40});
  std::vector<float> w(1600);
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] = static_cast<float>(i % 37) / 370 - 0.05F;
  f.weight(tensor("w", {40, 40}, w));
  for (int i = 0; i < 4; ++i) {
    const std::string n = std::to_string(i);
    f.node("MatMul", {"x" + n, "w"}, {"z" + n});
    f.node("Tanh", {"z" + n}, {"x" + std::to_string(i + 1)});
  }
  f.output("x4", {1, 40});
  const std::string bytes = f.bytes();
  Options options;
  options.kernel_choice = KernelChoice::kTimed;
  const auto timed = ModelPlan::from_image(as_image(bytes), "a.onnx", options);
  cr_assert(bool(timed));
  const std::string kernels = (*timed)->describe().kernels;
  const std::string last = kernels.substr(kernels.rfind(';'));
  cr_assert(kernels.ends_with(last + last + last + last), "%s",
            kernels.c_str());
  options = {};
  options.kernel_override = kernels;
  const auto named = ModelPlan::from_image(as_image(bytes), "a.onnx", options);
  cr_assert(bool(named));
  std::vector<float> x(40, 0.3F), a(40), b(40);
  const InputView in{x.data()};
  const OutputView to_a = a, to_b = b;
  cr_assert(Context::make(*timed)->run({&in, 1}, {&to_a, 1}) == Status::kOk);
  cr_assert(Context::make(*named)->run({&in, 1}, {&to_b, 1}) == Status::kOk);
  cr_assert(a == b);
}

Test(plan, kernels_that_name_too_few_layers_are_unavailable) {
  Options options;
  const std::string bytes = actor().bytes();
  for (const char* kernels :
       {"fused/2:f32:portable", "fused/2:f32:portable;affine:12", ";", "x",
        "fused/2:f32:portable;gemv", "fused/2:f32:portable;gemv9x9u9:1x1"}) {
    options.kernel_override = kernels;
    auto plan = ModelPlan::from_image(as_image(bytes), "a.onnx", options);
    cr_assert_not(bool(plan), "%s", kernels);
    cr_assert_eq(plan.error().exit_code(), 3, "%s", kernels);
  }
}

// As a build records that ran it by its double kernel: other bits than ours.
Test(plan, kernels_that_name_another_step_are_unavailable) {
  OnnxFile f;
  f.input("x", {1, 4}).output("y", {1, 4}).node("Sin", {"x"}, {"y"});
  Options options;
  const std::string own = plan_of(f)->describe().kernels;
  options.kernel_override = own;
  cr_assert_eq(plan_of(f, options)->describe().kernels, own);
  options.kernel_override += ";f64:Sin";
  const std::string bytes = f.bytes();
  auto plan = ModelPlan::from_image(as_image(bytes), "a.onnx", options);
  cr_assert_not(bool(plan));
  cr_assert_eq(plan.error().exit_code(), 3);
}

// What lies behind a layer's outputs must not grow from run to run: exp(exp(…))
// is infinite after five, and zero times infinity is no number.
Test(plan, a_hundred_runs_give_the_first_ones_bits) {
  for (const char* isa : {"portable", "avx2", "avx512"}) {
    ::setenv("TACTUS_ISA", isa, 1);
    for (const std::size_t hidden : {1UL, 7UL, 17UL, 33UL, 65UL}) {
      const auto n = static_cast<int64_t>(hidden);
      OnnxFile f;
      f.input("x", {1, 235}).output("y", {1, 1});
      f.weight(tensor("w", {235, n}, std::vector<float>(235 * hidden, 0.001F)));
      f.weight(tensor("v", {n, 1}, std::vector<float>(hidden, 0.01F)));
      f.node("MatMul", {"x", "w"}, {"a"}).node("Exp", {"a"}, {"b"});
      f.node("MatMul", {"b", "v"}, {"y"});
      const std::string bytes = f.bytes();
      auto plan = ModelPlan::from_image(as_image(bytes), "exp", {});
      if (!plan) break;  // this machine lacks the instruction set
      Context context = context_of(*plan);
      const std::vector<float> x(235, 0.1F);
      std::vector<float> first(1), y(1);
      const InputView in{x.data()};
      const OutputView out_first(first), out(y);
      cr_assert(context.run({&in, 1}, {&out_first, 1}) == Status::kOk);
      for (int i = 0; i < 100; ++i) {
        cr_assert(context.run({&in, 1}, {&out, 1}) == Status::kOk, "%s %zu",
                  isa, hidden);
        cr_assert_eq(y[0], first[0]);
      }
    }
  }
  ::unsetenv("TACTUS_ISA");
}

Test(plan, onednn_is_refused_in_the_loop_by_name) {
  use_built_modules();
  const auto plan = plan_of(actor(), "onednn");
  auto ok = require_rt_safe(*plan);
  cr_assert_not(bool(ok));
  cr_assert(says(ok.error().text(), "'onednn'"));
  cr_assert(bool(require_rt_safe(*plan_of(actor(), "fused"))));
}

Test(plan, a_backend_that_is_not_here_says_where_it_was_looked_for) {
  ::setenv("TACTUS_PLUGIN_DIR", "/nonexistent", 1);
  Options options;
  options.backend = "onednn";
  const std::string text = load_error(actor(), options);
  cr_assert(says(text, "libtactus-onednn.so") && says(text, "/nonexistent"),
            "%s", text.c_str());
}

Test(plan, unknown_backends_and_tiers_are_refused) {
  Options options;
  options.backend = "magic";
  cr_assert(says(load_error(actor(), options), "no backend 'magic'"));
  for (const char* backend : {"reference", "onednn"}) {
    options.backend = backend;
    options.tier = Tier::kBf16;
    cr_assert(says(load_error(actor(), options), "has no tier bf16"));
    cr_assert(says(load_error(actor(), options), backend));
  }
}

// ---------------------------------------------------------------- golden

namespace {

std::string golden_of(const std::string& actions, const char* tolerance) {
  return R"({"by": "test", "tolerance": )" + std::string(tolerance) +
         R"(, "observation": [[0, 0], [1, 0]], "action": )" + actions + "}";
}

OnnxFile doubler() {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2});
  f.weight(tensor("w", {2, 2}, {2, 0, 0, 2}));
  f.node("MatMul", {"x", "w"}, {"y"});
  return f;
}

}  // namespace

Test(golden, agreeing_vectors_vouch_for_the_model) {
  OnnxFile f = doubler();
  f.metadata("tactus.golden", golden_of("[[0, 0], [2, 0]]", "1e-6"));
  const auto plan = plan_of(f);
  cr_assert_not(plan->describe().self_checked);
  cr_assert_eq(plan->describe().golden.checked, 2);
}

Test(golden, without_vectors_the_model_is_self_checked) {
  cr_assert(plan_of(doubler())->describe().self_checked);
}

Test(golden, a_mismatch_names_the_vector_and_the_difference) {
  OnnxFile f = doubler();
  f.metadata("tactus.golden", golden_of("[[0, 0], [2.5, 0]]", "1e-6"));
  const std::string text = load_error(f);
  cr_assert(says(text, "golden vector 1") && says(text, "0.5"), "%s",
            text.c_str());
  Options options;
  options.check_golden = false;
  cr_assert(says(load_error(f, options), "loaded"));
}

Test(golden, vectors_of_another_size_are_refused) {
  OnnxFile f = doubler();
  f.metadata("tactus.golden", golden_of("[[0], [2]]", "1e-6"));
  cr_assert(says(load_error(f), "make the golden vectors again"));
}

Test(golden, broken_metadata_is_refused) {
  for (const char* json :
       {"", "{", "[]", "{\"by\": 1}", "{\"nope\": 1}",
        R"({"by": "x", "tolerance": 0, "observation": [[1]], "action": [[1]]})",
        R"({"by": "x", "tolerance": 1, "observation": [[1]], "action": []})"}) {
    OnnxFile f = doubler();
    f.metadata("tactus.golden", json);
    cr_assert(says(load_error(f), "tactus.golden"), "%s", json);
  }
}

// -------------------------------------------------------------- contract

namespace {

const char kContract[] = R"({
  "observations": [
    {"name": "q", "shape": [1], "unit": "rad", "scale": 2, "clip": [-1, 1]},
    {"name": "dq", "shape": [1], "unit": "rad/s"}],
  "action": {"name": "u", "kind": "joint_velocity", "unit": "rad/s",
             "scale": 0.5, "offset": 1}})";

ContractClaim agreed() {
  return {{{"q", 1, "rad"}, {"dq", 1, "rad/s"}}, "joint_velocity", "rad/s", 2};
}

std::string contradiction(const ContractClaim& claim) {
  OnnxFile f = doubler();
  f.metadata("tactus.contract", kContract);
  auto ok = check_contract(*plan_of(f), claim, "arm.toml");
  return ok ? "agreed" : ok.error().text();
}

}  // namespace

Test(contract, the_same_twice_agrees) {
  cr_assert(says(contradiction(agreed()), "agreed"));
  cr_assert(says(contradiction({}), "agreed"));
}

Test(contract, every_contradiction_is_named) {
  const auto changed = [](auto change) {
    ContractClaim c = agreed();
    change(c);
    return contradiction(c);
  };
  cr_assert(
      says(changed([](auto& c) { c.observations[0].name = "p"; }), "'p'"));
  cr_assert(says(
      changed([](auto& c) { std::swap(c.observations[0], c.observations[1]); }),
      "observation 0"));
  cr_assert(says(changed([](auto& c) { c.observations[1].unit = "deg/s"; }),
                 "'deg/s'"));
  cr_assert(says(changed([](auto& c) { c.observations[1].size = 3; }), "size"));
  cr_assert(says(changed([](auto& c) { c.observations.pop_back(); }),
                 "number of observations"));
  cr_assert(says(changed([](auto& c) { c.action_kind = "joint_position"; }),
                 "joint_position"));
  cr_assert(
      says(changed([](auto& c) { c.action_unit = "rad"; }), "action unit"));
  cr_assert(says(changed([](auto& c) { c.action_size = 3; }), "3 elements"));
}

Test(contract, without_one_only_sizes_are_compared) {
  ContractClaim c = agreed();
  c.observations[0].name = "anything";
  cr_assert(bool(check_contract(*plan_of(doubler()), c, "arm.toml")));
  c.observations[0].size = 5;
  cr_assert_not(bool(check_contract(*plan_of(doubler()), c, "arm.toml")));
}

Test(contract, that_does_not_fill_the_inputs_is_a_load_error) {
  OnnxFile f = doubler();
  f.metadata("tactus.contract", R"({"observations": [
      {"name": "q", "shape": [7], "unit": "rad"}],
      "action": {"name": "u", "kind": "k", "unit": "u"}})");
  cr_assert(says(load_error(f), "7 elements"));
}

Test(contract, unknown_keys_and_doubled_metadata_are_refused) {
  OnnxFile f = doubler();
  f.metadata("tactus.contract", R"({"observation": []})");
  cr_assert(says(load_error(f), "unknown key"));
  OnnxFile twice = doubler();
  twice.metadata("tactus.contract", kContract)
      .metadata("tactus.contract", kContract);
  cr_assert(says(load_error(twice), "given twice"));
  OnnxFile typo = doubler();
  typo.metadata("tactus.contrct", kContract);
  cr_assert(says(load_error(typo), "not known"));
}

Test(contract, encodes_scale_and_clip_and_decodes_the_action) {
  OnnxFile f = doubler();
  f.metadata("tactus.contract", kContract);
  const Contract c = plan_of(f)->describe().contract;
  float x = 0.25F;
  encode(c.observations[0], {&x, 1}, {&x, 1});
  cr_assert_eq(x, 0.5F);
  x = 9;
  encode(c.observations[0], {&x, 1}, {&x, 1});
  cr_assert_eq(x, 1.0F);
  x = NAN;
  encode(c.observations[0], {&x, 1}, {&x, 1});
  cr_assert(std::isnan(x));
  x = 4;
  decode(c.action, {&x, 1});
  cr_assert_eq(x, 3.0F);
}

Test(plan, a_layer_without_outputs_runs_on_both_backends) {
  OnnxFile f;
  f.input("x", {1, 3}).output("y", {1, 0});
  f.weight(tensor("w", {3, 0}, {}));
  f.node("MatMul", {"x", "w"}, {"y"});
  for (const char* backend : {"reference", "fused"}) {
    Options options;
    options.backend = backend;
    const std::string bytes = f.bytes();
    auto plan = ModelPlan::from_image(as_image(bytes), "none", options);
    if (!plan) continue;  // refused is as good
    Context context = context_of(*plan);
    const std::vector<float> x(3, 1.0F);
    std::vector<float> y;
    const InputView in{x.data()};
    const OutputView out(y);
    cr_assert(context.run({&in, 1}, {&out, 1}) == Status::kOk, "%s", backend);
  }
}
