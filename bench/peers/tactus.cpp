// SPDX-License-Identifier: MIT
// The fused backend, its kernels chosen by time, in each precision tier that
// this build offers.
#include <fmt/format.h>

#include "../tests/unit/policy/onnx_writer.hpp"
#include "nets.hpp"
#include "peers/peer.hpp"
#include "policy/plan.hpp"

namespace bench {
namespace {

using namespace tactus;

class Tactus : public Peer {
 public:
  Tactus(std::string name, policy::Context context)
      : Peer(std::move(name)), context_(std::move(context)) {}
  void run(const float* x, float* y) override {
    const policy::InputView in{x, true};
    const policy::OutputView out{y, context_.plan().describe().outputs[0].size};
    (void)context_.run({&in, 1}, {&out, 1});
  }
  [[nodiscard]] std::size_t bytes() const override {
    return context_.plan().describe().weight_bytes;
  }

 private:
  policy::Context context_;
};

// The integers' ranges, over observations as they will be.
Result<policy::Calibration> calibration(const Net& net) {
  constexpr std::size_t kRows = 2048;
  auto plan = policy::ModelPlan::from_image(policy::test::as_image(net.onnx),
                                            net.name, {});
  if (!plan) return plan.error();
  std::mt19937 rng(3);
  const std::vector<float> rows = normal(kRows * net.inputs(), 1, rng);
  return policy::calibrate(**plan, {"N(0, 1)", {rows}});
}

Made make(const Net& net, const char* name, policy::Tier tier) {
  policy::Options options;
  options.kernel_choice = policy::KernelChoice::kTimed;
  options.tier = tier;
  if (policy::is_exact(tier)) {
    auto ranges = calibration(net);
    if (!ranges) return {nullptr, ranges.error().text()};
    options.calibration = std::move(*ranges);
  }
  const auto plan = policy::ModelPlan::from_image(
      policy::test::as_image(net.onnx), net.name, options);
  if (!plan) return {nullptr, plan.error().text()};
  fmt::print("{}, {}: {}\n", net.name, name, (*plan)->describe().kernels);
  auto context = policy::Context::make(*plan);
  if (!context) return {nullptr, context.error().text()};
  return {std::make_unique<Tactus>(name, std::move(*context)), {}};
}

}  // namespace

Made make_tactus(const Net& net) {
  return make(net, "tactus", policy::Tier::kF32);
}
Made make_tactus_bf16(const Net& net) {
  return make(net, "tactus-bf16", policy::Tier::kBf16);
}
Made make_tactus_int16(const Net& net) {
  return make(net, "tactus-int16", policy::Tier::kInt16);
}
Made make_tactus_int8(const Net& net) {
  return make(net, "tactus-int8", policy::Tier::kInt8);
}

}  // namespace bench
