// SPDX-License-Identifier: MIT
// What a row's margin and scale are in: ladder_story.hpp.
#include <string_view>

#include "safety/ladder_story.hpp"

namespace tactus::safety {
namespace {

// Of position, velocity, acceleration and jerk, of torque and force.
constexpr const char* kTurning[] = {"rad", "rad/s", "rad/s2", "rad/s3", "Nm"};
constexpr const char* kSliding[] = {"m", "m/s", "m/s2", "m/s3", "N"};
enum Motion : uint8_t { kPlace, kSpeed, kRate, kJerk, kEffort };

// Of the first joint: rows over joints of both kinds have no one unit.
const char* joint_unit(const Image& image, Motion of) {
  const bool turns =
      image.joints == 0 || kin::is_angular(image.chain.joint[0].type);
  return turns ? kTurning[of] : kSliding[of];
}

const char* linear_unit(const Image& image, const Linear& row) {
  return joint_unit(image, row.of == LinearOf::kPosition ? kPlace : kSpeed);
}

const char* unit_or_none(const char* unit) {
  return std::string_view(unit) == "1" ? "" : unit;
}
const char* expression_unit(const Expression& e) {
  return unit_or_none(e.unit);
}

}  // namespace

std::string unit_of(const Image& image, const Row& row) {
  switch (row.kernel) {
    case RowKernel::kActionBox:
    case RowKernel::kActionRate:  // change within one period
    case RowKernel::kJointVelocity:
    case RowKernel::kJointViable:
      return joint_unit(image, kSpeed);
    case RowKernel::kJointPosition:
      return joint_unit(image, kPlace);
    case RowKernel::kJointAcceleration:
      return joint_unit(image, kRate);
    case RowKernel::kJointJerk:
      return joint_unit(image, kJerk);
    case RowKernel::kKeepIn:
    case RowKernel::kKeepOut:
    case RowKernel::kTurnedIn:
    case RowKernel::kTurnedOut:
    case RowKernel::kCapsuleIn:
    case RowKernel::kCapsuleOut:
    case RowKernel::kHullIn:
    case RowKernel::kHullOut:
    case RowKernel::kSelf:
    case RowKernel::kSeparation:
    case RowKernel::kContact:
      return "m";
    case RowKernel::kSeparationNow:
      return "m/s";
    case RowKernel::kBarrier: {
      const Barrier& b = image.dynamics.barrier[row.index];
      return b.of == BarrierOf::kJoints ? joint_unit(image, kSpeed) : "m/s";
    }
    case RowKernel::kTorque:
      return joint_unit(image, kEffort);
    case RowKernel::kForce:
      return "N";
    case RowKernel::kPower:
      return "W";
    case RowKernel::kEnergy:
      return "J";
    case RowKernel::kLinear:
      return linear_unit(image, image.linear[row.index]);
    case RowKernel::kExpression:
      return expression_unit(image.expressions.expression[row.index]);
    case RowKernel::kMemory: {
      const Memory& m = image.memory[row.index];
      if (m.form != MemoryForm::kHistorically) return "s";
      return expression_unit(image.expressions.expression[m.expression]);
    }
    case RowKernel::kCallback:
      return unit_or_none(image.callback[row.index].unit);
    case RowKernel::kNone:
      break;
  }
  return "";
}

}  // namespace tactus::safety
