// SPDX-License-Identifier: MIT
// A controller that brings its own driver: main MODEL LIMITS [SECONDS].
#include <array>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

#include <tactus/tactus.hpp>

#include "my_arm.hpp"
using namespace std::chrono_literals;

struct Frame {                                   // trivially copyable, recorded
  std::array<float, 7> q, dq;                    // rad, rad/s
  std::array<float, 3> target, hand;             // m, base frame
  tactus::Time q_at, dq_at, target_at, hand_at;  // receive stamps
  std::array<float, 7> u;                        // rad/s; raw in, checked out
  float unused;                                  // fills up to the alignment
};
TACTUS_FIELDS(Frame, q, dq, target, hand, q_at, dq_at, target_at, hand_at, u,
              unused)

template <class T>
int fail(const T& r) {
  std::fprintf(stderr, "%s\n", r.error().text());
  return r.error().exit_code();
}

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s MODEL.onnx LIMITS.toml [SECONDS]\n",
                 argv[0]);
    return 2;
  }
  const auto duration =
      std::chrono::milliseconds(argc > 3 ? std::atoi(argv[3]) * 1000 : 5000);
  MyArm arm;
  auto policy = tactus::Policy::load(argv[1]);  // golden vectors checked
  if (!policy) return fail(policy);
  auto shield = tactus::Shield::load(argv[2]);  // limits, signals, stop
  if (!shield) return fail(shield);
  auto loop =
      tactus::LoopBuilder<Frame>({.name = "cpp-arm",
                                  .period = 1ms,
                                  .priority = 45,
                                  .trip = {.bad = 50, .of = 1000}})
          .sense("read", {.deadline = 200us},
                 [&](Frame& f, const tactus::Tick& tick) noexcept {
                   return arm.read(f, tick);
                 })
          .infer(*policy,
                 {.deadline = 400us, .on_late = tactus::Late::keep_last},
                 &Frame::q, &Frame::dq, &Frame::target, &Frame::hand, &Frame::u)
          .check(*shield, {.deadline = 700us})  // late, NaN or stale: stop
          .act("write", {.deadline = 800us},
               [&](const Frame& f, const tactus::Tick&) noexcept {
                 return arm.write(f.u);
               })
          // Starts rtctl guardian, which plays the stop plan to that address
          // when commits stop. This arm lives in the same process and stands
          // still with it: nobody listens there.
          .guard({.sender = "udp://127.0.0.1:5005",
                  .commit = 900us,
                  .misses = 20,
                  .bound = 10ms})
          .record("cpp-arm.tlog")
          .build();  // allocates, locks, dry-runs, checks the grants
  if (!loop) return fail(loop);
  std::printf("%s\n", loop->granted().c_str());
  loop->engage();  // a request: granted at standstill, once a stop verified
  const auto result = loop->run(duration);
  const tactus_loop_status s = loop->status();
  const bool stood = s.state == TACTUS_STATE_IDLE;  // only then it ends
  std::printf("%llu cycles: %llu pass, %llu scale, %llu stop; %s%s%s\n",
              static_cast<unsigned long long>(s.executed),
              static_cast<unsigned long long>(s.pass),
              static_cast<unsigned long long>(s.scale),
              static_cast<unsigned long long>(s.stop),
              stood ? "ended at standstill" : "did not end",
              s.ever_latched ? "; latched: " : "", s.reason);
  return result.exit_code();
}
