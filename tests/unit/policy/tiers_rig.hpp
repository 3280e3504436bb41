// SPDX-License-Identifier: MIT
// Networks whose layers may be rounded, and what they give over some rows.
#pragma once

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "onnx_writer.hpp"
#include "policy/plan.hpp"

namespace tactus::policy::test {

inline constexpr Tier kExact[] = {Tier::kInt16, Tier::kInt8};

inline std::vector<float> normal(std::size_t n, float deviation,
                                 unsigned seed) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> draw(0, deviation);
  std::vector<float> v(n);
  for (float& x : v) x = draw(rng);
  return v;
}

inline void dense(OnnxFile& f, const std::string& from, const std::string& to,
                  int64_t in, int64_t out) {
  const auto seed = static_cast<unsigned>(in * 100 + out);
  const float deviation = std::sqrt(1.6F / static_cast<float>(in));
  const auto n = static_cast<std::size_t>(in * out);
  f.weight(tensor("w" + to, {in, out}, normal(n, deviation, seed)));
  f.weight(tensor("b" + to, {out},
                  normal(static_cast<std::size_t>(out), 0.1F, seed + 1)));
  f.node("Gemm", {from, "w" + to, "b" + to}, {to});
}

// 19 → 40 → 33 → 21 → 5, and a head on the second layer; a slice, so that a
// product reads what lies between other values.
inline OnnxFile actor(const char* activation) {
  OnnxFile f;
  f.input("x", {1, 23}).output("act", {1, 5}).output("value", {1, 1});
  f.weight(int_tensor("from", {1}, {2})).weight(int_tensor("to", {1}, {21}));
  f.weight(int_tensor("axis", {1}, {1}));
  f.node("Slice", {"x", "from", "to", "axis"}, {"s"});
  dense(f, "s", "a", 19, 40);
  f.node(activation, {"a"}, {"h"});
  dense(f, "h", "b", 40, 33);
  f.node(activation, {"b"}, {"g"});
  dense(f, "g", "c", 33, 21);
  f.node("Tanh", {"c"}, {"d"});
  dense(f, "d", "act", 21, 5);
  dense(f, "g", "value", 33, 1);
  return f;
}

// Of each input, one row behind the other.
inline std::vector<std::vector<float>> rows_for(const ModelPlan& plan,
                                                std::size_t rows,
                                                unsigned seed) {
  std::vector<std::vector<float>> all;
  for (const auto& input : plan.describe().inputs)
    all.push_back(normal(input.size * rows, 1, seed++));
  return all;
}

inline Options options_for(const ModelPlan& plan, Tier tier,
                           std::size_t rows = 512) {
  const auto x = rows_for(plan, rows, 7);
  auto made = calibrate(plan, {"rows.npy", {x.begin(), x.end()}});
  cr_assert(bool(made), "%s", made ? "" : made.error().text());
  Options options;
  options.tier = tier;
  options.calibration = *made;
  return options;
}

inline ModelPlan::Ptr load(const OnnxFile& file, const Options& options) {
  auto plan = ModelPlan::from_image(as_image(file.bytes()), "net", options);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  return *plan;
}

inline Options options_for(const OnnxFile& file, Tier tier) {
  return options_for(*load(file, {}), tier);
}

// Outputs of some rows, state carried.
inline std::vector<float> rollout(const ModelPlan::Ptr& plan,
                                  std::size_t rows = 40) {
  auto context = Context::make(plan);
  cr_assert(bool(context));
  const Description& d = plan->describe();
  const auto x = rows_for(*plan, rows, 11);
  std::vector<float> all;
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<InputView> in;
    for (std::size_t i = 0; i < x.size(); ++i)
      in.push_back({x[i].data() + row * d.inputs[i].size});
    std::vector<std::vector<float>> y;
    for (const auto& o : d.outputs) y.emplace_back(o.size);
    const std::vector<OutputView> out(y.begin(), y.end());
    cr_assert(context->run(in, out) == Status::kOk);
    for (const auto& values : y)
      all.insert(all.end(), values.begin(), values.end());
  }
  return all;
}

inline bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return std::ranges::equal(a, b, [](float u, float v) {
    return std::bit_cast<uint32_t>(u) == std::bit_cast<uint32_t>(v);
  });
}

inline bool says(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

}  // namespace tactus::policy::test
