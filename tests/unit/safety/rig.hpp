// SPDX-License-Identifier: MIT
// A seven-joint arm, its limits, and one cycle's worth of inputs for the
// shield's tests. Link lengths are those of a common 0.9 m research arm.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

#include "safety/check.hpp"
#include "safety/kernel.hpp"
#ifdef TACTUS_MUTATED
#include "safety/kernels/kernel_impl.hpp"
#endif
#include "safety/seal.hpp"

namespace rig {

using namespace tactus;
using namespace tactus::safety;

inline constexpr int64_t kMs = 1'000'000;
inline constexpr double kInf = std::numeric_limits<double>::infinity();

// x, y, z of each joint's origin in the previous frame, and its axis.
struct Link {
  double p[3];
  double axis[3];
};
inline constexpr Link kArm[7] = {
    {{0, 0, 0.30}, {0, 0, 1}},     {{0, 0, 0}, {0, 1, 0}},
    {{0, 0, 0.30}, {0, 0, 1}},     {{0.06, 0, 0}, {0, -1, 0}},
    {{-0.06, 0, 0.34}, {0, 0, 1}}, {{0, 0, 0}, {0, -1, 0}},
    {{0.08, 0, 0}, {0, 0, 1}},
};
struct Ball {
  uint32_t link;
  double c[3];
  double r;
};
inline constexpr Ball kBalls[] = {
    {0, {0, 0, 0.1}, 0.12},     {2, {0, 0, 0.10}, 0.09},
    {2, {0, 0, 0.22}, 0.09},    {4, {-0.06, 0, 0.1}, 0.08},
    {4, {-0.06, 0, 0.2}, 0.08}, {4, {-0.06, 0, 0.3}, 0.08},
    {6, {0.04, 0, 0}, 0.07},    {7, {0, 0, 0.06}, 0.05},
    {7, {0, 0, 0.12}, 0.05},
};

inline kin::Chain make_chain() {
  kin::Chain chain;
  chain.joints = 7;
  for (uint32_t j = 0; j < 7; ++j) {
    kin::Joint& joint = chain.joint[j];
    joint.lo = -2.8;
    joint.hi = 2.8;
    joint.velocity = 2;
    joint.effort = 80;
    for (int a = 0; a < 3; ++a) {
      joint.origin.p[a] = kArm[j].p[a];
      joint.axis[a] = kArm[j].axis[a];
    }
    kin::finish_joint(joint);
  }
  for (const Ball& ball : kBalls) {
    kin::Sphere& s = chain.sphere[chain.spheres++];
    s.link = s.body = ball.link;
    s.radius = ball.r;
    for (int a = 0; a < 3; ++a) s.center[a] = ball.c[a];
  }
  chain.bodies = 8;
  for (uint32_t b = 0; b < chain.bodies; ++b) {
    std::snprintf(chain.body_name[b], sizeof chain.body_name[b], "link%u", b);
  }
  return chain;
}

inline void add_signal(Image& image, const char* name, uint32_t count,
                       int64_t max_age_ns) {
  Signal& s = image.signal[image.signals++];
  std::snprintf(s.name, sizeof s.name, "%s", name);
  s.count = count;
  s.stale = StaleRule::kStop;
  s.max_age_ns = max_age_ns;
  for (uint32_t i = 0; i < count; ++i) {
    s.lo[i] = -10;
    s.hi[i] = 10;
  }
}

inline void add_row(Image& image, const char* id, RowKernel kernel,
                    uint32_t index, double scale) {
  Row& row = image.row[image.rows++];
  std::snprintf(row.id, sizeof row.id, "%s", id);
  row.kernel = kernel;
  row.kind = RowKind::kHard;
  row.index = index;
  row.scale = scale;
}

inline void set_commit(Commit& c) {
  c.period_ns = kMs;
  c.commit_ns = 900'000;
  c.guardian_bound_ns = kMs;
  c.repeat_ns = kMs;
  c.actuator_delay_ns = 4 * kMs;
  c.lag_ns = 20 * kMs;
  c.misses = 3;
  c.model_error = 0.002;
  c.standstill_speed = 0.002;
  c.standstill_ns = 50 * kMs;
  for (uint32_t j = 0; j < 7; ++j) {
    c.decel[j] = 6;
    c.jerk[j] = 300;
  }
}

enum SignalIndex : uint32_t { kQ = 0, kDq = 1, kHand = 2, kTarget = 3 };

// Not sealed: tests change what they are about first.
inline std::unique_ptr<Image> draft() {
  auto image = std::make_unique<Image>();
  image->kind = OutputKind::kJointVelocity;
  image->joints = 7;
  image->chain = make_chain();
  add_signal(*image, "q", 7, 3 * kMs);
  add_signal(*image, "dq", 7, 3 * kMs);
  add_signal(*image, "hand", 3, 100 * kMs);
  image->signal[kHand].sphere = 1;
  image->signal[kHand].radius = 0.08;
  image->signal[kHand].stale = StaleRule::kGrow;
  add_signal(*image, "target", 3, 500 * kMs);
  image->q_signal = kQ;
  image->dq_signal = kDq;
  for (uint32_t j = 0; j < 7; ++j) {
    image->action_lo[j] = -1;
    image->action_hi[j] = 1;
    image->action_rate[j] = 12;
    image->position_lo[j] = -2.76;
    image->position_hi[j] = 2.76;
    image->velocity[j] = 1.6;
  }
  image->boxes = image->boxes_in = 1;
  image->box[0] = {"cell", {-0.9, -0.9, -0.1}, {0.95, 0.9, 1.4}};
  image->humans = 1;
  image->human[0] = {kHand, 0, 0.05, 1.6, 0, 0.015, 0.005};
  add_row(*image, "action.box", RowKernel::kActionBox, 0, 1);
  add_row(*image, "action.rate", RowKernel::kActionRate, 0, 0.012);
  add_row(*image, "joint.position", RowKernel::kJointPosition, 0, 1);
  add_row(*image, "joint.velocity", RowKernel::kJointVelocity, 0, 1);
  add_row(*image, "cell", RowKernel::kKeepIn, 0, 1);
  add_row(*image, "human", RowKernel::kSeparation, 0, 1);
  add_row(*image, "human.now", RowKernel::kSeparationNow, 0, 1);
  set_commit(image->commit);
  image->ladder = {kRungPass | kRungScale | kRungStop, 4, 32, 0};
  return image;
}

inline void add_keep_out(Image& image, const Box& box) {
  image.box[image.boxes] = box;
  add_row(image, "out", RowKernel::kKeepOut, image.boxes, 1);
  ++image.boxes;
}

inline std::unique_ptr<Image> sealed() {
  auto image = draft();
  if (!seal(*image)) image->header.magic = 0;
  return image;
}

#ifdef TACTUS_MUTATED
inline constexpr bool kMutated = true;
// The one of this program, whose instructions are changed (tests/mutation).
inline const Kernel& product() {
  static constexpr Kernel kOwn = make_kernel(rt::Isa::kPortable);
  return kOwn;
}
inline const Kernel& reference() { return product(); }
#else
inline constexpr bool kMutated = false;
// The kernel of this machine, or of TACTUS_ISA.
inline const Kernel& product() {
  static const auto isa = rt::choose_isa();
  return isa ? kernel_for(*isa) : kPortableKernel;
}
// What the others' bits are compared with.
inline const Kernel& reference() { return kPortableKernel; }
#endif

// A robot at rest in the middle of its cell, the hand far away, at cycle 100.
struct Cycle {
  float q[7] = {0, 0.4f, 0, -1.2f, 0, 1.2f, 0};
  float dq[7] = {};
  float hand[3] = {3, 0, 1};
  float target[3] = {};
  float u[7] = {};
  ShieldInput in;
  ShieldOutput out;
  ShieldState state;

  Cycle() {
    reset(state);
    in.value[kQ] = q;
    in.value[kDq] = dq;
    in.value[kHand] = hand;
    in.value[kTarget] = target;
    in.action = u;
    in.action_valid = true;
    in.guardian_stale = false;
    in.life = TACTUS_STATE_ENGAGED;
    in.blend = 1;
    at(100);
    // As if engaged long ago: the commands in flight are known.
    state.last_life = TACTUS_STATE_ENGAGED;
    state.before_known = 1;
  }
  Cycle(const Cycle& other) { *this = other; }
  Cycle& operator=(const Cycle& other) {
    std::memcpy(static_cast<void*>(this), &other, sizeof *this);
    in.value[kQ] = q;
    in.value[kDq] = dq;
    in.value[kHand] = hand;
    in.value[kTarget] = target;
    in.action = u;
    return *this;
  }

  void at(uint64_t cycle) {
    in.cycle = cycle;
    in.release_ns = static_cast<int64_t>(cycle) * kMs;
    in.now_ns = in.release_ns + 300'000;
    for (auto& stamp : in.stamp_ns) stamp = in.release_ns + 100'000;
  }
  // As if the same command had been sent for a while.
  void moving(float speed, uint32_t joint) {
    dq[joint] = speed;
    u[joint] = speed;
    state.before[joint] = speed;
  }
  // Without a fault it is the product's own code that runs; faults that are
  // chosen at run time say by none() when none is.
  template <class F = NoFault>
  tactus_rung run(const Image& image) {
    if constexpr (!std::is_same_v<F, NoFault>) {
      if (!F::none()) {
        check_with<F>(image, state, in, out);
        return out.rung;
      }
    }
    product().check(image, state, in, out);
    return out.rung;
  }
  template <class F = NoFault>
  void send(const Image& image) {
    const bool verified = out.rung != TACTUS_RUNG_STOP;
    const Sent sent{out.action, in.now_ns + 300'000, verified, in.release_ns};
    if constexpr (!std::is_same_v<F, NoFault>) {
      if (!F::none()) return committed_with<F>(image, state, sent);
    }
    product().committed(image, state, sent);
  }
};

}  // namespace rig
