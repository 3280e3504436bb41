// SPDX-License-Identifier: MIT
// A real policy whose output overflows, a real shield and the loop: what is
// not finite is no action, whatever on_late would put in a late one's place.
#include <criterion/criterion.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "../policy/onnx_writer.hpp"
#include "../safety/limits_rig.hpp"
#include "config/policy_stage.hpp"
#include "config/supervisor.hpp"
#include "core/layout/record.hpp"
#include "frame_rig.hpp"
#include "rt/loop.hpp"
#include "rt/manual_wake.hpp"
#include "rt/record_sink.hpp"

using namespace tactus;
using namespace tactus::layout;
using config::test::Frame;
using config::test::layout_of_frame;

namespace {

// u[0] = 3e38 (command[0] - command[1]): nothing for (0, 0), an infinite
// number for (10, 0), and not a number at all for one that is none.
policy::ModelPlan::Ptr overflowing() {
  using namespace policy::test;
  const std::string bytes =
      OnnxFile()
          .node("MatMul", {"command", "w"}, {"u"})
          .weight(tensor("w", {2, 2}, {3e38F, 0, -3e38F, 0}))
          .input("command", {1, 2})
          .output("u", {1, 2})
          .bytes();
  auto plan = policy::ModelPlan::from_image(as_image(bytes), "overflowing", {});
  if (!plan) cr_assert(false, "%s", plan.error().text());
  return *plan;
}

struct Sink final : rt::RecordSink {
  std::vector<std::byte> slot;
  std::byte* begin() noexcept override { return slot.data(); }
  void commit() noexcept override {}
  std::byte* begin_keyframe(uint64_t) noexcept override { return nullptr; }
  void commit_keyframe() noexcept override {}
};

// An arm that stands still, its hand far away.
struct Rig {
  rt::ManualWake wake;
  config::FrameLayout frame = layout_of_frame();
  std::unique_ptr<config::PolicyStage> policy;
  std::unique_ptr<config::ShieldSupervisor> supervisor;
  Sink sink;
  std::unique_ptr<rt::Loop> loop;
  float command[2] = {};
  float sent[2] = {};
  int64_t release_ns = wake.now();
  const float zero[2] = {};

  explicit Rig(tactus_on_late late) {
    auto made = config::PolicyStage::make(
        overflowing(), {{"command"}, "u", "", "", "test"}, frame);
    if (!made) cr_assert(false, "%s", made.error().text());
    policy = std::move(*made);
    auto image = limits_rig::compiled(limits_rig::kGood);
    if (!image) cr_assert(false, "%s", image.error().text());
    auto binding = config::bind_signals(**image, {}, frame, "u");
    if (!binding) cr_assert(false, "%s", binding.error().text());
    supervisor = std::make_unique<config::ShieldSupervisor>(
        config::ShieldSupervisor::Parts{.image = std::move(*image),
                                        .binding = *binding});
    make_loop(late);
  }

  void make_loop(tactus_on_late late) {
    rt::LoopSpec spec;
    spec.trip = {.bad = 3, .of = 10};
    spec.engage_time_ns = 0;
    spec.frame_size = sizeof(Frame);
    spec.stages = {stage("sense", TACTUS_SENSE, 200'000, sense, this),
                   stage("infer", TACTUS_INFER, 500'000,
                         config::PolicyStage::stage, policy.get()),
                   stage("check", TACTUS_CHECK, 600'000, nullptr, nullptr),
                   stage("act", TACTUS_ACT, 800'000, act, this)};
    tactus_stage& infer = spec.stages[1];
    infer.on_late = late;
    infer.keep_last = 100;
    infer.output_offset = policy->output_offset();
    infer.output_size = policy->output_size();
    infer.fallback = zero;
    rt::LoopParts parts;
    parts.wake = &wake;
    parts.supervisor = supervisor.get();
    parts.carried = {policy->carried()};
    auto built = rt::Loop::make(spec, std::move(parts));
    if (!built) cr_assert(false, "%s", built.error().text());
    loop = std::move(*built);
    sink.slot.resize(loop->record_size());
    loop->set_record(&sink);
    cr_assert(static_cast<bool>(loop->warm()));
  }

  static tactus_stage stage(const char* name, tactus_stage_kind kind,
                            int64_t deadline_ns, tactus_stage_fn fn,
                            void* self) {
    tactus_stage s = TACTUS_INIT(tactus_stage);
    s.name = name;
    s.kind = kind;
    s.fn = fn;
    s.self = self;
    s.deadline_ns = deadline_ns;
    s.on_late = TACTUS_SKIP_REST;
    return s;
  }
  static tactus_status sense(void* self, void* to, const tactus_tick* tick) {
    Frame f{};
    f.q_at = f.dq_at = f.target_at = f.hand_at = tick->now_ns;
    f.q[0] = 0.3F;
    f.q[1] = 0.5F;
    f.hand[1] = 3;
    std::memcpy(f.command, static_cast<Rig*>(self)->command, sizeof f.command);
    std::memcpy(to, &f, offsetof(Frame, u));
    return TACTUS_OK;
  }
  static tactus_status act(void* self, void* from, const tactus_tick*) {
    std::memcpy(static_cast<Rig*>(self)->sent,
                static_cast<std::byte*>(from) + offsetof(Frame, u), 8);
    return TACTUS_OK;
  }

  void ticks(int n) {
    for (int i = 0; i < n; ++i) {
      tactus_tick tick{};
      release_ns += loop->spec().period_ns;
      tick.release_ns = wake.spin(release_ns);
      (void)loop->step(tick);
    }
  }
  void engage() {
    loop->request(rt::kRequestEngage);
    ticks(60);  // standstill takes 50 ms
    cr_assert_eq(loop->state(), TACTUS_STATE_ENGAGED);
    cr_assert_eq(last().rung, TACTUS_RUNG_PASS);
  }
  CycleRecord last() const {
    CycleRecord record;
    std::memcpy(&record, sink.slot.data(), sizeof record);
    return record;
  }
  float raw() const {
    float value = 0;
    std::memcpy(&value, sink.slot.data() + loop->raw_offset(), sizeof value);
    return value;
  }
};

void expect_stops_and_trips(Rig& r) {
  for (int i = 0; i < 3; ++i) {
    cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
    r.ticks(1);
    const CycleRecord record = r.last();
    cr_assert_eq(record.stage_flags[1], kStageRan | kStageFailed);
    cr_assert_eq(record.rung, TACTUS_RUNG_STOP);
    cr_assert(record.flags & kCycleBad);
    cr_assert(record.verdict & safety::kReasonNoAction);
    cr_assert(std::isfinite(r.sent[0]) && std::isfinite(r.sent[1]));
  }
  cr_assert_eq(r.loop->state(), TACTUS_STATE_STOPPING);
  cr_assert_eq(r.loop->trip_reason(), rt::TripReason::kBadReleases);
}

}  // namespace

Test(nan_policy, a_nan_is_no_action_whatever_on_late_says) {
  for (const auto late : {TACTUS_KEEP_LAST, TACTUS_FALLBACK}) {
    Rig r(late);
    r.engage();
    r.command[0] = NAN;
    expect_stops_and_trips(r);
    cr_assert(std::isnan(r.raw()));
  }
}

Test(nan_policy, an_infinite_output_is_no_action_either) {
  Rig r(TACTUS_KEEP_LAST);
  r.engage();
  r.command[0] = 10;
  expect_stops_and_trips(r);
  cr_assert(std::isinf(r.raw()));
}

Test(nan_policy, never_engages) {
  Rig r(TACTUS_KEEP_LAST);
  r.ticks(60);
  r.command[0] = 10;
  r.loop->request(rt::kRequestEngage);
  r.ticks(60);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_READY);
  r.command[0] = r.command[1] = 0;
  r.ticks(1);
  cr_assert_eq(r.loop->state(), TACTUS_STATE_ENGAGED);
}
