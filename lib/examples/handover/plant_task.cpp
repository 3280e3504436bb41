// SPDX-License-Identifier: MIT
#include "plant_task.hpp"

#include <algorithm>

namespace handover {

// A stream of its own per episode: what happened in one does not shift the
// next, so runs of different controllers meet the same paths.
HandPath Task::next_path() const {
  Random random(options_.seed * 0x9E3779B97F4A7C15u + counted_ + 1);
  random.bits();
  return human() ? HandPath::draw(random, hand_) : HandPath::absent(random);
}

Task::Task(const TaskOptions& options)
    : options_(options),
      path_(HandPath::absent(Random(options.seed))),
      hand_(human() ? Vec{1.6, 0, 0.75} : path_.at(0)),
      seen_(hand_),
      image_(hand_),
      sensor_(options.seed ^ 0x5EED) {
  path_ = next_path();
}

void Task::begin() {
  if (running_ || done()) return;
  running_ = true;
  begin_substep_ = substep_;
}

double Task::episode_time() const {
  return running_ ? kSubstep * static_cast<double>(substep_ - begin_substep_)
                  : 0;
}

Vec Task::target() const { return path_.target(); }

void Task::substep(const Arm& arm) {
  ++substep_;
  if (running_) hand_ = path_.at(episode_time());
  if (running_) judge(move_arm(arm.q(), arm.dq()));
}

void Task::judge(const ArmState& state) {
  Results& r = results_;
  const double gap = separation(state, hand());
  const double flange = norm(state.link[6].speed_at(state.flange));
  r.least_separation = std::min(r.least_separation, gap);
  r.fastest_flange = std::max(r.fastest_flange, flange);
  if (flange > kViolationSpeed)
    r.least_moving_separation = std::min(r.least_moving_separation, gap);

  const double speed =
      gap < kMinDistance ? fastest_within(state, hand(), kMinDistance) : 0;
  const bool violation = speed > kViolationSpeed;
  r.violations += violation && !in_violation_;
  r.violation_substeps += violation;
  if (violation) r.worst_speed = std::max(r.worst_speed, speed);
  in_violation_ = violation;
  violated_ = violated_ || violation;

  const double t = episode_time();
  if (reached_ || t < path_.offered_at() || t > time_limit()) return;
  reached_ = norm(state.flange - path_.target()) < kReached;
  if (reached_) r.success_time_sum += t - path_.offered_at();
}

// A camera: an image every few ticks, its position a few ticks later.
void Task::look() {
  const int phase = static_cast<int>(ticks_ % kSensorPeriod);
  if (phase == 0) {
    const auto noise = [&] { return sensor_.in(-kSensorNoise, kSensorNoise); };
    image_ = hand_ + Vec{noise(), noise(), noise()};
  }
  if (phase == kSensorLatency) {
    seen_ = image_;
    seen_tick_ = ticks_ - kSensorLatency;
  }
}

uint32_t Task::seen_age_us() const {
  return static_cast<uint32_t>(1000 * (ticks_ - seen_tick_));
}

// With a person the episode lasts as long as the path, reached or not:
// people also walk into an arm that has arrived.
void Task::tick() {
  ++ticks_;
  look();
  if (!running_) return;
  if (episode_time() < time_limit() && (human() || !reached_)) return;
  finish();
}

void Task::finish() {
  for (Score* score :
       {&results_.all,
        &results_.kind[static_cast<std::size_t>(path_.kind())]}) {
    ++score->episodes;
    score->successes += reached_;
    score->violating += violated_;
  }
  reached_ = violated_ = false;
  begin_substep_ = substep_;
  ++counted_;
  path_ = next_path();
  running_ = !done();
}

}  // namespace handover
