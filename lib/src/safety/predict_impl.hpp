// SPDX-License-Identifier: MIT
// Bodies of predict.hpp; include that.
#pragma once

#include "safety/exp.hpp"

namespace tactus::safety {
namespace detail {

inline double magnitude(double x) { return x < 0 ? -x : x; }
// Keeps NaN of either side.
inline double larger(double a, double b) {
  if (a != a) return a;
  return !(a >= b) ? b : a;
}

// Lag in seconds; without lag a value so small that exp(-t / lag) is zero
// for every t > 0.
template <class F>
double lag_of(const Image& image) {
  const int64_t lag = F::on(Fault::kLag) ? 0 : image.commit.lag_ns;
  return lag > 0 ? seconds(lag) : 1e-12;
}
template <class F>
int64_t delay_of(const Image& image) {
  return F::on(Fault::kDelay) ? 0 : image.commit.actuator_delay_ns;
}

// The commands that act from the observation on, oldest first. The first
// is in effect at the observation; each next one from its sent time + delay.
struct Flight {
  uint32_t count = 0;
  const float* u[kHistory + 1];
  int64_t from_ns[kHistory + 1];
};

inline const Command& sent(const ShieldState& state, uint64_t back) {
  return state.history[(state.head - 1 - back) % kHistory];
}

template <class F>
bool gather(const ShieldState& state, int64_t t0, int64_t delay,
            Flight& out) noexcept {
  const uint64_t held = state.head < kHistory ? state.head : kHistory;
  uint64_t n = 0;  // commands that took effect after t0
  while (n < held && sent(state, n).sent_ns + delay > t0) ++n;
  if (F::on(Fault::kInFlight)) n = 0;
  const bool from_before = n == held;
  if (from_before && !F::on(Fault::kUnknownHistory) &&
      (state.head > kHistory || state.before_known == 0)) {
    return false;
  }
  out.count = static_cast<uint32_t>(n) + 1;
  out.u[0] = from_before ? state.before : sent(state, n).u;
  out.from_ns[0] = t0;
  for (uint64_t i = 0; i < n; ++i) {
    const Command& c = sent(state, n - 1 - i);
    out.u[i + 1] = c.u;
    out.from_ns[i + 1] = c.sent_ns + delay;
  }
  return true;
}

// One robot state moved along piecewise constant commands.
struct Walker {
  uint32_t joints;
  double lag;
  int64_t at_ns;
  double q[kMaxJoints];
  double v[kMaxJoints];

  void step(const float* u, int64_t to_ns) noexcept {
    if (to_ns <= at_ns) return;
    const double h = seconds(to_ns - at_ns);
    const double e = exp_minus(h / lag);
    for (uint32_t j = 0; j < joints; ++j) {
      const double target = static_cast<double>(u[j]);
      const double v1 = target + (v[j] - target) * e;
      q[j] = q[j] + (target * h - lag * (v1 - v[j]));
      v[j] = v1;
    }
    at_ns = to_ns;
  }
  void to(const Flight& flight, int64_t end_ns) noexcept {
    for (uint32_t i = 0; i < flight.count; ++i) {
      const bool last = i + 1 == flight.count;
      const int64_t until = last ? end_ns : flight.from_ns[i + 1];
      step(flight.u[i], until < end_ns ? until : end_ns);
    }
  }
};

inline void flight_bounds(const Image& image, const Flight& flight,
                          int64_t delay, Past& out) {
  for (uint32_t j = 0; j < image.joints; ++j) {
    double variation = 0;
    for (uint32_t i = 0; i < flight.count; ++i) {
      const double u = static_cast<double>(flight.u[i][j]);
      out.hull[j] = larger(out.hull[j], magnitude(u));
      if (i > 0) {
        variation += magnitude(u - static_cast<double>(flight.u[i - 1][j]));
      }
    }
    // Each change may have taken effect up to `delay` earlier.
    out.error[j] += variation * seconds(delay);
  }
}

}  // namespace detail

template <class F>
bool predict_past(const Image& image, const ShieldState& state,
                  const ShieldInput& in, bool still, Past& out) noexcept {
  using namespace detail;
  const int64_t q_at = in.stamp_ns[image.q_signal];
  const int64_t v_at = in.stamp_ns[image.dq_signal];
  const int64_t delay = delay_of<F>(image);
  Flight flight;
  const int64_t t0 = v_at < q_at ? v_at : q_at;
  if (!gather<F>(state, t0, delay, flight)) return false;
  Walker walk{image.joints, lag_of<F>(image), v_at, {}, {}};
  for (uint32_t j = 0; j < image.joints; ++j) {
    walk.v[j] = static_cast<double>(in.value[image.dq_signal][j]);
    // At verified standstill what is left is noise (its bound is
    // standstill_speed, a declared assumption).
    out.hull[j] = still ? 0 : magnitude(walk.v[j]);
    out.error[j] = 0;
    out.last[j] = static_cast<double>(flight.u[flight.count - 1][j]);
  }
  flight_bounds(image, flight, delay, out);
  // q older than dq: over the gap v is within the hull, whatever it was.
  const double gap = q_at < v_at ? seconds(v_at - q_at) : 0;
  for (uint32_t j = 0; j < image.joints; ++j) {
    walk.q[j] = static_cast<double>(in.value[image.q_signal][j]);
    out.error[j] += gap * out.hull[j];
  }
  if (v_at < q_at) {
    walk.to(flight, q_at);
    for (uint32_t j = 0; j < image.joints; ++j) {
      walk.q[j] = static_cast<double>(in.value[image.q_signal][j]);
    }
  }
  out.now_ns = in.now_ns;
  out.t1_ns = in.now_ns + delay;
  for (uint32_t i = 0; i <= kEarly; ++i) {
    walk.to(flight, in.now_ns + delay * int64_t{i} / int64_t{kEarly});
    for (uint32_t j = 0; j < image.joints; ++j) {
      out.q[i][j] = walk.q[j];
      out.v[i][j] = walk.v[j];
    }
  }
  return true;
}

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
    Double8 c0, c1, c2, t, filtered, area;
    for (uint32_t i = 0; i < kLanes; ++i) {
      const double x = after[i] < 0 ? 0 : after[i];
      const int s = (x >= begin_[1]) + (x >= begin_[2]) + (x >= begin_[3]);
      c0[i] = c_[s][0];
      c1[i] = c_[s][1];
      c2[i] = c_[s][2];
      t[i] = x - begin_[s];
      filtered[i] = filtered_[s];
      area[i] = area_[s];
    }
    Double8 e;
    exp_minus<Double8>(t * (1 / lag_), e);
    const Double8 steady0 = c0 - lag_ * (c1 - 2 * lag_ * c2);
    const Double8 steady = steady0 + t * ((c1 - 2 * lag_ * c2) + c2 * t);
    out.raw = c0 + t * (c1 + c2 * t);
    out.filtered = steady + (filtered - steady0) * e;
    out.area = area + t * (c0 + t * (0.5 * c1 + (1.0 / 3) * c2 * t));
  }

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

// Per sample, shared by all joints: with input u s(t) from t1 on,
//   v = v1 decay + u gain,  q = q1 + v1 lag (1 - decay) + u path.
struct alignas(64) Timeline {
  double tau[kMaxSamples];  // s after t1
  double decay[kMaxSamples];
  double gain[kMaxSamples];   // brake at its latest
  double input[kMaxSamples];  // s at its latest
  double path[kMaxSamples];   // middle of earliest and latest
  double half[kMaxSamples];   // half the difference
};

inline void load(const double* from, Double8& out) {
  __builtin_memcpy(&out, from, sizeof out);
}
inline void store(const Double8& from, double* to) {
  __builtin_memcpy(to, &from, sizeof from);
}

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

template <class F>
void lay_timeline(const Image& image, const Past& past, const Intent& intent,
                  Timeline& t) {
  const double lag = lag_of<F>(image);
  const int64_t delay = delay_of<F>(image);
  const int64_t stale = F::on(Fault::kStall) ? 0 : intent.stale_ns;
  const int64_t origin = F::on(Fault::kHold) ? past.now_ns : intent.origin_ns;
  const double late = seconds(origin + delay + stale - past.t1_ns);
  const double early = F::on(Fault::kSpread)
                           ? late
                           : seconds(origin - intent.early_ns - past.t1_ns);
  const double end = late + seconds(intent.shape.end_ns());
  lay_grid(image.ladder.samples, end > 0 ? end : 0,
           F::on(Fault::kTail) ? 0 : 8 * lag, t);
  const FallFilter filter(intent.shape, lag);
  const Branch last(filter, late);
  const Branch first(filter, early);
  for (uint32_t i = 0; i < image.ladder.samples; i += kLanes) {
    Double8 tau, decay, input, gain, path, ignore, ignored, soonest;
    load(t.tau + i, tau);
    exp_minus<Double8>(tau * (1 / lag), decay);
    last.at(tau, decay, lag, input, gain, path);
    first.at(tau, decay, lag, ignore, ignored, soonest);
    store(decay, t.decay + i);
    store(gain, t.gain + i);
    store(input, t.input + i);
    store(0.5 * (path + soonest), t.path + i);
    store(0.5 * (path - soonest), t.half + i);
  }
}

// Seconds after now of each sample, and half the wider neighbouring gap.
template <class F>
void lay_intervals(const Past& past, uint32_t samples, const Timeline& t,
                   double* at, double* half) {
  const double t1 = seconds(past.t1_ns - past.now_ns);
  for (uint32_t i = 0; i < samples; ++i) {
    at[i] = i < kEarly ? t1 * i / kEarly : t1 + t.tau[i];
  }
  for (uint32_t i = 0; i < samples; ++i) {
    const double before = i > 0 ? at[i] - at[i - 1] : 0;
    const double after = i + 1 < samples ? at[i + 1] - at[i] : 0;
    half[i] = F::on(Fault::kBetween) ? 0 : 0.5 * larger(before, after);
  }
}

}  // namespace detail

template <class F>
void predict(const Image& image, const Past& past, const Intent& intent,
             Motion& out) noexcept {
  using namespace detail;
  const uint32_t n = image.ladder.samples;
  const double lag = lag_of<F>(image);
  Timeline t;
  lay_timeline<F>(image, past, intent, t);
  alignas(64) double at[kMaxSamples];
  alignas(64) double half[kMaxSamples];
  lay_intervals<F>(past, n, t, at, half);
  out.blocks = n / kLanes;
  const int64_t stop_ns =
      intent.origin_ns + image.commit.actuator_delay_ns + intent.stale_ns;
  out.reaction_s = larger(seconds(stop_ns - past.now_ns), 0);
  for (uint32_t i = 0; i < n; ++i) {
    out.until[i / kLanes][i % kLanes] = at[i] + half[i];
  }
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double u = intent.u[j];
    const double jump = intent.fresh ? magnitude(u - past.last[j]) : 0;
    // The command may leave as late as the stop's begin.
    const double error = past.error[j] + jump * out.reaction_s;
    // What the input cannot exceed from t1 on. A running plan's own past is
    // in the commands sent: its held value binds only through s.
    const double u_top = magnitude(u);
    const double top =
        intent.fresh ? larger(u_top, magnitude(past.last[j])) : u_top;
    const double hull = intent.fresh ? larger(past.hull[j], top) : past.hull[j];
    out.peak[j] = larger(hull, top);
    double before = hull;
    double speed = hull;
    for (uint32_t i = 0; i < n; ++i) {
      const uint32_t b = i / kLanes, lane = i % kLanes;
      double q;
      double spread = error;
      if (i < kEarly) {
        q = past.q[i][j];
        speed = hull;
      } else {
        q = past.q[kEarly][j] +
            (past.v[kEarly][j] * lag * (1 - t.decay[i]) + u * t.path[i]);
        spread += magnitude(u) * t.half[i];
        // Between two samples |v| is at most the larger of |v| and |u| at
        // the first: the input does not rise.
        speed = larger(hull * t.decay[i] + top * t.gain[i], top * t.input[i]);
      }
      const double fastest = larger(before, speed);
      out.q[b].at[j][lane] = q;
      out.wide[b].at[j][lane] = spread + fastest * half[i];
      out.speed[b].at[j][lane] = fastest;
      before = speed;
    }
    // What the lag still moves after the last sample.
    if (!F::on(Fault::kTail)) {
      out.wide[n / kLanes - 1].at[j][kLanes - 1] += speed * lag;
    }
  }
}

}  // namespace tactus::safety
