// SPDX-License-Identifier: MIT
// The C++ layer: what it hands on, how it reports, what it keeps alive.
#include <tactus/tactus.hpp>

#include <criterion/criterion.h>

#include <memory>
#include <string>

#include "rig.hpp"

using namespace std::chrono_literals;
namespace rig = tactus::test;

namespace {

struct CppFrame {
  std::array<float, 7> q, dq;
  std::array<float, 3> target, hand;
  tactus::Time q_at, dq_at, target_at, hand_at;
  std::array<float, 7> u;
  float unused;
  float unlisted;  // only to be refused
  float filler;
};
TACTUS_FIELDS(CppFrame, q, dq, target, hand, q_at, dq_at, target_at, hand_at, u,
              unused, filler)

struct Whole {
  std::array<float, 7> q, dq;
  std::array<float, 3> target, hand;
  tactus::Time q_at, dq_at, target_at, hand_at;
  std::array<float, 7> u;
  float unused;
};
TACTUS_FIELDS(Whole, q, dq, target, hand, q_at, dq_at, target_at, hand_at, u,
              unused)

// Counts while it lives in a stage.
struct Reader {
  std::shared_ptr<int> reads;
  tactus::Status operator()(Whole& f, const tactus::Tick& tick) noexcept {
    ++*reads;
    f.q = {0, -0.6F, 0, -2.0F, 0, 1.6F, 0.8F};
    f.q_at.ns = f.dq_at.ns = f.target_at.ns = f.hand_at.ns = tick.now_ns;
    return TACTUS_OK;
  }
};

struct Files {
  rig::Rig files;  // of the C rig: folder, names, texts
  std::shared_ptr<int> reads = std::make_shared<int>(0);
  tactus::Result<tactus::Policy> policy = tactus::Policy::load(
      files.folder.write("m.onnx", rig::constant_policy().bytes()));
  tactus::Result<tactus::Shield> shield = tactus::Shield::load(
      files.folder.write("limits.toml", rig::limits_text()));

  tactus::LoopBuilder<Whole> builder(std::vector<tactus::Grant> require = {}) {
    tactus::LoopBuilder<Whole> b(
        {.name = files.name, .period = 1s, .require = std::move(require)});
    b.sense("read", {.deadline = 500ms}, Reader{reads})
        .infer(*policy, {.deadline = 600ms}, &Whole::q, &Whole::dq,
               &Whole::target, &Whole::hand, &Whole::u)
        .check(*shield, {.deadline = 800ms})
        .act("write", {.deadline = 900ms},
             [](const Whole&, const tactus::Tick&) noexcept {});
    return b;
  }
};

std::string text(const tactus::Result<tactus::Loop>& loop) {
  return loop ? "built" : loop.error().text();
}

}  // namespace

Test(capi_hpp, a_loop_is_built_stepped_and_asked) {
  Files f;
  auto loop = f.builder().no_guard(20ms).build();
  cr_assert(bool(loop), "%s", text(loop).c_str());
  const int dry = *f.reads;
  tactus::Tick tick{};
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  tick.release_ns = t.tv_sec * 1'000'000'000LL + t.tv_nsec;
  cr_assert_eq(loop->step(tick), TACTUS_OK);
  cr_assert_eq(*f.reads, dry + 1);
  cr_assert_eq(loop->status().state, TACTUS_STATE_READY);
  cr_assert_eq(loop->status().released, 1u);
  cr_assert_neq(loop->granted().find("memlock"), std::string::npos);
  loop->engage();
  loop->stop();
  loop->rearm();
  loop->end();
  cr_assert_eq(loop->run(1h).exit_code(), 0);
  cr_assert_eq(loop->run(1h).exit_code(), 2);  // once
}

Test(capi_hpp, a_missing_file_is_an_error_with_its_code) {
  const auto policy = tactus::Policy::load("/none.onnx");
  cr_assert_not(bool(policy));
  cr_assert_eq(policy.error().exit_code(), 2);
  const auto shield = tactus::Shield::load("/none.toml");
  cr_assert_not(bool(shield));
  cr_assert(std::strstr(shield.error().text(), "/none.toml") != nullptr);
}

Test(capi_hpp, limits_are_changed_by_the_program) {
  Files f;
  f.shield =
      tactus::Shield::load(f.files.folder.path() + "/limits.toml",
                           {.disable = {"joint"},
                            .remove = {},
                            .add = "[limit]\naction = {max=\"0.5 rad/s\"}\n"});
  cr_assert(bool(f.shield));
  auto loop = f.builder().no_guard(20ms).build();
  cr_assert(bool(loop), "%s", text(loop).c_str());
  const std::string granted = loop->granted();
  cr_assert_neq(granted.find("disabled: joint; added: limits of its own"),
                std::string::npos, "%s", granted.c_str());
}

Test(capi_hpp, the_first_error_is_the_one_that_build_reports) {
  Files f;
  auto b = f.builder();
  b.guard({.sender = "udp://127.0.0.1:9"}).no_guard(20ms).record("");
  const std::string said = text(b.build());
  cr_assert_neq(said.find("guard: sender, commit"), std::string::npos, "%s",
                said.c_str());
}

Test(capi_hpp, every_part_is_handed_on) {
  Files f;
  ::setenv("TACTUS_RTCTL", "/none/rtctl", 1);
  auto b = f.builder();
  const std::string guarded = text(
      b.guard({.sender = "udp://127.0.0.1:9", .commit = 900ms, .bound = 1ms})
          .build());
  cr_assert_neq(guarded.find("/none/rtctl"), std::string::npos, "%s",
                guarded.c_str());
  const std::string log =
      text(f.builder().no_guard(20ms).record("/none/x.tlog").build());
  cr_assert_neq(log.find("/none/x.tlog"), std::string::npos, "%s", log.c_str());
  // FIFO was not asked for, so it cannot be required.
  const std::string grant =
      text(f.builder({tactus::Grant::fifo}).no_guard(20ms).build());
  cr_assert_neq(grant.find("fifo"), std::string::npos, "%s", grant.c_str());
}

Test(capi_hpp, two_loops_of_one_builder_share_its_stages) {
  Files f;
  auto b = f.builder();
  b.no_guard(20ms);
  {
    auto first = b.build();
    cr_assert(bool(first), "%s", text(first).c_str());
  }
  const int before = *f.reads;
  auto second = b.build();
  cr_assert(bool(second), "%s", text(second).c_str());
  cr_assert_gt(*f.reads, before);  // its dry run: the stage still lives
}

Test(capi_hpp, stages_live_as_long_as_the_loop) {
  Files f;
  {
    auto loop = f.builder().no_guard(20ms).build();
    cr_assert(bool(loop));
    cr_assert_gt(f.reads.use_count(), 1);
  }
  cr_assert_eq(f.reads.use_count(), 1);
}

Test(capi_hpp, a_member_that_is_not_listed_is_refused) {
  tactus::LoopBuilder<CppFrame> b({.name = "x", .period = 1s});
  const std::string said = text(b.build());
  cr_assert_neq(said.find("filler"), std::string::npos, "%s", said.c_str());
  cr_assert_str_eq(tactus::field_name<CppFrame>(&CppFrame::unlisted), "");
  cr_assert_str_eq(tactus::field_name<CppFrame>(&CppFrame::hand), "hand");
}
