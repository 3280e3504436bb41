// SPDX-License-Identifier: MIT
// Bodies of check.hpp; include that.
#pragma once

#include "safety/windows_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// ----------------------------------------------------------- standstill

// Once the guardian has acted our last command is not the one that holds, and
// when its plan is over is not seen here: after this instant, at the latest, it
// has arrived at its end.
template <class F>
int64_t handed_over_ns(const Image& image, const ShieldState& state) {
  if (F::on(Fault::kStillInFlight)) return 0;
  const Commit& c = image.commit;
  const int64_t age = hold_ns(c) + c.repeat_ns;
  int64_t last = sent(state, 0).sent_ns;
  if (state.plan.plan_id != 0) {
    const int64_t end = state.plan.origin_ns + shape_of(state.plan).end_ns();
    last = end > last ? end : last;
  }
  return last + age;
}

// Restarts the timer whenever the robot moved, was not seen, or was commanded
// to move, be it ever so slowly, by what was in effect when it was seen or came
// after: at standstill nobody sends, and what was sent last stays in effect.
// Once the guardian has acted, what the robot measures is all there is.
template <class F>
bool commanded_still(const Image& image, const ShieldState& state,
                     const ShieldInput& in) {
  if (state.head == 0) return true;
  const int64_t seen = in.stamp_ns[image.dq_signal];
  if (in.guardian_acted) return seen >= handed_over_ns<F>(image, state);
  const int64_t delay = image.commit.actuator_delay_ns;
  const uint64_t held = state.head < kHistory ? state.head : kHistory;
  bool still = true, earlier = true;
  for (uint64_t i = 0; i < held && earlier; ++i) {
    const Command& command = sent(state, i);
    for (uint32_t j = 0; j < image.joints; ++j)
      still = still && (command.u[j] == 0 || F::on(Fault::kResidual));
    earlier = command.sent_ns + delay > seen && !F::on(Fault::kStillInFlight);
  }
  return still;
}

inline bool measured_still(const Image& image, const float* dq) {
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double v = static_cast<double>(dq[j]);
    if (!(magnitude(v) <= image.commit.standstill_speed)) return false;
  }
  return true;
}

template <class F>
bool watch_standstill(const Image& image, ShieldState& state,
                      const ShieldInput& in, bool robot_ok) {
  if (!robot_ok || !commanded_still<F>(image, state, in) ||
      !measured_still(image, in.value[image.dq_signal])) {
    state.still_since_ns = kNever;
    return false;
  }
  const int64_t stamp = in.stamp_ns[image.dq_signal];
  const int64_t gap = image.signal[image.dq_signal].max_age_ns;
  if (state.still_since_ns == kNever || stamp - state.still_last_ns > gap) {
    state.still_since_ns = stamp;
  }
  state.still_last_ns = stamp;
  return stamp - state.still_since_ns >= image.commit.standstill_ns;
}

// ----------------------------------------------------------------- life

// ns from the release of the newest command to another.
inline int64_t step_of(const Image& image, const ShieldState& state,
                       int64_t release_ns) {
  const int64_t period = image.commit.period_ns;
  if (state.sent_release_ns == 0) return period;
  const int64_t gap = release_ns - state.sent_release_ns;
  return gap < 1 ? 1 : (gap < period ? gap : period);
}

// Outside engaged and what follows it nothing is sent: what moves the robot
// then, if anything, is what it measurably does.
template <class F>
void begin_life(const Image& image, ShieldState& state, const ShieldInput& in,
                bool robot_ok, bool still) {
  const bool sending = in.life == TACTUS_STATE_ENGAGED ||
                       in.life == TACTUS_STATE_STOPPING ||
                       in.life == TACTUS_STATE_LATCHED;
  const bool was_sending = state.last_life == TACTUS_STATE_ENGAGED ||
                           state.last_life == TACTUS_STATE_STOPPING ||
                           state.last_life == TACTUS_STATE_LATCHED;
  state.last_life = in.life;
  if (sending && was_sending) return;
  state.head = 0;
  state.sent_release_ns = state.sent_step_ns = 0;
  state.plan.plan_id = 0;
  state.projected = QpRows{};
  state.memory.image = 0;
  if (!F::on(Fault::kHysteresisLife)) {
    for (uint64_t& bits : state.held) bits = 0;
  }
  state.before_known = robot_ok ? 1 : 0;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const float dq = robot_ok ? in.value[image.dq_signal][j] : 0;
    state.before[j] = still ? 0 : dq;
    state.blend_from[j] = dq;
  }
  if (sending && !still) state.before_known = 0;
}

// --------------------------------------------------------------- ladder

// One cycle's work: what every rung needs.
struct Bench {
  // Leaves `motion` as it is: predict() writes what judge() reads, and
  // zeroing 50 KiB would cost as much as a tenth of a check.
  Bench(const Image& limits, const ShieldState& carried,
        const ShieldInput& input, const Past& before)
      : image(limits), state(carried), in(input), past(before) {}
  const Image& image;
  const ShieldState& state;
  const ShieldInput& in;
  const Past& past;
  Motion motion;
};

// When the stop of a command of this cycle begins at the latest, and how old
// a command may be that is played from then on: if the loop hangs in the
// middle of a plan, the robot holds one sample of it until the guardian
// takes over, which is as long as u_k may be held; the guardian then joins the
// plan at that sample, and each of its frames stands until the next. If it
// dies between send and commit, the guardian goes on in the plan before.
template <class F>
Intent intend(const Image& image, const ShieldState& state,
              const ShieldInput& in) {
  Intent intent{};
  const int64_t hold = hold_ns(image.commit) - image.commit.actuator_delay_ns;
  intent.origin_ns = in.release_ns + hold;
  // A robot that times out by itself counts from the send, which may lie before
  // the release that a program told ahead.
  const bool alone = image.commit.misses == 0 && !F::on(Fault::kAhead);
  const int64_t ahead = in.release_ns - in.now_ns;
  intent.early_ns = image.commit.period_ns + (alone && ahead > 0 ? ahead : 0);
  const int64_t repeat = image.commit.repeat_ns;
  const bool joins = image.commit.misses > 0 && !F::on(Fault::kJoin);
  intent.stale_ns = joins ? hold + repeat : (hold > repeat ? hold : repeat);
  intent.fresh = true;
  intent.before = state.plan.plan_id != 0 ? &state.plan : nullptr;
  intent.holds_still = intent.before == nullptr && image.commit.misses > 0 &&
                       !F::on(Fault::kFirst);
  return intent;
}

// The part by which a stop that begins now falls within `span_s`, as far as
// rate and decel allow.
inline double fall_within(const Image& image, const double* u, double span_s) {
  double fall = 1;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double slope = image.action_rate[j] < image.commit.decel[j]
                             ? image.action_rate[j]
                             : image.commit.decel[j];
    const double most = slope * span_s / magnitude(u[j]);
    if (most < fall) fall = most;
  }
  return fall;
}

// What a motion that just fits leaves no room for in the next cycle: a
// command that brakes. Until it is known to be out, its difference from u
// counts for the whole reaction, and the plan of u, one period older, too.
// Without that room every second cycle at a limit would be rung stop.
inline double room_of(const Image& image, const Past& past,
                      const Intent& intent) {
  const double period = seconds(image.commit.period_ns);
  return period + fall_within(image, intent.u, period) *
                      reaction_of(image, past, intent);
}

// u held until the stop, and that stop; 0, or why there is none.
template <class F>
uint32_t aim(const Bench& bench, const float* u, Intent& intent) noexcept {
  intent = intend<F>(bench.image, bench.state, bench.in);
  for (uint32_t j = 0; j < bench.image.joints; ++j) {
    intent.u[j] = static_cast<double>(u[j]);
  }
  // A cycle this late has no plan.
  if (intent.origin_ns < bench.in.now_ns) return kReasonHorizon;
  return shape_stop(bench.image, intent.u, intent.shape) ? 0u : kReasonPlanner;
}

template <class F>
bool verify(Bench& bench, const float* u, Intent& intent, Effort effort,
            Verdict& verdict) noexcept {
  verdict.clear();
  verdict.reasons = aim<F>(bench, u, intent);
  if (verdict.reasons != 0) return false;
  if (effort == Effort::kWithRoom) {
    intent.room_s = room_of(bench.image, bench.past, intent);
  }
  predict<F>(bench.image, bench.past, intent, bench.motion);
  judge<F>(bench.image, bench.in, bench.past, intent, bench.motion, effort,
           verdict);
  return verdict.safe;
}

// Largest step from `last` towards `raw`, at most 1, that keeps a <= x <= b
// for x = last + step (raw - last).
inline double step_within(double last, double raw, double lo, double hi) {
  const double way = raw - last;
  if (way > 0 && raw > hi) return (hi - last) / way;
  if (way < 0 && raw < lo) return (lo - last) / way;
  return 1;
}

// The part of the way from `base` to the raw command that box, rate and
// trajectory leave.
inline double act_step(const Image& image, const Past& past, const double* base,
                       const float* raw) {
  double step = 1;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double u = static_cast<double>(raw[j]);
    const double last = past.last[j];
    const double most = image.action_rate[j] * past.step_s;
    NextRange next;
    next_range_of(image, past, j, next);
    const double a =
        step_within(base[j], u, image.action_lo[j], image.action_hi[j]);
    const double b = step_within(base[j], u, last - most, last + most);
    const double c = step_within(base[j], u, next.lo, next.hi);
    if (!(a >= step)) step = a;
    if (!(b >= step)) step = b;
    if (!(c >= step)) step = c;
  }
  return step;
}

// The same with linear rows, in closed form. The base is the last command,
// which is the next sample of the last verified plan and still held by it, or
// with a limited trajectory the one that coasts from it.
inline double linear_step(const Image& image, const Past& past,
                          const double* base, const float* raw) {
  double step = act_step(image, past, base, raw);
  for (uint32_t i = 0; i < image.linears; ++i) {
    if (image.linear[i].of != LinearOf::kAction) continue;
    double now = 0, asked = 0;
    for (uint32_t j = 0; j < image.joints; ++j) {
      now += image.linear[i].a[j] * base[j];
      asked += image.linear[i].a[j] * static_cast<double>(raw[j]);
    }
    if (asked > image.linear[i].b) {
      const double c = (image.linear[i].b - now) / (asked - now);
      if (!(c >= step)) step = c;
    }
  }
  // One part in 1e5 inside, so that rounding to f32 does not leave it.
  return step < 1 ? (step > 0 ? step * (1 - 1e-5) : 0) : 1;
}

// Next sample of a stop that begins now.
inline void brake_sample(const Image& image, const Past& past, float* out) {
  double fall = fall_within(image, past.last, past.step_s);
  fall *= 1 - 1e-5;
  if (fall > 0.99) fall = 1;  // at rest, exactly
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double wanted = past.last[j] * (1 - fall);
    out[j] = static_cast<float>(brake_within(image, past, j, wanted));
  }
}

inline void mix(const Image& image, const float* from, const float* to,
                double part, float* out) {
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double a = static_cast<double>(from[j]);
    const double b = static_cast<double>(to[j]);
    out[j] = static_cast<float>(a + part * (b - a));
  }
}

struct Choice {
  float u[kMaxJoints];
  Intent intent;
  double scale;
};

// Rung scale. Towards what? The next sample of the last verified plan is,
// before its origin, the command that is held: going towards it obeys box,
// rate and linear rows (closed form, `ahead`), but it cannot slow the robot
// down, so a human who comes nearer would find only rung stop. Hence a
// second anchor, the next sample of a stop that begins now (`brake`), and
// bisection between the two. Both obey the rate and trajectory rows, so
// everything between does. No claim is made that the safe part is connected:
// whatever comes out passed the whole check itself.
template <class F>
bool scale(Bench& bench, const float* raw, Choice& best) noexcept {
  const Image& image = bench.image;
  const bool bent = image.dynamics.trajectory.limited != 0;
  double base[kMaxJoints] = {};
  float from[kMaxJoints] = {}, aim[kMaxJoints] = {};
  float ahead[kMaxJoints], brake[kMaxJoints];
  for (uint32_t j = 0; j < image.joints; ++j) {
    NextRange next;
    next_range_of(image, bench.past, j, next);
    base[j] = next.coast;
    from[j] = static_cast<float>(base[j]);
    aim[j] = bent ? aim_of(image, bench.past, j, raw[j]) : raw[j];
  }
  const double step = linear_step(image, bench.past, base, aim);
  mix(image, from, aim, step, ahead);
  Verdict verdict;
  Choice trial;
  const auto accept = [&](const float* u, double part, Effort effort) noexcept {
    for (uint32_t j = 0; j < kMaxJoints; ++j) trial.u[j] = u[j];
    trial.scale = part;
    const bool safe = verify<F>(bench, trial.u, trial.intent, effort, verdict);
    if (safe || F::on(Fault::kRecheck)) best = trial;
    return safe || F::on(Fault::kRecheck);
  };
  for (uint32_t j = image.joints; j < kMaxJoints; ++j) {
    ahead[j] = 0;
    brake[j] = 0;
  }
  // A whole step is the raw action, which has just failed, and none the last
  // command, which cannot slow down; but where the trajectory bends neither.
  const bool new_one = bent || (step > 0 && step < 1);
  if (new_one && accept(ahead, step, Effort::kWithRoom)) return true;
  brake_sample(image, bench.past, brake);
  if (!accept(brake, 0, Effort::kYesOrNo)) return false;
  double good = 0, bad = 1;
  float u[kMaxJoints] = {};
  for (uint32_t i = 0; i < image.ladder.bisections; ++i) {
    const double middle = 0.5 * (good + bad);
    mix(image, brake, ahead, middle, u);
    const bool safe = accept(u, step * middle, Effort::kWithRoom);
    (safe ? good : bad) = middle;
  }
  return true;
}

// Of the way from the last command to the raw one, half of what box and rate
// leave is kept.
inline bool keeps_half(const Bench& bench, const float* raw,
                       const Choice& choice) {
  float last[kMaxJoints];
  for (uint32_t j = 0; j < bench.image.joints; ++j) {
    last[j] = static_cast<float>(bench.past.last[j]);
  }
  const double part =
      1 - 0.5 * act_step(bench.image, bench.past, bench.past.last, raw);
  return distance(bench.image, choice.u, raw) <=
         part * part * distance(bench.image, last, raw);
}

// One candidate of rung project.
template <class F>
bool propose(Bench& bench, const float* u, Effort effort,
             Choice& trial) noexcept {
  for (uint32_t j = 0; j < kMaxJoints; ++j) trial.u[j] = u[j];
  trial.scale = 0;  // nothing was scaled
  Verdict verdict;
  const bool safe = verify<F>(bench, u, trial.intent, effort, verdict);
  return safe || F::on(Fault::kProjectRecheck);
}

// Takes what was found unsafe back towards `from`, which is not. `choice` is
// only written with what may be sent.
template <class F>
bool back_off(Bench& bench, const float* from, const float* unsafe,
              Choice& choice) noexcept {
  Choice trial;
  double good = 0, bad = 1;
  float u[kMaxJoints] = {};
  for (uint32_t i = 0; i < kProjectBackOffs; ++i) {
    const double middle = 0.5 * (good + bad);
    mix(bench.image, from, unsafe, middle, u);
    const bool safe = propose<F>(bench, u, Effort::kWithRoom, trial);
    if (safe) choice = trial;
    (safe ? good : bad) = middle;
  }
  return good > 0;
}

// Rung project (project_impl.hpp). `sure`: what rung scale found, or without
// it the next sample of a stop that begins now, if that verifies; else null.
// Without a projection that verifies, what lies between the last one and
// `sure`. `choice` is only written with what may be sent and is nearer.
template <class F>
bool project_rung(Bench& bench, const float* raw, QpRows& warm,
                  const Choice* sure, Choice& choice) noexcept {
  const Image& image = bench.image;
  Choice trial;
  const Reference at{image, bench.in, bench.past, trial.intent, bench.motion};
  const auto judge_one = [&](const float* u) noexcept {
    return propose<F>(bench, u, Effort::kWithRoom, trial);
  };
  float u[kMaxJoints] = {};
  if (!project<F>(at, raw, warm, judge_one, u)) {
    return sure != nullptr && back_off<F>(bench, sure->u, u, choice);
  }
  const bool nearer = sure == nullptr ||
                      distance(image, u, raw) < distance(image, sure->u, raw);
  if (nearer) choice = trial;
  return nearer;
}

// ------------------------------------------------------------- the plan

inline void make_candidate(const Image& image, const ShieldInput& in,
                           const Choice& choice, layout::StopPlan& plan) {
  plan = layout::StopPlan{};
  plan.plan_id = in.cycle + 1;  // 0 is none
  plan.origin_ns = choice.intent.origin_ns;
  plan.epoch = in.epoch;
  write_plan(image, choice.intent.u, choice.intent.shape, plan);
}

// The running plan from its time index on, judged with today's inputs.
template <class F>
bool verify_running(Bench& bench, const layout::StopPlan& plan,
                    Verdict& verdict) {
  Intent intent = intend<F>(bench.image, bench.state, bench.in);
  intent.fresh = false;
  intent.origin_ns = plan.origin_ns;
  intent.before = nullptr;
  intent.holds_still = false;
  intent.shape = shape_of(plan);
  for (uint32_t j = 0; j < bench.image.joints; ++j) {
    intent.u[j] = plan.held[j];
  }
  predict<F>(bench.image, bench.past, intent, bench.motion);
  judge<F>(bench.image, bench.in, bench.past, intent, bench.motion,
           Effort::kYesOrNo, verdict);
  return verdict.safe;
}

inline void report(const Verdict& verdict, ShieldOutput& out) {
  out.worst_row = verdict.worst_row;
  out.worst_link = verdict.worst_link;
  out.margin = static_cast<float>(verdict.margin);
  out.mean_score = static_cast<float>(verdict.mean);
  out.violated = verdict.violated;
  out.recalled = verdict.recalled;
  out.reasons |= verdict.reasons;
}

template <class F>
bool ask(const Image& image, const ShieldState& state, const ShieldInput& in,
         float* u) {
  const bool blending = in.life == TACTUS_STATE_ENGAGED;
  const float part = blending && !F::on(Fault::kBlend) ? in.blend : 1;
  bool ok = part >= 0 && part <= 1;
  for (uint32_t j = 0; j < image.joints; ++j) {
    ok = ok && finite(in.action[j]);
    u[j] = state.blend_from[j] + part * (in.action[j] - state.blend_from[j]);
    if (part == 1) u[j] = in.action[j];
  }
  return ok || F::on(Fault::kNan);
}

// The next sample of a stop that begins now.
template <class F>
bool brake(Bench& bench, Choice& choice) noexcept {
  float u[kMaxJoints] = {};
  brake_sample(bench.image, bench.past, u);
  return propose<F>(bench, u, Effort::kYesOrNo, choice);
}

// What is left when the raw action does not pass: a scaling that keeps half
// of the way to it; else the nearer of scaling and projection, which may slide
// along what blocks the way.
template <class F>
tactus_rung descend(Bench& bench, const float* raw, QpRows& warm,
                    Choice& choice) noexcept {
  const uint32_t rungs = bench.image.ladder.rungs;
  const bool may = (rungs & kRungProject) != 0 || F::on(Fault::kProjectLadder);
  const bool scales = (rungs & kRungScale) != 0;
  if (!scales && !may) return TACTUS_RUNG_STOP;
  Choice sure;
  const bool any = scales ? scale<F>(bench, raw, sure) : brake<F>(bench, sure);
  const bool enough = scales && any && keeps_half(bench, raw, sure);
  if (may && !enough &&
      project_rung<F>(bench, raw, warm, any ? &sure : nullptr, choice)) {
    return TACTUS_RUNG_PROJECT;
  }
  if (!any) return TACTUS_RUNG_STOP;
  choice = sure;
  return scales ? TACTUS_RUNG_SCALE : TACTUS_RUNG_PROJECT;
}

// The same, or what foresee() found of it.
template <class F>
tactus_rung find_rung(Bench& bench, const float* raw, ShieldState& state,
                      Choice& choice) noexcept {
  const Foreseen* seen = bench.in.foreseen;
  const bool known = seen != nullptr && seen->descended &&
                     seen->cycle == bench.in.cycle &&
                     seen->now_ns == bench.in.now_ns;
  if (!known) return descend<F>(bench, raw, state.projected, choice);
  state.projected = seen->projected;
  if (seen->rung == TACTUS_RUNG_STOP) return TACTUS_RUNG_STOP;
  for (uint32_t j = 0; j < kMaxJoints; ++j) choice.u[j] = seen->action[j];
  choice.scale = seen->scale;
  const bool planned = aim<F>(bench, choice.u, choice.intent) == 0;
  return planned ? seen->rung : TACTUS_RUNG_STOP;
}

// Rows that refused the action, for the next one. What could not be judged
// leaves them as they are.
template <class F>
void hold_refused(const Verdict& verdict, ShieldState& state) {
  if (!verdict.judged) return;
  for (uint32_t i = 0; i < kMaxRows / 64; ++i) {
    const uint64_t kept = F::on(Fault::kHysteresisOn) ? state.held[i] : 0;
    state.held[i] = verdict.refused[i] | kept;
  }
}

// True when a row that was violated leaves rung stop only.
template <class F>
bool is_answered(const Verdict& verdict, ShieldOutput& out) {
  constexpr auto kStop = 1u << static_cast<uint32_t>(safety::Response::kStop);
  constexpr auto kLatch = 1u << static_cast<uint32_t>(safety::Response::kLatch);
  const bool latch = (verdict.answers & kLatch) != 0;
  out.latch = latch && !F::on(Fault::kResponseLatch);
  const bool stops = (verdict.answers & kStop) != 0 || latch;
  if (!stops || F::on(Fault::kResponseStop)) return false;
  out.reasons |= kReasonResponse;
  return true;
}

// Pass, scale or project; true when `choice` may be sent.
template <class F>
bool climb(Bench& bench, ShieldState& state, Choice& choice,
           ShieldOutput& out) noexcept {
  const Image& image = bench.image;
  float raw[kMaxJoints] = {};
  if (!ask<F>(image, state, bench.in, raw)) {
    out.reasons |= kReasonNan;
    out.bad = true;
    return false;
  }
  for (uint32_t j = 0; j < kMaxJoints; ++j) choice.u[j] = raw[j];
  choice.scale = 1;
  Verdict verdict;
  verdict.rows = out.row;
  if (image.ladder.exact_every != 0) verdict.memory = &state.memory;
  verdict.held = state.held;
  const bool safe =
      verify<F>(bench, raw, choice.intent, Effort::kFull, verdict);
  report(verdict, out);
  hold_refused<F>(verdict, state);
  if (image.ladder.horizon_ns > 0) {
    out.time_to_violation = static_cast<float>(
        time_to_violation<F>(image, bench.in, bench.past, raw, bench.motion));
  }
  if (safe && (image.ladder.rungs & kRungPass) != 0) {
    out.rung = TACTUS_RUNG_PASS;
    return true;
  }
  if (is_answered<F>(verdict, out)) return false;
  out.rung = find_rung<F>(bench, raw, state, choice);
  if (out.rung != TACTUS_RUNG_STOP) return true;
  const bool tried = (image.ladder.rungs & (kRungScale | kRungProject)) != 0;
  out.reasons |= tried ? kReasonNotConverged : kReasonLadder;
  return false;
}

// Standing still here, commanded to, is verified: what engage asks for.
template <class F>
bool still_is_safe(Bench& bench) {
  if (F::on(Fault::kEngageProof)) return true;
  const float zero[kMaxJoints] = {};
  Intent intent;
  Verdict verdict;
  return verify<F>(bench, zero, intent, Effort::kYesOrNo, verdict);
}

template <class F>
void stop_rung(const Image& image, const ShieldState& state,
               const ShieldInput& in, Bench* bench, ShieldOutput& out) {
  out.rung = TACTUS_RUNG_STOP;
  out.scale = 0;
  out.plan_id = state.plan.plan_id;
  play(image, state, in.now_ns, out.action);
  if (state.plan.plan_id == 0) {
    out.reasons |= kReasonNoPlan;
    return;
  }
  Verdict verdict;
  out.stop_unverified =
      bench == nullptr || !verify_running<F>(*bench, state.plan, verdict);
  if (out.stop_unverified) out.reasons |= kReasonStopUnverified;
}

}  // namespace detail

template <class F>
void inspect(const Image& image, const ShieldState& state,
             const ShieldInput& in, Health& out) noexcept {
  out = Health{};
  out.robot_ok =
      image.q_signal < image.signals && image.dq_signal < image.signals;
  out.human_ok = true;
  for (uint32_t i = 0; i < image.signals; ++i) {
    const uint32_t faults = detail::signal_faults<F>(image, state, in, i);
    if (faults == 0) continue;
    out.reasons |= faults;
    if ((faults & kReasonStale) != 0) out.stale |= 1u << i;
    if (i == image.q_signal || i == image.dq_signal) out.robot_ok = false;
    if (detail::is_needed(image, i)) out.human_ok = false;
  }
  if (in.now_ns < state.last_now_ns && !F::on(Fault::kBackwards)) {
    out.reasons |= kReasonFuture;
    out.robot_ok = false;
  }
  if (in.guardian_stale && !F::on(Fault::kGuardianStale)) {
    out.reasons |= kReasonGuardianStale;
  }
}

namespace detail {

// What came before this cycle's ladder.
struct Before {
  Health health;
  bool still = false;
  bool known = false;  // where the robot is, and what is in flight
};

// This check's look at what past-time rows are about.
template <class F>
void look_back(const Image& image, ShieldState& state, const ShieldInput& in,
               bool known, Past& past) {
  if (image.memories == 0) return;
  if (!known && F::on(Fault::kPastUnknown)) return;
  const uint32_t held = known ? held_now<F>(image, in, past) : 0;
  note_held<F>(image, in, held, state, past.left);
}

template <class F>
void take_in(const Image& image, ShieldState& state, const ShieldInput& in,
             Before& out, Past& past) noexcept {
  inspect<F>(image, state, in, out.health);
  const bool robot_ok = out.health.robot_ok;
  out.still = watch_standstill<F>(image, state, in, robot_ok);
  begin_life<F>(image, state, in, robot_ok, out.still);
  open_windows<F>(image, state, in, past.windows);
  if (in.now_ns > state.last_now_ns) state.last_now_ns = in.now_ns;
  for (uint32_t i = 0; i < image.signals; ++i) {
    if (in.stamp_ns[i] > state.last_stamp_ns[i] &&
        in.stamp_ns[i] <= in.now_ns) {
      state.last_stamp_ns[i] = in.stamp_ns[i];
    }
  }
  out.known = robot_ok && predict_past<F>(image, state, in, out.still, past);
  const int64_t period = image.commit.period_ns;
  const int64_t last = state.sent_step_ns > 0 ? state.sent_step_ns : period;
  past.step_s = seconds(step_of(image, state, in.release_ns));
  past.last_step_s = seconds(last);
  if (F::on(Fault::kStep)) past.step_s = past.last_step_s = seconds(period);
  look_back<F>(image, state, in, out.known && out.health.human_ok, past);
}

inline bool readable(const Image& image) {
  return image.header.magic == kImageMagic &&
         image.header.version == kImageVersion;
}

// What the ladder sends, where it sends anything.
template <class F>
bool choose(Bench& bench, ShieldState& state, Choice& choice,
            ShieldOutput& out) noexcept {
  const bool life_ok = bench.in.life != TACTUS_STATE_STOPPING &&
                       bench.in.life != TACTUS_STATE_LATCHED;
  return out.reasons == 0 && life_ok && climb<F>(bench, state, choice, out);
}

// The input if all callbacks were content.
inline ShieldInput content(const ShieldInput& in) {
  ShieldInput out = in;
  out.foreseen = nullptr;
  for (float& margin : out.callback)
    margin = std::numeric_limits<float>::infinity();
  for (uint8_t& fate : out.callback_fate) fate = kCallbackGave;
  return out;
}

// What would be sent then, with its stop; else what was asked for, with its.
template <class F>
bool chosen(const Image& image, ShieldState& state, const ShieldInput& in,
            const Past& past, const Health& health, Choice& choice,
            Foreseen& seen) noexcept {
  Bench bench(image, state, in, past);
  ShieldOutput out;
  out.reasons = health.reasons;
  const bool sends = health.human_ok && !F::on(Fault::kCallbackShown) &&
                     choose<F>(bench, state, choice, out);
  const bool tried = (out.reasons & (kReasonNotConverged | kReasonLadder)) != 0;
  seen.descended = sends ? out.rung != TACTUS_RUNG_PASS : tried;
  seen.rung = out.rung;
  seen.scale = choice.scale;
  seen.projected = state.projected;
  choice.intent.room_s = 0;
  if (sends) return true;
  for (float& u : choice.u) u = 0;
  return ask<F>(image, state, in, choice.u) &&
         aim<F>(bench, choice.u, choice.intent) == 0;
}

// Sample by sample, as others read it.
inline void show(const Motion& motion, uint32_t joints, Foreseen& out) {
  out.samples = motion.blocks * kLanes;
  for (uint32_t i = 0; i < out.samples; ++i) {
    const uint32_t b = i / kLanes, k = i % kLanes;
    out.until_s[i] = motion.until[b][k];
    for (uint32_t j = 0; j < joints; ++j) {
      out.q[i * joints + j] = motion.q[b].at[j][k];
      out.wide[i * joints + j] = motion.wide[b].at[j][k];
    }
  }
}

}  // namespace detail

template <class F>
bool foresee_with(const Image& image, ShieldState& state, const ShieldInput& in,
                  Foreseen& out) noexcept {
  using namespace detail;
  out.samples = 0;
  out.descended = false;
  if (!readable(image)) return false;
  Past past;
  Before before;
  take_in<F>(image, state, in, before, past);
  if (!in.action_valid || in.action == nullptr || !before.known) return false;
  const ShieldInput kept = content(in);
  Choice choice;
  if (!chosen<F>(image, state, kept, past, before.health, choice, out)) {
    out.descended = false;
    return false;
  }
  out.cycle = in.cycle;
  out.now_ns = in.now_ns;
  for (uint32_t j = 0; j < kMaxJoints; ++j) out.action[j] = choice.u[j];
  Motion motion;
  predict<F>(image, past, choice.intent, motion);
  show(motion, image.joints, out);
  return true;
}

template <class F>
void check_with(const Image& image, ShieldState& state, const ShieldInput& in,
                ShieldOutput& out) noexcept {
  using namespace detail;
  out = ShieldOutput{};
  out.stale = 0;
  out.separation_m = std::numeric_limits<float>::quiet_NaN();
  state.candidate.plan_id = 0;
  if (!readable(image)) return;  // nothing in it may be read
  Past past;
  Before before;
  take_in<F>(image, state, in, before, past);
  const Health& health = before.health;
  out.reasons = health.reasons;
  out.stale = health.stale;
  out.bad = health.reasons != 0;
  out.standstill = before.still;
  if (!before.known) {
    if (health.robot_ok) out.reasons |= kReasonHistory;
    stop_rung<F>(image, state, in, nullptr, out);
    return;
  }
  Bench bench(image, state, in, past);
  if (!health.human_ok) {
    stop_rung<F>(image, state, in, nullptr, out);
    return;
  }
  out.separation_m = static_cast<float>(separation_now(image, in, past));
  if (!in.action_valid || in.action == nullptr) out.reasons |= kReasonNoAction;
  out.may_engage = in.life == TACTUS_STATE_READY &&
                   (before.still || F::on(Fault::kStandstill)) &&
                   out.reasons == 0 && still_is_safe<F>(bench);
  Choice choice;
  if (choose<F>(bench, state, choice, out)) {
    for (uint32_t j = 0; j < kMaxJoints; ++j) out.action[j] = choice.u[j];
    out.scale = static_cast<float>(choice.scale);
    make_candidate(image, in, choice, state.candidate);
    out.plan_id = state.candidate.plan_id;
    return;
  }
  stop_rung<F>(image, state, in, &bench, out);
}

template <class F>
void committed_with(const Image& image, ShieldState& state,
                    const Sent& sent) noexcept {
  const bool verified = sent.verified || F::on(Fault::kTakeAnyPlan);
  const bool replaces = verified && state.candidate.plan_id != 0;
  if (replaces && !F::on(Fault::kKeepPlan)) state.plan = state.candidate;
  state.candidate.plan_id = 0;
  const bool timed = sent.release_ns != 0 && state.sent_release_ns != 0;
  state.sent_step_ns =
      timed ? detail::step_of(image, state, sent.release_ns) : 0;
  state.sent_release_ns = sent.release_ns;
  Command& slot = state.history[state.head % kHistory];
  slot = Command{};
  slot.sent_ns = sent.now_ns;
  const int64_t took = sent.now_ns - sent.begin_ns;
  if (sent.begin_ns != 0 && took > 0) slot.took_ns = took;
  for (uint32_t j = 0; j < image.joints; ++j) slot.u[j] = sent.u[j];
  state.head = state.head + 1;
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
