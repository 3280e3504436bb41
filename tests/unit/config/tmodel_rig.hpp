// SPDX-License-Identifier: MIT
// The example's model as a .tmodel whose kernels are not the rule's.
#pragma once

#include <criterion/criterion.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "../policy/onnx_writer.hpp"
#include "policy/backend.hpp"
#include "policy/image.hpp"
#include "policy/kernels/kernel_set.hpp"
#include "policy/tmodel.hpp"

namespace tactus::config::test {

inline constexpr const char* kExample = "lib/examples/handover/";

inline std::string read_example(const std::string& name) {
  std::ifstream in(kExample + name, std::ios::binary);
  cr_assert(bool(in), "run it in the repository's root");
  return {std::istreambuf_iterator<char>(in), {}};
}

inline policy::ModelPlan::Ptr plan_of(std::span<const std::byte> image,
                                      const policy::Options& options = {}) {
  auto plan = policy::ModelPlan::from_image(image, "test", options);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  return *plan;
}

// Other kernels for the first layer than the rule takes.
inline policy::ModelPlan::Ptr plan_with_others(std::span<const std::byte> image,
                                               const std::string& rule) {
  const std::size_t begin = rule.find(";gemv") + 5;
  const std::size_t length = rule.find(':', begin) - begin;
  const auto& set = policy::kernels::kernel_set(*rt::choose_isa());
  for (const policy::kernels::Gemv& g : set.gemv) {
    policy::Options options;
    options.kernel_override = rule;
    options.kernel_override.replace(begin, length, g.name);
    auto plan = policy::ModelPlan::from_image(image, "test", options);
    if (plan && (*plan)->describe().kernels != rule) return *plan;
  }
  cr_assert(false, "no other kernel takes the first layer");
  return nullptr;
}

inline std::string contract_of(std::span<const std::byte> image) {
  auto loaded = policy::load_image(image, "test");
  cr_assert(bool(loaded));
  for (const auto& p : loaded->model.metadata)
    if (p.key == "tactus.contract") return p.value;
  return {};
}

struct Tmodel {
  std::string rule, stored;  // kernels
  std::vector<std::byte> file;
  std::string write(const policy::test::TempFolder& folder) const {
    return folder.write(
        "m.tmodel", {reinterpret_cast<const char*>(file.data()), file.size()});
  }
};

inline Tmodel tmodel() {
  const std::string onnx = read_example("handover.onnx");
  Tmodel t;
  t.rule = plan_of(policy::test::as_image(onnx))->describe().kernels;
  const auto plan = plan_with_others(policy::test::as_image(onnx), t.rule);
  t.stored = plan->describe().kernels;
  const auto packed = plan->compiled().packed();
  policy::Stored s;
  s.contract = contract_of(policy::test::as_image(onnx));
  s.kernels = {{*rt::choose_isa(), t.stored, {packed.begin(), packed.end()}}};
  t.file = policy::write_tmodel(policy::test::as_image(onnx), s);
  return t;
}

}  // namespace tactus::config::test
