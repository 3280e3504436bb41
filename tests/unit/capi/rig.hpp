// SPDX-License-Identifier: MIT
// A whole controller through the C ABI, part by part, so that a test can
// leave out or spoil one: a simulated arm, a policy that asks for a small
// constant speed, the handover arm's limits. Everything lies in a folder of
// its own. Header-only.
#pragma once

#include <time.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "../policy/onnx_writer.hpp"
#include "tactus/tactus.h"

namespace tactus::test {

struct Frame {
  float q[7], dq[7];
  float target[3], hand[3];
  int64_t q_at, dq_at, target_at, hand_at;
  float u[7];
  float unused;
};

inline tactus_field field(const char* name, const char* unit, tactus_type type,
                          uint32_t count, std::size_t offset) {
  return {name, unit, type, count, static_cast<uint32_t>(offset)};
}
inline std::vector<tactus_field> fields() {
  return {field("q", "rad", TACTUS_F32, 7, offsetof(Frame, q)),
          field("dq", "rad/s", TACTUS_F32, 7, offsetof(Frame, dq)),
          field("target", "m", TACTUS_F32, 3, offsetof(Frame, target)),
          field("hand", "m", TACTUS_F32, 3, offsetof(Frame, hand)),
          field("q_at", "", TACTUS_TIME, 1, offsetof(Frame, q_at)),
          field("dq_at", "", TACTUS_TIME, 1, offsetof(Frame, dq_at)),
          field("target_at", "", TACTUS_TIME, 1, offsetof(Frame, target_at)),
          field("hand_at", "", TACTUS_TIME, 1, offsetof(Frame, hand_at)),
          field("u", "rad/s", TACTUS_F32, 7, offsetof(Frame, u)),
          field("unused", "", TACTUS_F32, 1, offsetof(Frame, unused))};
}

// Follows its command at once; what a test makes it say instead is `fault`.
struct Arm {
  int64_t last_ns = 0;
  float q[7] = {0, -0.6F, 0, -2.0F, 0, 1.6F, 0.8F};
  float command[7] = {};
  uint64_t sent = 0;
  tactus_status fault = TACTUS_OK;
};

inline tactus_status read_arm(void* self, void* frame, const tactus_tick* t) {
  auto& arm = *static_cast<Arm*>(self);
  if (arm.fault != TACTUS_OK) return arm.fault;
  const float dt =
      arm.last_ns ? static_cast<float>(t->now_ns - arm.last_ns) * 1e-9F : 0;
  arm.last_ns = t->now_ns;
  for (int j = 0; j < 7; ++j) arm.q[j] += dt * arm.command[j];
  auto& f = *static_cast<Frame*>(frame);
  const float target[3] = {0.45F, -0.2F, 0.4F};
  const float hand[3] = {0.2F, 1.1F, 0.5F};
  std::memcpy(f.q, arm.q, sizeof f.q);
  std::memcpy(f.dq, arm.command, sizeof f.dq);
  std::memcpy(f.target, target, sizeof f.target);
  std::memcpy(f.hand, hand, sizeof f.hand);
  f.q_at = f.dq_at = f.target_at = f.hand_at = t->now_ns;
  return TACTUS_OK;
}

inline tactus_status write_arm(void* self, void* frame, const tactus_tick*) {
  auto& arm = *static_cast<Arm*>(self);
  std::memcpy(arm.command, static_cast<const Frame*>(frame)->u,
              sizeof arm.command);
  ++arm.sent;
  return TACTUS_OK;
}

inline tactus_stage stage(tactus_stage_kind kind, int64_t deadline_ns) {
  tactus_stage s = TACTUS_INIT(tactus_stage);
  s.kind = kind;
  s.deadline_ns = deadline_ns;
  s.on_late = TACTUS_SKIP_REST;
  return s;
}

inline std::string absolute(const std::string& path) {
  char here[PATH_MAX];
  return std::string(::getcwd(here, sizeof here)) + "/" + path;
}

// [policy] says the action's kind: the small model has no contract. Tests tick
// as fast as they can: a rate goes by the time between ticks.
inline std::string limits_text() {
  return "loop = {standstill=\"3 mrad/s for 50 ms\"}\n"
         "robot = {urdf=\"" +
         absolute("lib/examples/handover/arm.urdf") +
         "\", tip=\"flange\", spheres=\"collision\", decel=\"6 rad/s2\", "
         "jerk=\"300 rad/s3\", actuator_delay=\"4 ms\", lag=\"20 ms\", "
         "model_error=\"4 mm\", timeout=\"20 ms\"}\n" +
         R"([signal]
q = {from="frame", shape=7, unit="rad", range="urdf", max_age="100 ms", stale="stop"}
dq = {from="frame", shape=7, unit="rad/s", range="urdf", max_age="100 ms", stale="stop"}
target = {from="frame", shape=3, unit="m", max_age="500 ms", stale="stop"}
hand = {from="frame", kind="sphere", radius="80 mm", unit="m", max_age="500 ms", stale="grow", lost="stop"}
[policy]
output = {name="u", kind="joint_velocity", unit="rad/s"}
[limit]
action = {max="1 rad/s", rate="1000000 rad/s2"}
joint = {position="urdf - 2 deg", velocity="80 % urdf"}
ladder = ["pass", "scale", "stop"]
)";
}

inline policy::test::OnnxFile constant_policy() {
  using policy::test::tensor;
  policy::test::OnnxFile f;
  f.input("observation", {1, 20}).output("action", {1, 7});
  f.weight(tensor("w", {20, 7}, std::vector<float>(140, 0.0F)));
  f.weight(tensor("b", {7}, std::vector<float>(7, 0.02F)));
  f.node("MatMul", {"observation", "w"}, {"m"});
  f.node("Add", {"m", "b"}, {"action"});
  return f;
}

// The parts of a loop as the caller would give them; change one, then make().
struct Rig {
  // Longer than any host stalls: nothing here is judged by the clock.
  static constexpr int64_t kPeriod = 1'000'000'000;

  policy::test::TempFolder folder;
  Arm arm;
  tactus_error error{};
  std::string name = "capi" + std::to_string(::getpid());
  std::string limits = limits_text();
  std::string model = constant_policy().bytes();
  std::string kernels;  // empty: the library's choice
  std::vector<tactus_field> fields = test::fields();
  std::size_t frame_size = sizeof(Frame);
  std::vector<const char*> inputs = {"q", "dq", "target", "hand"};
  const char* output = "u";
  tactus_loop_options loop = TACTUS_INIT(tactus_loop_options);
  tactus_guard_options guard = TACTUS_INIT(tactus_guard_options);
  tactus_stage sense = stage(TACTUS_SENSE, kPeriod / 10 * 5);
  tactus_stage infer = stage(TACTUS_INFER, kPeriod / 10 * 6);
  tactus_stage check = stage(TACTUS_CHECK, kPeriod / 10 * 8);
  tactus_stage act = stage(TACTUS_ACT, kPeriod / 10 * 9);
  tactus_policy* policy = nullptr;
  tactus_shield* shield = nullptr;
  tactus_builder* builder = nullptr;
  std::string log;  // empty: nothing is recorded

  Rig() {
    ::setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);
    loop.name = name.c_str();
    loop.period_ns = kPeriod;
    loop.cpu = -1;
    loop.engage_time_ns = 1'000'000;
    guard.sender = "udp://127.0.0.1:9";
    guard.commit_ns = kPeriod;
    guard.misses = 3;
    guard.bound_ns = 1'000'000;
    guard.cpu = -1;
    sense.fn = read_arm;
    act.fn = write_arm;
    sense.self = act.self = &arm;
  }
  ~Rig() {
    tactus_builder_free(builder);
    tactus_shield_free(shield);
    tactus_policy_free(policy);
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  // Each gives one part; 0 or the error's code.
  int32_t load() {
    const std::string m = folder.write("m.onnx", model);
    const std::string l = folder.write("limits.toml", limits);
    tactus_policy_options options = TACTUS_INIT(tactus_policy_options);
    if (!kernels.empty()) options.kernels = kernels.c_str();
    if (!policy) policy = tactus_policy_load(m.c_str(), &options, &error);
    if (!shield) shield = tactus_shield_load(l.c_str(), &error);
    return policy && shield ? 0 : error.code;
  }
  int32_t start() {
    if (!builder) builder = tactus_builder_new(&loop, &error);
    return builder ? 0 : error.code;
  }
  int32_t give_frame() {
    return tactus_builder_frame(builder, fields.data(), fields.size(),
                                frame_size, &error);
  }
  int32_t give_sense() { return tactus_builder_stage(builder, &sense, &error); }
  int32_t give_infer() {
    return tactus_builder_infer(builder, &infer, policy, inputs.data(),
                                inputs.size(), output, &error);
  }
  int32_t give_check() {
    return tactus_builder_check(builder, &check, shield, &error);
  }
  int32_t give_act() { return tactus_builder_stage(builder, &act, &error); }
  int32_t give_no_guard() {
    return tactus_builder_no_guard(builder, 20'000'000, &error);
  }
  int32_t give_guard() { return tactus_builder_guard(builder, &guard, &error); }
  int32_t give_record() {
    return log.empty() ? 0
                       : tactus_builder_record(builder, log.c_str(), &error);
  }

  using Part = int32_t (Rig::*)();
  static const std::vector<Part>& parts() {
    static const std::vector<Part> all = {&Rig::give_frame, &Rig::give_sense,
                                          &Rig::give_infer, &Rig::give_check,
                                          &Rig::give_act,   &Rig::give_no_guard,
                                          &Rig::give_record};
    return all;
  }

  // Null: `error` says why.
  tactus_loop* make(const std::vector<Part>& given = parts()) {
    if (load() != 0 || start() != 0) return nullptr;
    for (const Part part : given) {
      if ((this->*part)() != 0) return nullptr;
    }
    return tactus_builder_build(builder, &error);
  }
  // With the guard, but never started: an error is expected before that.
  tactus_loop* make_guarded() {
    std::vector<Part> with = parts();
    with[5] = &Rig::give_guard;
    return make(with);
  }

  // What make() says is wrong; "built" when it is not.
  std::string refusal(tactus_loop* made) {
    tactus_loop_free(made);
    return made ? "built" : error.text;
  }
  std::string refusal() { return refusal(make()); }
};

// A hundred cycles that pass into rig.log, at the rate of a real loop: its
// recorder is no real-time thread and may be held up for as long as its blocks
// last.
inline bool record(Rig& rig) {
  rig.log = rig.folder.path() + "/run.tlog";
  tactus_loop* loop = rig.make();
  if (!loop) return false;
  tactus_loop_engage(loop);
  tactus_loop_status s = TACTUS_INIT(tactus_loop_status);
  for (int i = 0; i < 20'000 && s.pass < 100; ++i) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    tactus_tick tick{};
    tick.release_ns = now.tv_sec * 1'000'000'000LL + now.tv_nsec;
    (void)tactus_loop_step(loop, &tick);
    (void)tactus_loop_get_status(loop, &s, nullptr);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  tactus_loop_free(loop);
  return s.pass >= 100;
}

// One line that has `word`, and the exit code of a bad input.
inline bool refuses(const tactus_error& error, const std::string& word) {
  const std::string text = error.text;
  return error.code == 2 && text.find(word) != std::string::npos &&
         text.find('\n') == std::string::npos;
}

}  // namespace tactus::test
