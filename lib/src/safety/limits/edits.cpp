// SPDX-License-Identifier: MIT
#include "safety/limits/edits.hpp"

#include <fmt/ranges.h>

#include <set>
#include <string_view>

#include "core/error.hpp"
#include "core/text.hpp"

namespace tactus::safety::limits {
namespace {

// The word that a file says a row's family by.
const char* family_of(RowKernel kernel) {
  switch (kernel) {
    case RowKernel::kActionBox:
    case RowKernel::kActionRate:
      return "action";
    case RowKernel::kJointPosition:
    case RowKernel::kJointVelocity:
    case RowKernel::kJointAcceleration:
    case RowKernel::kJointJerk:
    case RowKernel::kJointViable:
      return "joint";
    case RowKernel::kKeepIn:
    case RowKernel::kKeepOut:
    case RowKernel::kTurnedIn:
    case RowKernel::kTurnedOut:
    case RowKernel::kCapsuleIn:
    case RowKernel::kCapsuleOut:
    case RowKernel::kHullIn:
    case RowKernel::kHullOut:
      return "keep";
    case RowKernel::kSeparation:
    case RowKernel::kSeparationNow:
      return "ssm";
    case RowKernel::kLinear:
      return "linear";
    case RowKernel::kExpression:
    case RowKernel::kMemory:
      return "expr";
    case RowKernel::kCallback:
      return "callback";
    case RowKernel::kSelf:
      return "self";
    case RowKernel::kTorque:
      return "torque";
    case RowKernel::kForce:
      return "force";
    case RowKernel::kPower:
      return "power";
    case RowKernel::kEnergy:
      return "energy";
    case RowKernel::kContact:
      return "pfl";
    case RowKernel::kBarrier:
      return "cbf";
    case RowKernel::kNone:
      break;
  }
  return "";
}

bool is_meant(const Row& row, const std::string& by) {
  const std::string_view id = row.id;
  return id == by || id == by + ".now" || family_of(row.kernel) == by;
}

Error unknown(const std::string& by, const Image& image) {
  std::vector<std::string> rows;
  std::set<std::string> families;
  for (uint32_t r = 0; r < image.rows; ++r) {
    rows.emplace_back(image.row[r].id);
    families.emplace(family_of(image.row[r].kernel));
  }
  return bad_input(
      "the program disables {}: no such row: expected one of {}, or a family: "
      "{}",
      quoted(by), fmt::join(rows, ", "), fmt::join(families, ", "));
}

}  // namespace

Result<void> disable_rows(const Edits& edits, Image& image) {
  for (const std::string& by : edits.disable) {
    bool any = false;
    for (uint32_t r = 0; r < image.rows; ++r) {
      if (!is_meant(image.row[r], by)) continue;
      image.row[r].kind = RowKind::kOff;
      any = true;
    }
    if (!any) return unknown(by, image);
  }
  return {};
}

}  // namespace tactus::safety::limits
