// SPDX-License-Identifier: MIT
// Bodies of predict.hpp; include that.
#pragma once

#include <limits>

#include "safety/response_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

inline double magnitude(double x) { return __builtin_fabs(x); }
// Keeps NaN of either side.
inline double larger(double a, double b) {
  if (a != a) return a;
  return !(a >= b) ? b : a;
}

// The same for lanes: NaN of either side stays.
template <class V>
[[gnu::always_inline]] inline void larger8(const V& a, const V& b, V& out) {
  V most;
  kin::larger_of(b, a, most);
  select_le(a, a, most, a, out);
}
template <class V>
[[gnu::always_inline]] inline void smaller8(const V& a, const V& b, V& out) {
  V least;
  kin::smaller_of(b, a, least);
  select_le(a, a, least, a, out);
}
inline Double8 lanes_at(const double* from) {
  Double8 out;
  load(from, out);
  return out;
}

inline void magnitude8(const Double8& x, Double8& out) {
  kin::Int8 bits;
  kin::same_bits(x, bits);
  kin::same_bits(bits & INT64_MAX, out);
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
  int64_t from_ns[kHistory + 1];   // at the latest
  int64_t early_ns[kHistory + 1];  // may have been so much earlier
  alignas(64) double u[kHistory + 1][kMaxJoints];
  void add(const float* command, int64_t from, int64_t early) {
    for (uint32_t j = 0; j < kMaxJoints; ++j)
      u[count][j] = static_cast<double>(command[j]);
    early_ns[count] = early;
    from_ns[count++] = from;
  }
};

inline const Command& sent(const ShieldState& state, uint64_t back) {
  return state.history[(state.head - 1 - back) % kHistory];
}

// Without a guardian a robot that heard nothing for its time-out brakes by
// itself: what it does then is not what was sent last.
template <class F>
bool heard(const Image& image, const ShieldState& state, uint64_t commands,
           int64_t now_ns) {
  if (image.commit.misses > 0 || F::on(Fault::kQuiet)) return true;
  int64_t later = now_ns;
  for (uint64_t i = 0; i < commands; ++i) {
    const Command& c = sent(state, i);
    if (later - (c.sent_ns - c.took_ns) > image.commit.robot_timeout_ns)
      return false;
    later = c.sent_ns;
  }
  return true;
}
// How long it may brake so, at the most, before the next command leaves in the
// cycle that began at `release_ns`, s.
template <class F>
double quiet_of(const Image& image, const ShieldState& state,
                int64_t release_ns) {
  const Commit& commit = image.commit;
  if (commit.misses > 0 || state.head == 0 || F::on(Fault::kQuiet)) return 0;
  const Command& c = sent(state, 0);
  const int64_t silent =
      release_ns + commit.period_ns - (c.sent_ns - c.took_ns);
  return larger(seconds(silent - commit.robot_timeout_ns), 0);
}

template <class F>
bool gather(const Image& image, const ShieldState& state, int64_t t0,
            int64_t now_ns, int64_t delay, Flight& out) noexcept {
  const uint64_t held = state.head < kHistory ? state.head : kHistory;
  uint64_t n = 0;  // commands that took effect after t0
  while (n < held && sent(state, n).sent_ns + delay > t0) ++n;
  if (F::on(Fault::kInFlight)) n = 0;
  const bool from_before = n == held;
  if (from_before && !F::on(Fault::kUnknownHistory) &&
      (state.head > kHistory || state.before_known == 0)) {
    return false;
  }
  if (!heard<F>(image, state, from_before ? n : n + 1, now_ns)) return false;
  out.add(from_before ? state.before : sent(state, n).u, t0, 0);
  for (uint64_t i = n; i > 0; --i) {
    const Command& c = sent(state, i - 1);
    const int64_t took = F::on(Fault::kSendTime) ? 0 : c.took_ns;
    out.add(c.u, c.sent_ns + delay, delay + took);
  }
  return true;
}

// One robot state moved along piecewise constant commands, eight joints at a
// time.
struct Walker {
  uint32_t joints;
  double lag;
  int64_t at_ns;
  alignas(64) double q[kMaxJoints];
  alignas(64) double v[kMaxJoints];

  void step(const double* u, int64_t to_ns) noexcept {
    if (to_ns <= at_ns) return;
    const double h = seconds(to_ns - at_ns);
    const double e = exp_minus(h / lag);
    for (uint32_t j = 0; j < joints; j += kLanes) {
      const Double8 target = lanes_at(u + j), v0 = lanes_at(v + j);
      const Double8 v1 = target + (v0 - target) * e;
      store(lanes_at(q + j) + (target * h - lag * (v1 - v0)), q + j);
      store(v1, v + j);
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

inline void flight_bounds(const Image& image, const Flight& flight, Past& out) {
  for (uint32_t j = 0; j < image.joints; j += kLanes) {
    Double8 hull = lanes_at(out.hull + j), error = {}, swing = {}, size;
    for (uint32_t i = 0; i < flight.count; ++i) {
      const Double8 u = lanes_at(flight.u[i] + j);
      magnitude8(u, size);
      larger8(hull, size, hull);
      if (i == 0) continue;
      magnitude8(u - lanes_at(flight.u[i - 1] + j), size);
      // It may have taken effect earlier; what that did before the observation
      // is in what was observed.
      const int64_t seen = flight.from_ns[i] - flight.from_ns[0];
      const int64_t early = flight.early_ns[i];
      error += size * seconds(seen < early ? seen : early);
      swing += size;
    }
    store(hull, out.hull + j);
    store(error, out.error + j);
    store(swing, out.swing + j);
  }
}

// q older than dq: |v| over the gap between them, `lags` long in units of
// the lag. Backwards, v(t) = u + (v - u) e^(gap / lag) with both |v| and |u|
// within the hull; and no command sent leaves a hard action box.
template <class F>
double speed_before(const Image& image, uint32_t joint, double hull,
                    double lags) {
  if (!(lags > 0)) return hull;
  const double grown = hull * (1 + 2 / exp_minus(lags));
  const double most = F::on(Fault::kBoxAnyway) ? larger(-image.action_lo[joint],
                                                        image.action_hi[joint])
                                               : image.derived.most[joint];
  const double within = larger(hull, most);
  return grown < within ? grown : within;
}

// Before the first command of a life there is what was in effect then: at
// engage, rest.
inline void find_earlier(const Image& image, const ShieldState& state,
                         Past& out) {
  const bool older = state.head >= 2;
  const bool known = older || state.before_known != 0;
  const float* u = older ? sent(state, 1).u : state.before;
  for (uint32_t j = 0; j < image.joints; ++j) {
    out.earlier[j] = known ? static_cast<double>(u[j])
                           : std::numeric_limits<double>::quiet_NaN();
  }
}

inline void posture_of(const Image& image, const double* q, Posture& out) {
  kin::frames_of(image.chain, q, out.frames);
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const kin::Sphere& sphere = image.chain.sphere[i];
    kin::point(out.frames, sphere.link, sphere.center, out.centre[i]);
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
  if (!gather<F>(image, state, t0, in.now_ns, delay, flight)) return false;
  Walker walk{image.joints, lag_of<F>(image), v_at, {}, {}};
  for (double& bound : out.hull) bound = 0;
  for (uint32_t j = 0; j < image.joints; ++j) {
    walk.v[j] = static_cast<double>(in.value[image.dq_signal][j]);
    // At verified standstill what is left is noise (its bound is
    // standstill_speed, a declared assumption).
    out.hull[j] = still ? 0 : magnitude(walk.v[j]);
    out.last[j] = flight.u[flight.count - 1][j];
  }
  flight_bounds(image, flight, out);
  const double quiet = quiet_of<F>(image, state, in.release_ns);
  for (uint32_t j = 0; j < image.joints; ++j)
    out.error[j] += magnitude(out.last[j]) * quiet;
  const double gap = q_at < v_at ? seconds(v_at - q_at) : 0;
  for (uint32_t j = 0; j < image.joints; ++j) {
    walk.q[j] = static_cast<double>(in.value[image.q_signal][j]);
    out.error[j] +=
        gap * speed_before<F>(image, j, out.hull[j], gap / walk.lag);
  }
  if (v_at < q_at) {
    walk.to(flight, q_at);
    for (uint32_t j = 0; j < image.joints; ++j) {
      walk.q[j] = static_cast<double>(in.value[image.q_signal][j]);
    }
  }
  const bool looks_back = image.memories > 0;
  if (image.dynamics.trajectory.limited != 0 || looks_back)
    find_earlier(image, state, out);
  out.now_ns = in.now_ns;
  out.t1_ns = in.now_ns + delay;
  for (uint32_t i = 0; i <= kEarly; ++i) {
    walk.to(flight, in.now_ns + delay * int64_t{i} / int64_t{kEarly});
    for (uint32_t j = 0; j < image.joints; ++j) {
      out.q[i][j] = walk.q[j];
      out.v[i][j] = walk.v[j];
    }
  }
  if (image.humans > 0) posture_of(image, out.q[0], out.now);
  return true;
}

namespace detail {

// From now to the latest begin of braking.
inline double reaction_of(const Image& image, const Past& past,
                          const Intent& intent) {
  const int64_t stop_ns =
      intent.origin_ns + image.commit.actuator_delay_ns + intent.stale_ns;
  return larger(seconds(stop_ns - past.now_ns), 0);
}

// Without a guardian it is the robot that brakes, once it heard nothing for its
// time-out: like the plan, but from what it does then, without slope at first.
// In mid-plan that is never later than the plan would be with its own ramp to
// wait for, and never earlier than the plan.
template <class F>
int64_t anew_ns(const Image& image, const StopShape& shape) {
  const bool alone = image.commit.misses == 0 && !F::on(Fault::kAnew);
  return alone ? shape.ramp_ns : 0;
}

template <class F>
Span own_stop(const Image& image, const Past& past, const Intent& intent) {
  const int64_t delay = delay_of<F>(image);
  const int64_t stale = F::on(Fault::kStall) ? 0 : intent.stale_ns;
  const int64_t origin = F::on(Fault::kHold) ? past.now_ns : intent.origin_ns;
  const int64_t age = delay + stale + anew_ns<F>(image, intent.shape);
  const double late = seconds(origin + age - past.t1_ns);
  const double early = F::on(Fault::kSpread)
                           ? late
                           : seconds(origin - intent.early_ns - past.t1_ns);
  return {intent.shape, early, late};
}

// The newest command that followed that plan is one period older than u. A
// guardian begins it at its origin at the earliest, the robot itself as early
// as its own.
template <class F>
Span stop_before(const Image& image, const Past& past, const Intent& intent) {
  const StopShape shape = shape_of(*intent.before);
  const int64_t period = image.commit.period_ns;
  const int64_t from = intent.before->origin_ns - past.t1_ns;
  const bool alone = image.commit.misses == 0;
  const int64_t early = alone ? from - intent.early_ns - period : from;
  const int64_t age =
      delay_of<F>(image) + intent.stale_ns + period + anew_ns<F>(image, shape);
  return {shape, seconds(early), seconds(from + age)};
}

// What a stop that begins at its earliest has fallen now, `ahead` seconds
// before t1, and at t1.
inline void fallen_by(const FallFilter& filter, const Span& stop, double ahead,
                      Fallen& now, Fallen& starts) {
  Double8 after = Double8{} - stop.early;
  after[0] -= ahead;
  Fall8 fallen;
  filter.at(after, fallen);
  now = {fallen.raw[0], fallen.area[0]};
  starts = {fallen.raw[1], fallen.area[1]};
}

template <class F>
void lay_timeline(const Image& image, const Past& past, const Intent& intent,
                  Timeline& t) {
  const double lag = lag_of<F>(image);
  const uint32_t samples = image.ladder.samples;
  const Span own = own_stop<F>(image, past, intent);
  const Span before =
      intent.before != nullptr ? stop_before<F>(image, past, intent) : own;
  const double end = larger(own.end(), before.end());
  lay_grid(samples, end > 0 ? end : 0, F::on(Fault::kTail) ? 0 : 8 * lag, t);
  for (uint32_t i = 0; i < samples; i += kLanes) {
    Double8 tau, decay;
    load(t.tau + i, tau);
    exp_minus<Double8>(tau * (1 / lag), decay);
    store(decay, t.decay + i);
  }
  const double ahead = seconds(past.t1_ns - past.now_ns);
  const FallFilter own_falls(own.shape, lag);
  respond(own_falls, own, samples, t, t.own);
  fallen_by(own_falls, own, ahead, t.own_now, t.own_starts);
  t.before_starts = {};
  if (intent.holds_still) t.before = t.own;  // times nothing
  if (intent.before == nullptr) return;
  const FallFilter before_falls(before.shape, lag);
  respond(before_falls, before, samples, t, t.before);
  Fallen ignored;
  fallen_by(before_falls, before, ahead, ignored, t.before_starts);
}

// Half the wider gap beside each of `count` instants.
inline void half_gaps(const double* at, uint32_t count, double* half) {
  for (uint32_t i = 0; i < count; ++i) {
    const double before = i > 0 ? at[i] - at[i - 1] : 0;
    const double after = i + 1 < count ? at[i + 1] - at[i] : 0;
    half[i] = 0.5 * larger(before, after);
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
  half_gaps(at, samples, half);
  if (!F::on(Fault::kBetween)) return;
  for (uint32_t i = 0; i < samples; ++i) half[i] = 0;
}

}  // namespace detail

namespace detail {

// One joint's inputs from t1 on: `held` times the stop's s(t), beside which
// the position may be off by `error`.
struct Course {
  double held;
  double error;
  double extra;  // by which u, acting until the guardian does, differs
  double hull;   // bound of |v| up to t1
  double top;    // bound of the input from t1 on
  double q1;
  double sway;  // v1 lag: what v1 alone still moves
};

// Where a joint may be at each sample: |q_true - q| <= wide.
struct Place8 {
  Double8 q, wide, speed;
};

// Between two samples |v| is at most the larger of |v| and the input at the
// first: the input does not rise.
inline void place(const Course& c, const Timeline& t, const Response& r,
                  uint32_t i, Place8& out) {
  const Double8 decay = lanes_at(t.decay + i);
  out.q = c.q1 + (c.sway * (1 - decay) + c.held * lanes_at(r.path + i));
  out.wide = c.error + magnitude(c.held) * lanes_at(r.half + i);
  const Double8 moves = c.hull * decay + c.top * lanes_at(r.gain + i);
  // An input that ends at the reaction falls before the own stop's does.
  Double8 rest, most;
  larger8(lanes_at(t.own.gain + i), lanes_at(t.own.input + i), rest);
  larger8(moves, c.top * lanes_at(r.input + i), most);
  out.speed = most + c.extra * rest;
}

// The smallest place that holds both.
inline void join(const Place8& b, Place8& a) {
  Double8 hi, below, speed;
  larger8(a.q + a.wide, b.q + b.wide, hi);
  larger8(a.wide - a.q, b.wide - b.q, below);
  larger8(a.speed, b.speed, speed);
  a = {0.5 * (hi - below), 0.5 * (hi + below), speed};
}

inline bool may_go_on(const Intent& intent) {
  return intent.before != nullptr || intent.holds_still;
}

// One joint's motion, sample by sample. `before` has meaning where the guardian
// may go on in something else: may_go_on().
struct Courses {
  Course own, before;
};
template <class F>
void lay_courses(const Image& image, const Past& past, const Intent& intent,
                 const Timeline& t, uint32_t j, double reaction_s,
                 Courses& out) {
  const double u = intent.u[j];
  const double jump = intent.fresh ? magnitude(u - past.last[j]) : 0;
  // The command may leave as late as the stop's begin.
  const double error = past.error[j] + jump * reaction_s;
  const double room =
      intent.room_s > 0 ? magnitude(u) * intent.room_s + kRoom : 0;
  // What the input cannot exceed from t1 on. A running plan's own past is
  // in the commands sent: its held value binds only through s.
  const double u_top = magnitude(u);
  const double top =
      intent.fresh ? larger(u_top, magnitude(past.last[j])) : u_top;
  const double hull = intent.fresh ? larger(past.hull[j], top) : past.hull[j];
  const double q1 = past.q[kEarly][j];
  const double sway = past.v[kEarly][j] * lag_of<F>(image);
  // What a stop has fallen by t1 may have taken effect as it was sent: from u,
  // or from where a running one is. Nothing has where the loop holds a command
  // for longer than the actuator takes.
  const double delay = seconds(past.t1_ns - past.now_ns);
  const double from = intent.fresh ? u : past.last[j];
  const double begun = magnitude(from - u * (1 - t.own_now.part)) * delay;
  const double since =
      t.own_starts.area - t.own_now.area - t.own_now.part * delay;
  const double fallen =
      F::on(Fault::kFallen) ? 0 : begun + magnitude(u) * since;
  out.own = {u, error + fallen + room, 0, hull, top, q1, sway};
  // The same of the plan before; u itself acts until the guardian does.
  const double held = intent.before != nullptr ? intent.before->held[j] : 0;
  const double drop =
      magnitude(past.last[j] - held * (1 - t.before_starts.part));
  const double early = error + drop * delay;
  out.before = {held, early, jump, hull, magnitude(held), q1, sway};
}

// A joint's samples: `speed` is that of the sample before, too, so that it
// bounds the interval on both sides.
struct alignas(64) JointSamples {
  double q[kMaxSamples];
  double wide[kMaxSamples];
  double speed[kLanes + kMaxSamples];  // from index kLanes on
};

inline void sample_joint(const Past& past, const Courses& courses,
                         bool has_before, const Timeline& t, uint32_t samples,
                         uint32_t j, JointSamples& out) {
  for (uint32_t i = 0; i < samples; i += kLanes) {
    Place8 now;
    place(courses.own, t, t.own, i, now);
    if (has_before) {
      Place8 other;
      place(courses.before, t, t.before, i, other);
      join(other, now);
    }
    store(now.q, out.q + i);
    store(now.wide, out.wide + i);
    store(now.speed, out.speed + kLanes + i);
  }
  out.speed[kLanes - 1] = courses.own.hull;
  const double error = has_before
                           ? larger(courses.own.error, courses.before.error)
                           : courses.own.error;
  for (uint32_t i = 0; i < kEarly; ++i) {
    out.q[i] = past.q[i][j];
    out.wide[i] = error;
    out.speed[kLanes + i] = courses.own.hull;
  }
}

inline void widen_joint(const JointSamples& from, const double* half,
                        uint32_t samples, uint32_t j, Motion& out) {
  for (uint32_t i = 0; i < samples; i += kLanes) {
    const uint32_t b = i / kLanes;
    const double* speed = from.speed + kLanes + i;
    Double8 fastest;
    larger8(lanes_at(speed - 1), lanes_at(speed), fastest);
    load(from.q + i, out.q[b].at[j]);
    out.wide[b].at[j] = lanes_at(from.wide + i) + fastest * lanes_at(half + i);
    out.speed[b].at[j] = fastest;
  }
}

}  // namespace detail

template <class F>
void predict(const Image& image, const Past& past, const Intent& intent,
             Motion& out) noexcept {
  using namespace detail;
  const uint32_t n = image.ladder.samples;
  Intent asked = intent;
  if (F::on(Fault::kBefore)) {
    asked.before = nullptr;
    asked.holds_still = false;
  }
  Timeline t;
  lay_timeline<F>(image, past, asked, t);
  alignas(64) double at[kMaxSamples];
  alignas(64) double half[kMaxSamples];
  lay_intervals<F>(past, n, t, at, half);
  out.blocks = n / kLanes;
  out.reaction_s = reaction_of(image, past, intent);
  out.still = nullptr;
  for (uint32_t i = 0; i < n; i += kLanes) {
    out.until[i / kLanes] = lanes_at(at + i) + lanes_at(half + i);
    out.path[i / kLanes] = lanes_at(t.own.path + i);
    out.spread[i / kLanes] = lanes_at(t.own.half + i) + lanes_at(half + i);
  }
  JointSamples joint;
  for (uint32_t j = 0; j < image.joints; ++j) {
    Courses courses;
    lay_courses<F>(image, past, asked, t, j, out.reaction_s, courses);
    out.peak[j] = larger(courses.own.hull, courses.own.top);
    sample_joint(past, courses, may_go_on(asked), t, n, j, joint);
    widen_joint(joint, half, n, j, out);
    // What the lag still moves after the last sample.
    if (!F::on(Fault::kTail)) {
      const double last = joint.speed[kLanes + n - 1];
      out.wide[n / kLanes - 1].at[j][kLanes - 1] += last * lag_of<F>(image);
    }
  }
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
