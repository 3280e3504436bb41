// SPDX-License-Identifier: MIT
#include "safety/explain.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "core/layout/guard_words.hpp"

namespace tactus::safety {
namespace {

constexpr const char* kKernels[] = {
    "none",           "action box", "rate of change", "joint position",
    "joint velocity", "keep in",    "keep out",       "separation",
    "separation now", "linear",     "expression"};

double seconds(int64_t ns) { return static_cast<double>(ns) * 1e-9; }
double millis(int64_t ns) { return static_cast<double>(ns) * 1e-6; }

uint64_t moving_spheres(const Image& image) {
  const auto* begin = image.chain.sphere;
  return static_cast<uint64_t>(
      std::count_if(begin, begin + image.chain.spheres,
                    [](const kin::Sphere& s) { return s.link > 0; }));
}

// Counted from the kernels' inner loops; a sample is one instant.
uint64_t operations(const Image& image, const Row& row) {
  const uint64_t joints = image.joints;
  const uint64_t samples = image.ladder.samples;
  const uint64_t spheres = moving_spheres(image) * samples;
  switch (row.kernel) {
    case RowKernel::kExpression: {
      const Expression& e = image.expressions.expression[row.index];
      return e.when == ExprWhen::kMotion ? e.ops * samples : e.ops * 8;
    }
    case RowKernel::kActionBox:
    case RowKernel::kLinear:
      return 4 * joints;
    case RowKernel::kActionRate:
      return 5 * joints;
    case RowKernel::kJointPosition:
    case RowKernel::kJointVelocity:
      return 6 * joints * samples;
    case RowKernel::kKeepIn:
      return 12 * spheres;
    case RowKernel::kKeepOut:
      return 24 * spheres;
    case RowKernel::kSeparation:
      return 28 * spheres;
    case RowKernel::kSeparationNow:
      return 40 * moving_spheres(image);
    case RowKernel::kNone:
      break;
  }
  return 0;
}

// Frames, twists and sphere centres, shared by all rows.
uint64_t kinematics(const Image& image) {
  const uint64_t per_sample = 190 * image.joints + 24 * moving_spheres(image);
  return per_sample * image.ladder.samples;
}

std::string list(const double* values, uint32_t count, double sign = 1) {
  std::string out;
  for (uint32_t i = 0; i < count; ++i)
    out += fmt::format("{}{:g}", i ? ", " : "", sign * values[i]);
  return out;
}

std::string box_text(const Box& box) {
  return fmt::format("x {:g} .. {:g}, y {:g} .. {:g}, z {:g} .. {:g} m",
                     box.lo[0], box.hi[0], box.lo[1], box.hi[1], box.lo[2],
                     box.hi[2]);
}

std::string human_text(const Image& image, uint32_t index) {
  const Human& h = image.human[index];
  return fmt::format(
      "{}: d_min {:g} m, speed {:g} m/s, intrusion {:g} m, sensor {:g} m, "
      "robot {:g} m",
      image.signal[h.signal].name, h.d_min, h.speed, h.intrusion, h.sensor,
      h.robot);
}

std::string linear_text(const Image& image, const Linear& row) {
  return fmt::format("[{}] . u <= {:g}", list(row.a, image.joints), row.b);
}

// Blocks of eight lanes in which a program runs for one motion.
uint32_t runs(const Image& image, ExprWhen when) {
  return when == ExprWhen::kMotion ? image.ladder.samples / 8 : 1;
}

const Expression& expression_of(const Image& image, const Row& row) {
  return image.expressions.expression[row.index];
}

// Its unit and the blank before it; a plain number has none.
std::string unit_after(const Expression& e) {
  return std::string_view(e.unit) == "1" ? "" : fmt::format(" {}", e.unit);
}
std::string figure(const Expression& e, double value) {
  return fmt::format("{:g}{}", value, unit_after(e));
}

std::string expression_text(const Image& image, const Row& row) {
  const Expression& e = expression_of(image, row);
  std::string out;
  if (e.lo != kNoRegister) out += figure(e, e.min - e.rounding) + " <= ";
  out += e.text;
  if (e.hi != kNoRegister) out += " <= " + figure(e, e.max + e.rounding);
  return out + fmt::format(
                   "\n    {} operations on 8 lanes, {} times; range {:g} .. {}",
                   e.ops, runs(image, e.when), e.least, figure(e, e.most));
}

std::string limit_text(const Image& image, const Row& row) {
  const uint32_t n = image.joints;
  switch (row.kernel) {
    case RowKernel::kActionBox:
      return "|u| <= " + list(image.action_hi, n);
    case RowKernel::kActionRate:
      return "|du/dt| <= " + list(image.action_rate, n);
    case RowKernel::kJointPosition:
      return fmt::format("{} .. {}", list(image.position_lo, n),
                         list(image.position_hi, n));
    case RowKernel::kJointVelocity:
      return "|dq| <= " + list(image.velocity, n);
    case RowKernel::kKeepIn:
    case RowKernel::kKeepOut:
      return box_text(image.box[row.index]);
    case RowKernel::kSeparation:
    case RowKernel::kSeparationNow:
      return human_text(image, row.index);
    case RowKernel::kLinear:
      return linear_text(image, image.linear[row.index]);
    case RowKernel::kExpression:
      return expression_text(image, row);
    case RowKernel::kNone:
      break;
  }
  return "nothing";
}

// Whether a row looks at the action alone or at the whole motion.
const char* consumer(const Image& image, const Row& row) {
  switch (row.kernel) {
    case RowKernel::kExpression:
      return expression_of(image, row).when == ExprWhen::kAction
                 ? "check stage: the action and its fall to zero, other "
                   "signals as observed, after every rung"
                 : "check stage: commit rule, motion and stop plan, u "
                   "anywhere down to zero, after every rung";
    case RowKernel::kActionBox:
    case RowKernel::kActionRate:
    case RowKernel::kLinear:
      return "check stage: the action, after every rung";
    case RowKernel::kSeparationNow:
      return "check stage: the command against v_max(d), after every rung";
    case RowKernel::kNone:
      return "nobody";
    default:
      break;
  }
  return "check stage: commit rule, motion and stop plan, after every rung";
}

// How the row's verdict holds between and beside its samples.
std::string bound_of(const Image& image, const Row& row) {
  switch (row.kernel) {
    case RowKernel::kExpression:
      return fmt::format(
          "derived (expr/tree.hpp): rounding below {:.2g}{}, taken off the "
          "limit",
          expression_of(image, row).rounding,
          unit_after(expression_of(image, row)));
    case RowKernel::kActionBox:
    case RowKernel::kActionRate:
    case RowKernel::kLinear:
      return "exact (the command itself is compared)";
    case RowKernel::kSeparationNow:
      return "derived (rows.hpp), for the present command only";
    case RowKernel::kNone:
      return "none";
    default:
      return "derived (predict.hpp, rows.hpp)";
  }
}

ExplainedRow explain_row(const Image& image, const Row& row) {
  const auto kernel = std::min<std::size_t>(
      static_cast<std::size_t>(row.kernel), std::size(kKernels) - 1);
  ExplainedRow out;
  out.id = row.id;
  out.kernel = kKernels[kernel];
  out.limit = limit_text(image, row);
  out.consumer = consumer(image, row);
  out.bound = bound_of(image, row);
  out.hard = row.kind == RowKind::kHard;
  out.priority = row.priority;
  out.margin = row.margin;
  out.scale = row.scale;
  out.operations = operations(image, row);
  return out;
}

std::vector<Constant> constants(const Image& image) {
  const Commit& c = image.commit;
  const uint32_t n = image.joints;
  std::vector<Constant> out = {
      {"period T", millis(c.period_ns), "ms", "loop.period"},
      {"commit deadline", millis(c.commit_ns), "ms", "guard.commit"},
      {"misses", double(c.misses), "", "guard.misses"},
      {"guardian bound", millis(c.guardian_bound_ns), "ms", "guard.bound"},
      {"guardian repeat", millis(c.repeat_ns), "ms", "guard.repeat"},
      {"robot time-out", millis(c.robot_timeout_ns), "ms", "robot.timeout"},
      {"actuator delay", millis(c.actuator_delay_ns), "ms",
       "robot.actuator_delay"},
      {"t_s - release(k)", millis(hold_ns(c)), "ms",
       c.misses ? "T + (misses - 1) T + commit + bound + delay"
                : "T + robot time-out + delay"},
      {"actuator lag", millis(c.lag_ns), "ms", "robot.lag"},
      {"model error", c.model_error, "m", "robot.model_error"},
      {"standstill speed", c.standstill_speed, "rad/s", "loop.standstill"},
      {"standstill time", millis(c.standstill_ns), "ms", "loop.standstill"},
      {"samples of a motion", double(image.ladder.samples), "", "built in"},
      {"bisections of rung scale", double(image.ladder.bisections), "",
       "built in"},
  };
  if (c.misses > 0)
    out.push_back(
        {"guardian heartbeat, then rung stop",
         millis(layout::heartbeat_limit_ns(c.period_ns, c.guardian_bound_ns)),
         "ms", "T + guard.bound"});
  for (uint32_t j = 0; j < n; ++j) {
    const std::string joint = image.chain.joint_name[j];
    const bool turns = kin::is_angular(image.chain.joint[j].type);
    out.push_back({"decel " + joint, c.decel[j], turns ? "rad/s2" : "m/s2",
                   "robot.decel"});
    out.push_back(
        {"jerk " + joint, c.jerk[j], turns ? "rad/s3" : "m/s3", "robot.jerk"});
  }
  return out;
}

void assume_human(const Image& image, uint32_t i,
                  std::vector<Assumption>& out) {
  const Human& h = image.human[i];
  const Signal& s = image.signal[h.signal];
  const std::string name = s.name;
  const double late = seconds(s.max_age_ns);
  out.push_back({name + ".speed", name + " never moves faster than v_h",
                 "none beyond it: the reach set grows by v_h at all times",
                 h.speed, "m/s"});
  out.push_back({name + ".seen",
                 "every human is observed as " + name + " within max_age",
                 "the reach set grows from the observation's stamp",
                 h.speed * late, "m at max_age"});
  out.push_back({name + ".sphere",
                 "the body part lies in the sphere of this radius", "radius",
                 s.radius, "m"});
  out.push_back({name + ".sensor", "the observed centre is this exact",
                 "sensor, added to the distance", h.sensor, "m"});
  out.push_back({name + ".intrusion",
                 "nothing reaches past the sensed surface farther",
                 "intrusion, added to the distance", h.intrusion, "m"});
  out.push_back({name + ".robot", "the robot's measured pose is this exact",
                 "robot, added to the distance", h.robot, "m"});
}

// Once for each signal and figure, whichever element or row they stand in.
void assume_expressions(const Image& image, std::vector<Assumption>& out) {
  std::vector<const ExprInput*> said;
  for (const ExprProgram& program : image.expressions.program) {
    for (uint32_t i = 0; i < program.inputs; ++i) {
      const ExprInput& in = program.input[i];
      const bool known =
          std::any_of(said.begin(), said.end(), [&](const ExprInput* other) {
            return other->signal == in.signal && other->source == in.source &&
                   other->error == in.error && other->rate == in.rate;
          });
      if (known || in.source < ExprSource::kPosition) continue;
      said.push_back(&in);
      const Signal& s = image.signal[in.signal];
      const std::string name = s.name;
      out.push_back({name + ".uncertain",
                     "in expressions, the observed " + name + " is this exact",
                     "uncertain, to both sides", in.error, s.unit});
      if (in.rate > 0)
        out.push_back({name + ".moves",
                       "in expressions, " + name + " changes no faster",
                       "moves, times its age and the motion", in.rate,
                       std::string(s.unit) + "/s"});
    }
  }
}

void assume_signals(const Image& image, std::vector<Assumption>& out) {
  for (uint32_t i = 0; i < image.signals; ++i) {
    const Signal& s = image.signal[i];
    out.push_back({std::string(s.name) + ".age",
                   "a frame's stamp is never later than its measurement by "
                   "more than the transport's bound; lost or late frames age",
                   s.stale == StaleRule::kFallback ? "max_age, then fallback"
                                                   : "max_age, then rung stop",
                   millis(s.max_age_ns), "ms"});
  }
}

void assume_robot(const Image& image, std::vector<Assumption>& out) {
  const Commit& c = image.commit;
  out.push_back({"model", "the geometry's spheres follow the robot this close",
                 "model_error, added to every sphere", c.model_error, "m"});
  out.push_back({"delay", "a command takes effect after the actuator delay",
                 "in t_s and in the commands in flight",
                 millis(c.actuator_delay_ns), "ms"});
  out.push_back({"lag", "joints follow commands as a first-order lag",
                 "in the predicted motion", millis(c.lag_ns), "ms"});
  const double decel = *std::min_element(c.decel, c.decel + image.joints);
  out.push_back({"braking", "the robot follows the plan's decel and jerk",
                 "none beyond the declared figures (smallest decel)", decel,
                 "rad/s2 or m/s2"});
  if (c.misses == 0)
    out.push_back({"timeout",
                   "without a guardian, the robot's own time-out "
                   "brakes it like the stop plan",
                   "in t_s", millis(c.robot_timeout_ns), "ms"});
  else
    out.push_back({"guardian", "the guardian wakes within its bound",
                   "in t_s; a later wake is flagged, and a heartbeat older "
                   "than T + bound is rung stop",
                   millis(c.guardian_bound_ns), "ms"});
  out.push_back({"two senders",
                 "the robot drops older epochs, or one late frame is "
                 "superseded within one repeat period",
                 "one repeat period", millis(c.repeat_ns), "ms"});
}

std::vector<Assumption> assumptions(const Image& image) {
  std::vector<Assumption> out;
  for (uint32_t i = 0; i < image.humans; ++i) assume_human(image, i, out);
  assume_expressions(image, out);
  assume_signals(image, out);
  assume_robot(image, out);
  out.push_back({"rounding",
                 "rounding errors of double arithmetic, below a nanometre, "
                 "are not folded into the rows, but for expressions",
                 "model_error is larger by far", image.commit.model_error,
                 "m"});
  out.push_back({"geometry", "collision geometry covers the robot's body",
                 "covers are conservative", double(image.chain.spheres),
                 "spheres"});
  return out;
}

}  // namespace

Explanation explain(const Image& image) {
  Explanation out;
  out.name = image.header.name;
  out.output =
      image.kind == OutputKind::kJointVelocity ? "joint_velocity" : "none";
  out.hash = fmt::format("{:016x}", image.header.hash);
  out.limit_none = image.ladder.limit_none != 0;
  const std::pair<uint32_t, const char*> rungs[] = {
      {kRungPass, "pass"}, {kRungScale, "scale"}, {kRungStop, "stop"}};
  for (const auto& [bit, word] : rungs)
    if (image.ladder.rungs & bit) out.ladder.emplace_back(word);
  out.operations = kinematics(image);
  for (uint32_t r = 0; r < image.rows; ++r) {
    out.rows.push_back(explain_row(image, image.row[r]));
    out.operations += out.rows.back().operations;
  }
  out.constants = constants(image);
  out.assumptions = assumptions(image);
  return out;
}

std::string to_text(const Explanation& e) {
  std::string out = fmt::format("{}: {} image {}\n", e.name, e.output, e.hash);
  if (e.limit_none) out += "limit = \"none\": nothing is limited\n";
  out += "ladder:";
  for (const auto& rung : e.ladder) out += " " + rung;
  out += fmt::format("\nrows: {}, about {} operations for each motion\n",
                     e.rows.size(), e.operations);
  for (const auto& row : e.rows)
    out += fmt::format(
        "  {} [{}, {}, priority {}]\n    limit {}\n    margin {:g} scale "
        "{:g}, bound {}, about {} operations\n    {}\n",
        row.id, row.kernel, row.hard ? "hard" : "soft", row.priority, row.limit,
        row.margin, row.scale, row.bound, row.operations, row.consumer);
  out += "constants of the commit rule:\n";
  for (const auto& c : e.constants)
    out += fmt::format("  {:26} {:g}{}{}  ({})\n", c.name, c.value,
                       c.unit.empty() ? "" : " ", c.unit, c.from);
  out += "assumptions, which cannot be checked, and their margins:\n";
  for (const auto& a : e.assumptions)
    out += fmt::format("  {}: {}\n    {}: {:g} {}\n", a.id, a.text, a.margin,
                       a.value, a.unit);
  return out;
}

}  // namespace tactus::safety
