// SPDX-License-Identifier: MIT
// Functions that judge rows: found or refused at set-up; what they are shown;
// what becomes of a call that fails or is late.
#include "config/callbacks.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>

#include "../safety/rig.hpp"

using namespace rig;
using config::CallbackFunction;
using config::Callbacks;
using config::CallTime;

namespace {

bool is(bool value) { return value; }

std::unique_ptr<Image> with_doors(uint32_t count, int64_t budget_ns = kMs / 2) {
  auto image = draft();
  image->callbacks = count;
  for (uint32_t i = 0; i < count; ++i) {
    Callback& c = image->callback[i];
    std::snprintf(c.name, kCallbackName, "door%u", i);
    c.budget_ns = budget_ns;
    add_row(*image, c.name, RowKernel::kCallback, i, 1);
    image->row[image->rows - 1].response = Response::kStop;
  }
  cr_assert(is(static_cast<bool>(seal(*image))));
  return image;
}

// What a function was shown, and what it is to answer.
struct Door {
  uint32_t calls = 0;
  tactus_margin_view view{};
  float first = 0;  // of the motion, joint 0
  float margin = 0.5f;
  tactus_status status = TACTUS_OK;

  static tactus_status judge(void* self, const tactus_margin_view* view,
                             float* margin) {
    auto& door = *static_cast<Door*>(self);
    ++door.calls;
    door.view = *view;
    door.first = static_cast<float>(view->motion[0]);
    *margin = door.margin;
    return door.status;
  }
  // Until the clock has gone on.
  static tactus_status dawdle(void* self, const tactus_margin_view* view,
                              float* margin) {
    rt::TscClock clock;
    const int64_t begin = clock.now();
    while (clock.now() < begin + 1000) continue;
    return judge(self, view, margin);
  }
};

std::unique_ptr<Callbacks> bound(const Image& image,
                                 const std::vector<CallbackFunction>& all,
                                 CallTime time = CallTime::kNone) {
  auto made = Callbacks::bind({image, all, "a.toml", time});
  cr_assert(is(static_cast<bool>(made)), "%s", made ? "" : made.error().text());
  return std::move(*made);
}
std::string refusal(const Image& image,
                    const std::vector<CallbackFunction>& all) {
  const auto made = Callbacks::bind({image, all, "a.toml", CallTime::kNone});
  return made ? "bound" : made.error().text();
}
bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

Test(callbacks, are_shown_the_motion_that_the_check_judges) {
  const auto image = with_doors(1);
  Door door;
  const auto all = bound(*image, {{"door0", Door::judge, &door}});
  Cycle c;
  c.moving(0.4f, 0);
  const ShieldState before = c.state;
  all->call(product(), c.state, c.in);
  cr_assert(is(std::memcmp(&before, &c.state, sizeof before) == 0));
  const tactus_margin_view& v = door.view;
  cr_assert(is(door.calls == 1 && v.sz == sizeof v && v.joints == 7));
  cr_assert(is(v.cycle == c.in.cycle && v.now_ns == c.in.now_ns));
  cr_assert(is(v.signals == 4 && std::string(v.signal_name[kHand]) == "hand"));
  cr_assert(is(v.signal_count[kHand] == 3 && v.signal[kHand] == c.hand));
  cr_assert(is(v.signal_stamp_ns[kHand] == c.in.stamp_ns[kHand]));
  cr_assert(is(v.q == c.q && v.dq == c.dq && v.action[0] == 0.4f));
  cr_assert(is(v.samples == image->ladder.samples));
  // It moves on while u is held, and stands at the end.
  const double held = 0.4 * static_cast<double>(hold_ns(image->commit)) * 1e-9;
  const double* last = v.motion + (v.samples - 1) * 7;
  cr_assert(is(last[0] > v.motion[0] + held && v.wide[0] > 0));
  const double* one_before = last - 7;
  cr_assert(is(std::fabs(last[0] - one_before[0]) < 1e-3));
  for (uint32_t i = 1; i < v.samples; ++i) cr_assert(is(v.until_s[i] > 0));
  cr_assert(is(c.in.callback[0] == 0.5f));
  cr_assert(is(c.in.callback_fate[0] == kCallbackGave));
}

// While the loop engages, the action is on its way from what is measured.
Test(callbacks, are_shown_the_blended_action) {
  const auto image = with_doors(1);
  Door door;
  const auto all = bound(*image, {{"door0", Door::judge, &door}});
  Cycle c;
  c.u[1] = 0.01f;
  c.in.blend = 0.5f;
  all->call(product(), c.state, c.in);
  cr_assert(is(door.view.action[1] == 0.005f));
}

// What rung scale makes of an action beyond the rate is what is shown, and
// sent.
Test(callbacks, are_shown_what_the_ladder_sends) {
  const auto image = with_doors(1);
  Door door;
  const auto all = bound(*image, {{"door0", Door::judge, &door}});
  Cycle c;
  c.u[1] = 0.5f;
  all->call(product(), c.state, c.in);
  cr_assert(is(door.view.action[1] > 0 && door.view.action[1] < 0.0121f));
  cr_assert(is(c.run(*image) == TACTUS_RUNG_SCALE));
  cr_assert(is(c.out.action[1] == door.view.action[1]));
}

// With what the call found the check comes to the same bits as without.
Test(callbacks, spare_the_check_its_ladder) {
  const auto image = with_doors(1);
  image->ladder.rungs |= kRungProject;
  add_keep_out(*image, {"post", {0.3, 0.40, 0}, {0.6, 0.8, 1}});
  cr_assert(is(static_cast<bool>(seal(*image))));
  Door door;
  const auto all = bound(*image, {{"door0", Door::judge, &door}});
  uint32_t rungs[5] = {};
  Cycle c;
  c.q[0] = 0.2f;
  for (uint64_t k = 100; k < 1100; ++k) {
    c.at(k);
    door.margin = k % 50 == 7 ? -1.0f : 1.0f;
    c.u[0] = k % 300 < 250 ? 0.5f : -0.5f;
    c.u[2] = 0.3f;
    all->call(product(), c.state, c.in);
    cr_assert(is(c.in.foreseen != nullptr));
    Cycle alone = c;
    alone.in.foreseen = nullptr;
    ++rungs[c.run(*image)];
    alone.run(*image);
    cr_assert(is(std::memcmp(&alone.state, &c.state, sizeof c.state) == 0));
    cr_assert(is(alone.out.rung == c.out.rung));
    cr_assert(is(alone.out.reasons == c.out.reasons));
    cr_assert(is(alone.out.scale == c.out.scale));
    for (int j = 0; j < 7; ++j) {
      cr_assert(is(alone.out.action[j] == c.out.action[j]));
      c.dq[j] = c.out.action[j];
      c.q[j] += 1e-3f * c.dq[j];
    }
    c.send(*image);
  }
  cr_assert(is(rungs[TACTUS_RUNG_PASS] > 10 && rungs[TACTUS_RUNG_SCALE] > 10 &&
               rungs[TACTUS_RUNG_STOP] > 10),
            "%u %u %u %u", rungs[0], rungs[1], rungs[2], rungs[3]);
}

Test(callbacks, are_not_called_where_no_motion_is_known) {
  const auto image = with_doors(1);
  Door door;
  const auto all = bound(*image, {{"door0", Door::judge, &door}});
  const auto fate = [&](auto&& spoil) {
    Cycle c;
    c.in.callback_fate[0] = kCallbackGave;  // of the cycle before
    spoil(c);
    all->call(product(), c.state, c.in);
    return c.in.callback_fate[0];
  };
  cr_assert(
      is(fate([](Cycle& c) { c.in.action_valid = false; }) == kCallbackNone));
  cr_assert(
      is(fate([](Cycle& c) { c.u[3] = std::nanf(""); }) == kCallbackNone));
  cr_assert(is(fate([](Cycle& c) { c.in.stamp_ns[kQ] = 0; }) == kCallbackNone));
  cr_assert(
      is(fate([](Cycle& c) { c.state.before_known = 0; }) == kCallbackNone));
  cr_assert(is(door.calls == 0));
}

Test(callbacks, a_failed_call_and_a_late_one_say_so) {
  const auto image = with_doors(3, 500);
  Door fine, failed, late;
  failed.status = TACTUS_LATE;
  const std::vector<CallbackFunction> doors = {
      {"door2", Door::dawdle, &late},  // in any order
      {"door1", Door::judge, &failed},
      {"door0", Door::judge, &fine}};
  Cycle c;
  bound(*image, doors)->call(product(), c.state, c.in);
  cr_assert(is(c.in.callback_fate[0] == kCallbackGave));
  cr_assert(is(c.in.callback_fate[1] == kCallbackFailed));
  cr_assert(is(c.in.callback_fate[2] == kCallbackGave));  // no time passes
  bound(*image, doors, CallTime::kMeasured)->call(product(), c.state, c.in);
  cr_assert(is(c.in.callback_fate[1] == kCallbackFailed));
  cr_assert(is(c.in.callback_fate[2] == kCallbackLate));
}

Test(callbacks, each_has_a_function_and_each_function_a_row) {
  const auto image = with_doors(2);
  Door door;
  const CallbackFunction first{"door0", Door::judge, &door};
  const std::string missing = refusal(*image, {first});
  cr_assert(is(has(missing, "limit.door1: nothing registers")), "%s",
            missing.c_str());
  const std::string extra = refusal(
      *image, {first, {"door1", Door::judge, &door}, {"gate", Door::judge, 0}});
  cr_assert(is(has(extra, "callback gate: [limit] has no row")), "%s",
            extra.c_str());
  const auto none = sealed();
  cr_assert(is(bound(*none, {}) == nullptr));
  cr_assert(is(has(refusal(*none, {first}), "callback door0")));
}

// Taken out by the program: nobody asks for its function, nor calls it.
Test(callbacks, a_row_that_is_off_needs_none_and_is_not_called) {
  const auto image = with_doors(2);
  image->row[image->rows - 2].kind = RowKind::kOff;  // door0
  cr_assert(is(static_cast<bool>(seal(*image))));
  Door off, on;
  const CallbackFunction first{"door0", Door::judge, &off};
  const CallbackFunction second{"door1", Door::judge, &on};
  for (const auto& given : {std::vector{second}, std::vector{first, second}}) {
    Cycle c;
    bound(*image, given)->call(product(), c.state, c.in);
    cr_assert(is(c.in.callback_fate[0] == kCallbackNone));
    cr_assert(is(c.in.callback_fate[1] == kCallbackGave));
    cr_assert(is(c.run(*image) == TACTUS_RUNG_PASS));
  }
  cr_assert(is(off.calls == 0 && on.calls == 2));
  image->row[image->rows - 1].kind = RowKind::kOff;
  cr_assert(is(static_cast<bool>(seal(*image))));
  cr_assert(is(bound(*image, {}) == nullptr));
}

Test(callbacks, a_module_that_is_not_there_is_named) {
  auto image = with_doors(1);
  std::snprintf(image->callback[0].module, kCallbackModule, "no/where.so");
  std::snprintf(image->callback[0].symbol, kCallbackName, "f");
  const std::string said = refusal(*image, {});
  cr_assert(is(has(said, "a.toml: limit.door0: module /") &&
               has(said, "no/where.so")),
            "%s", said.c_str());
}
