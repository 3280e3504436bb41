// SPDX-License-Identifier: MIT
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
    "row expression, past-time or callback",
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

}  // namespace tactus::safety
