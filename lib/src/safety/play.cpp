// SPDX-License-Identifier: MIT
#include "safety/exp.hpp"
#include "safety/shield.hpp"

namespace tactus::safety {
namespace {

constexpr const char* kReasonNames[] = {
    "NaN or Inf",
    "out of range",
    "stale signal",
    "time went back or stamp in the future",
    "no action",
    "guardian heartbeat stale",
    "commands in flight not known",
    "no committed plan",
    "neither scaling nor projection verified",
    "not a sealed limits image",
    "human lost",
    "check late",
    "no stop plan within limits",
    "cycle too late for a plan",
    "ladder has no further rung",
    "running stop not verified",
    "row action box",
    "row action rate",
    "row joint position",
    "row joint velocity",
    "row keep in",
    "row keep out",
    "row human separation",
    "row human closing speed",
    "row linear",
    "row expression",
    "row self-collision",
};

struct Name {
  uint32_t bit;
  const char* name;
};
constexpr Name kGroupNames[] = {
    {kReasonResponse, "response of a row"},
    {kReasonRowBarrier, "row control barrier"},
    {kReasonRowContact, "row contact speed"},
    {kReasonRowLoad, "row torque, force, power or energy"},
    {kReasonRowTrajectory, "row joint acceleration or jerk"},
};

}  // namespace

const char* reason_name(uint32_t single_bit) noexcept {
  for (uint32_t i = 0; i < sizeof kReasonNames / sizeof *kReasonNames; ++i) {
    if (single_bit == 1u << i) return kReasonNames[i];
  }
  for (const Name& group : kGroupNames) {
    if (single_bit == group.bit) return group.name;
  }
  return "unknown";
}

double plan_command(const layout::StopPlan& plan, uint32_t joint,
                    int64_t at_ns) noexcept {
  const int64_t into = at_ns - plan.origin_ns;
  if (into <= 0) return plan.held[joint];
  int64_t begin = 0;
  for (uint32_t s = 0; s < plan.segments && s < layout::kMaxSegments; ++s) {
    if (into < plan.segment_end_ns[s]) {
      const double t = seconds(into - begin);
      const double* c = plan.cubic[s][joint].c;
      return c[0] + t * (c[1] + t * (c[2] + t * c[3]));
    }
    begin = plan.segment_end_ns[s];
  }
  return plan.terminal[joint];
}

void play(const Image& image, const ShieldState& state, int64_t now_ns,
          float* u) noexcept {
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double value =
        state.plan.plan_id == 0 ? 0 : plan_command(state.plan, j, now_ns);
    const bool usable = value - value == 0;
    u[j] = usable ? static_cast<float>(value) : 0;
  }
}

}  // namespace tactus::safety
