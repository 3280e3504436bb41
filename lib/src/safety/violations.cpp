// SPDX-License-Identifier: MIT
#include "safety/violations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tactus::safety {
namespace {

using json::Value;
using Counts = std::array<uint64_t, kSeverities>;

constexpr const char* kSeverityNames[] = {"low", "medium", "high", "critical"};
constexpr const char* kDeclared[] = {"by rung", "low", "medium", "high",
                                     "critical"};
constexpr const char* kRungs[] = {"none", "pass", "scale", "project", "stop"};

const char* rung_text(tactus_rung rung) {
  const auto i = static_cast<std::size_t>(rung);
  return i < std::size(kRungs) ? kRungs[i] : "?";
}

uint64_t sum(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

// NaN, which JSON says as null, before there is any.
double mean_score(const ViolationReport& r) {
  return r.score_sum / static_cast<double>(r.engaged);
}

Value counts_value(const Counts& counts) {
  Value v = Value::object();
  for (uint32_t i = 0; i < kSeverities; ++i)
    v.add(kSeverityNames[i], counts[i]);
  return v;
}

Value recent_value(const ViolationReport& r) {
  Value::Array list;
  for (const ViolationEntry& e : r.recent) {
    if (list.size() == kRecentTold) break;
    list.push_back(Value()
                       .add("cycle", e.cycle)
                       .add("age_s", e.age_s)
                       .add("row", e.row.empty() ? Value() : Value(e.row))
                       .add("where", e.where)
                       .add("margin", e.margin)
                       .add("rung", rung_text(e.rung))
                       .add("severity", severity_name(e.severity))
                       .add("warning", e.warning)
                       .add("reasons", e.reasons));
  }
  return list;
}

Value rows_value(const ViolationReport& r) {
  Value::Array list;
  for (const RowStatistics& row : r.rows) {
    list.push_back(Value()
                       .add("id", row.id)
                       .add("kind", row.kind)
                       .add("times", row.times)
                       .add("cycles", row.cycles)
                       .add("warned", row.warned)
                       .add("worst_margin", row.worst_margin)
                       .add("last_cycle",
                            row.last_cycle ? Value(*row.last_cycle) : Value()));
  }
  return list;
}

std::string counts_text(const Counts& counts) {
  std::string text;
  for (uint32_t i = kSeverities; i-- > 0;)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts[i],
                        kSeverityNames[i]);
  return text;
}

std::string margin_text(double margin) {
  return std::isnan(margin) ? "unknown" : fmt::format("{:+.4f}", margin);
}

}  // namespace

const char* severity_name(Severity severity) noexcept {
  const auto i = static_cast<std::size_t>(severity);
  return i < std::size(kSeverityNames) ? kSeverityNames[i] : "?";
}

const char* declared_name(RowSeverity severity) noexcept {
  const auto i = static_cast<std::size_t>(severity);
  return i < std::size(kDeclared) ? kDeclared[i] : "?";
}

RowSeverity declared_of(std::string_view name) noexcept {
  const auto* at = std::find(std::begin(kDeclared), std::end(kDeclared), name);
  if (at == std::end(kDeclared)) return RowSeverity::kByRung;
  return static_cast<RowSeverity>(at - std::begin(kDeclared));
}

const char* kind_name(RowKind kind) noexcept {
  if (kind == RowKind::kHard) return "hard";
  return kind == RowKind::kOff ? "off" : "soft";
}

void add_to(Value& to, const ViolationReport& r) {
  to.add("safe", r.safe)
      .add("safety_score", r.score)
      .add("safety_score_mean", mean_score(r))
      .add("engaged_cycles", r.engaged)
      .add("safe_cycles", r.safe_cycles)
      .add("worst_row", r.worst_row.empty() ? Value() : Value(r.worst_row))
      .add("violations",
           Value()
               .add("total", sum(r.total))
               .add("last_60s", sum(r.last_60s))
               .add("by_severity", counts_value(r.total))
               .add("last_60s_by_severity", counts_value(r.last_60s))
               .add("overwritten", r.overwritten)
               .add("recent", recent_value(r)))
      .add("rows", rows_value(r));
}

std::string members_of(const ViolationReport& report) {
  Value v = Value::object();
  add_to(v, report);
  const std::string text = v.json();
  return text.substr(1, text.size() - 2);
}

std::string to_text(const ViolationReport& r) {
  std::string out = fmt::format(
      "safe      {}, score {:.3f}, worst row {}; engaged {} cycles, {} of them "
      "safe, mean score {:.3f}\n"
      "violated  {} times ({}); in the last 60 s {} ({})\n",
      r.safe ? "yes" : "no", r.score,
      r.worst_row.empty() ? "none" : r.worst_row, r.engaged, r.safe_cycles,
      r.engaged > 0 ? mean_score(r) : 0.0, sum(r.total), counts_text(r.total),
      sum(r.last_60s), counts_text(r.last_60s));
  for (const RowStatistics& row : r.rows) {
    if (row.times > 0)
      out += fmt::format(
          "  {} [{}]: {} times, {} cycles, worst margin {}, last in cycle {}\n",
          row.id, row.kind, row.times, row.cycles,
          margin_text(row.worst_margin), row.last_cycle.value_or(0));
    if (row.warned > 0)
      out += fmt::format("  {} [{}]: {} times near its limit\n", row.id,
                         row.kind, row.warned);
    if (row.kind == kind_name(RowKind::kOff))
      out += fmt::format("  {} [off]: taken out by the program\n", row.id);
  }
  return out;
}

namespace {

std::string sphere_text(const Image& image, uint32_t index) {
  if (index >= image.chain.spheres) return "";
  const uint32_t body = image.chain.sphere[index].body;
  if (body >= image.chain.bodies) return fmt::format("sphere {}", index);
  return fmt::format("link {} (sphere {})", image.chain.body_name[body], index);
}

std::string joint_text(const Image& image, uint32_t index) {
  if (index >= image.joints) return "";
  return fmt::format("joint {}", image.chain.joint_name[index]);
}

std::string human_name(const Image& image, uint32_t signal) {
  return signal < image.signals ? image.signal[signal].name : "";
}

// A shape's name, where the table has it.
template <class Shape>
std::string shape_name(const char* what, const Shape* table, uint32_t count,
                       uint32_t index) {
  return index < count ? fmt::format("{} {}", what, table[index].name) : "";
}

std::string barred_from(const Image& image, const Barrier& barrier) {
  if (barrier.of == BarrierOf::kBox)
    return shape_name("box", image.box, image.boxes, barrier.index);
  if (barrier.of == BarrierOf::kHuman && barrier.index < image.humans)
    return human_name(image, image.human[barrier.index].signal);
  return "";
}

// What a verdict's `link` counts.
enum class LinkOf : uint8_t { kNothing, kJoints, kSpheres };

struct Side {
  LinkOf link = LinkOf::kNothing;
  std::string with;  // what a sphere of the robot is held against
};

Side side_of(const Image& image, const Row& row) {
  constexpr auto kJoints = LinkOf::kJoints, kSpheres = LinkOf::kSpheres;
  const uint32_t i = row.index;
  const Dynamics& dynamics = image.dynamics;
  switch (row.kernel) {
    case RowKernel::kActionBox:
    case RowKernel::kActionRate:
    case RowKernel::kJointPosition:
    case RowKernel::kJointVelocity:
    case RowKernel::kJointAcceleration:
    case RowKernel::kJointJerk:
    case RowKernel::kJointViable:
    case RowKernel::kTorque:
      return {kJoints, ""};
    case RowKernel::kKeepIn:
    case RowKernel::kKeepOut:
      return {kSpheres, shape_name("box", image.box, image.boxes, i)};
    case RowKernel::kTurnedIn:
    case RowKernel::kTurnedOut:
      return {kSpheres, shape_name("box", image.turned_box, image.turned, i)};
    case RowKernel::kCapsuleIn:
    case RowKernel::kCapsuleOut:
      return {kSpheres,
              shape_name("capsule", image.capsule, image.capsules, i)};
    case RowKernel::kHullIn:
    case RowKernel::kHullOut:
      return {kSpheres, shape_name("hull", image.hull, image.hulls, i)};
    case RowKernel::kSelf:
      return {kSpheres, "another link"};
    case RowKernel::kSeparation:
    case RowKernel::kSeparationNow:
      if (i >= image.humans) return {kSpheres, ""};
      return {kSpheres, human_name(image, image.human[i].signal)};
    case RowKernel::kContact:
      if (i >= dynamics.contacts) return {kSpheres, ""};
      return {kSpheres, human_name(image, dynamics.contact[i].signal)};
    case RowKernel::kBarrier:
      if (i >= dynamics.barriers) return {};
      if (dynamics.barrier[i].of == BarrierOf::kJoints) return {kJoints, ""};
      return {kSpheres, barred_from(image, dynamics.barrier[i])};
    case RowKernel::kNone:
    case RowKernel::kLinear:
    case RowKernel::kExpression:
    case RowKernel::kMemory:
    case RowKernel::kCallback:
    case RowKernel::kForce:
    case RowKernel::kPower:
    case RowKernel::kEnergy:
      break;  // of the whole robot
  }
  return {};
}

}  // namespace

std::string place_of(const Image& image, uint32_t row, uint32_t link) {
  if (row >= image.rows || link == kNoIndex) return "";
  const Side side = side_of(image, image.row[row]);
  if (side.link == LinkOf::kJoints) return joint_text(image, link);
  if (side.link == LinkOf::kNothing) return "";
  const std::string sphere = sphere_text(image, link);
  return sphere.empty() || side.with.empty() ? sphere
                                             : sphere + " and " + side.with;
}

}  // namespace tactus::safety
