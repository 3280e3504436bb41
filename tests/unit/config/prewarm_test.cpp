// SPDX-License-Identifier: MIT
// Dry runs of a real policy and a real shield leave no trace: carried state
// and frame stay as they are, and what follows has the same bits as without.
#include <criterion/criterion.h>

#include <cstring>
#include <memory>
#include <vector>

#include "../policy/onnx_writer.hpp"
#include "../safety/limits_rig.hpp"
#include "config/policy_stage.hpp"
#include "config/supervisor.hpp"
#include "frame_rig.hpp"

using namespace tactus;
using config::test::Frame;
using config::test::layout_of_frame;

namespace {

constexpr int64_t kPeriod = 1'000'000;

// h' = h + q, u = 0.1 h': each run that counts moves the state.
policy::ModelPlan::Ptr summing() {
  using namespace policy::test;
  const std::string bytes = OnnxFile()
                                .input("q", {1, 2})
                                .input("h_in", {1, 2})
                                .node("Add", {"h_in", "q"}, {"h_out"})
                                .node("Mul", {"h_out", "tenth"}, {"u"})
                                .weight(tensor("tenth", {1}, {0.1F}))
                                .output("u", {1, 2})
                                .output("h_out", {1, 2})
                                .bytes();
  auto plan = policy::ModelPlan::from_image(as_image(bytes), "summing", {});
  if (!plan) cr_assert(false, "%s", plan.error().text());
  return *plan;
}

std::unique_ptr<config::PolicyStage> policy_stage() {
  auto made = config::PolicyStage::make(summing(), {{"q"}, "u", "", "", "test"},
                                        layout_of_frame());
  if (!made) cr_assert(false, "%s", made.error().text());
  return std::move(*made);
}

std::unique_ptr<config::ShieldSupervisor> shield() {
  auto image = limits_rig::compiled(limits_rig::kGood);
  if (!image) cr_assert(false, "%s", image.error().text());
  auto binding = config::bind_signals(**image, {}, layout_of_frame(), "u");
  if (!binding) cr_assert(false, "%s", binding.error().text());
  return std::make_unique<config::ShieldSupervisor>(
      config::ShieldSupervisor::Parts{.image = std::move(*image),
                                      .binding = *binding});
}

Frame seen_at(int64_t now_ns) {
  Frame f{};
  f.q_at = f.dq_at = f.target_at = f.hand_at = now_ns;
  f.q[0] = 0.3F;
  f.q[1] = 0.5F;
  f.hand[1] = 3;
  f.u[0] = 0.05F;
  return f;
}

std::byte* bytes_of(Frame& f) { return reinterpret_cast<std::byte*>(&f); }

// Life as of cycle k: 60 of standing still, then engaged.
rt::CheckInput input_of(int k, int64_t now_ns) {
  rt::CheckInput in{};
  in.tick.cycle = static_cast<uint64_t>(k);
  in.tick.release_ns = in.tick.now_ns = now_ns;
  in.tick.period_ns = kPeriod;
  in.state = k < 60 ? TACTUS_STATE_READY : TACTUS_STATE_ENGAGED;
  in.action_valid = true;
  in.engage_requested = k < 60;
  in.blend = k < 60 ? 0 : 1;
  return in;
}

std::vector<std::byte> carried(const config::ShieldSupervisor& s) {
  std::vector<std::byte> bytes(s.carried_size());
  s.save(bytes.data());
  return bytes;
}

struct Judged {
  std::vector<float> sent;
  int passed = 0;
};

// Eighty cycles; `dry` is run before each, as in the slack of its release.
Judged judge(config::ShieldSupervisor& s, const rt::PrewarmStep* dry) {
  Judged out;
  Frame frame{};
  for (int k = 0; k < 80; ++k) {
    const int64_t now = (k + 1000) * kPeriod;
    if (dry) {
      const Frame before = frame;
      const auto state = carried(s);
      dry->run(dry->self, now - 20'000);
      cr_assert_arr_eq(&frame, &before, sizeof frame, "cycle %d", k);
      cr_assert(carried(s) == state, "cycle %d", k);
    }
    frame = seen_at(now);
    const rt::CheckOutput v = s.check(bytes_of(frame), input_of(k, now));
    out.sent.insert(out.sent.end(), {frame.u[0], frame.u[1], v.margin});
    out.passed += v.rung == TACTUS_RUNG_PASS ? 1 : 0;
    if (k < 60 || v.rung == TACTUS_RUNG_STOP) continue;
    s.committed(bytes_of(frame), input_of(k, now).tick, now + 100'000, v.rung,
                false);
  }
  return out;
}

}  // namespace

Test(prewarm, a_policy_keeps_its_recurrent_state) {
  const auto warmed = policy_stage(), plain = policy_stage();
  const rt::PrewarmStep dry = warmed->prewarm();
  const rt::CarriedPart part = warmed->carried();
  cr_assert_gt(part.size, 0U);
  for (int k = 0; k < 10; ++k) {
    std::vector<std::byte> before(part.size), after(part.size);
    part.save(part.self, before.data());
    for (int i = 0; i < 3; ++i) dry.run(dry.self, 0);
    part.save(part.self, after.data());
    cr_assert(before == after);
    Frame a = seen_at(k), b = seen_at(k);
    cr_assert_eq(warmed->run(bytes_of(a), TACTUS_STATE_READY), TACTUS_OK);
    cr_assert_eq(plain->run(bytes_of(b), TACTUS_STATE_READY), TACTUS_OK);
    cr_assert_arr_eq(&a, &b, sizeof a);
    cr_assert_float_eq(a.u[0], 0.03F * static_cast<float>(k + 1), 1e-6F);
  }
}

Test(prewarm, a_shield_keeps_what_it_carries_and_judges_alike) {
  const auto warmed = shield(), plain = shield();
  const rt::PrewarmStep dry = warmed->prewarm();
  const Judged with = judge(*warmed, &dry);
  const Judged without = judge(*plain, nullptr);
  cr_assert_gt(without.passed, 15);
  cr_assert(with.sent == without.sent);
  cr_assert(carried(*warmed) == carried(*plain));
}
