// SPDX-License-Identifier: MIT
// How a joint behind a first-order lag answers a stop u s(t) that begins
// anywhere between two instants: per sample of a time grid, in closed form and
// eight samples at once. Included by predict_impl.hpp. Pure, RT-safe.
#pragma once

#include "safety/exp.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// The stop's fall 1 - s(t), seen through the lag: value, filtered value and
// the integral of the value, eight instants at once.
struct Fall8 {
  Double8 raw, filtered, area;
};

class FallFilter {
 public:
  FallFilter(const StopShape& shape, double lag) : lag_(lag) {
    const double ramp = seconds(shape.ramp_ns);
    const double line = seconds(shape.line_ns);
    const double half = 0.5 * shape.bend;
    begin_[0] = 0;
    begin_[1] = ramp;
    begin_[2] = ramp + line;
    begin_[3] = ramp + line + ramp;
    set(0, 0, 0, half);
    set(1, half * ramp * ramp, shape.slope, 0);
    set(2, 1 - half * ramp * ramp, shape.slope, -half);
    set(3, 1, 0, 0);
    carry(0, ramp);
    carry(1, line);
    carry(2, ramp);
  }

  // x: seconds after the stop's begin; before it the fall is zero.
  void at(const Double8& after, Fall8& out) const {
    const Double8 zero = {};
    Double8 x;
    select_le(after, zero, zero, after, x);
    Double8 c0 = zero + c_[0][0], c1 = zero + c_[0][1], c2 = zero + c_[0][2];
    Double8 begin = zero + begin_[0];
    Double8 filtered = zero + filtered_[0], area = zero + area_[0];
    for (int s = 1; s < 4; ++s) {
      const Double8 from = zero + begin_[s];
      const auto take = [&](double value, Double8& into) {
        select_le(from, x, zero + value, into, into);
      };
      take(c_[s][0], c0);
      take(c_[s][1], c1);
      take(c_[s][2], c2);
      take(begin_[s], begin);
      take(filtered_[s], filtered);
      take(area_[s], area);
    }
    const Double8 t = x - begin;
    Double8 e;
    exp_minus<Double8>(t * (1 / lag_), e);
    const Double8 steady0 = c0 - lag_ * (c1 - 2 * lag_ * c2);
    const Double8 steady = steady0 + t * ((c1 - 2 * lag_ * c2) + c2 * t);
    out.raw = c0 + t * (c1 + c2 * t);
    out.filtered = steady + (filtered - steady0) * e;
    out.area = area + t * (c0 + t * (0.5 * c1 + (1.0 / 3) * c2 * t));
  }

  [[nodiscard]] double lag() const { return lag_; }

 private:
  void set(int s, double c0, double c1, double c2) {
    c_[s][0] = c0;
    c_[s][1] = c1;
    c_[s][2] = c2;
  }
  // State at the begin of segment s + 1 from that of s.
  void carry(int s, double t) {
    const double* c = c_[s];
    const double e = exp_minus(t / lag_);
    const double steady0 = c[0] - lag_ * (c[1] - 2 * lag_ * c[2]);
    const double steady = steady0 + t * ((c[1] - 2 * lag_ * c[2]) + c[2] * t);
    filtered_[s + 1] = steady + (filtered_[s] - steady0) * e;
    area_[s + 1] =
        area_[s] + t * (c[0] + t * (0.5 * c[1] + (1.0 / 3) * c[2] * t));
  }

  double lag_;
  double begin_[4];
  double c_[4][3];
  double filtered_[4] = {};
  double area_[4] = {};
};

// What a stop has fallen: 1 - s, and the integral of that, s.
struct Fallen {
  double part = 0, area = 0;
};

// Per sample, shared by all joints: with input u s(t) from t1 on,
//   v = v1 decay + u gain,  q = q1 + v1 lag (1 - decay) + u path.
struct alignas(64) Response {
  double gain[kMaxSamples];   // brake at its latest
  double input[kMaxSamples];  // s at its latest
  double path[kMaxSamples];   // middle of earliest and latest
  double half[kMaxSamples];   // half the difference
};
struct alignas(64) Timeline {
  double tau[kMaxSamples];  // s after t1
  double decay[kMaxSamples];
  Response own;
  Response before;    // of the plan before, where the intent has one
  Fallen own_now;     // of the stop at its earliest: now ...
  Fallen own_starts;  // ... and at t1
  Fallen before_starts;
};

using kin::load;
using kin::store;

// Response to the stop when it begins `hold` seconds after t1 (negative:
// before it, then the part before t1 is already in v1).
struct Branch {
  Branch(const FallFilter& filter, double hold) : filter_(filter), hold_(hold) {
    const Double8 x = Double8{} - hold;
    filter_.at(x, start_);
  }
  void at(const Double8& tau, const Double8& decay, double lag, Double8& input,
          Double8& gain, Double8& path) const {
    Fall8 fall;
    filter_.at(tau - hold_, fall);
    const Double8 dropped = fall.filtered - start_.filtered * decay;
    input = 1 - fall.raw;
    gain = (1 - decay) - dropped;
    path = (tau - (fall.area - start_.area)) - lag * gain;
  }
  const FallFilter& filter_;
  double hold_;
  Fall8 start_;
};

// Evenly from u_k's effect to the end of the latest stop, then evenly over
// the lag's tail: e^-8 of the last speed is left at its end.
inline void lay_grid(uint32_t samples, double brake_end, double tail,
                     Timeline& t) {
  const uint32_t tails = samples / 4;
  const uint32_t mains = samples - kEarly - tails;
  const double step = brake_end / static_cast<double>(mains - 1);
  for (uint32_t i = 0; i < kEarly; ++i) t.tau[i] = 0;
  for (uint32_t i = 0; i < mains; ++i) {
    t.tau[kEarly + i] = step * static_cast<double>(i);
  }
  const double tail_step = tail / static_cast<double>(tails);
  for (uint32_t i = 1; i <= tails; ++i) {
    t.tau[kEarly + mains - 1 + i] =
        brake_end + tail_step * static_cast<double>(i);
  }
}

// A stop and when it begins, seconds after t1.
struct Span {
  StopShape shape;
  double early, late;
  [[nodiscard]] double end() const { return late + seconds(shape.end_ns()); }
};

inline void respond(const FallFilter& filter, const Span& stop,
                    uint32_t samples, const Timeline& t, Response& out) {
  const double lag = filter.lag();
  const Branch last(filter, stop.late);
  const Branch first(filter, stop.early);
  for (uint32_t i = 0; i < samples; i += kLanes) {
    Double8 tau, decay, input, gain, path, ignore, ignored, soonest;
    load(t.tau + i, tau);
    load(t.decay + i, decay);
    last.at(tau, decay, lag, input, gain, path);
    first.at(tau, decay, lag, ignore, ignored, soonest);
    store(gain, out.gain + i);
    store(input, out.input + i);
    store(0.5 * (path + soonest), out.path + i);
    store(0.5 * (path - soonest), out.half + i);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
