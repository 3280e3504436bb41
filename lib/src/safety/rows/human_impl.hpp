// SPDX-License-Identifier: MIT
// Human separation: over the motion, and of the present command; contact with
// a human over the motion. Included by rows_impl.hpp.
#pragma once

#include <cmath>

#include "safety/rows/sphere_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// Gap wanted between robot surface and observed human surface, without what
// grows with time.
template <class F>
double wanted_gap(const Human& human) {
  if (F::on(Fault::kHumanMargins)) return human.d_min;
  return human.d_min + human.intrusion + human.sensor + human.robot;
}

// Samples: until when they count, and the part of a speed below which they do
// not. With room: which sample is slow changes from cycle to cycle, and the
// human comes nearer meanwhile.
template <class V>
struct UntilOf {
  V until;
  double slow;
};
using Until8 = UntilOf<Double8>;
inline void until_of(const Image& image, const Motion& motion, uint32_t block,
                     Effort effort, Until8& out) {
  const bool room = effort == Effort::kWithRoom;
  const double later = room ? seconds(image.commit.period_ns) : 0;
  out.until = motion.until[block] + later;
  out.slow = room ? 0.7 : 1;
}

// Somebody whom the robot must not meet unless it is slow: within `fixed` of
// where its sphere was seen, and what grows with time.
struct Meeting {
  uint32_t signal;
  double fixed;   // m, from the observed centre
  double growth;  // m/s
  double slow;    // m/s, of the robot's surface
};

template <class F>
Meeting meeting_of(const Image& image, const Human& human) {
  return {human.signal,
          image.signal[human.signal].radius + wanted_gap<F>(human),
          F::on(Fault::kHumanGrowth) ? 0 : human.speed, kStandstillPoint};
}

// Power and force limiting: contact may happen at or below the speed that the
// region's profile allows (seal/contact.cpp), so the gap wanted is none but
// what is not known of both places.
template <class F>
Meeting meeting_of(const Image& image, const Contact& contact) {
  const double radius = image.signal[contact.signal].radius;
  if (F::on(Fault::kContactReach)) {
    return {contact.signal, radius, 0, contact.most};
  }
  return {contact.signal,
          radius + contact.intrusion + contact.sensor + contact.robot,
          contact.speed, contact.most};
}

template <class V, class T>
[[gnu::always_inline]] inline void meeting_slack(
    const Image& image, const ShieldInput& in, const Meeting& meeting,
    const UntilOf<V>& to, const SphereOf<V>& s, uint32_t who, T& out) {
  const Signal& signal = image.signal[meeting.signal];
  const double age = seconds(in.now_ns - in.stamp_ns[meeting.signal]);
  const V keep = s.radius + (meeting.fixed + meeting.growth * (age + to.until));
  const V free = V{} + std::numeric_limits<double>::infinity();
  const V slow = V{} + meeting.slow * to.slow;
  for (uint32_t k = 0; k + 2 < signal.count; k += 3) {
    const float* centre = in.value[meeting.signal] + k;
    V d[3], square, distance;
    for (int a = 0; a < 3; ++a) d[a] = s.at[a] - static_cast<double>(centre[a]);
    square_of(d, square);
    kin::root(square, distance);
    const V slack = distance - keep;
    // Binds unless the point is surely slow: NaN speed binds.
    V bound;
    kin::select_le(s.speed, slow, free, slack, bound);
    out.take(bound, who);
  }
}

// Closed form of speed and separation monitoring on the present command.
// ISO/TS 15066:2016, 5.5.4.2.3: S_p = S_h + S_r + S_s + C + Z_d + Z_r with
// S_h = v_h (T_r + T_s), S_r = v_r T_r and, for a stop that falls evenly in
// time, S_s = v_r T_s / 2; solved for the directed speed:
//   v_max(d) = (d - d_min - v_h (T_r + T_s) - C - Z_d - Z_r) / (T_r + T_s/2)
// with the lag counted into both times. A point that recedes, or is slower
// than standstill, is not bound by it (the motion's own row is).
struct Present {
  explicit Present(const Posture& now) : at(now) {}
  const Posture& at;
  kin::Twists measured;
  kin::Twists asked;
};

// Eight of the robot's spheres: lanes.
struct Point8 {
  Double8 at[3];
  Double8 measured[3];  // m/s
  Double8 asked[3];
  Double8 radius;
  Double8 who;
};
struct Points {
  uint32_t groups = 0;
  union {
    Point8 group[kin::kMaxSpheres / kLanes];
  };
  Points() {}  // points_of() writes as many as there are
};

inline void put_point(const kin::Chain& chain, const Present& now, uint32_t i,
                      uint32_t lane, Point8& out) {
  const kin::Sphere& sphere = chain.sphere[i];
  const double* at = now.at.centre[i];
  const kin::Frames& frames = now.at.frames;
  double measured[3], asked[3];
  kin::point_velocity(frames, now.measured, sphere.link, at, measured);
  kin::point_velocity(frames, now.asked, sphere.link, at, asked);
  for (uint32_t a = 0; a < 3; ++a) {
    out.at[a][lane] = at[a];
    out.measured[a][lane] = measured[a];
    out.asked[a][lane] = asked[a];
  }
  out.radius[lane] = sphere.radius;
  out.who[lane] = static_cast<double>(i);
}

// All that move; lanes beyond the last are copies of it.
inline void points_of(const kin::Chain& chain, const Present& now,
                      Points& out) {
  uint32_t count = 0, last = 0;
  for (uint32_t i = 0; i < chain.spheres; ++i) {
    if (chain.sphere[i].link == 0) continue;
    put_point(chain, now, i, count % kLanes, out.group[count / kLanes]);
    last = i;
    ++count;
  }
  out.groups = (count + kLanes - 1) / kLanes;
  for (; count < out.groups * kLanes; ++count) {
    put_point(chain, now, last, count % kLanes, out.group[count / kLanes]);
  }
}

[[gnu::always_inline]] inline void towards(const Double8* away,
                                           const Double8& distance,
                                           const Double8* velocity,
                                           Double8& out) {
  const Double8 along =
      away[0] * velocity[0] + away[1] * velocity[1] + away[2] * velocity[2];
  out = -along / distance;
}

struct Closing {
  double reaction_s, stop_s;
};
inline void closing_of(const Image& image, const Intent& intent,
                       const Motion& motion, Closing& out) {
  const double lag = seconds(image.commit.lag_ns);
  out = {motion.reaction_s + lag, seconds(intent.shape.end_ns()) + lag};
}

inline void not_below(double x, double least, double& out) {
  out = larger(x, least);
}
inline void not_below(const Double8& x, double least, Double8& out) {
  larger8(x, Double8{} + least, out);
}

// v_max(d) of one sphere, or eight, and one human centre.
template <class F, class V>
void closing_limit(const Image& image, const ShieldInput& in, uint32_t index,
                   const V& distance, const V& radius, const Closing& times,
                   V& out) {
  const Human& human = image.human[index];
  const Signal& signal = image.signal[human.signal];
  const double age = seconds(in.now_ns - in.stamp_ns[human.signal]);
  const double spent = age + times.reaction_s + times.stop_s;
  const double path_s = times.reaction_s + 0.5 * times.stop_s;
  const V gap = distance - signal.radius - radius - image.commit.model_error -
                wanted_gap<F>(human) - human.speed * spent;
  not_below(gap / path_s, kStandstillPoint, out);
}

// Eight spheres and a centre.
template <class F>
[[gnu::always_inline]] inline void close_in(const Image& image,
                                            const ShieldInput& in,
                                            uint32_t index, const float* centre,
                                            const Point8& p,
                                            const Closing& times, Slack8& out) {
  Double8 away[3];
  for (uint32_t a = 0; a < 3; ++a) {
    away[a] = p.at[a] - static_cast<double>(centre[a]);
  }
  Double8 distance, measured, asked, speed, allowed;
  kin::root(Double8(away[0] * away[0] + away[1] * away[1] + away[2] * away[2]),
            distance);
  towards(away, distance, p.measured, measured);
  towards(away, distance, p.asked, asked);
  larger8(measured, asked, speed);
  closing_limit<F>(image, in, index, distance, p.radius, times, allowed);
  out.take(allowed - speed, p.who);
}

template <class F>
void closing_slack(const Image& image, const ShieldInput& in, uint32_t index,
                   const Points& points, const Closing& times, Slack& out) {
  const uint32_t of = image.human[index].signal;
  Slack8 lanes;
  for (uint32_t g = 0; g < points.groups; ++g) {
    for (uint32_t k = 0; k + 2 < image.signal[of].count; k += 3) {
      close_in<F>(image, in, index, in.value[of] + k, points.group[g], times,
                  lanes);
    }
  }
  lanes.drain(out);
}

template <class F>
void closing_slacks(const Image& image, const ShieldInput& in, const Past& past,
                    const Intent& intent, const Motion& motion, Slacks& out) {
  if (image.humans == 0) return;
  Present now(past.now);
  kin::twists_of(image.chain, now.at.frames, past.v[0], now.measured);
  // In a running plan the present command is the last one sent.
  const double* asked = intent.fresh ? intent.u : past.last;
  kin::twists_of(image.chain, now.at.frames, asked, now.asked);
  Points points;
  points_of(image.chain, now, points);
  Closing times;
  closing_of(image, intent, motion, times);
  for (uint32_t k = 0; k < image.humans; ++k) {
    closing_slack<F>(image, in, k, points, times, out.human_now[k]);
  }
}

}  // namespace detail

inline double separation_now(const Image& image, const ShieldInput& in,
                             const Past& past) noexcept {
  double nearest = std::numeric_limits<double>::quiet_NaN();
  for (uint32_t h = 0; h < image.humans; ++h) {
    const Signal& signal = image.signal[image.human[h].signal];
    for (uint32_t i = 0; i < image.chain.spheres; ++i) {
      const kin::Sphere& sphere = image.chain.sphere[i];
      const double* at = past.now.centre[i];
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

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
