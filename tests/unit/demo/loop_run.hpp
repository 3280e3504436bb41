// SPDX-License-Identifier: MIT
// One life of the closed loop in virtual time: standstill, engage, then
// cycles of the product's own kernel, stop plan page and guardian, until the
// time is up or the guardian has brought the robot to rest. Whatever is
// against it: loop_foe.hpp.
#pragma once

#include <cstring>
#include <memory>

#include "core/layout/guard_words.hpp"
#include "guard/core.hpp"
#include "guard/link.hpp"
#include "loop_foe.hpp"
#include "safety/kernel.hpp"

namespace loop {

using namespace tactus;

struct Tally {
  Judge judge;
  uint64_t cycles = 0, engaged = 0, lives = 0, hangs = 0;
  uint64_t acted = 0, played = 0;  // the guardian; a committed plan
  uint64_t rung[5] = {};
  uint64_t unverified = 0;
};

// What is attacked.
struct Setting {
  const safety::Image& image;
  const safety::Image& first_rung;  // the same, but for its ladder: pass, stop
  const safety::Kernel& kernel;
  double skin;   // m
  double moves;  // m/s, what counts as motion (Judge)
};

// What loop and guardian share, as they expect it when they begin.
inline std::unique_ptr<layout::GuardSegment> shared_words(
    const safety::Commit& commit) {
  auto segment = std::make_unique<layout::GuardSegment>();
  layout::GuardConfig& c = segment->words.config;
  c.period_ns = commit.period_ns;
  c.bound_ns = commit.guardian_bound_ns;
  c.repeat_ns = commit.repeat_ns;
  c.misses = commit.misses;
  c.joints = kJoints;
  c.then_hold = 1;
  segment->words.ready.store(1);
  guard::format_page(segment->page);
  return segment;
}

class Life {
 public:
  Life(const Setting& setting, Foe& foe, Tally& tally)
      : setting_(setting),
        foe_(foe),
        tally_(tally),
        segment_(shared_words(setting.image.commit)) {
    safety::reset(state_);
    judge_.moves = setting.moves;
    robot_.place(foe.pose(), kBegin * kMs);
    now_ns_ = guard_ns_ = kBegin * kMs;
    arm_ = move_arm(robot_.q(), robot_.dq());
    constexpr const char* kNames[] = {"q", "dq", "target", "hand"};
    for (uint32_t i = 0; i < setting.image.signals; ++i)
      for (std::size_t n = 0; n < signals_.size(); ++n)
        if (std::strcmp(setting.image.signal[i].name, kNames[n]) == 0)
          signals_[n] = i;
    for (uint32_t r = 0; r < setting.image.rows; ++r)
      if (setting.image.row[r].kernel == safety::RowKernel::kSeparation)
        hand_row_ = r;
  }

  void run() {
    ++tally_.lives;
    for (k_ = kBegin; k_ < kBegin + foe_.cycles() && !over(); ++k_) cycle();
    tally_.judge.add(judge_);
  }
  [[nodiscard]] const Judge& judge() const { return judge_; }

 private:
  static constexpr int64_t kBegin = 1000;

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
      robot_.lag(foe_.lag());
      robot_.to(t);
      arm_ = move_arm(robot_.q(), robot_.dq());
      foe_.substep(arm_, robot_.dq());
      judge_.look(arm_, {foe_.hand(), handover::kHandRadius}, setting_.skin);
      now_ns_ = t;
    }
  }
  [[nodiscard]] int64_t next_substep() const { return now_ns_ + kSubstepNs; }

  // A wake-up is late by what the adversary wants.
  void guardian() {
    const guard::Step step = guardian_.step(guard_ns_, true);
    const auto word = segment_->words.state_epoch.load();
    const bool acts = layout::guard_state(word) == layout::GuardState::kActed;
    if (acts && !acted_) count_act();
    acted_ = acts;
    if (step.what == guard::Step::Do::kSend) {
      Joints u;
      std::copy_n(step.command, kJoints, u.begin());
      robot_.order(u, guard_ns_ + foe_.delay_ns());
      guardian_.sent(step);
      guard_done_ = (step.flags & layout::kWireHold) != 0;
    }
    const bool counts = guardian_.misses() + 1 >= setting_.image.commit.misses;
    const int64_t late = acted_ ? 0 : foe_.oversleeps_ns(counts);
    guard_ns_ = std::max(step.until_ns + late, guard_ns_ + 1);
  }

  void count_act() {
    constexpr auto kPlan = static_cast<uint32_t>(guard::Choice::kCommitted);
    ++tally_.acted;
    tally_.played += segment_->words.choice.load() == kPlan;
  }

  // ------------------------------------------------------------- the loop

  void cycle() {
    ++tally_.cycles;
    const int64_t release = k_ * kMs;
    advance(release);
    measure(release);
    sight_ = foe_.look(k_, arm_);
    if (hung_ > 0 && --hung_ > 0) return;
    if (late_commit_) commit(Kept::kLate);
    const int64_t now = release + foe_.until_check_ns();
    advance(now);
    const guard::LinkView view = link_.begin(now, deadline(release));
    if (view.acted) return;  // silent from then on
    if (since_ == k_) life_ = TACTUS_STATE_ENGAGED;
    check(release, now, view);
    const Fate fate = foe_.fate(arm_, verdict());
    if (life_ != TACTUS_STATE_ENGAGED) return;
    ++tally_.engaged;
    ++tally_.rung[out_.rung];
    tally_.unverified += out_.stop_unverified;
    if (fate != Fate::kGoesOn) hang();
    if (fate != Fate::kHangsBefore) act(release, now, fate);
  }
  [[nodiscard]] int64_t deadline(int64_t release) const {
    return release + setting_.image.commit.commit_ns;
  }
  void measure(int64_t release) {
    Errors errors;
    if (!foe_.measure(robot_.q(), errors)) return;
    for (std::size_t j = 0; j < kJoints; ++j) {
      q_[j] = static_cast<float>(robot_.q()[j] + errors.q[j]);
      dq_[j] = static_cast<float>(robot_.dq()[j] + errors.dq[j]);
    }
    robot_stamp_ = release - foe_.stamp_age_ns();
  }
  void check(int64_t release, int64_t now, const guard::LinkView& view) {
    const float at[3] = {static_cast<float>(sight_.place.x),
                         static_cast<float>(sight_.place.y),
                         static_cast<float>(sight_.place.z)};
    const float target[3] = {};
    const float* value[4] = {q_, dq_, target, at};
    const int64_t stamp[4] = {robot_stamp_, robot_stamp_, release,
                              sight_.stamp_ns};
    safety::ShieldInput in;
    for (uint32_t i = 0; i < 4; ++i) {
      in.value[signals_[i]] = value[i];
      in.stamp_ns[signals_[i]] = stamp[i];
    }
    in.now_ns = now;
    in.release_ns = release;
    in.cycle = static_cast<uint64_t>(k_);
    in.life = life_;
    in.blend = static_cast<float>(
        std::min(1.0, static_cast<double>(k_ - since_) / foe_.blend_cycles()));
    in.guardian_stale = view.stale;
    in.guardian_acted = view.acted;
    in.epoch = link_.epoch();
    float u[kJoints];
    in.action_valid = propose(in, u);
    in.action = u;
    setting_.kernel.check(setting_.image, state_, in, out_);
    if (life_ == TACTUS_STATE_READY && out_.may_engage) engage(release);
  }
  bool propose(safety::ShieldInput in, float* u) {
    const std::function<bool(const float*)> passes = [&](const float* asked) {
      *trial_ = state_;
      in.action = asked;
      in.action_valid = true;
      safety::ShieldOutput out;
      setting_.kernel.check(setting_.first_rung, *trial_, in, out);
      return out.rung == TACTUS_RUNG_PASS;
    };
    const bool stopped = out_.rung == TACTUS_RUNG_STOP;
    return foe_.propose(
        {arm_, robot_.q(), robot_.dq(), foe_.hand(), sent_, stopped, passes},
        u);
  }
  [[nodiscard]] Verdict verdict() const {
    const bool judged = out_.worst_row != safety::kNoIndex;
    const double scale = setting_.image.row[hand_row_].scale;
    const double margin = static_cast<double>(out_.row[hand_row_].margin);
    return {life_ == TACTUS_STATE_ENGAGED, out_.rung == TACTUS_RUNG_STOP,
            out_.rung == TACTUS_RUNG_PASS,
            (out_.reasons & safety::kReasonRowSeparation) != 0,
            judged ? margin * scale : NAN};
  }
  // From the next cycle on.
  void engage(int64_t release) {
    if (link_.arm(0, deadline(release + kMs)) == 0) return;
    since_ = k_ + 1;
  }
  void hang() {
    ++tally_.hangs;
    hung_ = foe_.hung_cycles();
  }
  void act(int64_t release, int64_t now, Fate fate) {
    const int64_t at = foe_.sends_at({now, deadline(release), release + kMs});
    verified_ = out_.rung != TACTUS_RUNG_STOP;
    if (verified_ && !link_.publish(state_.candidate)) return;
    if (!verified_) safety::play(setting_.image, state_, at, out_.action);
    advance(at);
    const auto word = segment_->words.state_epoch.load();
    if (layout::guard_state(word) != layout::GuardState::kArmed) return;
    Joints u;
    for (std::size_t j = 0; j < kJoints; ++j) {
      sent_[j] = out_.action[j];
      u[j] = static_cast<double>(sent_[j]);
    }
    robot_.order(u, at + foe_.delay_ns());
    sent_ns_ = at;
    late_commit_ = fate == Fate::kHangsAfter;
    if (late_commit_) return;
    commit(at > deadline(release) ? Kept::kLate : Kept::kInTime);
  }
  enum class Kept { kInTime, kLate };
  void commit(Kept deadline) {
    late_commit_ = false;
    setting_.kernel.committed(setting_.image, state_,
                              {sent_, sent_ns_, verified_});
    link_.committed(static_cast<uint64_t>(k_), verified_ ? out_.plan_id : 0,
                    deadline == Kept::kLate, sent_ns_);
  }

  const Setting& setting_;
  Foe& foe_;
  Tally& tally_;
  Judge judge_;
  Robot robot_;
  ArmState arm_;
  std::unique_ptr<layout::GuardSegment> segment_;
  guard::Link link_{segment_->words, segment_->page};
  guard::GuardianCore guardian_{segment_->words, segment_->page};
  safety::ShieldState state_;
  std::unique_ptr<safety::ShieldState> trial_ =
      std::make_unique<safety::ShieldState>();
  safety::ShieldOutput out_;
  std::array<uint32_t, 4> signals_{};  // q, dq, target, hand
  uint32_t hand_row_ = 0;

  tactus_state life_ = TACTUS_STATE_READY;
  int64_t k_ = 0, since_ = 0;  // cycle; of the engage
  int64_t now_ns_ = 0, guard_ns_ = 0, sent_ns_ = 0, robot_stamp_ = 0;
  Sight sight_;
  int64_t hung_ = 0;  // cycles until the loop goes on
  bool late_commit_ = false, verified_ = false;
  bool acted_ = false, guard_done_ = false;
  float q_[kJoints] = {}, dq_[kJoints] = {}, sent_[kJoints] = {};
};

}  // namespace loop
