// SPDX-License-Identifier: MIT
// Plans and contexts of models that must load: the test ends with the reason
// where one does not.
#pragma once

#include <criterion/criterion.h>

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "onnx_writer.hpp"
#include "policy/plan.hpp"

namespace tactus::policy::test {

inline ModelPlan::Ptr plan_of(std::span<const std::byte> image,
                              const Options& options = {}) {
  auto plan = ModelPlan::from_image(image, "test.onnx", options);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  return *plan;
}

inline ModelPlan::Ptr plan_of(const OnnxFile& file,
                              const Options& options = {}) {
  const std::string bytes = file.bytes();
  return plan_of(as_image(bytes), options);
}

inline Options on(const char* backend) {
  Options options;
  options.backend = backend;
  return options;
}

inline Context context_of(const ModelPlan::Ptr& plan) {
  auto context = Context::make(plan);
  cr_assert(bool(context));
  return std::move(*context);
}

// All outputs, end to end, for the only input.
inline std::vector<float> run(const ModelPlan::Ptr& plan,
                              const std::vector<float>& x) {
  Context context = context_of(plan);
  std::vector<std::vector<float>> y;
  for (const auto& o : plan->describe().outputs) y.emplace_back(o.size);
  const InputView in{x.data()};
  const std::vector<OutputView> out(y.begin(), y.end());
  cr_assert(context.run({&in, 1}, out) == Status::kOk);
  std::vector<float> all;
  for (const auto& v : y) all.insert(all.end(), v.begin(), v.end());
  return all;
}

}  // namespace tactus::policy::test
