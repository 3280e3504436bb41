// SPDX-License-Identifier: MIT
// What the text said, typed and checked, before it becomes an Image. SI.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/toml.hpp"
#include "kin/chain.hpp"
#include "safety/expr/emit.hpp"
#include "safety/image.hpp"
#include "safety/limits/compile.hpp"

namespace tactus::safety::limits {

using PerJoint = std::array<double, kMaxJoints>;

struct JointRange {
  PerJoint lo;
  PerJoint hi;
};

struct RobotIr {
  PerJoint decel{};
  PerJoint jerk{};
  int64_t actuator_delay_ns = 0;
  int64_t lag_ns = 0;
  int64_t timeout_ns = 0;
  double model_error = 0;
};

// Every family's common words.
struct RowIr {
  std::string id;
  double margin = 0;
  double scale = 1;
  RowSeverity severity = RowSeverity::kByRung;
  Response response = Response::kLadder;
  double warn = 0;
  double hysteresis = 0;
  uint64_t files = 0;  // as Row::files; 0 unless there are several
  std::optional<toml::Value> at = {};  // where it stands
};

struct EnergyIr {
  double most = 0;  // J
  std::vector<Mass> masses;
};

template <class T>
struct Limited {
  RowIr row;
  T limit;
};

// What is kept in and what is kept out of.
template <class T>
struct InOut {
  std::vector<Limited<T>> in;
  std::vector<Limited<T>> out;
  [[nodiscard]] std::size_t size() const { return in.size() + out.size(); }
};

// A convex set, before its faces stand in the image's table.
struct HullIr {
  Hull hull{};
  std::vector<Face> faces;
};

struct SelfIr {
  std::vector<Pair> pairs;
  std::vector<PairGroup> groups;
};

struct BarrierIr {
  Barrier barrier{};
  std::string on;  // the row it is on, which may stand anywhere
};

// A past-time row, before its expression has an index.
struct PastIr {
  expr::Ruled rule;
  Memory memory{};
};

struct LimitsIr {
  bool none = false;  // limit = "none"
  std::optional<Limited<PerJoint>> action_max;
  std::optional<Limited<PerJoint>> action_rate;
  std::optional<Limited<JointRange>> position;
  std::optional<Limited<PerJoint>> velocity;
  InOut<Box> boxes;
  InOut<TurnedBox> turned;
  InOut<Capsule> capsules;
  InOut<HullIr> hulls;
  std::vector<Window> windows;
  std::optional<Limited<SelfIr>> self;
  std::optional<Limited<PerJoint>> acceleration;
  std::optional<Limited<PerJoint>> jerk;
  std::vector<Limited<Human>> humans;
  std::vector<Limited<Linear>> linears;
  std::vector<Limited<Load>> torques;
  std::vector<Limited<Load>> forces;
  std::vector<Limited<Load>> powers;
  std::optional<Limited<EnergyIr>> energy;
  std::vector<Limited<Contact>> contacts;
  std::vector<Limited<BarrierIr>> barriers;
  expr::Tree tree;  // of all expressions: what they share is there once
  std::vector<Limited<expr::Ruled>> expressions;
  std::vector<Limited<PastIr>> past;
  std::vector<Limited<Callback>> callbacks;
  uint32_t rungs = 0;        // of one file, 0: it does not say
  uint32_t exact_every = 0;  // Ladder::exact_every
  int64_t horizon_ns = 0;
  std::vector<std::string> files;  // that have limits, the first one's first
};

struct Scope {
  const toml::Document& document;
  const kin::Chain& chain;
  OutputKind kind;
  int64_t period_ns = 0;
};

// Each reads its table and leaves errors in the document.
RobotIr read_robot(const Scope& scope);
std::vector<Signal> read_signals(const Scope& scope);
Result<LimitsIr> read_limits(const Scope& scope,
                             const std::vector<Signal>& signals,
                             const Options& options);
// Its rows and tables; image.joints is set before.
Result<void> lower_limits(const LimitsIr& limits, Image& to);

// [policy] output.kind.
OutputKind read_output_kind(const toml::Document& document);

// A value for all joints (one text), or one per joint (a list, or a table by
// joint name that names every joint). `order` is the power of time below the
// joint's own unit: 1 rad/s, 2 rad/s2, 3 rad/s3.
std::vector<toml::Value> per_joint(const toml::Value& value,
                                   const kin::Chain& chain);
Dimension joint_dimension(const kin::Joint& joint, int order);
PerJoint read_quantities(const toml::Value& value, const kin::Chain& chain,
                         int order);
void copy_text(std::string_view from, char* to, std::size_t size);

}  // namespace tactus::safety::limits
