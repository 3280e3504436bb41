// SPDX-License-Identifier: MIT
// What each family says of its rows: a line in kWords, its functions above.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "safety/explain_rows.hpp"
#include "safety/violations.hpp"

namespace tactus::safety {
namespace {

std::string list(const double* values, uint32_t count) {
  std::string out;
  for (uint32_t i = 0; i < count; ++i)
    out += fmt::format("{}{:g}", i ? ", " : "", values[i]);
  return out;
}

std::string derived(const Image&, const Row&) {
  return "derived (predict.hpp, rows.hpp)";
}

std::string derived_shape(const Image& image, const Row& row) {
  return derived(image, row) +
         (image.derived.screened != 0 ? "; far from it a bound" : "");
}

std::string names_of(const Image& image, uint32_t bodies) {
  std::string out;
  for (uint32_t b = 0; b < image.chain.bodies; ++b)
    if ((bodies >> b & 1u) != 0)
      out += (out.empty() ? "" : ", ") + std::string(image.chain.body_name[b]);
  return out;
}

// Which parts a keep row binds, where not all of them at all times.
std::string bound_parts(const Image& image, const Binds& binds) {
  std::string out;
  if (binds.spared != 0) out += "; not " + names_of(image, binds.spared);
  if (binds.window == 0) return out;
  const Window& w = image.window[binds.window - 1];
  return out + fmt::format("; not {} while {}[{}] {} {:g}, at most {:g} s",
                           names_of(image, binds.allowed),
                           image.signal[w.signal].name, w.element,
                           w.below != 0 ? "<" : ">", w.level,
                           static_cast<double>(w.longest_ns) * 1e-9);
}

std::string sides(const double* lo, const double* hi) {
  return fmt::format("x {:g} .. {:g}, y {:g} .. {:g}, z {:g} .. {:g} m", lo[0],
                     hi[0], lo[1], hi[1], lo[2], hi[2]);
}
std::string box_limit(const Image& image, const Row& row) {
  const Box& box = image.box[row.index];
  return sides(box.lo, box.hi) + bound_parts(image, box.binds);
}
std::string turned_limit(const Image& image, const Row& row) {
  const TurnedBox& box = image.turned_box[row.index];
  return fmt::format("{} from ({:.4g}) m along ({:.4g}), ({:.4g}), ({:.4g})",
                     sides(box.lo, box.hi), fmt::join(box.at, ", "),
                     fmt::join(box.axis[0], ", "), fmt::join(box.axis[1], ", "),
                     fmt::join(box.axis[2], ", ")) +
         bound_parts(image, box.binds);
}
std::string capsule_limit(const Image& image, const Row& row) {
  const Capsule& c = image.capsule[row.index];
  std::string out =
      fmt::format("{:g} m around ({:g})", c.radius, fmt::join(c.from, ", "));
  if (image.derived.inverse[row.index] > 0)
    out += fmt::format(" .. ({:g})", fmt::join(c.to, ", "));
  return out + bound_parts(image, c.binds);
}
std::string hull_limit(const Image& image, const Row& row) {
  const Hull& hull = image.hull[row.index];
  std::vector<std::string> faces;
  for (uint32_t f = hull.first; f < hull.first + hull.faces; ++f)
    faces.push_back(fmt::format("({:.4g}) . x <= {:g} m",
                                fmt::join(image.face[f].normal, ", "),
                                image.face[f].offset));
  const std::string count =
      hull.faces == 1 ? "" : fmt::format("behind {} faces: ", hull.faces);
  return count + fmt::format("{}", fmt::join(faces, ", ")) +
         bound_parts(image, hull.binds);
}
// A hull that is kept out of is judged by its nearest face.
std::string hull_bound(const Image& image, const Row& row) {
  return image.hull[row.index].faces == 1
             ? derived_shape(image, row)
             : "derived (solids_impl.hpp): never more than the distance, less "
               "beside edges and corners";
}

std::string self_limit(const Image& image, const Row&) {
  return fmt::format(
      "links that no joint connects stay apart: {} pairs of spheres",
      image.pairs);
}

std::string human_limit(const Image& image, const Row& row) {
  const Human& h = image.human[row.index];
  return fmt::format(
      "{}: d_min {:g} m, speed {:g} m/s, intrusion {:g} m, sensor {:g} m, "
      "robot {:g} m",
      image.signal[h.signal].name, h.d_min, h.speed, h.intrusion, h.sensor,
      h.robot);
}

std::string box_of_actions(const Image& image, const Row&) {
  return "|u| <= " + list(image.action_hi, image.joints);
}
std::string rate_limit(const Image& image, const Row&) {
  return "|du/dt| <= " + list(image.action_rate, image.joints);
}
std::string position_limit(const Image& image, const Row&) {
  return fmt::format("{} .. {}", list(image.position_lo, image.joints),
                     list(image.position_hi, image.joints));
}
std::string velocity_limit(const Image& image, const Row&) {
  return "|dq| <= " + list(image.velocity, image.joints);
}
std::string linear_limit(const Image& image, const Row& row) {
  const Linear& linear = image.linear[row.index];
  constexpr const char* kOf[] = {"u", "q", "dq"};
  return fmt::format("[{}] . {} <= {:g}", list(linear.a, image.joints),
                     kOf[static_cast<uint32_t>(linear.of)], linear.b);
}
std::string acceleration_limit(const Image& image, const Row&) {
  return "|u_k - u_k-1| / T <= " +
         list(image.dynamics.trajectory.acceleration, image.joints);
}
std::string jerk_limit(const Image& image, const Row&) {
  return "|u_k - 2 u_k-1 + u_k-2| / T^2 <= " +
         list(image.dynamics.trajectory.jerk, image.joints);
}
std::string viable_limit(const Image&, const Row&) {
  return "u + a |a| / (2 jerk) within action.max and joint.velocity";
}
const Load& load_of(const Image& image, const Row& row) {
  return image.dynamics.load[row.index];
}
std::string torque_limit(const Image& image, const Row& row) {
  const Load& load = load_of(image, row);
  return fmt::format("|{}| <= {}", image.signal[load.signal].name,
                     list(load.limit, image.joints));
}
std::string force_limit(const Image& image, const Row& row) {
  const Load& load = load_of(image, row);
  return fmt::format("|{}[{} .. {}]| <= {:g} N", image.signal[load.signal].name,
                     load.first, load.first + 2, load.limit[0]);
}
std::string power_limit(const Image& image, const Row& row) {
  const Load& load = load_of(image, row);
  return fmt::format("sum |{}| |dq| <= {:g} W", image.signal[load.signal].name,
                     load.limit[0]);
}
std::string energy_limit(const Image& image, const Row&) {
  double mass = 0;
  for (uint32_t i = 0; i < image.dynamics.masses; ++i)
    mass += image.dynamics.mass[i].mass;
  return fmt::format("kinetic energy of {} bodies, {:g} kg, <= {:g} J",
                     image.dynamics.masses, mass, image.dynamics.energy);
}
std::string of_measured(const Image&, const Row&) {
  return "check stage: as measured, before a new command, after every rung";
}
std::string as_measured(const Image&, const Row&) {
  return "exact at the measurement; what changes since is not bounded";
}

std::string contact_limit(const Image& image, const Row& row) {
  const Contact& c = image.dynamics.contact[row.index];
  return fmt::format(
      "{} met at {:g} m/s at most: force {:g} N, spring {:g} N/m, masses {:g} "
      "and {:g} kg, approach {:g} m/s\n    speed {:g} m/s, intrusion {:g} m, "
      "sensor {:g} m, robot {:g} m",
      image.signal[c.signal].name, c.most, c.force, c.stiffness, c.body_mass,
      c.robot_mass, c.approach, c.speed, c.intrusion, c.sensor, c.robot);
}

std::string barrier_limit(const Image& image, const Row& row) {
  const Barrier& b = image.dynamics.barrier[row.index];
  std::string on = "joint position";
  if (b.of == BarrierOf::kBox) on = image.box[b.index].name;
  if (b.of == BarrierOf::kHuman)
    on = image.signal[image.human[b.index].signal].name;
  if (b.degree == 1) return fmt::format("{}: h' + {:g} h >= 0", on, b.alpha[0]);
  return fmt::format("{}: h'' + {:g} h' + {:g} h >= 0, h' + {:g} h >= 0", on,
                     b.alpha[0] + b.alpha[1], b.alpha[0] * b.alpha[1],
                     b.alpha[0]);
}
std::string of_next(const Image&, const Row&) {
  return "check stage: a new command over its period, after every rung";
}
std::string derived_next(const Image&, const Row&) {
  return "derived (rows/barriers_impl.hpp), T L taken off; for the next period "
         "only";
}

// Blocks of eight lanes in which a program runs for one motion.
uint32_t runs(const Image& image, ExprWhen when) {
  return when == ExprWhen::kMotion ? image.ladder.samples / 8 : 1;
}

const Expression& expression_of(const Image& image, const Row& row) {
  const bool past = row.kernel == RowKernel::kMemory;
  return image.expressions
      .expression[past ? image.memory[row.index].expression : row.index];
}

// Its unit and the blank before it; a plain number has none.
std::string unit_after(const Expression& e) {
  return std::string_view(e.unit) == "1" ? "" : fmt::format(" {}", e.unit);
}
std::string figure(const Expression& e, double value) {
  return fmt::format("{:g}{}", value, unit_after(e));
}

std::string expression_limit(const Image& image, const Row& row) {
  const Expression& e = expression_of(image, row);
  std::string out;
  if (e.lo != kNoRegister) out += figure(e, e.min - e.rounding) + " <= ";
  out += e.text;
  if (e.hi != kNoRegister) out += " <= " + figure(e, e.max + e.rounding);
  return out + fmt::format(
                   "\n    {} operations on 8 lanes, {} times; range {:g} .. {}",
                   e.ops, runs(image, e.when), e.least, figure(e, e.most));
}
std::string expression_consumer(const Image& image, const Row& row) {
  return expression_of(image, row).when == ExprWhen::kAction
             ? "check stage: the action and its fall to zero, other signals "
               "as observed, after every rung"
             : "check stage: commit rule, motion and stop plan, u anywhere "
               "down to zero, after every rung";
}
std::string expression_bound(const Image& image, const Row& row) {
  const Expression& e = expression_of(image, row);
  return fmt::format(
      "derived (expr/tree.hpp): rounding below {:.2g}{}, taken off the limit",
      e.rounding, unit_after(e));
}

// Whether a row looks at the action alone or at the whole motion, and how its
// verdict holds between and beside its samples.
std::string of_action(const Image&, const Row&) {
  return "check stage: the action, after every rung";
}
std::string exact(const Image&, const Row&) {
  return "exact (the command itself is compared)";
}
std::string of_motion(const Image&, const Row&) {
  return "check stage: commit rule, motion and stop plan, after every rung";
}
std::string of_now(const Image&, const Row&) {
  return "check stage: the command against v_max(d), after every rung";
}
std::string derived_now(const Image&, const Row&) {
  return "derived (rows.hpp), for the present command only";
}

std::string of_sent(const Image&, const Row&) {
  return "check stage: the commands of pass and scale as sent; a stop has "
         "robot.decel and robot.jerk";
}
std::string linear_consumer(const Image& image, const Row& row) {
  const bool of_u = image.linear[row.index].of == LinearOf::kAction;
  return of_u ? of_action(image, row) : of_motion(image, row);
}
std::string linear_bound(const Image& image, const Row& row) {
  const bool of_u = image.linear[row.index].of == LinearOf::kAction;
  return of_u ? exact(image, row) : derived(image, row);
}

std::string time_text(int64_t ns) {
  return fmt::format("{:g} s", static_cast<double>(ns) * 1e-9);
}
std::string memory_limit(const Image& image, const Row& row) {
  const Memory& m = image.memory[row.index];
  std::string out = expression_limit(image, row);
  const std::string window = time_text(m.window_ns);
  if (m.form == MemoryForm::kHistorically)
    out += "\n    throughout the last " + window;
  else if (m.form == MemoryForm::kOnce)
    out += "\n    at some instant of the last " + window;
  else
    out += fmt::format("\n    but for {} of the last {}, in {} slots of {}",
                       time_text(m.allowed_ns), window, kMemorySlots,
                       time_text(m.slot_ns));
  return out + fmt::format("; checks more than {} apart know nothing between",
                           time_text(m.gap_ns));
}
std::string memory_consumer(const Image&, const Row&) {
  return "check stage: commit rule, the past and the whole motion, after every "
         "rung";
}
std::string memory_bound(const Image& image, const Row& row) {
  const Memory& m = image.memory[row.index];
  const char* time = m.form == MemoryForm::kAtMost
                         ? "time counts up to one slot too long"
                         : "time is exact";
  return expression_bound(image, row) + "; " + time;
}

std::string callback_limit(const Image& image, const Row& row) {
  const Callback& c = image.callback[row.index];
  const std::string unit = std::string_view(c.unit) == "1" ? "" : c.unit;
  const std::string from = c.module[0] == '\0'
                               ? std::string("registered by the program")
                               : fmt::format("{} of {}", c.symbol, c.module);
  return fmt::format("margin >= {:g}{}{}: {}; within {}", c.min,
                     unit.empty() ? "" : " ", unit, from,
                     time_text(c.budget_ns));
}
std::string callback_consumer(const Image&, const Row&) {
  return "check stage: once for each cycle, the action that was asked for and "
         "its motion; violated: stop";
}
std::string callback_bound(const Image&, const Row&) {
  return "none: whatever the function says; NaN, failed or late is violated";
}

using Text = std::string (*)(const Image&, const Row&);
struct Words {
  RowKernel kernel;
  const char* name;
  Text limit, consumer, bound;
};
using enum RowKernel;
constexpr Words kWords[] = {
    {kActionBox, "action box", box_of_actions, of_action, exact},
    {kActionRate, "rate of change", rate_limit, of_action, exact},
    {kJointPosition, "joint position", position_limit, of_motion, derived},
    {kJointVelocity, "joint velocity", velocity_limit, of_motion, derived},
    {kKeepIn, "keep in", box_limit, of_motion, derived_shape},
    {kKeepOut, "keep out", box_limit, of_motion, derived_shape},
    {kTurnedIn, "keep in box", turned_limit, of_motion, derived_shape},
    {kTurnedOut, "keep out box", turned_limit, of_motion, derived_shape},
    {kCapsuleIn, "keep in capsule", capsule_limit, of_motion, derived_shape},
    {kCapsuleOut, "keep out capsule", capsule_limit, of_motion, derived_shape},
    {kHullIn, "keep in hull", hull_limit, of_motion, derived_shape},
    {kHullOut, "keep out hull", hull_limit, of_motion, hull_bound},
    {kSelf, "self-collision", self_limit, of_motion, derived},
    {kSeparation, "separation", human_limit, of_motion, derived},
    {kSeparationNow, "separation now", human_limit, of_now, derived_now},
    {kLinear, "linear", linear_limit, linear_consumer, linear_bound},
    {kJointAcceleration, "joint acceleration", acceleration_limit, of_sent,
     exact},
    {kJointJerk, "joint jerk", jerk_limit, of_sent, exact},
    {kTorque, "torque", torque_limit, of_measured, as_measured},
    {kForce, "force", force_limit, of_measured, as_measured},
    {kPower, "power", power_limit, of_measured, as_measured},
    {kEnergy, "energy", energy_limit, of_motion, derived},
    {kContact, "contact", contact_limit, of_motion, derived},
    {kBarrier, "barrier", barrier_limit, of_next, derived_next},
    {kJointViable, "joint viable", viable_limit, of_sent, exact},
    {kExpression, "expression", expression_limit, expression_consumer,
     expression_bound},
    {kMemory, "past-time", memory_limit, memory_consumer, memory_bound},
    {kCallback, "callback", callback_limit, callback_consumer, callback_bound},
};

}  // namespace

const char* response_name(Response response) noexcept {
  constexpr const char* kNames[] = {"?", "ladder", "stop", "latch", "warn"};
  const auto i = static_cast<std::size_t>(response);
  return kNames[i < std::size(kNames) ? i : 0];
}

namespace {

void explain_attributes(const Image& image, const Row& row, ExplainedRow& out) {
  out.hard = row.kind == RowKind::kHard;
  out.kind = kind_name(row.kind);
  out.severity = declared_name(row.severity);
  out.response = response_name(row.response);
  out.priority = row.priority;
  out.margin = row.margin;
  out.scale = row.scale;
  out.warn = row.warn;
  out.hysteresis = row.hysteresis;
  for (uint32_t f = 0; f < image.files && f < kMaxLimitFiles; ++f)
    if ((row.files >> f & 1) != 0) out.files.emplace_back(image.file[f]);
}

}  // namespace

ExplainedRow explain_row(const Image& image, const Row& row, rt::Isa isa) {
  ExplainedRow out;
  out.id = row.id;
  explain_attributes(image, row, out);
  const auto* words =
      std::find_if(std::begin(kWords), std::end(kWords),
                   [&](const Words& w) { return w.kernel == row.kernel; });
  if (words == std::end(kWords)) {
    out.kernel = out.bound = "none";
    out.limit = "nothing";
    out.consumer = "nobody";
    return out;
  }
  out.kernel = words->name;
  out.limit = words->limit(image, row);
  out.consumer = words->consumer(image, row);
  out.bound = words->bound(image, row);
  const RowCost cost = cost_of(image, row, isa);
  out.unit = unit_name(cost.work);
  out.units = cost.units;
  out.predicted = cost.ns;
  return out;
}

}  // namespace tactus::safety
