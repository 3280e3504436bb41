// SPDX-License-Identifier: MIT
#include "config/explain.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "safety/shield.hpp"

namespace tactus::config {
namespace {

constexpr const char* kKernels[] = {
    "none",           "action box",       "action rate",
    "joint position", "joint velocity",   "keep in",
    "keep out",       "human separation", "speed at separation",
    "linear"};

std::string detail_of(const safety::Image& image, const safety::Row& row) {
  const auto joints = [&](const double* values, const char* unit) {
    double lo = values[0];
    double hi = values[0];
    for (uint32_t j = 1; j < image.joints; ++j) {
      lo = std::min(lo, values[j]);
      hi = std::max(hi, values[j]);
    }
    return lo == hi ? fmt::format("{} {} on every joint", hi, unit)
                    : fmt::format("{} to {} {} by joint", lo, hi, unit);
  };
  using K = safety::RowKernel;
  switch (row.kernel) {
    case K::kActionBox:
      return "at most " + joints(image.action_hi, "rad/s");
    case K::kActionRate:
      return "at most " + joints(image.action_rate, "rad/s2");
    case K::kJointPosition:
      return "below " + joints(image.position_hi, "rad");
    case K::kJointVelocity:
      return "at most " + joints(image.velocity, "rad/s");
    case K::kKeepIn:
    case K::kKeepOut: {
      const safety::Box& b = image.box[row.index];
      return fmt::format("[{}, {}] x [{}, {}] x [{}, {}] m", b.lo[0], b.hi[0],
                         b.lo[1], b.hi[1], b.lo[2], b.hi[2]);
    }
    case K::kSeparation:
    case K::kSeparationNow: {
      const safety::Human& h = image.human[row.index];
      return fmt::format("{} m from {}, who moves at up to {} m/s", h.d_min,
                         image.signal[h.signal].name, h.speed);
    }
    case K::kLinear:
      return fmt::format("sum <= {}", image.linear[row.index].b);
    default:
      return "";
  }
}

std::string seconds(int64_t ns) {
  return fmt::format("{} ms", static_cast<double>(ns) * 1e-6);
}

void human_facts(const safety::Image& image, std::vector<trace::Fact>& facts) {
  for (uint32_t i = 0; i < image.humans; ++i) {
    const safety::Human& h = image.human[i];
    const safety::Signal& s = image.signal[h.signal];
    facts.push_back(
        {fmt::format("human {}", s.name),
         fmt::format("every human is seen within {}; moves at most {} m/s; "
                     "sensor {} m, robot {} m, intrusion {} m",
                     seconds(s.max_age_ns), h.speed, h.sensor, h.robot,
                     h.intrusion)});
  }
}

}  // namespace

const char* kernel_name(safety::RowKernel kernel) {
  const auto i = static_cast<std::size_t>(kernel);
  return i < std::size(kKernels) ? kKernels[i] : "?";
}

std::vector<trace::RowInfo> rows_of(const safety::Image& image) {
  std::vector<trace::RowInfo> rows;
  for (uint32_t i = 0; i < image.rows; ++i) {
    const safety::Row& row = image.row[i];
    rows.push_back({row.id, kernel_name(row.kernel), detail_of(image, row)});
  }
  return rows;
}

std::vector<trace::Fact> assumptions_of(const safety::Image& image) {
  const safety::Commit& c = image.commit;
  std::vector<trace::Fact> facts = {
      {"t_s", seconds(safety::hold_ns(c)) +
                  " after the release: how long a command may still be held"},
      {"guardian bound", c.misses == 0
                             ? "guard = none: the robot's own time-out, " +
                                   seconds(c.robot_timeout_ns)
                             : seconds(c.guardian_bound_ns)},
      {"guard misses", fmt::format("{}", c.misses)},
      {"commit deadline", seconds(c.commit_ns)},
      {"actuator delay", "at most " + seconds(c.actuator_delay_ns)},
      {"lag", seconds(c.lag_ns)},
      {"model error", fmt::format("{} m on every sphere", c.model_error)},
      {"standstill", fmt::format("{} rad/s for {}", c.standstill_speed,
                                 seconds(c.standstill_ns))},
      {"stopping",
       fmt::format("{} rad/s2, {} rad/s3 on joint 1", c.decel[0], c.jerk[0])},
      {"late frame",
       "one frame of a dead controller may follow, superseded within " +
           seconds(c.repeat_ns)}};
  human_facts(image, facts);
  return facts;
}

std::string reasons_text(uint32_t reasons) {
  std::string text;
  for (uint32_t bit = 0; bit < 32; ++bit) {
    if ((reasons >> bit & 1u) == 0) continue;
    if (!text.empty()) text += ", ";
    text += safety::reason_name(1u << bit);
  }
  return text;
}

}  // namespace tactus::config
