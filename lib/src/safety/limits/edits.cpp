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

// By its name, which a row of separation shares with its twin ...
bool is_named(const Row& row, const std::string& by) {
  const std::string_view id = row.id;
  return id == by ||
         (row.kernel == RowKernel::kSeparationNow && id == by + ".now");
}

// ... or where no row has that name, by its family.
std::vector<uint32_t> rows_meant(const Image& image, const std::string& by) {
  std::vector<uint32_t> named, family;
  for (uint32_t r = 0; r < image.rows; ++r) {
    if (is_named(image.row[r], by)) named.push_back(r);
    if (family_of(image.row[r].kernel) == by) family.push_back(r);
  }
  return named.empty() ? family : named;
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
    const auto meant = rows_meant(image, by);
    if (meant.empty()) return unknown(by, image);
    for (const uint32_t r : meant) image.row[r].kind = RowKind::kOff;
  }
  return {};
}

}  // namespace tactus::safety::limits
