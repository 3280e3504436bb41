// SPDX-License-Identifier: MIT
// IR to Image: rows, tables, constants, seal.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "safety/limits/compile.hpp"
#include "safety/limits/ir.hpp"
#include "safety/seal.hpp"

namespace tactus::safety::limits {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
// How finely a motion is looked at; what lies between is covered by
// inflation, so these cost time or reach, never safety.
constexpr uint32_t kBisections = 4;
constexpr uint32_t kSamples = 32;
// m/s below v_max(d) at which that row's margin is 1.
constexpr double kClosingScale = 0.5;

void add_row(Image& image, const RowIr& from, RowKernel kernel,
             uint32_t index) {
  Row& row = image.row[image.rows];
  copy_text(from.id, row.id, kName);
  row.kernel = kernel;
  row.kind = RowKind::kHard;
  row.priority = image.rows++;  // the order below
  row.index = index;
  row.margin = from.margin;
  row.scale = from.scale;
}

void set_open(Image& image) {
  std::fill_n(image.action_lo, kMaxJoints, -kInf);
  std::fill_n(image.action_hi, kMaxJoints, kInf);
  std::fill_n(image.action_rate, kMaxJoints, kInf);
  std::fill_n(image.position_lo, kMaxJoints, -kInf);
  std::fill_n(image.position_hi, kMaxJoints, kInf);
  std::fill_n(image.velocity, kMaxJoints, kInf);
}

void lower_humans(const LimitsIr& from, Image& to) {
  for (const auto& human : from.humans) {
    const uint32_t index = to.humans++;
    to.human[index] = human.limit;
    add_row(to, human.row, RowKernel::kSeparation, index);
    RowIr now = human.row;
    now.id += ".now";
    now.margin = 0;  // a length: it belongs to the row above
    now.scale = kClosingScale;
    add_row(to, now, RowKernel::kSeparationNow, index);
  }
}

void lower_boxes(const LimitsIr& from, Image& to) {
  for (const auto& box : from.keep_in) {
    add_row(to, box.row, RowKernel::kKeepIn, to.boxes);
    to.box[to.boxes++] = box.limit;
  }
  to.boxes_in = to.boxes;
  for (const auto& box : from.keep_out) {
    add_row(to, box.row, RowKernel::kKeepOut, to.boxes);
    to.box[to.boxes++] = box.limit;
  }
}

void lower_joints(const LimitsIr& from, uint32_t joints, Image& to) {
  if (from.action_max) {
    for (uint32_t j = 0; j < joints; ++j) {
      to.action_hi[j] = from.action_max->limit[j];
      to.action_lo[j] = -to.action_hi[j];
    }
    add_row(to, from.action_max->row, RowKernel::kActionBox, 0);
  }
  if (from.action_rate) {
    std::copy_n(from.action_rate->limit.begin(), joints, to.action_rate);
    add_row(to, from.action_rate->row, RowKernel::kActionRate, 0);
  }
  if (from.position) {
    std::copy_n(from.position->limit.lo.begin(), joints, to.position_lo);
    std::copy_n(from.position->limit.hi.begin(), joints, to.position_hi);
    add_row(to, from.position->row, RowKernel::kJointPosition, 0);
  }
  if (from.velocity) {
    std::copy_n(from.velocity->limit.begin(), joints, to.velocity);
    add_row(to, from.velocity->row, RowKernel::kJointVelocity, 0);
  }
}

void lower_signals(const std::vector<Signal>& from, Image& to) {
  to.q_signal = to.dq_signal = kNoIndex;
  for (const Signal& signal : from) {
    const std::string_view name = signal.name;
    if (name == "q") to.q_signal = to.signals;
    if (name == "dq") to.dq_signal = to.signals;
    to.signal[to.signals++] = signal;
  }
}

void lower_commit(const RobotIr& robot, const Timing& timing, Commit& to) {
  to.period_ns = timing.period_ns;
  to.commit_ns = timing.commit_ns;
  to.guardian_bound_ns = timing.guardian_bound_ns;
  to.repeat_ns = timing.repeat_ns;
  to.misses = timing.misses;
  to.standstill_speed = timing.standstill_speed;
  to.standstill_ns = timing.standstill_ns;
  to.actuator_delay_ns = robot.actuator_delay_ns;
  to.lag_ns = robot.lag_ns;
  to.robot_timeout_ns = robot.timeout_ns;
  to.model_error = robot.model_error;
  std::copy(robot.decel.begin(), robot.decel.end(), to.decel);
  std::copy(robot.jerk.begin(), robot.jerk.end(), to.jerk);
}

void lower_limits(const LimitsIr& limits, uint32_t joints, Image& to) {
  set_open(to);
  lower_humans(limits, to);
  lower_boxes(limits, to);
  lower_joints(limits, joints, to);
  for (const auto& linear : limits.linears) {
    add_row(to, linear.row, RowKernel::kLinear, to.linears);
    to.linear[to.linears++] = linear.limit;
  }
  to.ladder = {limits.rungs, kBisections, kSamples, limits.none ? 1u : 0u};
}

bool lower_expressions(const LimitsIr& from, Image& to) {
  std::vector<expr::Ruled> rows;
  for (const auto& one : from.expressions) {
    add_row(to, one.row, RowKernel::kExpression,
            static_cast<uint32_t>(rows.size()));
    rows.push_back(one.limit);
  }
  return expr::emit(from.tree, rows, to.expressions);
}

// With nobody to play a stop, the robot's own time-out is the stop.
void check_timeout(const Scope& scope, const RobotIr& robot,
                   const Timing& timing) {
  if (timing.misses == 0 && robot.timeout_ns == 0)
    scope.document.root().table("robot")["timeout"].fail(
        "the robot's own time-out, because guard = \"none\"");
}

}  // namespace

Result<std::unique_ptr<Image>> compile(const toml::Document& document,
                                       const kin::Chain& chain,
                                       const Options& options) {
  const OutputKind kind = options.kind == OutputKind::kNone
                              ? read_output_kind(document)
                              : options.kind;
  const Scope scope{document, chain, kind, options.timing.period_ns};
  const RobotIr robot = read_robot(scope);
  check_timeout(scope, robot, options.timing);
  const auto signals = read_signals(scope);
  const LimitsIr limits = read_limits(scope, signals);
  if (auto ok = document.status(); !ok) return ok.error();

  auto image = std::make_unique<Image>();
  copy_text(document.root().text("name", chain.name), image->header.name,
            kName);
  image->kind = kind;
  image->joints = chain.joints;
  image->chain = chain;
  lower_signals(signals, *image);
  lower_limits(limits, chain.joints, *image);
  if (!lower_expressions(limits, *image))
    return bad_input(
        "{}: limit: the expressions together are longer than {} operations, {} "
        "inputs or {} constants: simplify or remove some",
        document.name(), kMaxExprOps, kMaxExprInputs, kMaxExprConstants);
  lower_commit(robot, options.timing, image->commit);
  if (auto sealed = seal(*image); !sealed)
    return bad_input("{}: {}", document.name(), sealed.error().text());
  return image;
}

Result<std::unique_ptr<Image>> compile_whole(const toml::Document& document) {
  auto chain = load_chain(document);
  if (!chain) return chain.error();
  Options options;
  auto timing = read_timing(document);
  if (!timing) return timing.error();
  options.timing = *timing;
  const auto root = document.root();
  if (!root.has("policy")) options.kind = OutputKind::kJointVelocity;
  auto image = compile(document, *chain, options);
  if (!image) return image;
  for (const char* key : {"name", "io", "stage", "record"}) root.skip(key);
  root.table("loop").skip_all();
  for (const char* key : {"policy", "guard"})
    if (root[key].kind() == toml::Kind::kTable) root.table(key).skip_all();
  if (root.has("policy")) root.table("policy").table("output").skip_all();
  if (auto done = document.finish(); !done) return done.error();
  return image;
}

Result<std::unique_ptr<Image>> load(const std::string& path) {
  auto document = toml::Document::load(path);
  if (!document) return document.error();
  return compile_whole(*document);
}

}  // namespace tactus::safety::limits
