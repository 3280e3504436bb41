// SPDX-License-Identifier: MIT
// Which entries rows may point at and which need one, family by family.
#include <cstring>
#include <string>

#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {
namespace {

Span one(const Image&) { return {0, 1}; }
Span boxes_in(const Image& image) { return {0, image.boxes_in}; }
Span boxes_out(const Image& image) { return {image.boxes_in, image.boxes}; }
Span turned_in(const Image& image) { return {0, image.turned_in}; }
Span turned_out(const Image& image) { return {image.turned_in, image.turned}; }
Span capsules_in(const Image& image) { return {0, image.capsules_in}; }
Span capsules_out(const Image& image) {
  return {image.capsules_in, image.capsules};
}
Span hulls_in(const Image& image) { return {0, image.hulls_in}; }
Span hulls_out(const Image& image) { return {image.hulls_in, image.hulls}; }
Span selves(const Image& image) { return {0, image.selves}; }
Span humans(const Image& image) { return {0, image.humans}; }
Span linears(const Image& image) { return {0, image.linears}; }
// The last of them are memories'.
Span expressions(const Image& image) {
  const uint32_t count = image.expressions.count;
  return {0, count < image.memories ? 0 : count - image.memories};
}
Span memories(const Image& image) { return {0, image.memories}; }
Span callbacks(const Image& image) { return {0, image.callbacks}; }

constexpr Family kFamilies[] = {
    {RowKernel::kActionBox, "action box", one, action_box},
    {RowKernel::kActionRate, "action rate", one, action_rate},
    {RowKernel::kJointPosition, "joint position", one, joint_position},
    {RowKernel::kJointVelocity, "joint velocity", one, joint_velocity},
    {RowKernel::kKeepIn, "box", boxes_in, boxes_in},
    {RowKernel::kKeepOut, "box", boxes_out, boxes_out},
    {RowKernel::kTurnedIn, "turned box", turned_in, turned_in},
    {RowKernel::kTurnedOut, "turned box", turned_out, turned_out},
    {RowKernel::kCapsuleIn, "capsule", capsules_in, capsules_in},
    {RowKernel::kCapsuleOut, "capsule", capsules_out, capsules_out},
    {RowKernel::kHullIn, "hull", hulls_in, hulls_in},
    {RowKernel::kHullOut, "hull", hulls_out, hulls_out},
    {RowKernel::kSelf, "self", selves, selves},
    {RowKernel::kSeparation, "human", humans, humans},
    {RowKernel::kSeparationNow, "human", humans, humans},
    {RowKernel::kLinear, "linear", linears, linears},
    {RowKernel::kExpression, "expression", expressions, expressions},
    {RowKernel::kJointAcceleration, "joint acceleration", one,
     joint_acceleration},
    {RowKernel::kJointJerk, "joint jerk", one, joint_jerk},
    {RowKernel::kJointViable, "joint viable", one, joint_viable},
    {RowKernel::kTorque, "torque", torques, torques},
    {RowKernel::kForce, "force", forces, forces},
    {RowKernel::kPower, "power", powers, powers},
    {RowKernel::kEnergy, "energy", energy, energy},
    {RowKernel::kContact, "contact", contacts, contacts},
    {RowKernel::kBarrier, "barrier", barriers, barriers},
    {RowKernel::kMemory, "past-time row", memories, memories},
    {RowKernel::kCallback, "callback", callbacks, callbacks},
};

const Family* family_of(RowKernel kernel) {
  for (const Family& family : kFamilies) {
    if (family.kernel == kernel) return &family;
  }
  return nullptr;
}

// An unknown answer to a violation is no answer.
Check check_attributes(const Row& row, const std::string& id) {
  const auto refused = [&id](const char* what) {
    return bad_input("limits image: row \"{}\": {}", id, what);
  };
  if (row.kind != RowKind::kHard && row.kind != RowKind::kSoft &&
      row.kind != RowKind::kOff) {
    return refused("neither hard nor soft");
  }
  if (row.response < Response::kLadder || row.response > Response::kWarn) {
    return refused("an unknown response");
  }
  // A rung would look for an action with a margin, and there is none.
  if (row.kernel == RowKernel::kCallback && row.response == Response::kLadder) {
    return refused("a callback that the ladder answers");
  }
  if (row.severity > RowSeverity::kCritical) {
    return refused("an unknown severity");
  }
  const bool hard = row.kind == RowKind::kHard;
  if (hard && row.response == Response::kWarn) {
    return refused("a hard row that only warns");
  }
  if (!not_negative(row.warn) || !not_negative(row.hysteresis)) {
    return refused("warn or hysteresis");
  }
  if (row.kind == RowKind::kSoft && row.hysteresis > 0) {
    return refused("a hysteresis of a row that refuses nothing");
  }
  return {};
}

Check check_row(const Image& image, uint32_t r) {
  const Row& row = image.row[r];
  const std::string id(row.id, strnlen(row.id, kName));
  const Family* family = family_of(row.kernel);
  const Span span = family != nullptr ? family->entries(image) : Span{0, 0};
  if (row.index < span.begin || row.index >= span.end) {
    return bad_input("limits image: row \"{}\": kernel {} has no entry {}", id,
                     static_cast<uint32_t>(row.kernel), row.index);
  }
  if (!positive(row.scale) || !not_negative(row.margin)) {
    return bad_input("limits image: row \"{}\": scale or margin", id);
  }
  return check_attributes(row, id);
}

bool any_acts(const Image& image) {
  bool any = false;
  for (uint32_t r = 0; r < image.rows; ++r) {
    any |= image.row[r].kind == RowKind::kHard;
  }
  return any;
}

bool has_row(const Image& image, RowKernel kernel, uint32_t index) {
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    if (row.kernel == kernel && row.index == index) return true;
  }
  return false;
}

// A limit that is configured and enforced by no row is an error.
Check check_enforced(const Image& image, const Family& family) {
  const Span span = family.configured(image);
  for (uint32_t i = span.begin; i < span.end; ++i) {
    if (!has_row(image, family.kernel, i)) {
      return bad_input("limits image: {} {} has no row", family.what, i);
    }
  }
  return {};
}

constexpr Check (*kTables[])(const Image&) = {
    check_joints,     check_linear,    check_windows,  check_boxes,
    check_solids,     check_self,      check_humans,   check_expressions,
    check_trajectory, check_loads,     check_contacts, check_barriers,
    check_memories,   check_callbacks,
};

}  // namespace

Check over_size() {
  return bad_input("limits image: a table is over its size");
}

Check check_families(const Image& image) {
  for (const auto check : kTables) {
    if (Check r = check(image); !r) return r;
  }
  return {};
}

Check check_rows(const Image& image) {
  for (uint32_t r = 0; r < image.rows; ++r) {
    if (Check checked = check_row(image, r); !checked) return checked;
  }
  if (image.rows > 0 && !any_acts(image)) {
    return bad_input("limits image: no row acts: all of them only warn or off");
  }
  for (const Family& family : kFamilies) {
    if (Check r = check_enforced(image, family); !r) return r;
  }
  return {};
}

}  // namespace tactus::safety::sealing
