// SPDX-License-Identifier: MIT
// A loop through the public API only: a still arm with a policy of zeros and
// no guard, its files in a folder of their own.
#pragma once

#include <criterion/criterion.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <string>

#include "../policy/onnx_writer.hpp"
#include "../safety/limits_rig.hpp"
#include "tactus/tactus.hpp"

namespace capi_rig {

using namespace std::chrono_literals;

struct Frame {
  tactus::Time q_at, dq_at, target_at, hand_at;
  std::array<float, 2> q, dq;
  std::array<float, 3> target, hand;
  std::array<float, 2> command;  // the policy's only input
  std::array<float, 2> u;
};
TACTUS_FIELDS(Frame, q_at, dq_at, target_at, hand_at, q, dq, target, hand,
              command, u)

inline int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

inline bool is_dry(const tactus::Tick& tick) {
  return (tick.flags & TACTUS_TICK_DRY_RUN) != 0;
}

struct Files {
  tactus::policy::test::TempFolder folder;
  std::string model, limits;

  Files() {
    using namespace tactus::policy::test;
    using limits_rig::with;
    folder.write("a.urdf", limits_rig::kUrdf);
    const std::string standing =
        with("period=\"1 ms\", ", "", limits_rig::kGood);
    const std::string alone =
        with("model_error=\"2 mm\"", "model_error=\"2 mm\", timeout=\"20 ms\"",
             with("guard = {commit=\"900 us\", misses=3, bound=\"1 ms\", "
                  "repeat=\"1 ms\", then=\"hold\"}\n",
                  "policy = {output={kind=\"joint_velocity\"}}\n", standing));
    limits = folder.write("a.toml", alone);
    model = folder.write("zeros.onnx",
                         OnnxFile()
                             .node("MatMul", {"command", "w"}, {"u"})
                             .weight(tensor("w", {2, 2}, {0, 0, 0, 0}))
                             .input("command", {1, 2})
                             .output("u", {1, 2})
                             .bytes());
  }
};

struct Rig {
  static constexpr int64_t kPeriod_ns = 10'000'000;  // build sleeps 200 of them
  Files files;
  std::string log;  // empty: nothing is recorded
  tactus::Result<tactus::Policy> policy = tactus::Policy::load(files.model);
  tactus::Result<tactus::Shield> shield = tactus::Shield::load(files.limits);

  Rig() {
    if (!policy) cr_assert(false, "%s", policy.error().text());
    if (!shield) cr_assert(false, "%s", shield.error().text());
  }

  static tactus::LoopOptions options() {
    return {.name = "unit-" + std::to_string(::getpid()),
            .period = std::chrono::nanoseconds(kPeriod_ns)};
  }

  // All but sense have the whole period.
  template <class Sense>
  tactus::Result<tactus::Loop> build(const tactus::LoopOptions& options,
                                     std::chrono::nanoseconds sense_deadline,
                                     Sense sense) {
    tactus::LoopBuilder<Frame> builder(options);
    if (!log.empty()) builder.record(log);
    return builder.sense("read", {.deadline = sense_deadline}, sense)
        .infer(*policy, {.deadline = options.period}, &Frame::command,
               &Frame::u)
        .check(*shield, {.deadline = options.period})
        .act("write", {.deadline = options.period},
             [](const Frame&, const tactus::Tick&) noexcept {
               return TACTUS_OK;
             })
        .no_guard(20ms)
        .build();
  }
};

}  // namespace capi_rig
