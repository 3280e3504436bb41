// SPDX-License-Identifier: MIT
// Bodies of rows.hpp; include that.
#pragma once

#include <cmath>
#include <limits>

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// Smallest slack of one row so far: NaN until something was measured, so a
// row over an empty set violates. `bad` is sticky, because a NaN slack would
// be lost by the next minimum.
struct Slack {
  double worst = std::numeric_limits<double>::quiet_NaN();
  uint32_t link = kNoIndex;
  bool bad = false;

  void take(double slack, uint32_t who) {
    if (!(slack >= worst)) {
      worst = slack;
      link = who;
    }
    bad |= !(slack >= 0);
  }
};

struct Slack8 {
  Double8 worst = Double8{} + std::numeric_limits<double>::quiet_NaN();
  Double8 who = Double8{} + double{kNoIndex};
  kin::Int8 good = ~kin::Int8{};

  [[gnu::always_inline]] void take(const Double8& slack, uint32_t sphere) {
    const Double8 index = Double8{} + static_cast<double>(sphere);
    // Before `worst`, which it compares with; NaN on either side replaces.
    select_le(worst, slack, who, index, who);
    select_le(worst, slack, worst, slack, worst);
    kin::Int8 enough;
    kin::at_least(slack, Double8{}, enough);
    good = good & enough;
  }
  void drain(Slack& into) const {
    for (uint32_t i = 0; i < kLanes; ++i) {
      into.take(worst[i], static_cast<uint32_t>(who[i]));
      into.bad |= good[i] == 0;
    }
  }
};

// Everything measured about a motion, per table entry.
struct Slacks {
  Slack action, rate, position, velocity;
  Slack box[kMaxBoxes];
  Slack human[kMaxHumans];
  Slack human_now[kMaxHumans];
  Slack linear[kMaxLinear];
  Slack expression[kMaxExpressions];
};

inline void act_slacks(const Image& image, const Past& past,
                       const Intent& intent, Slacks& out) {
  const double period = seconds(image.commit.period_ns);
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double u = intent.u[j];
    out.action.take(u - image.action_lo[j], j);
    out.action.take(image.action_hi[j] - u, j);
    if (!intent.fresh) continue;
    const double change = magnitude(u - past.last[j]);
    out.rate.take(image.action_rate[j] * period - change, j);
  }
  // A running plan's rate is its decel; it was judged when it was new.
  if (!intent.fresh) out.rate.take(std::numeric_limits<double>::infinity(), 0);
  for (uint32_t i = 0; i < image.linears; ++i) {
    double sum = 0;
    for (uint32_t j = 0; j < image.joints; ++j) {
      sum += image.linear[i].a[j] * intent.u[j];
    }
    // The stop scales u to zero: linear in s, so its ends bound it.
    out.linear[i].take(image.linear[i].b - sum, kNoIndex);
    out.linear[i].take(image.linear[i].b, kNoIndex);
  }
}

inline void joint_slacks(const Image& image, const Motion& motion,
                         Slacks& out) {
  for (uint32_t j = 0; j < image.joints; ++j) {
    Slack8 side;
    for (uint32_t b = 0; b < motion.blocks; ++b) {
      const Double8& q = motion.q[b].at[j];
      const Double8& wide = motion.wide[b].at[j];
      side.take((q - wide) - image.position_lo[j], j);
      side.take(image.position_hi[j] - (q + wide), j);
    }
    side.drain(out.position);
    out.velocity.take(image.velocity[j] - motion.peak[j], j);
  }
}

// A frame's share of the bound on a point that moves with it:
// along + turning * arm (Derived).
struct Reach8 {
  Double8 along, turning;
};
inline void reach_of(const Image& image, uint32_t frame,
                     const kin::Samples8& per_joint, Reach8& out) {
  out.along = Double8{};
  out.turning = Double8{};
  for (uint32_t j = 0; j < frame; ++j) {
    out.along += per_joint.at[j] * image.derived.reach[frame][j];
    out.turning += per_joint.at[j] * image.derived.turn[j];
  }
}

struct Sphere8 {
  Double8 at[3];
  Double8 radius;  // with everything that is not known about its place
  Double8 speed;   // bound, of its surface
};

inline void box_slack(const Image& image, uint32_t index, const Sphere8& s,
                      uint32_t who, Slack8& out) {
  const Box& box = image.box[index];
  if (index < image.boxes_in) {
    // A NaN in place or radius is in all six, so the minimum keeps it.
    Double8 least = (s.at[0] - s.radius) - box.lo[0];
    for (int a = 0; a < 3; ++a) {
      const Double8 above = (s.at[a] - s.radius) - box.lo[a];
      const Double8 below = box.hi[a] - (s.at[a] + s.radius);
      Double8 side;
      select_le(above, below, above, below, side);
      select_le(least, side, least, side, least);
    }
    out.take(least, who);
    return;
  }
  Double8 sum = {};
  const Double8 zero = {};
  for (int a = 0; a < 3; ++a) {
    const Double8 below = box.lo[a] - s.at[a];
    const Double8 above = s.at[a] - box.hi[a];
    Double8 out_of, gap;
    select_le(above, below, below, above, out_of);
    select_le(out_of, zero, zero, out_of, gap);
    sum += gap * gap;
  }
  Double8 distance;
  kin::root(sum, distance);
  out.take(distance - s.radius, who);
}

// Gap wanted between robot surface and observed human surface, without what
// grows with time.
template <class F>
double wanted_gap(const Human& human) {
  if (F::on(Fault::kHumanMargins)) return human.d_min;
  return human.d_min + human.intrusion + human.sensor + human.robot;
}

template <class F>
void human_slack(const Image& image, const ShieldInput& in, uint32_t index,
                 const Double8& until, const Sphere8& s, uint32_t who,
                 Slack8& out) {
  const Human& human = image.human[index];
  const Signal& signal = image.signal[human.signal];
  const double age = seconds(in.now_ns - in.stamp_ns[human.signal]);
  const double fixed = signal.radius + wanted_gap<F>(human);
  const double growth = F::on(Fault::kHumanGrowth) ? 0 : human.speed;
  const Double8 keep = s.radius + (fixed + growth * (age + until));
  const Double8 free = Double8{} + std::numeric_limits<double>::infinity();
  const Double8 slow = Double8{} + kStandstillPoint;
  for (uint32_t k = 0; k + 2 < signal.count; k += 3) {
    const float* centre = in.value[human.signal] + k;
    Double8 sum = {};
    for (int a = 0; a < 3; ++a) {
      const Double8 d = s.at[a] - static_cast<double>(centre[a]);
      sum += d * d;
    }
    Double8 distance;
    kin::root(sum, distance);
    const Double8 slack = distance - keep;
    // Binds unless the point is surely slow: NaN speed binds.
    Double8 bound;
    select_le(s.speed, slow, free, slack, bound);
    out.take(bound, who);
  }
}

// True when any miss in space is a miss of a hard row: then the first one
// decides a candidate.
inline bool space_is_hard(const Image& image) {
  bool hard = true;
  for (uint32_t r = 0; r < image.rows; ++r) {
    hard = hard && image.row[r].kind == RowKind::kHard;
  }
  return hard;
}

inline bool missed(const Slack8* slack, uint32_t count) {
  bool any = false;
  for (uint32_t k = 0; k < count; ++k) {
    for (uint32_t i = 0; i < kLanes; ++i) any |= slack[k].good[i] == 0;
  }
  return any;
}

// `first_miss`: the caller wants to know yes or no. Blocks are taken from
// the middle of the stop backwards, where a miss is likeliest.
template <class F>
void space_slacks(const Image& image, const ShieldInput& in,
                  const Motion& motion, Effort effort, Slacks& out) {
  const bool first_miss = effort == Effort::kYesOrNo && space_is_hard(image);
  const uint32_t begin = motion.blocks * 3 / 4;
  Slack8 box[kMaxBoxes];
  Slack8 human[kMaxHumans];
  kin::Frames8 frames;
  Reach8 wide[kin::kMaxFrames];
  Reach8 speed[kin::kMaxFrames];
  const double error = F::on(Fault::kModelError) ? 0 : image.commit.model_error;
  for (uint32_t n = 1; n <= motion.blocks; ++n) {
    const uint32_t b = (begin + motion.blocks - n) % motion.blocks;
    kin::frames_of(image.chain, motion.q[b].at, frames);
    for (uint32_t f = 1; f <= image.joints; ++f) {
      reach_of(image, f, motion.wide[b], wide[f]);
      reach_of(image, f, motion.speed[b], speed[f]);
    }
    for (uint32_t i = 0; i < image.chain.spheres; ++i) {
      const kin::Sphere& sphere = image.chain.sphere[i];
      if (sphere.link == 0) continue;  // the base never moves
      Sphere8 s;
      kin::point(frames, sphere.link, sphere.center, s.at);
      const double arm = image.derived.arm[i];
      s.radius = (sphere.radius + error) +
                 (wide[sphere.link].along + wide[sphere.link].turning * arm);
      s.speed = speed[sphere.link].along +
                speed[sphere.link].turning * (arm + sphere.radius);
      for (uint32_t k = 0; k < image.boxes; ++k) {
        box_slack(image, k, s, i, box[k]);
      }
      for (uint32_t k = 0; k < image.humans; ++k) {
        human_slack<F>(image, in, k, motion.until[b], s, i, human[k]);
      }
    }
    if (first_miss &&
        (missed(box, image.boxes) || missed(human, image.humans))) {
      break;
    }
  }
  for (uint32_t k = 0; k < image.boxes; ++k) box[k].drain(out.box[k]);
  for (uint32_t k = 0; k < image.humans; ++k) human[k].drain(out.human[k]);
}

// Closed form of speed and separation monitoring on the present command.
// ISO/TS 15066:2016, 5.5.4.2.3: S_p = S_h + S_r + S_s + C + Z_d + Z_r with
// S_h = v_h (T_r + T_s), S_r = v_r T_r and, for a stop that falls evenly in
// time, S_s = v_r T_s / 2; solved for the directed speed:
//   v_max(d) = (d - d_min - v_h (T_r + T_s) - C - Z_d - Z_r) / (T_r + T_s/2)
// with the lag counted into both times. A point that recedes, or is slower
// than standstill, is not bound by it (the motion's own row is).
struct Present {
  kin::Frames frames;
  kin::Twists measured;
  kin::Twists asked;
};

inline double towards(const double* away, double distance,
                      const double* velocity) {
  const double along =
      away[0] * velocity[0] + away[1] * velocity[1] + away[2] * velocity[2];
  return -along / distance;
}

struct Closing {
  double reaction_s, stop_s;
};

template <class F>
void closing_slack(const Image& image, const ShieldInput& in, uint32_t index,
                   const Present& now, const Closing& times, Slack& out) {
  const Human& human = image.human[index];
  const Signal& signal = image.signal[human.signal];
  const double age = seconds(in.now_ns - in.stamp_ns[human.signal]);
  const double spent = age + times.reaction_s + times.stop_s;
  const double path_s = times.reaction_s + 0.5 * times.stop_s;
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const kin::Sphere& sphere = image.chain.sphere[i];
    if (sphere.link == 0) continue;
    double at[3], measured[3], asked[3];
    kin::point(now.frames, sphere.link, sphere.center, at);
    kin::point_velocity(now.frames, now.measured, sphere.link, at, measured);
    kin::point_velocity(now.frames, now.asked, sphere.link, at, asked);
    for (uint32_t k = 0; k + 2 < signal.count; k += 3) {
      double away[3];
      for (uint32_t a = 0; a < 3; ++a) {
        away[a] = at[a] - static_cast<double>(in.value[human.signal][k + a]);
      }
      const double distance =
          std::sqrt(away[0] * away[0] + away[1] * away[1] + away[2] * away[2]);
      const double gap = distance - signal.radius - sphere.radius -
                         image.commit.model_error - wanted_gap<F>(human) -
                         human.speed * spent;
      const double speed = larger(towards(away, distance, measured),
                                  towards(away, distance, asked));
      const double allowed = larger(gap / path_s, kStandstillPoint);
      out.take(allowed - speed, i);
    }
  }
}

template <class F>
void closing_slacks(const Image& image, const ShieldInput& in, const Past& past,
                    const Intent& intent, const Motion& motion, Slacks& out) {
  Present now;
  kin::frames_of(image.chain, past.q[0], now.frames);
  kin::twists_of(image.chain, now.frames, past.v[0], now.measured);
  // In a running plan the present command is the last one sent.
  const double* asked = intent.fresh ? intent.u : past.last;
  kin::twists_of(image.chain, now.frames, asked, now.asked);
  const double lag = seconds(image.commit.lag_ns);
  const Closing times{motion.reaction_s + lag,
                      seconds(intent.shape.end_ns()) + lag};
  for (uint32_t k = 0; k < image.humans; ++k) {
    closing_slack<F>(image, in, k, now, times, out.human_now[k]);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety

#include "safety/exprs_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// One row's slack, and the fault that removes its family.
struct Found {
  const Slack* slack = nullptr;  // nullptr: unknown kernel
  Fault fault = Fault::kNone;
};

inline Found find(const Slacks& all, const Row& row) {
  switch (row.kernel) {
    case RowKernel::kActionBox:
      return {&all.action, Fault::kActionBox};
    case RowKernel::kActionRate:
      return {&all.rate, Fault::kActionRate};
    case RowKernel::kJointPosition:
      return {&all.position, Fault::kJointPosition};
    case RowKernel::kJointVelocity:
      return {&all.velocity, Fault::kJointVelocity};
    case RowKernel::kKeepIn:
      return {&all.box[row.index], Fault::kKeepIn};
    case RowKernel::kKeepOut:
      return {&all.box[row.index], Fault::kKeepOut};
    case RowKernel::kSeparation:
      return {&all.human[row.index], Fault::kSeparation};
    case RowKernel::kSeparationNow:
      return {&all.human_now[row.index], Fault::kSeparationNow};
    case RowKernel::kLinear:
      return {&all.linear[row.index], Fault::kLinear};
    case RowKernel::kExpression:
      return {&all.expression[row.index], Fault::kExpression};
    case RowKernel::kNone:
      break;
  }
  return {};
}

inline double clamp1(double x) {
  if (!(x >= -1)) return -1;  // NaN too
  return x > 1 ? 1 : x;
}

// Worse first; on equal margins the lower priority number, then the lower
// index: the order of evaluation does not matter.
inline bool is_worse(const Image& image, double margin, uint32_t row,
                     const Verdict& than) {
  if (than.worst_row == kNoIndex || margin < than.margin) return true;
  return margin == than.margin &&
         image.row[row].priority < image.row[than.worst_row].priority;
}

inline void count_row(const Image& image, uint32_t r, const Slack& slack,
                      Verdict& out) {
  const Row& row = image.row[r];
  const double left = slack.worst - row.margin;
  const bool bad = slack.bad || !(left >= 0);
  double margin = clamp1(left / row.scale);
  if (bad && margin >= 0) margin = -1;  // a NaN on the way
  out.mean += 0.5 * (margin + 1) / static_cast<double>(image.rows);
  if (row.kind != RowKind::kHard) return;
  if (bad) {
    out.safe = false;
    out.violated |= uint64_t{1} << (r < 63 ? r : 63);
    const auto kernel = static_cast<uint32_t>(row.kernel);
    out.reasons |= kernel - 1 < static_cast<uint32_t>(RowKernel::kExpression)
                       ? 1u << (15 + kernel)
                       : uint32_t{kReasonImage};  // unknown: an image gone bad
  }
  if (is_worse(image, margin, r, out)) {
    out.margin = margin;
    out.worst_row = static_cast<uint16_t>(r);
    out.worst_link = static_cast<uint16_t>(slack.link);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {

inline double separation_now(const Image& image, const ShieldInput& in,
                             const Past& past) noexcept {
  using namespace detail;
  double nearest = std::numeric_limits<double>::quiet_NaN();
  kin::Frames frames;
  kin::frames_of(image.chain, past.q[0], frames);
  for (uint32_t h = 0; h < image.humans; ++h) {
    const Signal& signal = image.signal[image.human[h].signal];
    for (uint32_t i = 0; i < image.chain.spheres; ++i) {
      const kin::Sphere& sphere = image.chain.sphere[i];
      double at[3];
      kin::point(frames, sphere.link, sphere.center, at);
      for (uint32_t k = 0; k + 2 < signal.count; k += 3) {
        const float* centre = in.value[image.human[h].signal] + k;
        double sum = 0;
        for (uint32_t a = 0; a < 3; ++a) {
          const double d = at[a] - static_cast<double>(centre[a]);
          sum += d * d;
        }
        const double gap = std::sqrt(sum) - sphere.radius - signal.radius;
        if (!(gap >= nearest)) nearest = gap;
      }
    }
  }
  return nearest;
}

template <class F>
void judge(const Image& image, const ShieldInput& in, const Past& past,
           const Intent& intent, const Motion& motion, Effort effort,
           Verdict& out) noexcept {
  using namespace detail;
  Slacks slacks;
  act_slacks(image, past, intent, slacks);
  joint_slacks(image, motion, slacks);
  space_slacks<F>(image, in, motion, effort, slacks);
  closing_slacks<F>(image, in, past, intent, motion, slacks);
  expression_slacks<F>(image, in, past, intent, motion, slacks.expression);
  out = Verdict{};
  out.violated = 0;
  out.safe = image.rows > 0 || image.ladder.limit_none == 1;
  out.margin = 1;
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Found found = find(slacks, image.row[r]);
    if (found.fault != Fault::kNone && F::on(found.fault)) continue;
    const Slack unknown{-1, kNoIndex, true};
    count_row(image, r, found.slack != nullptr ? *found.slack : unknown, out);
  }
  if (!out.safe && out.margin >= 0) out.margin = -1;
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
