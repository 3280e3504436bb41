// SPDX-License-Identifier: MIT
// What of a cycle may leave, beside a guardian.
#include "config/supervisor.hpp"

#include <criterion/criterion.h>

#include "../guard/plans.hpp"
#include "../safety/limits_rig.hpp"
#include "frame_rig.hpp"

using namespace tactus;
using config::test::Frame;
using config::test::layout_of_frame;

namespace {

struct Rig {
  plans::Shared shared;
  guard::Link link{shared.words, shared.page};
  std::unique_ptr<config::ShieldSupervisor> supervisor;
  Frame frame{};
  tactus_tick tick{};

  Rig() {
    auto image = limits_rig::compiled(limits_rig::kGood);
    if (!image) cr_assert(false, "%s", image.error().text());
    auto binding = config::bind_signals(**image, {}, layout_of_frame(), "u");
    if (!binding) cr_assert(false, "%s", binding.error().text());
    supervisor = std::make_unique<config::ShieldSupervisor>(
        config::ShieldSupervisor::Parts{
            .image = std::move(*image), .binding = *binding, .link = &link});
    tick.release_ns = tick.now_ns = 1'000'000'000;
    cr_assert(supervisor->armed(tick));
    (void)supervisor->begin(tick);
  }
  void play() {
    supervisor->play(reinterpret_cast<std::byte*>(&frame), tick.now_ns);
  }
};

}  // namespace

Test(supervisor, what_is_played_leaves_after_a_plan_was_refused) {
  Rig r;
  r.supervisor->publish(r.tick);  // there is none
  cr_assert_not(r.supervisor->may_send());
  r.play();
  cr_assert(r.supervisor->may_send());
}

Test(supervisor, nothing_leaves_once_the_guardian_has_acted) {
  Rig r;
  r.shared.words.state_epoch.store(
      layout::pack(layout::GuardState::kActed, r.link.epoch() + 1));
  r.supervisor->publish(r.tick);
  r.play();
  cr_assert_not(r.supervisor->may_send());
}
