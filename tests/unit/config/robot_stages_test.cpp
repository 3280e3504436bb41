// SPDX-License-Identifier: MIT
// A robot that was switched off and on counts from one again: it is believed
// when nothing moves and it was long silent, and never in motion.
#include "config/robot_stages.hpp"

#include <criterion/criterion.h>

#include <cstring>
#include <vector>

#include "io/acceptor.hpp"

using namespace tactus;

namespace {

constexpr int64_t kMs = 1'000'000;

struct Link final : io::Transport {
  const io::State& drain(int64_t now_ns) noexcept override {
    state.fresh = false;
    if (queued == 0) return state;
    const bool good = numbers.accept_state(queued, counts) == io::Reject::kNone;
    queued = 0;
    if (!good) return state;
    state.any = state.fresh = true;
    state.receive_ns = now_ns;
    return state;
  }
  tactus_status send(const CommandFrame&) noexcept override {
    return TACTUS_OK;
  }
  void warm(const CommandFrame&) noexcept override {}
  tactus_status tick_done(const CommandFrame&) noexcept override {
    return TACTUS_OK;
  }
  void forget_peer() noexcept override { numbers.forget(); }
  [[nodiscard]] bool second_sender() const noexcept override { return two; }
  [[nodiscard]] bool drops_old_epochs() const noexcept override { return true; }
  [[nodiscard]] const io::WireCounters& counters() const noexcept override {
    return counts;
  }
  [[nodiscard]] const char* stamp_source() const noexcept override {
    return "test";
  }
  [[nodiscard]] bool stamps_on_arrival() const noexcept override {
    return true;
  }

  bool two = true;
  uint64_t queued = 0;
  io::State state;
  io::Acceptor numbers;
  io::WireCounters counts;
};

struct Rig {
  Link link;
  std::vector<std::byte> frame;
  config::RobotStages stages;

  Rig() {
    config::File file;
    file.signal.push_back({.name = "q",
                           .unit = "rad",
                           .count = 2,
                           .stamp = "q_at",
                           .from_io = true});
    file.policy.output = "u";
    const auto layout = config::FrameLayout::of(file, 2);
    frame.resize(layout.size());
    auto made = config::RobotStages::make(file, layout, link);
    cr_assert(static_cast<bool>(made));
    stages = std::move(*made);
  }
  // What sense says when the robot sends `seq` (0: nothing) at `now_ns`.
  tactus_status sense(tactus_state life, int64_t now_ns, uint64_t seq) {
    link.queued = seq;
    tactus_tick tick{};
    tick.state = static_cast<uint32_t>(life);
    tick.now_ns = now_ns;
    return config::RobotStages::sense(&stages, frame.data(), &tick);
  }
  // Seen up to seq 1000 at 1 s, silent since; sequence 1 comes at 2 s.
  tactus_status restarted(tactus_state life) {
    cr_assert_eq(sense(life, 1000 * kMs, 1000), TACTUS_OK);
    for (int64_t t = 1001; t < 2000; ++t) (void)sense(life, t * kMs, 0);
    return sense(life, 2000 * kMs, 1);
  }
};

}  // namespace

Test(robot_stages, a_restarted_robot_is_believed_where_nothing_moves) {
  for (const tactus_state life :
       {TACTUS_STATE_WARM, TACTUS_STATE_READY, TACTUS_STATE_LATCHED})
    cr_expect_eq(Rig().restarted(life), TACTUS_OK, "state %d", life);
}

Test(robot_stages, in_motion_an_old_number_stays_old) {
  for (const tactus_state life : {TACTUS_STATE_ENGAGED, TACTUS_STATE_STOPPING})
    cr_expect_eq(Rig().restarted(life), TACTUS_NO_DATA, "state %d", life);
}

Test(robot_stages, a_short_silence_forgets_nothing) {
  Rig rig;
  cr_assert_eq(rig.sense(TACTUS_STATE_READY, 1000 * kMs, 1000), TACTUS_OK);
  cr_expect_eq(rig.sense(TACTUS_STATE_READY, 1400 * kMs, 7), TACTUS_NO_DATA);
  cr_expect_eq(rig.sense(TACTUS_STATE_READY, 1401 * kMs, 1001), TACTUS_OK);
}

Test(robot_stages, a_link_for_one_sender_needs_guard_none_written_out) {
  Link link;
  config::File file;
  file.path = "arm.toml";
  cr_expect(static_cast<bool>(config::check_senders(file, link)));
  link.two = false;
  const auto refused = config::check_senders(file, link);
  cr_assert_not(static_cast<bool>(refused));
  cr_expect_eq(refused.error().exit_code(), 2);
  cr_expect_not_null(std::strstr(refused.error().text(), "guard = \"none\""));
  file.guard.none = true;
  cr_expect(static_cast<bool>(config::check_senders(file, link)));
}
