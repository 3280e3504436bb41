// SPDX-License-Identifier: MIT
// What a barrier lets through keeps its inequality for the whole period after
// the command takes effect: on a plant with own kinematics, derivatives taken
// by differences, a human that comes all the time.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <random>
#include <vector>

#include "contract_rig.hpp"
#include "plant.hpp"

using namespace rig;
using plant::Vec;

namespace {

constexpr double kLag = 0.020, kPeriod = 1e-3;
constexpr double kSeen = 0.1001, kArrives = 0.1003 + 0.004;  // s
const double kAlpha[2] = {3, 5};

using contracts::Removed;

std::unique_ptr<Image> with_barrier(BarrierOf of, uint32_t degree) {
  auto image = draft();
  add_keep_out(*image, {"wall", {3, -5, -5}, {9, 5, 5}});
  image->dynamics.barriers = 1;
  image->dynamics.barrier[0] = {
      of, of == BarrierOf::kBox ? 1U : 0U, degree, 0, {kAlpha[0], kAlpha[1]}};
  add_row(*image, "barrier", RowKernel::kBarrier, 0, 1);
  const auto done = seal(*image);
  cr_assert(static_cast<bool>(done), "%s", done ? "" : done.error().text());
  return image;
}

// The robot from the observation on: commands arrive when they do, at most the
// declared delay after they were sent.
struct Run {
  double q[7], v[7];
  std::vector<plant::Order> orders;  // by time of effect
  void at(double t, double* out) const {
    double speed[7], from = kSeen;
    std::copy_n(q, 7, out);
    std::copy_n(v, 7, speed);
    for (std::size_t i = 0; i < orders.size(); ++i) {
      const bool last = i + 1 == orders.size();
      const double next = last ? t : seconds(orders[i + 1].from_ns);
      const double end = std::min(t, next);
      if (end <= from) continue;
      const double part = 1 - std::exp(-(end - from) / kLag);
      for (int j = 0; j < 7; ++j) {
        const double u = orders[i].u[j], off = speed[j] - u;
        out[j] += u * (end - from) + off * kLag * part;
        speed[j] = u + off * (1 - part);
      }
      from = end;
    }
  }
};

class Scene {
 public:
  Scene(BarrierOf of, uint32_t degree, uint64_t seed)
      : image_(with_barrier(of, degree)), of_(of), degree_(degree), rng_(seed) {
    for (uint32_t j = 0; j < 7; ++j) {
      c_.q[j] += draw(-1, 1);
      c_.moving(draw(-0.9, 0.9), j);
      slope_[j] = draw(-0.0119, 0.0119);
    }
    send_all();
    const Vec way{draw(-1, 1), draw(-1, 1), draw(-1, 1)};
    way_ = (1 / plant::norm(way)) * way;
  }

  // The nearest that is let through, and the least of the inequality there.
  double least_left() {
    double near = 0.05, far = 4;
    if (!accepted(far)) return kInf;
    for (int i = 0; i < 14; ++i) {
      const double middle = 0.5 * (near + far);
      (accepted(middle) ? far : near) = middle;
    }
    if (far > 3.9) return kInf;
    place(far);
    double least = kInf;
    // The last is a few steps of the differences before the end.
    for (int i = 0; i <= 8; ++i)
      for (const Ball& ball : kBalls)
        if (ball.link > 0)
          least = std::min(least, left(ball, kArrives + 0.95e-3 * i / 8));
    return least;
  }

 private:
  float draw(double lo, double hi) {
    return static_cast<float>(
        std::uniform_real_distribution<double>(lo, hi)(rng_));
  }
  // Five commands, the last of them the one that is judged; all take as long.
  void send_all() {
    plant::Robot robot;
    const int64_t delay =
        draw(0, 1) < 0.5 ? 0 : static_cast<int64_t>(draw(0, 4e6));
    robot.order(0, 0, c_.u);
    std::copy_n(c_.dq, 7, robot.v);
    for (int k = 96; k <= 100; ++k) {
      for (int j = 0; j < 7; ++j) c_.u[j] += slope_[j];
      const int64_t sent = k * kMs + 300'000;
      robot.order(sent, delay, c_.u);
      if (k == 100) break;
      Command& command = c_.state.history[c_.state.head++ % kHistory];
      command.sent_ns = sent;
      std::copy_n(c_.u, 7, command.u);
    }
    run_.orders = robot.orders;
    robot.start(90 * kMs);
    robot.to(100'100'000, kLag);
    for (int j = 0; j < 7; ++j) {
      c_.dq[j] = static_cast<float>(robot.v[j]);
      run_.q[j] = double{c_.q[j]};
      run_.v[j] = double{c_.dq[j]};
    }
  }
  void place(double distance) {
    hand_ = Vec{0, 0, 0.6} + distance * way_;
    wall_ = distance;
    if (of_ == BarrierOf::kBox) hand_ = {9, 9, 9};
    c_.hand[0] = static_cast<float>(hand_.x);
    c_.hand[1] = static_cast<float>(hand_.y);
    c_.hand[2] = static_cast<float>(hand_.z);
    if (of_ == BarrierOf::kJoints) image_->position_hi[0] = distance;
    image_->box[1].lo[0] = of_ == BarrierOf::kBox ? wall_ : 8;
  }
  bool accepted(double distance) {
    place(distance);
    Cycle trial = c_;
    trial.run<Removed>(*image_);
    return (trial.out.reasons & kReasonRowBarrier) == 0;
  }
  double height(const Ball& ball, double t) const {
    double q[7];
    run_.at(t, q);
    if (of_ == BarrierOf::kJoints) return wall_ - q[0];
    plant::Pose frame[8];
    plant::poses(q, frame);
    const Vec p = frame[ball.link].map(plant::local(ball));
    if (of_ == BarrierOf::kBox) return wall_ - p.x - ball.r;
    const Human& h = image_->human[0];
    return plant::norm(p - hand_) - ball.r - 0.08 - h.d_min - h.sensor -
           h.robot - h.intrusion - h.speed * (t - kSeen);
  }
  // h' + a h, or the second order's.
  double left(const Ball& ball, double t) const {
    // The plant's inequality holds from t1 on: no step back over it.
    constexpr double kStep = 2e-5;
    const double a = height(ball, t), b = height(ball, t + kStep);
    const double c = height(ball, t + 2 * kStep);
    const double rate = (-3 * a + 4 * b - c) / (2 * kStep);
    if (degree_ == 1) return rate + kAlpha[0] * a;
    const double bend = (a - 2 * b + c) / (kStep * kStep);
    const double sum = kAlpha[0] + kAlpha[1];
    return (bend + sum * rate + kAlpha[0] * kAlpha[1] * a) / sum;
  }

  std::unique_ptr<Image> image_;
  BarrierOf of_;
  uint32_t degree_;
  std::mt19937_64 rng_;
  Cycle c_;
  Run run_{};
  float slope_[7] = {};
  Vec way_, hand_;
  double wall_ = 0;
};

struct Tally {
  int judged = 0, broken = 0;
  double tightest = kInf;
};

Tally attack(BarrierOf of, uint32_t degree, Fault removed = Fault::kNone) {
  Removed::active = removed;
  Tally sum;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    const double left = Scene(of, degree, seed).least_left();
    if (left == kInf) continue;
    ++sum.judged;
    // Of the differences: rounding over kStep^2.
    sum.broken += left < (degree == 1 ? -1e-7 : -1e-4);
    sum.tightest = std::min(sum.tightest, left);
  }
  return sum;
}

void holds(BarrierOf of, uint32_t degree) {
  const Tally sum = attack(of, degree);
  cr_assert(sum.broken == 0 && sum.judged > 50, "%d of %d", sum.broken,
            sum.judged);
  // And not because it is far from its limit.
  cr_assert(sum.tightest < (degree == 1 ? 0.02 : 0.15), "%f", sum.tightest);
}

}  // namespace

Test(barriers, of_a_human_hold_for_a_period) {
  holds(BarrierOf::kHuman, 1);
  holds(BarrierOf::kHuman, 2);
}

Test(barriers, of_a_box_hold_for_a_period) {
  holds(BarrierOf::kBox, 1);
  holds(BarrierOf::kBox, 2);
}

// However early the commands in flight take effect.
Test(barriers, of_a_joint_hold_for_a_period) {
  holds(BarrierOf::kJoints, 1);
  holds(BarrierOf::kJoints, 2);
}

Test(barriers, that_trust_the_prediction_break) {
  Tally sum = attack(BarrierOf::kJoints, 2, Fault::kBarrierStray);
  cr_assert(gt(i32, sum.broken, 5));
}

Test(barriers, of_a_human_who_is_taken_to_stand_break) {
  Tally sum = attack(BarrierOf::kHuman, 1, Fault::kBarrierHuman);
  cr_assert(gt(i32, sum.broken, 20));
}

namespace {

// The least upper limit of joint 0 that a motion at 1 rad/s is let towards.
double least_limit(uint32_t degree, double speed, double asked) {
  double low = 0, high = 3;
  auto image = with_barrier(BarrierOf::kJoints, degree);
  for (int i = 0; i < 40; ++i) {
    const double middle = 0.5 * (low + high);
    image->position_hi[0] = middle;
    Cycle c;
    c.moving(static_cast<float>(speed), 0);
    c.u[0] = static_cast<float>(asked);
    c.run(*image);
    const bool refused = (c.out.reasons & kReasonRowBarrier) != 0;
    (refused ? low : high) = middle;
  }
  return high;
}

}  // namespace

// By hand: at t1 the joint is at 4.2 ms of its way; a h >= v + a T v.
Test(barriers, of_a_joint_are_what_the_formula_says) {
  const double limit = least_limit(1, 0.5, 0.5);
  const double h = 0.5 / 3 + kPeriod * 0.5;
  cr_assert(std::fabs(limit - (0.5 * (kArrives - kSeen) + h)) < 1e-6, "%.9f",
            limit);
}

// Without a change of speed the second order is -(a + b) v + a b h >= T a b v,
// which h' + a h >= 0 does not outweigh here.
Test(barriers, of_the_second_order_take_the_larger_of_both) {
  const double limit = least_limit(2, 0.5, 0.5);
  const double begins = 0.5 / 3;
  const double holds = 0.5 * (8 + kPeriod * 15) / 15;
  const double h = std::max(begins, holds);
  cr_assert(std::fabs(limit - (0.5 * (kArrives - kSeen) + h)) < 1e-6, "%.9f",
            limit);
}

Test(barriers, leave_a_robot_at_rest_alone) {
  const auto image = with_barrier(BarrierOf::kHuman, 2);
  Cycle c;
  c.hand[0] = 0.5F;
  c.hand[2] = 0.4F;
  cr_assert(eq(u32, c.run(*image), TACTUS_RUNG_PASS));
}

Test(barriers, seal_refuses_what_is_on_nothing) {
  const auto refused = [](void (*spoil)(Image&)) {
    auto image = with_barrier(BarrierOf::kBox, 2);
    spoil(*image);
    return !static_cast<bool>(seal(*image));
  };
  cr_assert(not(refused([](Image&) {})));
  cr_assert(refused([](Image& i) { i.dynamics.barrier[0].index = 0; }));
  cr_assert(refused([](Image& i) { i.dynamics.barrier[0].index = 2; }));
  cr_assert(refused([](Image& i) { i.dynamics.barrier[0].degree = 3; }));
  cr_assert(refused([](Image& i) { i.dynamics.barrier[0].alpha[1] = 0; }));
  cr_assert(refused([](Image& i) { i.dynamics.barrier[0].alpha[0] = NAN; }));
  cr_assert(refused([](Image& i) { i.commit.lag_ns = 0; }));
  cr_assert(refused(
      [](Image& i) { i.dynamics.barrier[0].of = static_cast<BarrierOf>(3); }));
}
