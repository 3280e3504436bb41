// SPDX-License-Identifier: MIT
// One life of the closed loop in virtual time: standstill, engage, then
// cycles of the product's own kernel, stop plan page and guardian, until the
// time is up or the guardian has brought the robot to rest.
#pragma once

#include <cstring>
#include <memory>

#include "core/layout/guard_words.hpp"
#include "guard/core.hpp"
#include "guard/link.hpp"
#include "loop_hand.hpp"
#include "loop_policy.hpp"
#include "safety/kernel.hpp"

namespace loop {

using namespace tactus;

struct Tally {
  Judge judge;
  uint64_t cycles = 0, engaged = 0, lives = 0, hangs = 0;
  uint64_t acted = 0, played = 0;  // the guardian; a committed plan
  uint64_t rung[5] = {};
  uint64_t unverified = 0, reached = 0;
  double approached = 0;  // rad, the last joint's way to its goals
};

struct Ask {
  const safety::Image& image;
  const safety::Kernel& kernel;
  Bounds bounds;
  // An honest policy, raw or in steps, and a loop that never hangs.
  bool goals_only = false;
  PolicyKind goal = PolicyKind::kSteps;
  int64_t cycles = 1500;  // of a life
};

class Life {
 public:
  Life(const Ask& ask, uint64_t seed, Tally& tally)
      : ask_(ask),
        tally_(tally),
        random_(seed * 0x9E3779B97F4A7C15u + 11),
        policy_(stream(), ask.goals_only ? ask.goal : draw_policy()),
        hand_(stream(), static_cast<HandKind>(random_.bits() % 3),
              ask.bounds.hand_speed, hand_place()),
        eye_(stream(), ask.bounds) {
    safety::reset(state_);
    configure();
    guardian_ =
        std::make_unique<guard::GuardianCore>(segment_->words, segment_->page);
    robot_.place(some_pose(random_), kBegin * kMs);
    now_ns_ = guard_ns_ = kBegin * kMs;
    arm_ = move_arm(robot_.q(), robot_.dq());
    const bool hangs = !ask.goals_only && random_.bits() % 2 == 0;
    hang_ = hangs ? 1e-3 : 0;
    blend_ = random_.in(1, 500);
    tilt_ = random_.bits() % 2 == 0 ? 1 : -1;
    constexpr const char* kNames[] = {"q", "dq", "target", "hand"};
    for (uint32_t i = 0; i < ask.image.signals; ++i)
      for (std::size_t n = 0; n < signals_.size(); ++n)
        if (std::strcmp(ask.image.signal[i].name, kNames[n]) == 0)
          signals_[n] = i;
  }

  void run() {
    ++tally_.lives;
    for (k_ = kBegin; k_ < kBegin + ask_.cycles && !over(); ++k_) cycle();
    tally_.reached += policy_.reached();
    tally_.approached += policy_.approached();
  }

 private:
  static constexpr int64_t kBegin = 1000;

  Random stream() { return Random(random_.bits()); }
  PolicyKind draw_policy() {
    return static_cast<PolicyKind>(random_.bits() % kPolicyKinds);
  }
  Vec hand_place() {
    return Vec{0.2, 0, 0.5} + random_.in(0.9, 1.4) * any_way(random_);
  }
  void configure() {
    auto& c = segment_->words.config;
    c.period_ns = ask_.image.commit.period_ns;
    c.bound_ns = ask_.image.commit.guardian_bound_ns;
    c.repeat_ns = ask_.image.commit.repeat_ns;
    c.misses = ask_.image.commit.misses;
    c.joints = kJoints;
    c.then_hold = 1;
    segment_->words.ready.store(1);
    guard::format_page(segment_->page);
  }
  [[nodiscard]] bool over() const {
    return acted_ && robot_.rests() && guard_done_;
  }

  // ------------------------------------------------------------- the world

  void advance(int64_t to_ns) {
    while (guard_ns_ <= to_ns) {
      world(guard_ns_);
      guardian();
    }
    world(to_ns);
  }
  void world(int64_t to_ns) {
    for (int64_t t = next_substep(); t <= to_ns; t = next_substep()) {
      if (chance(random_, 0.01))
        robot_.lag(random_.in(ask_.bounds.lag_lo, ask_.bounds.lag_hi));
      robot_.to(t);
      arm_ = move_arm(robot_.q(), robot_.dq());
      hand_.substep(arm_);
      tally_.judge.look(arm_, hand_.ball());
      now_ns_ = t;
    }
  }
  [[nodiscard]] int64_t next_substep() const { return now_ns_ + kSubstepNs; }

  // A wake-up is late by nothing, something or its bound; by more it would
  // break a promise.
  void guardian() {
    const guard::Step step = guardian_->step(guard_ns_, true);
    const auto word = segment_->words.state_epoch.load();
    const bool acts = layout::guard_state(word) == layout::GuardState::kActed;
    if (acts && !acted_) count_act();
    acted_ = acts;
    if (step.what == guard::Step::Do::kSend) {
      Joints u;
      std::copy_n(step.command, kJoints, u.begin());
      robot_.order(u, guard_ns_ + up_to(random_, ask_.bounds.delay_ns));
      guard_done_ = (step.flags & layout::kWireHold) != 0;
    }
    guard_ns_ = std::max(step.until_ns + oversleeps(), guard_ns_ + 1);
  }
  void count_act() {
    constexpr auto kPlan = static_cast<uint32_t>(guard::Choice::kCommitted);
    ++tally_.acted;
    tally_.played += segment_->words.choice.load() == kPlan;
  }
  // Most of all before the wake-up that matters.
  int64_t oversleeps() {
    const bool counts = guardian_->misses() + 1 >= ask_.image.commit.misses;
    if (acted_) return 0;
    if (counts) return up_to(random_, ask_.bounds.guardian_ns);
    // Between those no later than the heartbeat's age allows.
    return chance(random_, 0.02) ? up_to(random_, Bounds{}.guardian_ns) : 0;
  }

  // ------------------------------------------------------------- the loop

  void cycle() {
    ++tally_.cycles;
    const int64_t release = k_ * kMs;
    advance(release);
    measure(release);
    eye_.look(k_, hand_, arm_);
    if (hung_ > 0 && --hung_ > 0) return;
    if (late_commit_) commit(true);
    const int64_t now = release + some(random_, 800'000);
    advance(now);
    const guard::LinkView view = link_.begin(now, deadline(release));
    if (view.acted) return;  // silent from then on
    if (since_ == k_) life_ = TACTUS_STATE_ENGAGED;
    check(release, now, view);
    if (life_ != TACTUS_STATE_ENGAGED) return;
    ++tally_.engaged;
    ++tally_.rung[out_.rung];
    tally_.unverified += out_.stop_unverified;
    if (hangs()) return;
    act(release, now);
  }
  [[nodiscard]] int64_t deadline(int64_t release) const {
    return release + ask_.image.commit.commit_ns;
  }
  // Frames are lost now and then; encoders err to one side for a while.
  void measure(int64_t release) {
    if (chance(random_, 0.02)) bias_ = -bias_;
    if (release > (kBegin + 1) * kMs && chance(random_, 0.01)) return;
    const Bounds& b = ask_.bounds;
    for (std::size_t j = 0; j < kJoints; ++j) {
      const double side = (k_ >> j & 1) != 0 ? bias_ : bias_ * tilt_;
      q_[j] = static_cast<float>(robot_.q()[j] + side * b.encoder);
      dq_[j] = static_cast<float>(robot_.dq()[j] + side * b.tacho);
    }
    robot_stamp_ = release - up_to(random_, b.transport_ns);
  }
  void check(int64_t release, int64_t now, const guard::LinkView& view) {
    const Vec hand = eye_.place();
    const float at[3] = {static_cast<float>(hand.x), static_cast<float>(hand.y),
                         static_cast<float>(hand.z)};
    const float target[3] = {};
    float u[kJoints];
    policy_.act({arm_, robot_.q(), robot_.dq(), hand_.ball().center, sent_,
                 out_.rung == TACTUS_RUNG_STOP},
                u);
    if (!ask_.goals_only && chance(random_, 1e-3)) u[2] = NAN;
    safety::ShieldInput in;
    const float* value[4] = {q_, dq_, target, at};
    for (uint32_t i = 0; i < 4; ++i) {
      const uint32_t signal = signals_[i];
      in.value[signal] = value[i];
      in.stamp_ns[signal] = i < 2    ? robot_stamp_
                            : i == 2 ? release
                                     : eye_.stamp_ns();
    }
    in.action = u;
    in.action_valid = ask_.goals_only || !chance(random_, 1e-3);
    in.now_ns = now;
    in.release_ns = release;
    in.cycle = static_cast<uint64_t>(k_);
    in.life = life_;
    in.blend = static_cast<float>(
        std::min(1.0, static_cast<double>(k_ - since_) / blend_));
    in.guardian_stale = view.stale;
    in.guardian_acted = view.acted;
    in.epoch = link_.epoch();
    ask_.kernel.check(ask_.image, state_, in, out_);
    if (life_ == TACTUS_STATE_READY && out_.may_engage) engage(release);
  }
  // From the next cycle on.
  void engage(int64_t release) {
    if (link_.arm(0, deadline(release + kMs)) == 0) return;
    since_ = k_ + 1;
  }
  // Best while only the hand's row holds the robot back. Before what is sent,
  // or between the send and its commit.
  bool hangs() {
    const Nearest near = nearest(arm_, hand_.ball().center);
    const auto& link = arm_.link[near.link];
    const bool closes = dot(link.speed_at(near.point), near.way) > 0.1;
    const bool at_edge = out_.rung != TACTUS_RUNG_STOP &&
                         (out_.reasons & safety::kReasonRowSeparation) != 0;
    if (!chance(random_, closes && at_edge ? 60 * hang_ : hang_)) return false;
    ++tally_.hangs;
    hung_ = static_cast<int>(random_.in(1, chance(random_, 0.5) ? 30 : 400));
    hangs_after_ = random_.bits() % 2 == 0;
    if (chance(random_, 0.7)) hand_.provoke();
    return !hangs_after_;
  }
  void act(int64_t release, int64_t now) {
    const bool late = !ask_.goals_only && chance(random_, 0.01);
    const int64_t end = late ? release + kMs : deadline(release);
    const int64_t at = now + some(random_, end - now);
    verified_ = out_.rung != TACTUS_RUNG_STOP;
    if (verified_ && !link_.publish(state_.candidate)) return;
    if (!verified_) safety::play(ask_.image, state_, at, out_.action);
    advance(at);
    const auto word = segment_->words.state_epoch.load();
    if (layout::guard_state(word) != layout::GuardState::kArmed) return;
    Joints u;
    for (std::size_t j = 0; j < kJoints; ++j) {
      sent_[j] = out_.action[j];
      u[j] = static_cast<double>(sent_[j]);
    }
    robot_.order(u, at + up_to(random_, ask_.bounds.delay_ns));
    sent_ns_ = at;
    late_commit_ = hangs_after_;
    hangs_after_ = false;
    if (!late_commit_) commit(at > deadline(release));
  }
  void commit(bool late) {
    late_commit_ = false;
    ask_.kernel.committed(ask_.image, state_, {sent_, sent_ns_, verified_});
    link_.committed(static_cast<uint64_t>(k_), verified_ ? out_.plan_id : 0,
                    late, sent_ns_);
  }

  const Ask& ask_;
  Tally& tally_;
  Random random_;
  Policy policy_;
  Hand hand_;
  Eye eye_;
  Robot robot_;
  ArmState arm_;
  std::unique_ptr<layout::GuardSegment> segment_ =
      std::make_unique<layout::GuardSegment>();
  guard::Link link_{segment_->words, segment_->page};
  // From configure() on: it reads the number of joints when it begins.
  std::unique_ptr<guard::GuardianCore> guardian_;
  safety::ShieldState state_;
  safety::ShieldOutput out_;
  std::array<uint32_t, 4> signals_{};  // q, dq, target, hand

  tactus_state life_ = TACTUS_STATE_READY;
  int64_t k_ = 0, since_ = 0;  // cycle; of the engage
  int64_t now_ns_ = 0, guard_ns_ = 0, sent_ns_ = 0, robot_stamp_ = 0;
  double blend_ = 1, hang_ = 0, bias_ = 1, tilt_ = 1;
  int hung_ = 0;  // cycles until the loop goes on
  bool hangs_after_ = false, late_commit_ = false, verified_ = false;
  bool acted_ = false, guard_done_ = false;
  float q_[kJoints] = {}, dq_[kJoints] = {}, sent_[kJoints] = {};
};

}  // namespace loop
