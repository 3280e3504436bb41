// SPDX-License-Identifier: MIT
// Any bytes as a model: reader, shapes, folding, passes, contract, and one
// run on each backend of our own. Nothing but an Error may come of it.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/plan.hpp"

namespace {

void try_backend(std::span<const std::byte> image, const char* backend) {
  tactus::policy::Options options;
  options.backend = backend;
  auto plan =
      tactus::policy::ModelPlan::from_image(image, "fuzz.onnx", options);
  if (!plan) return;
  auto context = tactus::policy::Context::make(*plan);
  if (!context) return;
  const auto& d = (*plan)->describe();
  std::vector<std::vector<float>> in, out;
  std::vector<tactus::policy::InputView> inputs;
  for (const auto& t : d.inputs) in.emplace_back(t.size, 0.5F);
  for (const auto& t : d.outputs) out.emplace_back(t.size);
  for (const auto& values : in) inputs.push_back({values.data()});
  const std::vector<tactus::policy::OutputView> outputs(out.begin(), out.end());
  static_cast<void>(context->run(inputs, outputs));
  context->prewarm();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto image = std::as_bytes(std::span(data, size));
  try_backend(image, "reference");
  try_backend(image, "fused");
  return 0;
}
