// SPDX-License-Identifier: MIT
#include "safety/explain.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tactus::safety {
namespace {

double ms(int64_t ns) { return static_cast<double>(ns) * 1e-6; }

// "0.5" when all joints have it, else "0.5 .. 2".
std::string spread(const double* lo, uint32_t n) {
  const auto [a, b] = std::minmax_element(lo, lo + n);
  return *a == *b ? fmt::format("{:g}", *a)
                  : fmt::format("{:g} .. {:g}", *a, *b);
}

std::string box_text(const Box& b) {
  return fmt::format("x {:g} .. {:g}, y {:g} .. {:g}, z {:g} .. {:g} m",
                     b.lo[0], b.hi[0], b.lo[1], b.hi[1], b.lo[2], b.hi[2]);
}

std::string human_text(const Image& image, const Human& h) {
  return fmt::format(
      "{} at >= {:g} mm, human at <= {:g} m/s, C {:g} + Z_d {:g} + Z_r {:g} mm",
      image.signal[h.signal].name, h.d_min * 1e3, h.speed, h.intrusion * 1e3,
      h.sensor * 1e3, h.robot * 1e3);
}

std::string limit_text(const Image& image, const Row& row) {
  const uint32_t n = image.joints;
  switch (row.kernel) {
    case RowKernel::kActionBox:
      return fmt::format("|u| <= {} rad/s", spread(image.action_hi, n));
    case RowKernel::kActionRate:
      return fmt::format("|du/dt| <= {} rad/s2", spread(image.action_rate, n));
    case RowKernel::kJointPosition:
      return fmt::format("{} to {} rad", spread(image.position_lo, n),
                         spread(image.position_hi, n));
    case RowKernel::kJointVelocity:
      return fmt::format("|dq| <= {} rad/s", spread(image.velocity, n));
    case RowKernel::kKeepIn:
    case RowKernel::kKeepOut:
      return box_text(image.box[row.index]);
    case RowKernel::kSeparation:
    case RowKernel::kSeparationNow:
      return human_text(image, image.human[row.index]);
    case RowKernel::kLinear:
      return fmt::format("a.u <= {:g}", image.linear[row.index].b);
    case RowKernel::kNone:
      break;
  }
  return "unknown: always a stop";
}

struct KernelFacts {
  RowKernel kernel;
  const char* name;
  const char* consumer;
  bool per_sample;
  bool per_sphere;
  uint32_t operations;  // per joint or sphere (and sample)
};

constexpr KernelFacts kKernels[] = {
    {RowKernel::kActionBox, "action_box", "the action", false, false, 4},
    {RowKernel::kActionRate, "action_rate", "the action against the last sent",
     false, false, 6},
    {RowKernel::kJointPosition, "joint_position", "the motion to standstill",
     true, false, 4},
    {RowKernel::kJointVelocity, "joint_velocity", "the motion to standstill",
     true, false, 3},
    {RowKernel::kKeepIn, "keep_in", "the motion to standstill", true, true, 12},
    {RowKernel::kKeepOut, "keep_out", "the motion to standstill", true, true,
     18},
    {RowKernel::kSeparation, "separation",
     "the motion to standstill against the growing human set", true, true, 24},
    {RowKernel::kSeparationNow, "v_max",
     "the present command, closed form of ISO/TS 15066", false, true, 30},
    {RowKernel::kLinear, "linear", "the action", false, false, 2},
};

const KernelFacts* facts_of(RowKernel kernel) {
  for (const KernelFacts& facts : kKernels) {
    if (facts.kernel == kernel) return &facts;
  }
  return nullptr;
}

uint64_t operations_of(const Image& image, const KernelFacts& facts) {
  const uint64_t items = facts.per_sphere ? image.chain.spheres : image.joints;
  const uint64_t samples = facts.per_sample ? image.ladder.samples : 1;
  return items * samples * facts.operations;
}

std::vector<Term> commit_terms(const Image& image) {
  const Commit& c = image.commit;
  std::vector<Term> terms = {{"period", c.period_ns, "until the next release"}};
  if (c.misses > 0) {
    terms.push_back({"misses", (int64_t{c.misses} - 1) * c.period_ns,
                     fmt::format("({} misses - 1) periods", c.misses)});
    terms.push_back({"commit", c.commit_ns, "commit deadline of that cycle"});
    terms.push_back({"guardian_bound", c.guardian_bound_ns,
                     "how late the guardian may wake"});
  } else {
    terms.push_back({"robot_timeout", c.robot_timeout_ns,
                     "the robot's own time-out (no guard)"});
  }
  terms.push_back({"actuator_delay", c.actuator_delay_ns, "send to effect"});
  terms.push_back({"hold", hold_ns(c),
                   "t_s - release: the action may be held so long before a "
                   "stop takes effect"});
  return terms;
}

void add_human_assumptions(const Image& image, std::vector<Assumption>& out) {
  for (uint32_t i = 0; i < image.humans; ++i) {
    const Human& h = image.human[i];
    const Signal& s = image.signal[h.signal];
    out.push_back(
        {fmt::format("{}: no human point moves faster than this", s.name),
         fmt::format("{:g} m/s", h.speed)});
    out.push_back(
        {fmt::format("{}: every human is seen again within max_age, and lies "
                     "within the radius of the observed point",
                     s.name),
         fmt::format("{:g} ms, {:g} mm", ms(s.max_age_ns), s.radius * 1e3)});
    out.push_back(
        {fmt::format("{}: the sensor errs by at most Z_d + C", s.name),
         fmt::format("{:g} mm", (h.sensor + h.intrusion) * 1e3)});
  }
}

std::vector<Assumption> assumptions_of(const Image& image) {
  const Commit& c = image.commit;
  std::vector<Assumption> out;
  add_human_assumptions(image, out);
  out.push_back({"a command takes effect after at most actuator_delay",
                 fmt::format("{:g} ms", ms(c.actuator_delay_ns))});
  out.push_back(
      {"joint velocities follow as a first-order lag of at most lag, "
       "points within model_error of the model",
       fmt::format("{:g} ms, {:g} mm", ms(c.lag_ns), c.model_error * 1e3)});
  out.push_back(
      {"the robot brakes as commanded up to decel and jerk",
       fmt::format("{} rad/s2, {} rad/s3", spread(c.decel, image.joints),
                   spread(c.jerk, image.joints))});
  if (c.misses > 0) {
    out.push_back({"the guardian wakes within its bound of a missed deadline",
                   fmt::format("{:g} ms", ms(c.guardian_bound_ns))});
  } else {
    out.push_back(
        {"guard = \"none\": the robot stops by itself after its "
         "declared time-out",
         fmt::format("{:g} ms", ms(c.robot_timeout_ns))});
  }
  out.push_back(
      {"at most one frame is lost, or late from an older epoch, at "
       "a hand-over",
       fmt::format("{:g} ms repeat", ms(c.repeat_ns))});
  out.push_back(
      {"the collision geometry of the URDF encloses the robot and "
       "what it carries",
       fmt::format("{} spheres", image.chain.spheres)});
  if (image.ladder.limit_none != 0) {
    out.push_back(
        {"limit = \"none\": nothing is checked but that actions are "
         "finite",
         "none"});
  }
  return out;
}

}  // namespace

const char* kernel_name(RowKernel kernel) {
  const KernelFacts* facts = facts_of(kernel);
  return facts ? facts->name : "unknown";
}

Explanation explain(const Image& image) {
  Explanation e;
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    const KernelFacts* facts = facts_of(row.kernel);
    e.rows.push_back({row.id, kernel_name(row.kernel),
                      row.kind == RowKind::kHard ? "hard" : "soft",
                      limit_text(image, row), facts ? facts->consumer : "",
                      facts ? operations_of(image, *facts) : 0});
  }
  e.terms = commit_terms(image);
  e.assumptions = assumptions_of(image);
  return e;
}

std::string to_text(const Explanation& e) {
  std::string out = "rows\n";
  for (const ExplainedRow& row : e.rows) {
    out += fmt::format("  {:<20} {:<15} {:<5} {:>8} ops  {}\n{:>50}judges {}\n",
                       row.id, row.kernel, row.kind, row.operations, row.limit,
                       "", row.consumer);
  }
  if (e.rows.empty()) out += "  none: limit = \"none\"\n";
  out += "commit rule: the motion is verified with the action held for\n";
  for (const Term& term : e.terms) {
    out += fmt::format("  {:<16} {:>9.3f} ms  {}\n", term.name, ms(term.ns),
                       term.meaning);
  }
  out += "assumptions (not checked; the margin is what is allowed for)\n";
  for (const Assumption& a : e.assumptions) {
    out += fmt::format("  {}: {}\n", a.text, a.margin);
  }
  return out;
}

}  // namespace tactus::safety
