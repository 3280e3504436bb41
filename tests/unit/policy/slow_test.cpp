// SPDX-License-Identifier: MIT
// Layers in two parts: kept or made again, the same bits.
#include "policy/slow.hpp"

#include <criterion/criterion.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "plan_rig.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

constexpr std::size_t kIn = 37, kOut = 6;

std::vector<float> noise(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> v(n);
  for (float& x : v) x = 0.3F * normal(random);
  return v;
}

// Normaliser and clip in front, so that the layer reads what is made of the
// inputs; `heads` layers read it.
OnnxFile network(int heads = 1) {
  OnnxFile f;
  f.input("obs", {1, kIn}).output("y", {1, kOut});
  f.weight(tensor("mean", {kIn}, noise(kIn, 1)));
  f.weight(tensor("std", {kIn}, std::vector<float>(kIn, 0.8F)));
  f.weight(tensor("lo", {}, {-1.5F})).weight(tensor("hi", {}, {1.5F}));
  f.weight(tensor("w1", {50, kIn}, noise(50 * kIn, 2)));
  f.weight(tensor("b1", {50}, noise(50, 3)));
  f.weight(tensor("w2", {kOut, 50}, noise(50 * kOut, 4)));
  f.node("Sub", {"obs", "mean"}, {"s"}).node("Div", {"s", "std"}, {"n"});
  f.node("Clip", {"n", "lo", "hi"}, {"c"});
  f.node("Gemm", {"c", "w1", "b1"}, {"g"}, {int_attribute("transB", 1)});
  f.node("Elu", {"g"}, {"h"});
  f.node("Gemm", {"h", "w2"}, {"z"}, {int_attribute("transB", 1)});
  if (heads == 1) {
    f.node("Tanh", {"z"}, {"y"});
    return f;
  }
  f.node("Gemm", {"c", "w1"}, {"g2"}, {int_attribute("transB", 1)});
  f.node("Sigmoid", {"g2"}, {"h2"});
  f.node("Gemm", {"h2", "w2"}, {"z2"}, {int_attribute("transB", 1)});
  f.node("Add", {"z", "z2"}, {"y"});
  return f;
}

Options with(const std::vector<Columns>& columns) {
  Options o;
  if (!columns.empty()) o.slow = {{"these", columns}};
  return o;
}

Result<ModelPlan::Ptr> loaded(const OnnxFile& file, const Options& options) {
  const std::string bytes = file.bytes();
  return ModelPlan::from_image(as_image(bytes), "test.onnx", options);
}

using Answer = std::array<float, kOut>;
Answer run(Context& context, const std::vector<float>& in,
           bool changed = true) {
  Answer out{};
  const InputView inputs[] = {{in.data(), changed}};
  const OutputView outputs[] = {out};
  static_cast<void>(context.run(inputs, outputs));
  return out;
}
bool same(const Answer& a, const Answer& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

bool within(const std::vector<Columns>& list, std::size_t column) {
  for (const Columns& c : list)
    if (column >= c.first && column < c.first + c.count) return true;
  return false;
}

// Slow columns change in every seventh row.
void next_row(std::vector<float>& row, const std::vector<Columns>& slow,
              std::size_t r) {
  const auto fresh = noise(kIn, static_cast<unsigned>(100 + r));
  for (std::size_t i = 0; i < kIn; ++i)
    if (!within(slow, i) || r % 7 == 0) row[i] = 3 * fresh[i];
}

void keeps_bits(const OnnxFile& file, const std::vector<Columns>& slow,
                std::size_t layers) {
  const auto plan = plan_of(file, with(slow));
  cr_assert(plan->describe().cached_layers == layers);
  cr_assert(plan->describe().slow == joined(slow));
  Options reference;
  reference.backend = "reference";
  Context kept = context_of(plan), anew = context_of(plan);
  Context oracle = context_of(plan_of(file, reference));
  std::vector<float> row(kIn);
  for (std::size_t r = 0; r < 70; ++r) {
    next_row(row, slow, r);
    anew.reset();  // nothing is kept
    const Answer a = run(kept, row), b = run(anew, row), c = run(oracle, row);
    cr_assert(same(a, b), "row %zu", r);
    for (std::size_t i = 0; i < kOut; ++i)
      cr_assert(std::fabs(a[i] - c[i]) < 1e-5F, "row %zu output %zu", r, i);
  }
  cr_assert(kept.reuse().slow_misses == 10 * layers);
  cr_assert(kept.reuse().slow_hits == 60 * layers);
  cr_assert(anew.reuse().slow_hits == 0);
}

void refused(const OnnxFile& file, const Options& options, const char* word) {
  auto plan = loaded(file, options);
  cr_assert(!plan, "loaded, wanted: %s", word);
  const std::string text = plan.error().text();
  cr_assert(text.find(word) != std::string::npos, "no '%s' in: %s", word,
            text.c_str());
}

}  // namespace

Test(slow, kept_or_made_again_the_bits_are_the_same) {
  keeps_bits(network(), {{20, 17}}, 1);                 // the end
  keeps_bits(network(), {{0, 3}}, 1);                   // the begin
  keeps_bits(network(), {{5, 1}, {9, 4}, {30, 6}}, 1);  // here and there
  keeps_bits(network(), {{0, 36}}, 1);                  // all but one
  keeps_bits(network(), {{0, kIn}}, 1);                 // the whole layer
  keeps_bits(network(2), {{20, 17}}, 2);                // two layers
}

Test(slow, every_instruction_set_keeps_its_bits) {
  for (const char* isa : {"portable", "avx2", "avx512"}) {
    ::setenv("TACTUS_ISA", isa, 1);
    if (loaded(network(), {})) keeps_bits(network(), {{20, 17}}, 1);
  }
  ::unsetenv("TACTUS_ISA");
}

Test(slow, a_slow_value_that_is_none_comes_out_and_goes_again) {
  const auto plan = plan_of(network(), with({{20, 17}}));
  Context context = context_of(plan);
  std::vector<float> row = noise(kIn, 5);
  const Answer before = run(context, row);
  const float value = row[25];
  row[25] = std::numeric_limits<float>::quiet_NaN();
  for (int i = 0; i < 2; ++i) cr_assert(std::isnan(run(context, row)[0]));
  row[25] = value;
  cr_assert(same(run(context, row), before));
}

Test(slow, the_sign_of_zero_is_a_change) {
  const auto plan = plan_of(
      OnnxFile()
          .input("obs", {1, 2})
          .output("y", {1, 1})
          .weight(tensor("w", {1, 2}, {1, 1}))
          .node("Gemm", {"obs", "w"}, {"y"}, {int_attribute("transB", 1)}),
      with({{0, 1}}));
  Context context = context_of(plan);
  float y = 0;
  const OutputView out[] = {{&y, 1}};
  for (const float zero : {0.0F, -0.0F}) {
    const float in[] = {zero, 1};
    const InputView view[] = {{in}};
    cr_assert(context.run(view, out) == Status::kOk);
  }
  // What make() warmed with, zeros, is known; the other zero is not.
  cr_assert(context.reuse().slow_hits == 1);
  cr_assert(context.reuse().slow_misses == 1);
}

Test(slow, reset_forgets_and_prewarm_counts_nothing) {
  const auto plan = plan_of(network(), with({{20, 17}}));
  Context context = context_of(plan);
  const std::vector<float> row = noise(kIn, 5);
  const Answer first = run(context, row);
  context.prewarm();
  cr_assert(context.reuse().slow_misses == 1);
  cr_assert(context.reuse().slow_hits == 0);
  cr_assert(same(run(context, row), first));
  cr_assert(context.reuse().slow_hits == 1);
  context.reset();
  cr_assert(same(run(context, row), first));
  cr_assert(context.reuse().slow_misses == 2);
  cr_assert(same(run(context, row, false), first));
  cr_assert(context.reuse().slow_hits == 2);
}

// A layer behind a recurrent one, and state that is carried beside the cache.
Test(slow, setting_a_recurrent_state_forgets) {
  OnnxFile f;
  f.input("x", {1, 8}).input("h_in", {1, 4}).output("y", {1, 4});
  f.output("h_out", {1, 4}).weight(tensor("w", {4, 8}, noise(32, 1)));
  f.node("Gemm", {"x", "w"}, {"g"}, {int_attribute("transB", 1)});
  f.node("Add", {"g", "h_in"}, {"s"}).node("Tanh", {"s"}, {"h_out"});
  f.node("Abs", {"h_out"}, {"y"});
  Context context = context_of(plan_of(f, with({{2, 6}})));
  const std::vector<float> x = noise(8, 2);
  float y[4], h[4] = {};
  const InputView in[] = {{x.data()}};
  const OutputView out[] = {y};
  for (int i = 0; i < 3; ++i) cr_assert(context.run(in, out) == Status::kOk);
  cr_assert(context.reuse().slow_hits == 2);
  cr_assert(context.set_state(0, h));
  cr_assert(context.run(in, out) == Status::kOk);
  cr_assert(context.reuse().slow_misses == 2);
}

Test(slow, the_kernels_name_the_split_and_ask_for_it_again) {
  const auto plan = plan_of(network(), with({{20, 17}}));
  const std::string kernels = plan->describe().kernels;
  cr_assert(kernels.find(";slow:50x17;gemv") != std::string::npos, "%s",
            kernels.c_str());
  Options again = with({{20, 17}});
  again.kernel_override = kernels;
  Context a = context_of(plan), b = context_of(plan_of(network(), again));
  const std::vector<float> row = noise(kIn, 9);
  cr_assert(same(run(a, row), run(b, row)));
  again.slow.clear();
  refused(network(), again, "were asked for");
}

Test(slow, what_cannot_be_split_is_refused_by_name) {
  Options o;
  o.slow = {{"none"}};
  refused(network(), o, "slow input 'none': neither an observation");
  o.slow = {{"obs"}};
  o.backend = "reference";
  refused(network(), o,
          "'obs': backend 'reference', tier f32, has no first layer");
  refused(network(), with({{30, 8}}), "slow columns 30 .. 38");
  OnnxFile squared;  // each product is of two columns
  squared.input("x", {1, 4}).output("y", {1, 4});
  squared.weight(tensor("w", {4, 4}, noise(16, 1)));
  squared.node("Mul", {"x", "x"}, {"s"});
  squared.node("Gemm", {"s", "w"}, {"y"});
  o.backend = "fused";
  o.slow = {{"x"}};
  refused(squared, o, "has no first layer");
}

Test(slow, the_contract_may_say_it_and_a_name_is_enough) {
  const auto file = [](const char* slow) {
    OnnxFile f = network();
    f.metadata("tactus.contract",
               std::string(R"({"observations": [{"name": "q", "shape": [30],)"
                           R"( "unit": "rad"}, {"name": "target", "shape": [7])"
                           R"(, "unit": "m")") +
                   slow +
                   R"(}], "action": {"name": "u", "kind": "joint_velocity",)"
                   R"( "unit": "rad/s"}})");
    return f;
  };
  const std::vector<Columns> target{{30, 7}};
  Options named;
  named.slow = {{"target"}};
  cr_assert(plan_of(file(""), named)->describe().slow == target);
  cr_assert(plan_of(file(R"(, "slow": true)"), {})->describe().slow == target);
  Options reference;
  reference.backend = "reference";  // a hint: nothing to split there
  const auto plan = plan_of(file(R"(, "slow": true)"), reference);
  cr_assert(plan->describe().slow.empty());
}

Test(slow, a_history_of_a_slow_observation_is_slow_step_by_step) {
  Observation o;
  o.size = 2;
  o.history.length = 3;
  o.first = 4;
  o.stride = 10;
  cr_assert(columns_of(o) == (std::vector<Columns>{{4, 2}, {14, 2}, {24, 2}}));
  cr_assert(joined({{4, 2}, {0, 3}, {6, 1}, {3, 0}, {1, 1}}) ==
            (std::vector<Columns>{{0, 3}, {4, 3}}));
}

Test(slow, changes_are_counted_by_column) {
  ChangeCount count(3);
  cr_assert(count.share({0, 3}) == 1.0);
  for (int r = 0; r < 11; ++r) {
    const auto v = static_cast<float>(r);
    const float row[] = {v, r < 5 ? 0.0F : -0.0F, 7};
    count.add(row);
  }
  cr_assert(count.share({0, 1}) == 1.0);
  cr_assert(count.share({1, 1}) == 0.1);
  cr_assert(count.share({2, 1}) == 0.0);
  cr_assert(count.slow(0.1) == (std::vector<Columns>{{1, 2}}));
  cr_assert(count.slow(0.05) == (std::vector<Columns>{{2, 1}}));
}
