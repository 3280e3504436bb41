// SPDX-License-Identifier: MIT
// Does the predicted motion contain what a plant with any admissible delay,
// any admissible guardian and any admissible hang really does?
#pragma once

#include <random>

#include "plant.hpp"

namespace enclosure {

using namespace rig;

inline constexpr double kSlack = 2e-5;  // of the Euler integration, rad

struct Setup {
  explicit Setup(int64_t most_ns, int64_t repeat_ns = kMs,
                 int64_t timeout_ns = 0) {
    if (timeout_ns > 0) image->commit.misses = 0;
    image->commit.robot_timeout_ns = timeout_ns;
    image->commit.actuator_delay_ns = most_ns;
    image->commit.repeat_ns = repeat_ns;
    if (!seal(*image)) image->header.magic = 0;
  }
  std::unique_ptr<Image> image = draft();
  Cycle cycle;
  plant::Robot robot;
  int64_t delay_ns = 0;
};

enum class End {
  kEarliest,
  kLatest,
  kHangs,
  kJoins,
  kDies,
  kDiesInStop,
  kDiesFirst,  // with the first command, from rest: a hold is all there is
  kTimesOut,   // without a guardian: after u_k, and in mid-stop
  kTimesOutInStop,
};
inline constexpr int64_t kTimeout = 8 * kMs;
inline bool times_out(End end) {
  return end == End::kTimesOut || end == End::kTimesOutInStop;
}

inline bool dies(End end) {
  return end == End::kDies || end == End::kDiesInStop || end == End::kDiesFirst;
}

// The committed plan: a stop from u.
inline bool commit_stop(Setup& s, const float* u, int64_t origin_ns) {
  double held[kMaxJoints] = {};
  for (int j = 0; j < 7; ++j) held[j] = static_cast<double>(u[j]);
  StopShape shape;
  if (!shape_stop(*s.image, held, shape)) return false;
  s.cycle.state.plan.plan_id = 1;
  s.cycle.state.plan.origin_ns = origin_ns;
  write_plan(*s.image, held, shape, s.cycle.state.plan);
  return true;
}

// From rest, a first command.
inline bool make_first(Setup& s, std::mt19937_64& rng, int64_t delay_ns) {
  std::uniform_real_distribution<double> pick(-1, 1);
  s.delay_ns = delay_ns;
  s.robot.start(60 * kMs);
  const float rest[7] = {};
  s.robot.order(0, 0, rest);
  for (int j = 0; j < 7; ++j) {
    s.cycle.q[j] = static_cast<float>(s.robot.q[j]);
    s.cycle.u[j] = static_cast<float>(0.7 * pick(rng));
  }
  s.cycle.in.stamp_ns[kQ] = s.cycle.in.stamp_ns[kDq] = 98 * kMs;
  return true;
}

// A past with changing commands, seen at 98 ms with the given true delay.
inline bool make_past(Setup& s, std::mt19937_64& rng, int64_t delay_ns,
                      End end) {
  if (end == End::kDiesFirst) return make_first(s, rng, delay_ns);
  std::uniform_real_distribution<double> pick(-1, 1);
  s.delay_ns = delay_ns;
  float u[7], slope[7];
  for (int j = 0; j < 7; ++j) {
    u[j] = static_cast<float>(0.7 * pick(rng));
    slope[j] = static_cast<float>(0.0119 * pick(rng));
    s.robot.v[j] = u[j];
    s.cycle.state.before[j] = u[j];
  }
  s.robot.start(60 * kMs);
  s.robot.order(0, 0, u);
  const auto send = [&](int64_t at) {
    const bool stops = end == End::kDiesInStop;
    float played[kMaxJoints];
    if (stops) play(*s.image, s.cycle.state, at, played);
    for (int j = 0; j < 7; ++j) {
      u[j] = stops ? played[j] : std::clamp(u[j] + slope[j], -1.0f, 1.0f);
    }
    Command& c = s.cycle.state.history[s.cycle.state.head++ % kHistory];
    c.sent_ns = at;
    for (int j = 0; j < 7; ++j) c.u[j] = u[j];
    s.robot.order(at, delay_ns, u);
  };
  const double lag = 0.020;
  if (end == End::kDiesInStop && !commit_stop(s, u, 80 * kMs)) return false;
  int64_t k = 70;
  for (; k < 98; ++k) send(k * kMs + 600'000);
  s.robot.to(98 * kMs, lag);
  for (int j = 0; j < 7; ++j) {
    s.cycle.q[j] = static_cast<float>(s.robot.q[j]);
    s.cycle.dq[j] = static_cast<float>(s.robot.v[j]);
  }
  s.cycle.in.stamp_ns[kQ] = s.cycle.in.stamp_ns[kDq] = 98 * kMs;
  for (; k < 100; ++k) send(k * kMs + 600'000);
  const Commit& c = s.image->commit;
  const int64_t origin = 99 * kMs + hold_ns(c) - c.actuator_delay_ns;
  if (end == End::kDies && !commit_stop(s, u, origin)) return false;
  for (int j = 0; j < 7; ++j) {
    s.cycle.u[j] = std::clamp(u[j] + slope[j], -1.0f, 1.0f);
  }
  return true;
}

// Each sample's interval must hold the true state throughout it.
inline bool contains(const Motion& motion, const plant::Robot& robot, double at,
                     double& begin, uint32_t& sample) {
  const uint32_t last = motion.blocks * kLanes - 1;
  const auto until = [&](uint32_t i) {
    return motion.until[i / kLanes][i % kLanes];
  };
  while (sample < last && at > until(sample)) begin = until(sample++);
  const uint32_t b = sample / kLanes, lane = sample % kLanes;
  for (int j = 0; j < 7; ++j) {
    const double off = std::fabs(robot.q[j] - motion.q[b].at[j][lane]);
    const double speed = std::fabs(robot.v[j]);
    if (off > motion.wide[b].at[j][lane] + kSlack) return false;
    if (speed > motion.speed[b].at[j][lane] + 1e-4) return false;
  }
  return true;
}

// The last command stands for the robot's time-out; then it brakes by itself.
inline void brake_alone(Setup& s, const float* last, int64_t from_ns) {
  double held[kMaxJoints] = {};
  for (int j = 0; j < 7; ++j) held[j] = static_cast<double>(last[j]);
  StopShape shape;
  if (!shape_stop(*s.image, held, shape)) return;
  ShieldState alone{};
  write_plan(*s.image, held, shape, alone.plan);
  alone.plan.plan_id = 1;
  alone.plan.origin_ns = from_ns;
  float u[kMaxJoints];
  for (int64_t at = from_ns; at < 700 * kMs; at += 100'000) {
    play(*s.image, alone, at, u);
    s.robot.order(at, s.delay_ns, u);
  }
}

inline void order_alone(Setup& s, const Cycle& done, End end) {
  s.robot.order(s.cycle.in.now_ns, s.delay_ns, s.cycle.u);
  float u[kMaxJoints];
  std::copy_n(s.cycle.u, 7, u);
  int64_t at = s.cycle.in.now_ns;
  while (end == End::kTimesOutInStop && at < 135 * kMs) {
    at += kMs;
    play(*s.image, done.state, at, u);
    s.robot.order(at, s.delay_ns, u);
  }
  brake_alone(s, u, at + kTimeout);
}

// Orders after u_k: the earliest stop, the latest one, a loop that plays and
// hangs in mid-plan for as long as the guard allows, and one that dies before
// it commits u_k's plan: the guardian goes on in the one before. kJoins: after
// the hang the guardian takes the plan up at the sample that was held.
inline void order_rest(Setup& s, const Cycle& done, End end) {
  if (times_out(end)) return order_alone(s, done, end);
  const Commit& c = s.image->commit;
  const int64_t k = 100 * kMs;
  const int64_t sent =
      end == End::kLatest ? c.commit_ns : s.cycle.in.now_ns - k;
  s.robot.order(k + sent, s.delay_ns, s.cycle.u);
  const int64_t grid = end == End::kEarliest ? 10'000 : c.repeat_ns;
  const int64_t hang =
      c.misses * c.period_ns + c.commit_ns + c.guardian_bound_ns;
  float u[kMaxJoints];
  int64_t shift = 0;
  // Nobody waits for the deadlines of one who is seen to be dead.
  const bool late = dies(end) && end != End::kDiesFirst;
  int64_t at = k + (late ? hang : c.period_ns);
  while (at < 700 * kMs) {
    play(*s.image, done.state, at - shift, u);
    s.robot.order(at, s.delay_ns, u);
    const bool hangs =
        (end == End::kHangs || end == End::kJoins) && at == 120 * kMs;
    at += hangs ? hang : (at < 120 * kMs ? std::min(grid, kMs) : grid);
    if (hangs && end == End::kJoins) shift = hang;
  }
}

// Of every joint, from now to rest.
inline bool follows(Setup& s, const Motion& motion) {
  double begin = 0;
  uint32_t sample = 0;
  for (int64_t t = s.cycle.in.now_ns; t < 690 * kMs; t += 200'000) {
    s.robot.to(t, 0.020);
    const double at = seconds(t - s.cycle.in.now_ns);
    if (!contains(motion, s.robot, at, begin, sample)) return false;
  }
  return true;
}

template <class F>
bool holds_one(uint64_t seed, int64_t delay_ns, End end,
               int64_t most_ns = 4 * kMs, int64_t repeat_ns = kMs) {
  Setup s(most_ns, repeat_ns, times_out(end) ? kTimeout : 0);
  std::mt19937_64 rng(seed);
  if (!make_past(s, rng, delay_ns, end)) return false;
  Past past;
  if (!predict_past<F>(*s.image, s.cycle.state, s.cycle.in, false, past)) {
    return false;
  }
  Intent intent = detail::intend<F>(*s.image, s.cycle.state, s.cycle.in);
  for (int j = 0; j < 7; ++j) intent.u[j] = static_cast<double>(s.cycle.u[j]);
  if (!shape_stop(*s.image, intent.u, intent.shape)) return false;
  const auto motion = std::make_unique<Motion>();
  predict<F>(*s.image, past, intent, *motion);
  Cycle done = s.cycle;
  if (!dies(end)) {
    done.state.plan.plan_id = 2;
    done.state.plan.origin_ns = intent.origin_ns;
    write_plan(*s.image, intent.u, intent.shape, done.state.plan);
  }
  order_rest(s, done, end);
  return follows(s, *motion);
}

// The stop that runs since 80 ms, judged again and played on.
template <class F>
bool holds_running(uint64_t seed, int64_t delay_ns, int64_t most_ns) {
  Setup s(most_ns);
  std::mt19937_64 rng(seed);
  if (!make_past(s, rng, delay_ns, End::kDiesInStop)) return false;
  Past past;
  if (!predict_past<F>(*s.image, s.cycle.state, s.cycle.in, false, past)) {
    return false;
  }
  const layout::StopPlan& plan = s.cycle.state.plan;
  Intent intent = detail::intend<F>(*s.image, s.cycle.state, s.cycle.in);
  intent.fresh = false;
  intent.origin_ns = plan.origin_ns;
  intent.before = nullptr;
  intent.shape = shape_of(plan);
  for (int j = 0; j < 7; ++j) intent.u[j] = plan.held[j];
  const auto motion = std::make_unique<Motion>();
  predict<F>(*s.image, past, intent, *motion);
  float u[kMaxJoints];
  for (int64_t at = s.cycle.in.now_ns; at < 700 * kMs; at += kMs) {
    play(*s.image, s.cycle.state, at, u);
    s.robot.order(at, s.delay_ns, u);
  }
  return follows(s, *motion);
}

// The actuator may take longer than the loop holds a command: a stop has begun
// and fallen before the command could take effect.
template <class F>
bool holds_for_slow_actuators(uint64_t seed) {
  const int64_t most = 18 * kMs;
  return holds_one<F>(seed, 0, End::kEarliest, most) &&
         holds_one<F>(seed, most, End::kLatest, most) &&
         holds_one<F>(seed, 0, End::kDies, most) &&
         holds_running<F>(seed, 0, most) && holds_running<F>(seed, most, most);
}

template <class F>
bool holds(uint64_t seed) {
  const int64_t most = 4 * kMs;
  return holds_one<F>(seed, 0, End::kEarliest) &&
         holds_one<F>(seed, most, End::kLatest) &&
         holds_one<F>(seed, most, End::kHangs) &&
         holds_one<F>(seed, most, End::kJoins, most) &&
         holds_one<F>(seed, most, End::kJoins, most, 6 * kMs) &&
         holds_one<F>(seed, 0, End::kTimesOut) &&
         holds_one<F>(seed, most, End::kTimesOutInStop) &&
         holds_one<F>(seed, 0, End::kDies) &&
         holds_one<F>(seed, most, End::kDies) &&
         holds_one<F>(seed, 0, End::kDiesInStop) &&
         holds_one<F>(seed, most, End::kDiesInStop) &&
         holds_one<F>(seed, 0, End::kDiesFirst) &&
         holds_one<F>(seed, most, End::kDiesFirst);
}

}  // namespace enclosure
