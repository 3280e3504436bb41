// SPDX-License-Identifier: MIT
// One adversarial case: a random state with commands in flight, a random
// action, the hand moved to where the shield just accepts it; then the worst
// that the assumptions allow. Returns what was violated.
#pragma once

#include <random>

#include "plant.hpp"

namespace adversary {

using namespace rig;
using plant::Vec;

enum class End { kDead, kPlays, kHangs };

struct Outcome {
  bool accepted = false;
  bool scaled = false;
  bool projected = false;
  double worst_speed = 0;    // m/s inside d_min
  double position_over = 0;  // rad beyond a joint limit
  double box_over = 0;       // m beyond the cell
  double rest_speed = 0;     // rad/s at the end
};

class Case {
 public:
  Case(const Image& image, uint64_t seed) : image_(image), rng_(seed) {}

  template <class F>
  Outcome run() {
    Outcome out;
    prepare();
    if (!place<F>()) return out;
    out.accepted = true;
    out.scaled = cycle_.out.rung == TACTUS_RUNG_SCALE;
    out.projected = cycle_.out.rung == TACTUS_RUNG_PROJECT;
    cycle_.send<F>(image_);
    follow(out);
    return out;
  }

 protected:
  double uniform(double lo, double hi) {
    return std::uniform_real_distribution<double>(lo, hi)(rng_);
  }
  bool chance(double p) { return uniform(0, 1) < p; }

  int64_t delay() {
    const int64_t most = image_.commit.actuator_delay_ns;
    if (mode_ == 0) return 0;
    if (mode_ == 1) return most;
    return static_cast<int64_t>(uniform(0, 1) * static_cast<double>(most));
  }

  // 60 cycles of a random policy before the one that is judged.
  void prepare() {
    mode_ = static_cast<int>(uniform(0, 3));
    const double lag = seconds(image_.commit.lag_ns);
    for (int j = 0; j < 7; ++j) robot_.q[j] = cycle_.q[j] + uniform(-1, 1);
    float u[7], slope[7];
    const double vigour = uniform(0, 1);
    for (int j = 0; j < 7; ++j) {
      u[j] = static_cast<float>(vigour * uniform(-1, 1));
      slope[j] = static_cast<float>(uniform(-0.0119, 0.0119));
      if (chance(0.5)) slope[j] = 0;
      robot_.v[j] = u[j];
      cycle_.state.before[j] = u[j];
    }
    robot_.start(40 * kMs);
    robot_.order(0, 0, u);
    const int64_t seen = 100 * kMs - static_cast<int64_t>(uniform(0, 2.5e6));
    bool observed = false;
    for (int64_t k = 40; k < 100; ++k) {
      const int64_t at = k * kMs + 600'000;
      if (!observed && at >= seen) observe(seen, lag), observed = true;
      for (int j = 0; j < 7; ++j) {
        u[j] = std::clamp(u[j] + slope[j], -1.0f, 1.0f);
      }
      push(at, u);
    }
    if (!observed) observe(seen, lag);
    for (int j = 0; j < 7; ++j) {
      last_[j] = u[j];
      cycle_.u[j] = std::clamp(u[j] + slope[j], -1.0f, 1.0f);
      if (chance(0.1)) cycle_.u[j] = static_cast<float>(uniform(-1, 1));
    }
    for (auto& stamp : cycle_.in.stamp_ns) stamp = seen;
    seen_ = seen - static_cast<int64_t>(uniform(0, 60e6));
    cycle_.in.stamp_ns[kHand] = seen_;
  }
  void push(int64_t at, const float* u) {
    Command& c = cycle_.state.history[cycle_.state.head++ % kHistory];
    c.sent_ns = at;
    for (int j = 0; j < 7; ++j) c.u[j] = u[j];
    robot_.order(at, delay(), u);
  }
  void observe(int64_t at, double lag) {
    robot_.to(at, lag);
    for (int j = 0; j < 7; ++j) {
      cycle_.q[j] = static_cast<float>(robot_.q[j]);
      cycle_.dq[j] = static_cast<float>(robot_.v[j]);
    }
  }

  template <class F>
  bool ask(Vec hand) {
    trial_ = cycle_;
    trial_.hand[0] = static_cast<float>(hand.x);
    trial_.hand[1] = static_cast<float>(hand.y);
    trial_.hand[2] = static_cast<float>(hand.z);
    return trial_.run<F>(image_) != TACTUS_RUNG_STOP;
  }

  // Bisects the hand's distance to the last place that is accepted.
  template <class F>
  bool place() {
    plant::Pose frame[8];
    plant::poses(robot_.q, frame);
    const auto& ball =
        kBalls[1 + static_cast<std::size_t>(uniform(0, std::size(kBalls) - 1))];
    const Vec centre = frame[ball.link].map(plant::local(ball));
    Vec way{uniform(-1, 1), uniform(-1, 1), uniform(-1, 1)};
    way = (1 / std::max(plant::norm(way), 1e-3)) * way;
    double near = 0.1, far = 2.5;
    if (!ask<F>(centre + far * way)) return false;
    for (int i = 0; i < 9; ++i) {
      const double middle = 0.5 * (near + far);
      (ask<F>(centre + middle * way) ? far : near) = middle;
    }
    hand_ = centre + far * way;
    if (!ask<F>(hand_)) return false;
    cycle_ = trial_;
    return true;
  }

  // Commands after the judged one, by how the run ends.
  void orders_to_rest() {
    const Commit& c = image_.commit;
    const End end = static_cast<End>(static_cast<int>(uniform(0, 3)));
    const int64_t k = 100 * kMs;
    robot_.order(k + static_cast<int64_t>(uniform(3e5, 9e5)), delay(),
                 cycle_.out.action);
    int64_t last = k;
    const int64_t plays = end == End::kPlays ? 1000
                          : end == End::kHangs
                              ? static_cast<int64_t>(uniform(1, 250))
                              : 0;
    float u[kMaxJoints];
    for (int64_t i = 1; i <= plays; ++i) {
      last = k + i * c.period_ns;
      play(image_, cycle_.state, last + 300'000, u);
      robot_.order(last + 400'000, delay(), u);
    }
    const int64_t acts =
        last + c.misses * c.period_ns + c.commit_ns +
        static_cast<int64_t>(uniform(0, 1) *
                             static_cast<double>(c.guardian_bound_ns));
    for (int64_t at = acts; at < k + 1000 * kMs; at += c.repeat_ns) {
      play(image_, cycle_.state, at, u);
      robot_.order(at, delay(), u);
    }
  }

  void check_places(Outcome& out) {
    plant::Pose frame[8];
    plant::poses(robot_.q, frame);
    for (int j = 0; j < 7; ++j) {
      const double over = std::max(robot_.q[j] - image_.position_hi[j],
                                   image_.position_lo[j] - robot_.q[j]);
      out.position_over = std::max(out.position_over, over);
    }
    for (const Ball& ball : kBalls) {
      if (ball.link == 0) continue;
      const Vec c = frame[ball.link].map(plant::local(ball));
      const double p[3] = {c.x, c.y, c.z};
      for (int a = 0; a < 3; ++a) {
        const double over = std::max(p[a] + ball.r - image_.box[0].hi[a],
                                     image_.box[0].lo[a] - p[a] + ball.r);
        out.box_over = std::max(out.box_over, over);
      }
    }
  }

  void follow(Outcome& out) {
    orders_to_rest();
    const double lag = seconds(image_.commit.lag_ns);
    const Human& h = image_.human[0];
    const double radius = image_.signal[kHand].radius;
    Vec human = hand_;
    double reach = h.sensor + h.speed * seconds(cycle_.in.now_ns - seen_);
    const int64_t step = kMs / 2;
    for (int64_t t = cycle_.in.now_ns; t < 600 * kMs; t += step) {
      robot_.to(t, lag);
      check_places(out);
      human = chase(human, reach, radius);
      reach = h.speed * seconds(step);
      const double speed = plant::speed_near(robot_, human, radius, h.d_min);
      out.worst_speed = std::max(out.worst_speed, speed);
    }
    for (double v : robot_.v) {
      out.rest_speed = std::max(out.rest_speed, std::fabs(v));
    }
  }
  // As far as the human can get towards the nearest ball.
  Vec chase(Vec human, double reach, double radius) {
    const plant::Gap gap = plant::nearest(robot_.q, human, radius);
    plant::Pose frame[8];
    plant::poses(robot_.q, frame);
    const Ball& ball = kBalls[gap.ball];
    const Vec to = frame[ball.link].map(plant::local(ball)) - human;
    const double d = plant::norm(to);
    if (d < 1e-6) return human;
    return human + (std::min(reach, d) / d) * to;
  }

  const Image& image_;
  std::mt19937_64 rng_;
  Cycle cycle_, trial_;
  plant::Robot robot_;
  Vec hand_;
  int64_t seen_ = 0;
  int mode_ = 0;
  float last_[7] = {};
};

}  // namespace adversary
