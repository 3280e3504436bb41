// SPDX-License-Identifier: MIT
#include "kin/fk_impl.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <Eigen/Geometry>
#include <cmath>
#include <cstring>
#include <random>

#include "kin/urdf.hpp"
#include "robots.hpp"

using namespace tactus::kin;

namespace {

Chain random_chain(std::mt19937& rng, uint32_t joints) {
  std::uniform_real_distribution<double> uniform(-1, 1);
  Chain chain;
  chain.joints = joints;
  for (uint32_t j = 0; j < joints; ++j) {
    Joint& joint = chain.joint[j];
    joint.type = j % 3 == 2 ? JointType::kPrismatic : JointType::kRevolute;
    Eigen::Vector3d axis(uniform(rng), uniform(rng), uniform(rng));
    axis.normalize();
    Eigen::Quaterniond turn(uniform(rng), uniform(rng), uniform(rng), 1);
    turn.normalize();
    const Eigen::Matrix3d r = turn.toRotationMatrix();
    for (int i = 0; i < 9; ++i) joint.origin.r[i] = r(i / 3, i % 3);
    for (int i = 0; i < 3; ++i) {
      joint.origin.p[i] = uniform(rng);
      joint.axis[i] = axis[i];
    }
    finish_joint(joint);
  }
  return chain;
}

// The twin: Eigen and libm, one joint after the other.
Eigen::Isometry3d eigen_frame(const Chain& chain, const double* q,
                              uint32_t frame) {
  Eigen::Isometry3d at = Eigen::Isometry3d::Identity();
  for (uint32_t j = 0; j < frame; ++j) {
    const Joint& joint = chain.joint[j];
    Eigen::Isometry3d origin = Eigen::Isometry3d::Identity();
    for (int i = 0; i < 9; ++i)
      origin.matrix()(i / 3, i % 3) = joint.origin.r[i];
    for (int i = 0; i < 3; ++i) origin.matrix()(i, 3) = joint.origin.p[i];
    const Eigen::Vector3d axis(joint.axis[0], joint.axis[1], joint.axis[2]);
    at = at * origin;
    if (is_angular(joint.type))
      at.rotate(Eigen::AngleAxisd(q[j], axis));
    else
      at.translate(axis * q[j]);
  }
  return at;
}

double distance(const Frames& frames, uint32_t frame,
                const Eigen::Isometry3d& other) {
  double worst = 0;
  for (int i = 0; i < 9; ++i)
    worst = std::max(
        worst, std::abs(frames.r[frame][i] - other.matrix()(i / 3, i % 3)));
  for (int i = 0; i < 3; ++i)
    worst =
        std::max(worst, std::abs(frames.p[frame][i] - other.matrix()(i, 3)));
  return worst;
}

}  // namespace

Test(sincos, is_within_2e_15_of_long_double) {
  std::mt19937_64 rng(1);
  double worst = 0;
  for (double reach : {0.8, 3.2, 30.0, 1e5}) {
    std::uniform_real_distribution<double> uniform(-reach, reach);
    for (int i = 0; i < 200'000; ++i) {
      const double x = uniform(rng);
      double s, c;
      sincos(x, s, c);
      const long double lx = x;
      worst = std::max({worst, std::abs(static_cast<double>(s - sinl(lx))),
                        std::abs(static_cast<double>(c - cosl(lx)))});
    }
  }
  cr_assert(lt(dbl, worst, 2e-15));
}

Test(sincos, is_exact_enough_at_multiples_of_a_quarter_turn) {
  for (int n = -1000; n <= 1000; ++n) {
    const double x = n * M_PI_2;
    double s, c;
    sincos(x, s, c);
    cr_assert(lt(dbl, std::abs(s - std::sin(x)), 2e-16));
    cr_assert(lt(dbl, std::abs(c - std::cos(x)), 2e-16));
  }
}

Test(sincos, is_nan_for_nan_inf_and_beyond_its_range) {
  for (double x :
       {double(NAN), double(INFINITY), -double(INFINITY), 1.1e5, -1e300}) {
    double s = 0, c = 0;
    sincos(x, s, c);
    cr_assert(std::isnan(s) && std::isnan(c), "%g", x);
  }
}

Test(roots, in_float_are_within_2e_23_of_long_double) {
  std::mt19937_64 rng(3);
  std::uniform_real_distribution<double> exponent(-120, 120);
  double worst = 0;
  for (int i = 0; i < 200'000; ++i) {
    DoublePart x = {}, out = {};
    for (auto k = 0U; k < sizeof x / sizeof x[0]; ++k)
      x[k] = std::exp2(exponent(rng));
    coarse_root(x, out);
    for (auto k = 0U; k < sizeof x / sizeof x[0]; ++k) {
      const long double root = sqrtl(static_cast<long double>(x[k]));
      worst = std::max(worst,
                       std::abs(static_cast<double>((out[k] - root) / root)));
    }
  }
  cr_assert(lt(dbl, worst, 0x1p-23));
}

Test(roots, in_float_of_next_to_nothing_and_too_much) {
  const auto of = [](double x) {
    DoublePart out;
    coarse_root(DoublePart{} + x, out);
    return double{out[0]};
  };
  for (const double x : {0.0, 5e-324, 1e-300, 1e-46, 1e-45, 3e-39}) {
    cr_assert(lt(dbl, std::abs(of(x) - std::sqrt(x)), 1e-18), "%g", x);
  }
  cr_assert(std::isinf(of(1e39)) && std::isinf(of(double(INFINITY))));
  cr_assert(std::isnan(of(double(NAN))) && std::isnan(of(-1)));
}

// The choice that each is, whatever instruction it becomes.
Test(select, the_smaller_and_the_larger_of_nan_and_zeros) {
  const float kSome[] = {0.0F, -0.0F, 1, -1, 1e-45F, INFINITY, -INFINITY, NAN};
  const auto same = [](float a, float b) {
    return std::memcmp(&a, &b, sizeof a) == 0;
  };
  for (const float x : kSome) {
    for (const float y : kSome) {
      const Float16 a = x - Float16{}, b = y - Float16{};
      Float16 smaller, larger;
      smaller_of(a, b, smaller);
      larger_of(a, b, larger);
      cr_assert(same(smaller[5], y < x ? y : x), "%g, %g", double(x),
                double(y));
      cr_assert(same(larger[11], y > x ? y : x), "%g, %g", double(x),
                double(y));
      cr_assert(bits_at_least(a, b) == (x >= y ? 0xffffU : 0U));
    }
  }
}

Test(select, bits_are_those_of_the_lanes) {
  std::mt19937 rng(3);
  for (int round = 0; round < 1000; ++round) {
    const uint32_t wanted = rng() & 0xffff;
    Float16 x = {};
    for (uint32_t i = 0; i < 16; ++i)
      x[i] = (wanted >> i & 1) != 0 ? 1.0F : -1.0F;
    cr_assert(bits_at_least(x, Float16{}) == wanted, "%x", wanted);
    Double8 y = {};
    for (uint32_t i = 0; i < kLanes; ++i)
      y[i] = (wanted >> i & 1) != 0 ? 0.0 : std::nan("");
    cr_assert(bits_at_least(y, Double8{}) == (wanted & 0xff), "%x", wanted);
  }
}

Test(fk, matches_a_hand_checked_planar_arm) {
  ChainOptions options;
  options.tip = "flange";
  auto chain = parse_urdf(robots::planar(), "r.urdf", options);
  const double q[2] = {M_PI / 6, M_PI / 3};  // 30 deg, then straight up
  Frames frames;
  forward(*chain, q, frames);
  double flange[3];
  point(frames, 2, chain->tip.p, flange);
  cr_assert(lt(dbl, std::abs(flange[0] - 0.5 * std::sqrt(0.75)), 1e-15));
  cr_assert(lt(dbl, std::abs(flange[1] - (0.25 + 0.3)), 1e-15));
  cr_assert(eq(dbl, flange[2], 0.0));
}

Test(fk, agrees_with_eigen_and_libm) {
  std::mt19937 rng(2);
  std::uniform_real_distribution<double> uniform(-3, 3);
  for (int n = 0; n < 200; ++n) {
    const uint32_t joints = 1 + static_cast<uint32_t>(n) % kMaxJoints;
    const Chain chain = random_chain(rng, joints);
    double q[kMaxJoints];
    for (double& angle : q) angle = uniform(rng);
    Frames frames;
    forward(chain, q, frames);
    for (uint32_t i = 0; i <= joints; ++i)
      cr_assert(lt(dbl, distance(frames, i, eigen_frame(chain, q, i)), 1e-13));
  }
}

Test(fk, eight_lanes_have_the_bits_of_the_scalar) {
  std::mt19937 rng(3);
  std::uniform_real_distribution<double> uniform(-6, 6);
  for (int n = 0; n < 100; ++n) {
    const Chain chain = random_chain(rng, 7);
    Samples8 q, dq;
    for (auto* samples : {&q, &dq})
      for (auto& lanes : samples->at)
        for (uint32_t k = 0; k < kLanes; ++k) lanes[k] = uniform(rng);
    if (n % 10 == 0) q.at[n % 7][n % 8] = NAN;
    static Frames8 frames8;
    static Twists8 twists_8;
    frames_of(chain, q.at, frames8);
    twists_of(chain, frames8, dq.at, twists_8);
    for (uint32_t k = 0; k < kLanes; ++k) {
      double one[kMaxJoints], rate[kMaxJoints];
      for (uint32_t j = 0; j < kMaxJoints; ++j) {
        one[j] = q.at[j][k];
        rate[j] = dq.at[j][k];
      }
      Frames frames;
      Twists twist;
      forward(chain, one, frames);
      twists(chain, frames, rate, twist);
      for (uint32_t i = 0; i <= chain.joints; ++i)
        for (int e = 0; e < 9; ++e) {
          const double lane[3] = {frames8.r[i][e][k], frames8.p[i][e % 3][k],
                                  twists_8.v[i][e % 3][k]};
          const double scalar[3] = {frames.r[i][e], frames.p[i][e % 3],
                                    twist.v[i][e % 3]};
          for (int m = 0; m < 3; ++m)
            cr_assert(std::isnan(scalar[m])
                          ? std::isnan(lane[m])
                          : std::memcmp(&lane[m], &scalar[m], 8) == 0);
        }
    }
  }
}

Test(fk, nan_spoils_every_frame_behind_it) {
  std::mt19937 rng(4);
  const Chain chain = random_chain(rng, 4);
  for (uint32_t bad = 0; bad < 4; ++bad) {
    double q[4] = {0.1, 0.2, 0.3, 0.4};
    q[bad] = NAN;
    Frames frames;
    forward(chain, q, frames);
    for (uint32_t i = bad + 1; i <= 4; ++i)
      cr_assert(std::isnan(frames.p[i][0]) || i == bad + 1);
    for (uint32_t i = bad + 1; i <= 4; ++i)
      cr_assert(std::isnan(frames.r[i][0]));
  }
}

Test(fk, twists_agree_with_central_differences) {
  std::mt19937 rng(5);
  std::uniform_real_distribution<double> uniform(-2, 2);
  constexpr double kStep = 1e-6;
  for (int n = 0; n < 50; ++n) {
    const Chain chain = random_chain(rng, 6);
    double q[6], dq[6], before[6], after[6];
    for (int j = 0; j < 6; ++j) {
      q[j] = uniform(rng);
      dq[j] = uniform(rng);
      before[j] = q[j] - kStep * dq[j];
      after[j] = q[j] + kStep * dq[j];
    }
    const double local[3] = {0.1, -0.2, 0.3};
    Frames now, past, next;
    forward(chain, q, now);
    forward(chain, before, past);
    forward(chain, after, next);
    Twists twist;
    twists(chain, now, dq, twist);
    double at[3], from[3], to[3], velocity[3];
    point(now, 6, local, at);
    point(past, 6, local, from);
    point(next, 6, local, to);
    point_velocity(now, twist, 6, at, velocity);
    for (int i = 0; i < 3; ++i)
      cr_assert(lt(dbl, std::abs(velocity[i] - (to[i] - from[i]) / (2 * kStep)),
                   1e-7));
  }
}
