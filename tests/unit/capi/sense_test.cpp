// SPDX-License-Identifier: MIT
// What a sense stage of the public API wrote late is not there afterwards.
#include <vector>

#include "loop_rig.hpp"

using namespace capi_rig;

namespace {

constexpr int64_t kDeadline = Rig::kPeriod_ns;

// Writes the number of its call; the second one ends after its deadline.
struct Sense {
  std::vector<float> found;  // what stood in the frame before it wrote
  std::vector<int64_t> found_at;
  bool stalled = false;  // late where it should not be

  tactus_status read(Frame& f, const tactus_tick& tick) {
    if (is_dry(tick)) return TACTUS_OK;
    found.push_back(f.command[0]);
    found_at.push_back(f.q_at.ns);
    f.command[0] = static_cast<float>(found.size());
    f.q_at.ns = static_cast<int64_t>(found.size());
    const auto late = [&] { return now_ns() > tick.release_ns + kDeadline; };
    while (found.size() == 2 && !late()) {
    }
    stalled = stalled || (found.size() != 2 && late());
    return TACTUS_OK;
  }
  static tactus_status call(void* self, void* frame, const tactus_tick* tick) {
    return static_cast<Sense*>(self)->read(*static_cast<Frame*>(frame), *tick);
  }
};

template <class Step>
void three_ticks(Step step) {
  for (int i = 0; i < 3; ++i) {
    tactus_tick tick{};
    // As far ahead as a release may be, so that a stall is not too soon late.
    tick.release_ns = now_ns() + Rig::kPeriod_ns;
    (void)step(tick);
  }
}

void expect_second_discarded(const Sense& sense) {
  if (sense.stalled || sense.found.size() < 3)
    cr_skip_test("the machine stalled for two periods");
  cr_assert_eq(sense.found.size(), 3U);
  cr_assert_eq(sense.found[1], 1);
  cr_assert_eq(sense.found[2], 1);
  cr_assert_eq(sense.found_at[2], 1);
}

struct CLoop {
  tactus_error error{};
  tactus_builder* builder = nullptr;
  tactus_loop* loop = nullptr;

  CLoop(Rig& rig, Sense& sense, uint32_t output_size) {
    tactus_loop_options o = TACTUS_INIT(tactus_loop_options);
    const std::string name = Rig::options().name;
    o.name = name.c_str();
    o.period_ns = Rig::kPeriod_ns;
    builder = tactus_builder_new(&o, &error);
    const auto fields = capi_rig::frame_fields(static_cast<Frame*>(nullptr));
    tactus_builder_frame(builder, fields.data(), fields.size(), sizeof(Frame),
                         &error);
    tactus_stage s = TACTUS_INIT(tactus_stage);
    s.name = "read";
    s.fn = Sense::call;
    s.self = &sense;
    s.deadline_ns = kDeadline;
    s.on_late = TACTUS_SKIP_REST;
    s.output_offset = offsetof(Frame, command);
    s.output_size = output_size;
    tactus_builder_stage(builder, &s, &error);
    s.output_size = 0;
    s.fn = nullptr;
    const char* inputs[] = {"command"};
    tactus_builder_infer(builder, &s, rig.policy->get(), inputs, 1, "u",
                         &error);
    tactus_builder_check(builder, &s, rig.shield->get(), &error);
    s.kind = TACTUS_ACT;
    s.fn = [](void*, void*, const tactus_tick*) -> tactus_status {
      return TACTUS_OK;
    };
    tactus_builder_stage(builder, &s, &error);
    tactus_builder_no_guard(builder, 20'000'000, &error);
    loop = tactus_builder_build(builder, &error);
    cr_assert_not_null(loop, "%s", error.text);
  }
  ~CLoop() {
    tactus_loop_free(loop);
    tactus_builder_free(builder);
  }
};

}  // namespace

Test(sense, that_is_late_writes_nothing_through_the_cpp_api) {
  Rig r;
  Sense sense;
  auto loop = r.build(Rig::options(), std::chrono::nanoseconds(kDeadline),
                      [&](Frame& f, const tactus::Tick& tick) noexcept {
                        return sense.read(f, tick);
                      });
  if (!loop) cr_assert(false, "%s", loop.error().text());
  three_ticks([&](const tactus_tick& tick) { return loop->step(tick); });
  expect_second_discarded(sense);
}

// A stamp outside the declared output must not outlive its value.
Test(sense, that_is_late_writes_nothing_through_the_c_api) {
  for (const uint32_t output_size : {0U, 8U}) {
    Rig r;
    Sense sense;
    const CLoop c(r, sense, output_size);
    three_ticks([&](const tactus_tick& tick) {
      return tactus_loop_step(c.loop, &tick);
    });
    expect_second_discarded(sense);
  }
}

Test(sense, that_fails_is_bad_and_writes_nothing) {
  Rig r;
  float found = 0;
  auto loop = r.build(Rig::options(), std::chrono::nanoseconds(kDeadline),
                      [&](Frame& f, const tactus::Tick& tick) noexcept {
                        if (is_dry(tick)) return TACTUS_OK;
                        found = f.command[0];
                        f.command[0] = 9;
                        return TACTUS_FAILED;
                      });
  if (!loop) cr_assert(false, "%s", loop.error().text());
  three_ticks([&](const tactus_tick& tick) { return loop->step(tick); });
  cr_assert_eq(found, 0);
  cr_assert_eq(loop->status().bad, 3U);
}
