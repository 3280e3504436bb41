// SPDX-License-Identifier: MIT
// The commanded velocities as sent, one each period T, or sooner where the
// program ticks the loop so: acceleration (u_k - u_k-1) / T, jerk from the
// difference of two of them, and whether the acceleration can be taken back at
// that jerk before a speed limit is met. And the next commands that keep all
// three, for rung scale. Included by rows_impl.hpp.
//
// Viable (Macfarlane and Croft, Jerk-bounded manipulator trajectory planning,
// IEEE T-RA 19(1), 2003: a ramp of length |a| / j ends at v + a |a| / (2 j)):
// in steps of j T the ramp gains a^2 / (2 j) - a T / 2 at most, so the formula
// bounds the sampled one, and from a viable command the one that takes j T
// off the acceleration is viable again, whichever T comes next. Where the joint
// comes to stand is the commit rule's business.
#pragma once

#include <cmath>

#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// Commanded speeds that both the action box and the velocity row allow.
struct Speeds {
  double lo, hi;
};
inline void speeds_of(const Image& image, uint32_t j, Speeds& out) {
  const double most = image.velocity[j];
  out.hi = image.action_hi[j] < most ? image.action_hi[j] : most;
  out.lo = image.action_lo[j] > -most ? image.action_lo[j] : -most;
}

// Of a rate by rounding, as a part of it: commands differ exactly, three
// operations do not.
inline constexpr double kLost = 1e-15;

// A time that rates can be told from; NaN: too short.
inline double timed(const Image& image, double step_s) {
  const double least = seconds(image.commit.period_ns) / kSoonest;
  return step_s >= least ? step_s : std::numeric_limits<double>::quiet_NaN();
}

inline void trajectory_slacks(const Image& image, const Past& past,
                              const Intent& intent, Slacks& out) {
  const Trajectory& limit = image.dynamics.trajectory;
  if (limit.limited == 0) return;
  // A running plan has the robot's decel and jerk.
  if (!intent.fresh) {
    const double free = std::numeric_limits<double>::infinity();
    out.acceleration.take(free, 0);
    out.jerk.take(free, 0);
    out.viable.take(free, 0);
    return;
  }
  const double step = timed(image, past.step_s);
  const double last_step = timed(image, past.last_step_s);
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double rate = (intent.u[j] - past.last[j]) / step;
    const double before = (past.last[j] - past.earlier[j]) / last_step;
    out.acceleration.take(limit.acceleration[j] - magnitude(rate), j);
    const double lost = kLost * (magnitude(rate) + magnitude(before));
    const double bend = (magnitude(rate - before) + lost) / step;
    out.jerk.take(limit.jerk[j] - bend, j);
    const double ends =
        intent.u[j] + rate * magnitude(rate) / (2 * limit.jerk[j]);
    Speeds speeds;
    speeds_of(image, j, speeds);
    out.viable.take(speeds.hi - ends, j);
    out.viable.take(ends - speeds.lo, j);
  }
}

// Where a joint's next command may lie; `coast` takes as much off the present
// acceleration as the jerk allows, and is in it whenever the command before
// was viable.
struct NextRange {
  double coast, lo, hi;
};

// The change of speed in one period after which, at the jerk that changes it
// by `step` in each, the acceleration ends `way` from here: d + d |d| / (2
// step) = way.
inline double ramp_towards(double way, double step) {
  return 2 * way / (std::sqrt(1 + 2 * magnitude(way) / step) + 1);
}

// As far inside that rounding to f32, twice, does not leave it.
inline void narrow(double last, NextRange& w) {
  const double grain = 4e-7 * (magnitude(last) + magnitude(w.coast));
  const double above = 1e-5 * (w.hi - w.coast) + grain;
  const double below = 1e-5 * (w.coast - w.lo) + grain;
  if (w.hi - w.hi == 0) w.hi -= above;
  if (w.lo - w.lo == 0) w.lo += below;
  if (w.coast > w.hi) w.coast = w.hi;
  if (w.coast < w.lo) w.coast = w.lo;
}

inline void next_range_of(const Image& image, const Past& past, uint32_t j,
                          NextRange& out) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Trajectory& limit = image.dynamics.trajectory;
  const double last = past.last[j];
  out = {last, -infinity, infinity};
  if (limit.limited == 0) return;
  // How the acceleration would go on, and what jerk and limit make of that.
  const double change =
      (last - past.earlier[j]) / past.last_step_s * past.step_s;
  const double step = limit.jerk[j] * past.step_s * past.step_s;
  const double most = limit.acceleration[j] * past.step_s;
  const double left = magnitude(change) - step;
  const double kept = left > 0 ? left : 0;
  out.coast = last + (change < 0 ? -kept : kept);
  Speeds speeds;
  speeds_of(image, j, speeds);
  const double highs[] = {last + most, last + change + step,
                          last + ramp_towards(speeds.hi - last, step)};
  const double lows[] = {last - most, last + change - step,
                         last + ramp_towards(speeds.lo - last, step)};
  for (const double x : highs) {
    if (x < out.hi) out.hi = x;
  }
  for (const double x : lows) {
    if (x > out.lo) out.lo = x;
  }
  narrow(last, out);
}

// The next command on the way to `raw` after which the acceleration can end
// just there: without it rung scale would swing past what is asked for.
inline float aim_of(const Image& image, const Past& past, uint32_t j,
                    float raw) {
  const double step =
      image.dynamics.trajectory.jerk[j] * past.step_s * past.step_s;
  const double last = past.last[j];
  return static_cast<float>(
      last + ramp_towards(static_cast<double>(raw) - last, step));
}

// A command on the way to rest, kept in the window, and off no faster than
// lets the acceleration end when the joint stands.
inline double brake_within(const Image& image, const Past& past, uint32_t j,
                           double wanted) {
  const Trajectory& limit = image.dynamics.trajectory;
  if (limit.limited == 0) return wanted;
  const double last = past.last[j];
  const double step = limit.jerk[j] * past.step_s * past.step_s;
  const double ends = last + ramp_towards(-last, step);
  double out = wanted;
  if (last > 0 && out < ends) out = ends;
  if (last < 0 && out > ends) out = ends;
  NextRange next;
  next_range_of(image, past, j, next);
  if (out > next.hi) out = next.hi;
  if (out < next.lo) out = next.lo;
  return out;
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
