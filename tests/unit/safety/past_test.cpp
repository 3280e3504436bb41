// SPDX-License-Identifier: MIT
// Where the robot is now, and where it will be when the command of this cycle
// takes effect: from what was measured, whichever of q and dq is older, and
// what was sent since. In closed form, apart from the kernels.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "kin/fk.hpp"
#include "rig.hpp"
#include "safety/check.hpp"

using namespace rig;

namespace {

// A joint behind the lag; commands take effect as late as they may.
struct Joint {
  double q, v;
  void hold(double u, double s, double lag) {
    const double decay = std::exp(-s / lag);
    q += u * s + lag * (v - u) * (1 - decay);
    v = u + (v - u) * decay;
  }
};

constexpr double kSame = 1e-12;

// Commands that were sent every period until now, joint by joint.
struct Sending {
  explicit Sending(uint64_t seed) : rng(seed) {
    for (uint32_t k = 0; k < kSent; ++k) {
      Command& sent = cycle.state.history[cycle.state.head++ % kHistory];
      sent.sent_ns = cycle.in.now_ns - int64_t{kSent - k} * kMs;
      for (uint32_t j = 0; j < 7; ++j) sent.u[j] = command[k][j] = draw();
    }
    for (uint32_t j = 0; j < 7; ++j) cycle.dq[j] = draw();
  }
  float draw() { return std::uniform_real_distribution<float>(-0.5, 0.5)(rng); }

  // In effect at an instant, ns.
  [[nodiscard]] double at(uint32_t j, int64_t ns) const {
    int64_t k = kSent - 1;
    while (k > 0 && sent_ns(k) + image->commit.actuator_delay_ns > ns) --k;
    return static_cast<double>(command[k][j]);
  }
  [[nodiscard]] int64_t sent_ns(int64_t k) const {
    return cycle.in.now_ns - (int64_t{kSent} - k) * kMs;
  }
  // From one instant to another, a microsecond at a time.
  void follow(uint32_t j, int64_t from, int64_t to, Joint& joint) const {
    const double lag = static_cast<double>(image->commit.lag_ns) * 1e-9;
    constexpr int64_t kStep = 1000;
    for (int64_t t = from; t < to; t += kStep)
      joint.hold(at(j, t), kStep * 1e-9, lag);
  }
  // q as it was measured then, dq likewise.
  void is_foreseen(int64_t q_age, int64_t v_age) {
    const int64_t now = cycle.in.now_ns;
    const int64_t q_at = now - q_age, v_at = now - v_age;
    cycle.in.stamp_ns[kQ] = q_at;
    cycle.in.stamp_ns[kDq] = v_at;
    Past past;
    cr_assert(
        predict_past<NoFault>(*image, cycle.state, cycle.in, false, past));
    const int64_t delay = image->commit.actuator_delay_ns;
    for (uint32_t j = 0; j < 7; ++j) {
      Joint joint{0, static_cast<double>(cycle.dq[j])};
      // A dq that is older than q is brought up to it; one that is newer
      // stands for what it was when q was measured.
      follow(j, v_at, q_at, joint);
      joint.q = static_cast<double>(cycle.q[j]);
      int64_t from = std::max(q_at, v_at);
      for (uint32_t i = 0; i <= kEarly; ++i) {
        const int64_t to = now + delay * i / kEarly;
        follow(j, from, to, joint);
        from = to;
        cr_assert(std::fabs(past.v[i][j] - joint.v) < kSame, "v %u at %u: %g",
                  j, i, past.v[i][j] - joint.v);
        if (v_at <= q_at)
          cr_assert(std::fabs(past.q[i][j] - joint.q) < kSame, "q %u at %u: %g",
                    j, i, past.q[i][j] - joint.q);
      }
    }
  }

  static constexpr uint32_t kSent = 12;
  std::mt19937_64 rng;
  std::unique_ptr<Image> image = sealed();
  Cycle cycle;
  float command[kSent][7];
};

}  // namespace

Test(rows, what_was_measured_is_followed_through_what_was_sent) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Sending(seed).is_foreseen(200'000, 200'000);
    Sending(seed).is_foreseen(200'000, 2'900'000);
    Sending(seed).is_foreseen(1'000'000, 2'300'000);
    Sending(seed).is_foreseen(2'500'000, 300'000);
  }
}

// The frames and spheres of now are forward()'s, to the bit, of any robot.
Test(rows, the_posture_of_now_is_the_kinematics) {
  std::mt19937_64 rng(3);
  const auto draw = [&](double most) {
    return std::uniform_real_distribution<double>(-most, most)(rng);
  };
  for (int n = 0; n < 200; ++n) {
    auto image = draft();
    kin::Chain& chain = image->chain;
    chain.joints = image->joints = 1 + static_cast<uint32_t>(n) % kMaxJoints;
    for (uint32_t j = 0; j < chain.joints; ++j) {
      kin::Joint& joint = chain.joint[j];
      joint.type = n % 7 == 6 && j % 3 == 1 ? kin::JointType::kPrismatic
                                            : kin::JointType::kRevolute;
      for (int i = 0; i < 9; ++i) {
        joint.fixed[i] = draw(1);
        joint.cosine[i] = draw(1);
        joint.sine[i] = draw(1);
      }
      for (int a = 0; a < 3; ++a) {
        joint.origin.p[a] = draw(1);
        joint.slide[a] = draw(1);
      }
    }
    for (uint32_t i = 0; i < chain.spheres; ++i)
      chain.sphere[i].link = i % (chain.joints + 1);
    double q[kMaxJoints];
    for (double& x : q) x = draw(n % 10 == 9 ? 2e5 : 4);
    kin::Frames frames;
    kin::forward(chain, q, frames);
    Posture now;
    detail::posture_of(*image, q, now);
    for (uint32_t f = 0; f <= chain.joints; ++f) {
      cr_assert(
          eq(int, std::memcmp(now.frames.r[f], frames.r[f], sizeof frames.r[f]),
             0));
      cr_assert(
          eq(int, std::memcmp(now.frames.p[f], frames.p[f], sizeof frames.p[f]),
             0));
    }
    for (uint32_t i = 0; i < chain.spheres; ++i) {
      double at[3];
      kin::point(frames, chain.sphere[i].link, chain.sphere[i].center, at);
      cr_assert(eq(int, std::memcmp(now.centre[i], at, sizeof at), 0));
    }
  }
}

// Each part of what is kept from somebody counts, and none against another.
Test(rows, what_is_kept_from_somebody_is_the_sum_of_its_parts) {
  auto image = sealed();
  image->signal[kHand].radius = 0.5;
  Contact region{};
  region.signal = kHand;
  region.intrusion = 0.25;
  region.sensor = 0.125;
  region.robot = 0.0625;
  // Not inlined: the copy that the kernels call.
  detail::Meeting (*volatile of_region)(const Image&, const Contact&) =
      detail::meeting_of<NoFault>;
  cr_assert(of_region(*image, region).fixed == 0.9375);
  Human human{};
  human.signal = kHand;
  human.d_min = 0.03125;
  human.intrusion = 0.25;
  human.sensor = 0.125;
  human.robot = 0.0625;
  detail::Meeting (*volatile of_human)(const Image&, const Human&) =
      detail::meeting_of<NoFault>;
  cr_assert(of_human(*image, human).fixed == 0.96875);
}
