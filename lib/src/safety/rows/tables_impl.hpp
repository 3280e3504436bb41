// SPDX-License-Identifier: MIT
// Which slacks are a kernel's rows'. Included by verdict_impl.hpp.
#pragma once

#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// The slacks of one kernel's rows, the fault that removes the family, and the
// reason that it gives for a stop.
struct Table {
  const Slack* first = nullptr;
  uint32_t count = 0;
  Fault fault = Fault::kNone;
  Reason reason = kReasonImage;  // an image gone bad
};

inline Table table_of(const Image& image, const Slacks& all, RowKernel kernel) {
  switch (kernel) {
    case RowKernel::kActionBox:
      return {&all.action, 1, Fault::kActionBox, kReasonRowBox};
    case RowKernel::kActionRate:
      return {&all.rate, 1, Fault::kActionRate, kReasonRowRate};
    case RowKernel::kJointPosition:
      return {&all.position, 1, Fault::kJointPosition, kReasonRowPosition};
    case RowKernel::kJointVelocity:
      return {&all.velocity, 1, Fault::kJointVelocity, kReasonRowVelocity};
    case RowKernel::kKeepIn:
      return {all.box, image.boxes, Fault::kKeepIn, kReasonRowKeepIn};
    case RowKernel::kKeepOut:
      return {all.box, image.boxes, Fault::kKeepOut, kReasonRowKeepOut};
    case RowKernel::kTurnedIn:
      return {all.turned, image.turned, Fault::kTurnedIn, kReasonRowKeepIn};
    case RowKernel::kTurnedOut:
      return {all.turned, image.turned, Fault::kTurnedOut, kReasonRowKeepOut};
    case RowKernel::kCapsuleIn:
      return {all.capsule, image.capsules, Fault::kCapsuleIn, kReasonRowKeepIn};
    case RowKernel::kCapsuleOut:
      return {all.capsule, image.capsules, Fault::kCapsuleOut,
              kReasonRowKeepOut};
    case RowKernel::kHullIn:
      return {all.hull, image.hulls, Fault::kHullIn, kReasonRowKeepIn};
    case RowKernel::kHullOut:
      return {all.hull, image.hulls, Fault::kHullOut, kReasonRowKeepOut};
    case RowKernel::kSelf:
      return {&all.self, 1, Fault::kSelf, kReasonRowSelf};
    case RowKernel::kSeparation:
      return {all.human, image.humans, Fault::kSeparation,
              kReasonRowSeparation};
    case RowKernel::kSeparationNow:
      return {all.human_now, image.humans, Fault::kSeparationNow,
              kReasonRowSeparationNow};
    case RowKernel::kLinear:
      return {all.linear, image.linears, Fault::kLinear, kReasonRowLinear};
    case RowKernel::kExpression:
      return {all.expression, image.expressions.count, Fault::kExpression,
              kReasonRowExpression};
    case RowKernel::kJointAcceleration:
      return {&all.acceleration, 1, Fault::kJointAcceleration,
              kReasonRowTrajectory};
    case RowKernel::kJointJerk:
      return {&all.jerk, 1, Fault::kJointJerk, kReasonRowTrajectory};
    case RowKernel::kJointViable:
      return {&all.viable, 1, Fault::kJointViable, kReasonRowTrajectory};
    case RowKernel::kTorque:
      return {all.load, image.dynamics.loads, Fault::kTorque, kReasonRowLoad};
    case RowKernel::kForce:
      return {all.load, image.dynamics.loads, Fault::kForce, kReasonRowLoad};
    case RowKernel::kPower:
      return {all.load, image.dynamics.loads, Fault::kPower, kReasonRowLoad};
    case RowKernel::kEnergy:
      return {&all.energy, 1, Fault::kEnergy, kReasonRowLoad};
    case RowKernel::kContact:
      return {all.contact, image.dynamics.contacts, Fault::kContact,
              kReasonRowContact};
    case RowKernel::kBarrier:
      return {all.barrier, image.dynamics.barriers, Fault::kBarrier,
              kReasonRowBarrier};
    case RowKernel::kMemory:
      return {all.memory, image.memories, Fault::kNone, kReasonRowExpression};
    case RowKernel::kCallback:
      return {all.callback, image.callbacks, Fault::kCallback,
              kReasonRowExpression};
    case RowKernel::kNone:
      break;
  }
  return {};
}

// A past-time row's form has a fault of its own.
template <class F>
bool is_removed(const Image& image, const Table& table, const RowAt& row) {
  constexpr Fault kForms[] = {Fault::kHistorically, Fault::kOnce,
                              Fault::kAtMost};
  if (row.kernel == RowKernel::kMemory && row.index < image.memories) {
    const auto form = static_cast<uint32_t>(image.memory[row.index].form);
    return form < 3 && F::on(kForms[form]);
  }
  return table.fault != Fault::kNone && F::on(table.fault);
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
