// SPDX-License-Identifier: MIT
#include "safety/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "core/layout/guard_words.hpp"
#include "safety/explain_rows.hpp"

namespace tactus::safety {
namespace {

double seconds(int64_t ns) { return static_cast<double>(ns) * 1e-9; }
double millis(int64_t ns) { return static_cast<double>(ns) * 1e-6; }

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
  if (image.ladder.horizon_ns > 0)
    out.push_back({"time to violation looks ahead",
                   seconds(image.ladder.horizon_ns), "s", "limit.horizon"});
  if (image.ladder.exact_every > 0)
    out.push_back({"space is computed at least every",
                   double(image.ladder.exact_every), "cycles",
                   "limit.exact_every"});
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

void assume_contact(const Image& image, uint32_t i,
                    std::vector<Assumption>& out) {
  const Contact& c = image.dynamics.contact[i];
  const std::string name = image.signal[c.signal].name;
  out.push_back({name + ".profile",
                 "the region's force, spring and mass, and the robot's "
                 "effective mass, are those of the profile",
                 "none beyond it: contact is transient, never clamped", c.most,
                 "m/s"});
  out.push_back(
      {name + ".approach", "the region meets the robot no faster than this",
       "approach, off the speed that the profile allows", c.approach, "m/s"});
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
      if (known || in.source < ExprSource::kPosition ||
          in.source == ExprSource::kStep)
        continue;
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
                   "without a guardian, the robot's own time-out brakes it "
                   "from what it does, with the stop plan's decel and jerk",
                   "in t_s, and the plan's ramp once it runs",
                   millis(c.robot_timeout_ns), "ms"});
  else
    out.push_back({"guardian", "the guardian wakes within its bound",
                   "in t_s; a later wake is flagged, and a heartbeat older "
                   "than T + bound is rung stop",
                   millis(c.guardian_bound_ns), "ms"});
  if (c.misses == 0)
    out.push_back({"sending",
                   "a command whose sending began in time leaves before the "
                   "robot's own time-out",
                   "none: nobody supersedes it", millis(c.robot_timeout_ns),
                   "ms"});
  out.push_back({"two senders",
                 "the robot drops older epochs, or one late frame is "
                 "superseded within one repeat period",
                 "one repeat period", millis(c.repeat_ns), "ms"});
}

uint32_t disabled_pairs(const kin::Chain& chain) {
  uint32_t count = 0;
  for (const uint32_t bits : chain.disabled)
    count += static_cast<uint32_t>(std::popcount(bits));
  return count / 2;
}

void assume_contacts(const Image& image, std::vector<Assumption>& out) {
  for (uint32_t i = 0; i < image.windows; ++i) {
    const Window& w = image.window[i];
    out.push_back({std::string(image.signal[w.signal].name) + ".window",
                   "it is set only while the links it frees may be where the "
                   "row forbids",
                   "none while it is fresh and set; at most this long",
                   static_cast<double>(w.longest_ns) * 1e-9, "s"});
  }
  if (image.selves == 0) return;
  out.push_back({"self.neighbours",
                 "links that a joint connects cannot meet within its range",
                 "none", 0, "m"});
  if (const uint32_t pairs = disabled_pairs(image.chain); pairs > 0)
    out.push_back({"self.srdf", "links that the SRDF sets apart never meet",
                   "none", static_cast<double>(pairs), "pairs of links"});
}

void assume_rows(const Image& image, std::vector<Assumption>& out) {
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    if (row.kind == RowKind::kSoft)
      out.push_back({std::string(row.id) + ".warns",
                     "row " + std::string(row.id) +
                         " only warns: somebody else sees to it",
                     "none: what violates it is sent", 0, ""});
    if (row.kind == RowKind::kOff)
      out.push_back({std::string(row.id) + ".off",
                     "row " + std::string(row.id) +
                         " is not needed: the program took it out",
                     "none: it is not judged", 0, ""});
  }
}

// Of the rows whose unit is a metre.
double most_rounding(const Image& image) {
  double most = 0;
  for (uint32_t r = 0; r < image.rows; ++r) {
    const RowKernel kernel = image.row[r].kernel;
    const bool keeps =
        kernel >= RowKernel::kKeepIn && kernel <= RowKernel::kSeparation;
    const bool shaped =
        kernel >= RowKernel::kTurnedIn && kernel <= RowKernel::kSelf;
    if (keeps || shaped) most = std::max(most, image.derived.rounding[r]);
  }
  return most;
}

std::vector<Assumption> assumptions(const Image& image) {
  std::vector<Assumption> out;
  assume_rows(image, out);
  for (uint32_t i = 0; i < image.humans; ++i) assume_human(image, i, out);
  for (uint32_t i = 0; i < image.dynamics.contacts; ++i)
    assume_contact(image, i, out);
  assume_expressions(image, out);
  assume_contacts(image, out);
  assume_signals(image, out);
  assume_robot(image, out);
  out.push_back({"rounding",
                 "double arithmetic rounds to nearest, as IEEE 754 has it",
                 "what each row's own arithmetic may lose is derived and off "
                 "its limit; the most that a row in space loses",
                 most_rounding(image), "m"});
  out.push_back({"geometry", "collision geometry covers the robot's body",
                 "covers are conservative", double(image.chain.spheres),
                 "spheres"});
  return out;
}

std::string micros(double ns) { return fmt::format("{:.2f}", ns * 1e-3); }

std::string cost_text(const Cost& c) {
  std::string out = fmt::format(
      "predicted cost ({} kernel), us:\n  {:<34}{:>9}\n  {:<34}{:>9}\n",
      rt::isa_name(c.isa), "the check itself", micros(c.check_ns),
      fmt::format("one motion, of {} at most", c.motions), micros(c.motion_ns));
  if (c.programs > 0)
    out += fmt::format(
        "  {:<34}{:>9}\n",
        fmt::format("rung project, {} programs at most", c.programs),
        micros(c.project_ns));
  return out +
         fmt::format("  {:<34}{:>9}\n", "worst cycle", micros(c.cycle_ns));
}

std::string attributes(const ExplainedRow& row) {
  std::string out =
      fmt::format("severity {}, response {}", row.severity, row.response);
  if (row.warn > 0) out += fmt::format(", warn {:g}", row.warn);
  if (row.hysteresis > 0)
    out += fmt::format(", hysteresis {:g}", row.hysteresis);
  if (!row.files.empty())
    out += fmt::format(", from {}", fmt::join(row.files, ", "));
  return out;
}

}  // namespace

Explanation explain(const Image& image) {
  const auto isa = rt::choose_isa();
  return explain(image, isa ? *isa : rt::Isa::kPortable);
}

Explanation explain(const Image& image, rt::Isa isa) {
  Explanation out;
  out.name = image.header.name;
  out.output =
      image.kind == OutputKind::kJointVelocity ? "joint_velocity" : "none";
  out.hash = fmt::format("{:016x}", image.header.hash);
  out.limit_none = image.ladder.limit_none != 0;
  const std::pair<uint32_t, const char*> rungs[] = {{kRungPass, "pass"},
                                                    {kRungScale, "scale"},
                                                    {kRungProject, "project"},
                                                    {kRungStop, "stop"}};
  for (const auto& [bit, word] : rungs)
    if (image.ladder.rungs & bit) out.ladder.emplace_back(word);
  out.cost = cost_of(image, isa);
  out.redundancy = find_redundancy(image);
  for (uint32_t r = 0; r < image.rows; ++r)
    out.rows.push_back(explain_row(image, image.row[r], isa));
  out.constants = constants(image);
  out.assumptions = assumptions(image);
  return out;
}

std::string to_text(const Explanation& e) {
  std::string out = fmt::format("{}: {} image {}\n", e.name, e.output, e.hash);
  if (e.limit_none) out += "limit = \"none\": nothing is limited\n";
  out += "ladder:";
  for (const auto& rung : e.ladder) out += " " + rung;
  out += fmt::format("\nrows: {}\n", e.rows.size());
  for (const auto& row : e.rows)
    out += fmt::format(
        "  {} [{}, {}, priority {}]\n    limit {}\n    margin {:g} scale "
        "{:g}, bound {}\n    {}\n    {} us for each motion, {:g} x {}\n    "
        "{}\n",
        row.id, row.kernel, row.kind, row.priority, row.limit, row.margin,
        row.scale, row.bound, row.consumer, micros(row.predicted), row.units,
        row.unit, attributes(row));
  out += to_text(e.redundancy) + cost_text(e.cost);
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
