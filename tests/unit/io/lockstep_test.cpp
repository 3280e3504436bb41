// SPDX-License-Identifier: MIT
#include "io/lockstep.hpp"

#include <criterion/criterion.h>

#include <thread>

#include "robot.hpp"

using namespace tactus;
using namespace tactus::io;
using robot::Robot;

namespace {

constexpr int64_t kMs = 1'000'000;

std::unique_ptr<Udp> open(Robot& r) {
  UdpOptions options;
  options.listen = "127.0.0.1:0";
  options.peer = r.address();
  options.state = {1, 1};
  options.lockstep = true;
  auto udp = Udp::open(options);
  cr_assert(udp, "%s", udp.error().text());
  r.connect_to((*udp)->local_address());
  return std::move(*udp);
}

// A plant that advances by 1 ms with each tick-done of its own time.
void plant(Robot& r, int ticks) {
  int64_t t = 10 * kMs;
  uint64_t seq = 0;
  r.say(++seq, 0, t, layout::kWireLockstep);
  Frame f;
  while (ticks > 0 && r.hear(f)) {
    if (f.type() != layout::WireType::kTickDone) continue;
    if (f.header.stamp_ns != t) continue;
    t += kMs;
    --ticks;
    r.say(++seq, 0, t, layout::kWireLockstep);
  }
}

}  // namespace

Test(lockstep, the_plants_stamp_is_the_time) {
  Robot r;
  auto udp = open(r);
  std::thread robot([&] { plant(r, 3); });
  layout::GuardWords words{};
  LockstepOptions options;
  options.words = &words;
  auto wake = LockstepWake::open(*udp, options);
  cr_assert(wake);
  cr_assert_eq((*wake)->now(), 10 * kMs);
  for (int k = 1; k <= 3; ++k) {
    const rt::Wake w = (*wake)->wait((10 + k) * kMs, 0);
    cr_assert_eq(w.status, TACTUS_OK);
    cr_assert_eq(w.wake_ns, (10 + k) * kMs);
    cr_assert_eq(words.virtual_now_ns.load(), (10 + k) * kMs);
    cr_assert_eq(words.virtual_tick.load(), static_cast<uint32_t>(k) + 1);
    cr_assert(udp->drain(w.wake_ns).fresh);
    cr_assert_eq(udp->drain(w.wake_ns).receive_ns, (10 + k) * kMs);
  }
  robot.join();
}

Test(lockstep, a_dead_plant_ends_the_loop) {
  Robot r;
  auto udp = open(r);
  r.say(1, 0, 10 * kMs, layout::kWireLockstep);
  LockstepOptions options;
  options.watchdog = std::chrono::milliseconds(5);
  auto wake = LockstepWake::open(*udp, options);
  cr_assert(wake);
  cr_assert_eq((*wake)->wait(11 * kMs, 0).status, TACTUS_ENDED);
  cr_assert((*wake)->dead());
}

Test(lockstep, a_plant_in_real_time_is_refused) {
  Robot r;
  auto udp = open(r);
  r.say(1, 0, 10 * kMs, 0);
  LockstepOptions options;
  options.watchdog = std::chrono::milliseconds(5);
  auto wake = LockstepWake::open(*udp, options);
  cr_assert(!wake);
  cr_assert_eq(wake.error().code(), ErrorCode::kUnavailable);
}
