// SPDX-License-Identifier: MIT
// Past-time rows against an oracle of their own: what was seen, as a list of
// intervals in long double, judged from the definitions; random times, gaps,
// lost signals. And the same bits on every instruction set.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <random>
#include <vector>

#include "past_time_rows.hpp"

using namespace rig;

namespace {

using Real = long double;
constexpr Real kNs = 1e-9L;
constexpr double kLimit = 0.5;

bool is(bool value) { return value; }

// What is known of the time since the first check: that it held in (from,
// to], or not.
struct Stretch {
  int64_t from, to;
  bool held;
};

class History {
 public:
  void look(int64_t now, int64_t stamp, bool held) {
    if (held) seen_ = stamp;
    if (!looked_) {
      all_.push_back({INT64_MIN / 4, now, false});
      first_ = now;
    } else {
      const bool near = now - last_ <= kGap;
      all_.push_back({last_, now, near && held && held_});
    }
    looked_ = true;
    last_ = now;
    held_ = held;
  }
  // It held throughout the window that ends now, as far as is known.
  [[nodiscard]] bool throughout(int64_t window) const {
    for (const Stretch& s : all_)
      if (!s.held && s.to > last_ - window) return false;
    return held_;
  }
  // s from now until it was last seen a whole window ago; never: below zero.
  [[nodiscard]] Real left(int64_t window) const {
    if (seen_ == 0) return -1;
    return (static_cast<Real>(seen_) + window - last_) * kNs;
  }
  // s of the window not known to have held.
  [[nodiscard]] Real spent(int64_t window) const {
    Real sum = 0;
    for (const Stretch& s : all_) {
      const int64_t from = std::max(s.from, last_ - window);
      if (!s.held && s.to > from) sum += static_cast<Real>(s.to - from) * kNs;
    }
    return sum;
  }

 private:
  std::vector<Stretch> all_;
  bool looked_ = false, held_ = false;
  int64_t last_ = 0, first_ = 0, seen_ = 0;
};

constexpr int64_t kWindow = 40 * kMs, kOnceWindow = 195 * kMs,
                  kAllowed = 12 * kMs;
constexpr int64_t kSlot = (kWindow + kMemorySlots - 2) / (kMemorySlots - 1);

std::unique_ptr<Image> three_forms() {
  return remembering(
      {{"target[0]", kLimit, MemoryForm::kHistorically, kWindow},
       {"target[0]", kLimit, MemoryForm::kOnce, kOnceWindow},
       {"target[0]", kLimit, MemoryForm::kAtMost, kWindow, kAllowed}});
}

// A robot at rest whose checks come when they come.
class Watched {
 public:
  explicit Watched(uint64_t seed) : rng_(seed) { cycle.at(100); }

  void step() {
    const int64_t usual = 900'000 + static_cast<int64_t>(rng_() % 200'000);
    const bool late = rng_() % 40 == 0;
    const int64_t step =
        late ? static_cast<int64_t>(rng_() % (8 * kMs)) : usual;
    if (rng_() % 12 == 0) bad_ = rng_() % 3 == 0;
    ++cycle.in.cycle;
    cycle.in.release_ns += step;
    cycle.in.now_ns += step;
    for (auto& stamp : cycle.in.stamp_ns) stamp += step;
    cycle.target[0] = bad_ ? 0.75f : 0.25f;
    lost = rng_() % 90 == 0;
    if (lost) {
      kept_ = cycle.in.stamp_ns[kTarget];
      cycle.in.stamp_ns[kTarget] = 0;
    }
  }
  void found() {
    if (lost) cycle.in.stamp_ns[kTarget] = kept_;
  }
  [[nodiscard]] bool held() const { return !bad_ && !lost; }

  Cycle cycle;
  bool lost = false;

 private:
  std::mt19937_64 rng_;
  bool bad_ = false;
  int64_t kept_ = 0;
};

// The motion of a robot at rest, as the check predicts it, s.
Real motion_of(const Image& image, const Cycle& c) {
  static Foreseen seen;
  ShieldState state = c.state;
  const bool any = product().foresee(image, state, c.in, seen);
  cr_assert(any);
  Real last = 0;
  for (uint32_t i = 0; i < seen.samples; ++i)
    last = std::max(last, static_cast<Real>(seen.until_s[i]));
  return last;
}

bool ok(const Cycle& c, const Image& image, uint32_t memory) {
  const uint32_t first = image.rows - image.memories;
  return c.out.row[first + memory].margin >= 0;
}

// How often each form was fine, and violated, over a whole run.
struct Tally {
  uint32_t fine[3] = {}, violated[3] = {};
  void add(int form, bool is_fine) { ++(is_fine ? fine : violated)[form]; }
};

void compare(const Image& image, const Cycle& c, const History& past, bool held,
             Tally& tally) {
  const Real motion = motion_of(image, c);
  const bool all = past.throughout(kWindow) && held;
  cr_assert(is(ok(c, image, 0) == all), "cycle %lu", c.in.cycle);
  const Real left = past.left(kOnceWindow) - motion;
  if (std::fabs(static_cast<double>(left)) > 1e-8)
    cr_assert(is(ok(c, image, 1) == (left > 0)), "cycle %lu", c.in.cycle);
  // A signal that is bad now is bad to the motion's end.
  const Real ahead = held ? 0 : motion;
  const Real allowed = kAllowed * kNs;
  const bool fine = ok(c, image, 2);
  cr_assert(is(!fine || past.spent(kWindow) + ahead <= allowed + 1e-12L),
            "cycle %lu", c.in.cycle);
  // Strict, but by a slot and the interval that began in it only.
  const Real most = past.spent(kWindow + 2 * kSlot + 10 * kMs) + ahead;
  cr_assert(is(fine || most > allowed - 2e-9L), "cycle %lu", c.in.cycle);
  tally.add(0, all);
  tally.add(1, left > 0);
  tally.add(2, fine);
}

}  // namespace

Test(past_time, is_what_the_definitions_say) {
  const auto image = three_forms();
  Tally tally;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    Watched w(seed);
    History past;
    for (int i = 0; i < 600; ++i) {
      w.step();
      Cycle& c = w.cycle;
      const Cycle before = c;
      c.run(*image);
      past.look(c.in.now_ns, c.in.stamp_ns[kTarget], w.held());
      if (!w.lost) {
        Cycle again = before;
        again.out = c.out;
        compare(*image, again, past, w.held(), tally);
      }
      c.send(*image);
      w.found();
    }
  }
  for (int f = 0; f < 3; ++f)
    cr_assert(is(tally.fine[f] > 200 && tally.violated[f] > 200),
              "form %d: %u, %u", f, tally.fine[f], tally.violated[f]);
}

// To the nanosecond: the window is over when it is.
Test(past_time, windows_end_to_the_nanosecond) {
  const auto image = remembering(
      {{"target[0]", kLimit, MemoryForm::kHistorically, 3 * kMs + 1}});
  Cycle c;
  c.run(*image);  // at 100: known from here on
  for (uint64_t k = 101; k <= 103; ++k) {
    c.at(k);
    c.run(*image);
    cr_assert(is(!ok(c, *image, 0)));
  }
  c.in.now_ns += 1;
  c.run(*image);
  cr_assert(is(ok(c, *image, 0)));
}

// How much of the window is missing, as a part of it.
Test(past_time, historically_tells_how_much_is_not_known) {
  const auto image =
      remembering({{"target[0]", kLimit, MemoryForm::kHistorically, 8 * kMs}});
  const uint32_t row = image->rows - 1;
  Cycle c;
  for (uint64_t k = 0; k < 8; ++k) {
    c.at(100 + k);
    c.run(*image);
    float missing = static_cast<float>(k) / 8 - 1;
    cr_assert(epsilon_eq(flt, c.out.row[row].margin, missing, 1e-6F));
  }
}

// Of a motion, the time in violation counts, not the motion.
Test(past_time, at_most_counts_the_part_of_a_motion_that_is_in_violation) {
  const auto with = [](int64_t allowed) {
    return remembering(
        {{"dq[0]", 0.3, MemoryForm::kAtMost, 1000 * kMs, allowed}});
  };
  int64_t low = kMs, high = 900 * kMs;
  while (high - low > 1000) {
    const int64_t middle = (low + high) / 2;
    const auto image = with(middle);
    Cycle c;
    c.moving(0.4f, 0);
    // As if watched for long.
    c.state.memory_of = image->header.hash;
    c.state.looked_ns = c.in.now_ns - kMs;
    c.state.past_held = 1;
    c.state.past_rows[0].slot = c.in.now_ns / image->memory[0].slot_ns;
    c.run(*image);
    (ok(c, *image, 0) ? high : low) = middle;
  }
  static Foreseen seen;
  const auto image = with(high);
  Cycle c;
  c.moving(0.4f, 0);
  cr_assert(product().foresee(*image, c.state, c.in, seen));
  // More than until the stop begins, less than the whole motion; and a check
  // ago it was faster, too: a millisecond.
  cr_assert(is(high > hold_ns(image->commit) + kMs));
  cr_assert(is(static_cast<double>(high) * 1e-9 <
               seen.until_s[seen.samples - 1] - 0.1));
}

Test(past_time, the_same_bits_on_every_instruction_set) {
  const auto image = three_forms();
  const Kernel* kernels[] = {&kernel_for(rt::Isa::kPortable), &product()};
  Watched w(7);
  Cycle twin = w.cycle;
  for (int i = 0; i < 400; ++i) {
    w.step();
    Cycle& c = w.cycle;
    const ShieldState state = twin.state;
    twin = c;
    twin.state = state;
    kernels[1]->check(*image, c.state, c.in, c.out);
    kernels[0]->check(*image, twin.state, twin.in, twin.out);
    cr_assert(
        is(std::memcmp(&c.out.row, &twin.out.row, sizeof c.out.row) == 0));
    cr_assert(is(std::memcmp(&c.state.past_rows, &twin.state.past_rows,
                             sizeof c.state.past_rows) == 0));
    for (int k = 0; k < 2; ++k) {
      Cycle& one = k == 0 ? c : twin;
      kernels[1 - k]->committed(*image, one.state,
                                {one.out.action, one.in.now_ns + 300'000,
                                 one.out.rung != TACTUS_RUNG_STOP});
    }
    w.found();
    for (std::size_t s = 0; s < kMaxSignals; ++s)
      twin.in.stamp_ns[s] = w.cycle.in.stamp_ns[s];
  }
}

Test(past_time, each_callback_is_judged_by_its_own_margin) {
  auto image = with_callback(0.05);
  image->callback[1] = image->callback[0];
  add_row(*image, "gate", RowKernel::kCallback, image->callbacks++, 1);
  image->row[image->rows - 1].response = Response::kStop;
  cr_assert(is(static_cast<bool>(seal(*image))));
  const auto passes = [&](float door, float gate) {
    Cycle c;
    c.in.callback_fate[0] = c.in.callback_fate[1] = kCallbackGave;
    c.in.callback[0] = door;
    c.in.callback[1] = gate;
    return c.run(*image) == TACTUS_RUNG_PASS;
  };
  cr_assert(is(passes(0.06F, 0.06F)));
  cr_assert(is(!passes(0.04F, 0.06F) && !passes(0.06F, 0.04F)));
}

// It is of the action, so a stop that is under way stays verified.
Test(past_time, a_callback_says_nothing_of_a_running_stop) {
  const auto image = with_callback(0);
  Cycle c;
  c.moving(0.3f, 0);
  c.in.callback_fate[0] = kCallbackGave;
  cr_assert(is(c.run(*image) == TACTUS_RUNG_PASS));
  c.send(*image);
  c.at(101);
  c.in.callback[0] = -1;
  cr_assert(is(c.run(*image) == TACTUS_RUNG_STOP));
  cr_assert(is((c.out.reasons & kReasonRowExpression) != 0));
  cr_assert(is(!c.out.stop_unverified));
}

// What rows say beside their limit holds for these, too.
Test(past_time, callbacks_warn_remember_and_latch) {
  auto image = with_callback(0.05);
  const uint32_t last = image->rows - 1;
  Row& row = image->row[last];
  row.warn = row.hysteresis = 0.02;
  cr_assert(is(static_cast<bool>(seal(*image))));
  Cycle c;
  c.in.callback_fate[0] = kCallbackGave;
  const auto passes = [&](float margin) {
    c.in.callback[0] = margin;
    return c.run(*image) == TACTUS_RUNG_PASS;
  };
  cr_assert(is(passes(0.08F) && c.out.row[last].near == 0));
  cr_assert(is(passes(0.06F) && c.out.row[last].near == 1));
  cr_assert(is(!passes(0.04F) && !c.out.latch && !passes(0.06F)));
  // Another action has no margin at all.
  cr_assert(is(c.out.rung == TACTUS_RUNG_STOP));
  cr_assert(is(passes(0.08F) && passes(0.06F)));
  row.response = Response::kLatch;
  cr_assert(is(static_cast<bool>(seal(*image))));
  cr_assert(is(!passes(0.04F) && c.out.latch));
}

Test(past_time, rows_warn_and_answer) {
  auto image = remembering({{"target[0]", 0.5, MemoryForm::kOnce, 400 * kMs}});
  const uint32_t last = image->rows - 1;
  Row& row = image->row[last];
  row.warn = 1;  // s: always
  row.response = Response::kStop;
  cr_assert(is(static_cast<bool>(seal(*image))));
  Cycle c;
  cr_assert(is(c.run(*image) == TACTUS_RUNG_PASS));
  cr_assert(is(c.out.row[last].near == 1));
  Cycle bad;
  bad.target[0] = 1;
  cr_assert(is(bad.run(*image) == TACTUS_RUNG_STOP));
  cr_assert(is((bad.out.reasons & kReasonResponse) != 0));
  row.kind = RowKind::kSoft;
  row.response = Response::kWarn;
  cr_assert(is(static_cast<bool>(seal(*image))));
  Cycle soft;
  soft.target[0] = 1;
  cr_assert(is(soft.run(*image) == TACTUS_RUNG_PASS));
  cr_assert(is(soft.out.row[last].margin < 0));
}

Test(past_time, a_damaged_table_is_not_sealed) {
  const auto spoilt = [](auto&& spoil) {
    auto image = three_forms();
    spoil(*image);
    return !seal(*image);
  };
  cr_assert(is(!spoilt([](Image&) {})));
  cr_assert(is(spoilt([](Image& i) { i.memory[0].window_ns = 0; })));
  cr_assert(is(spoilt([](Image& i) { i.memory[0].gap_ns = 0; })));
  cr_assert(is(spoilt([](Image& i) { i.memory[0].worth = 0; })));
  cr_assert(is(spoilt([](Image& i) { i.memory[0].expression = 1; })));
  cr_assert(is(spoilt([](Image& i) { i.memory[1].window_ns = 160 * kMs; })));
  cr_assert(is(spoilt([](Image& i) { i.memory[2].slot_ns -= 1; })));
  cr_assert(is(spoilt([](Image& i) { i.memory[2].allowed_ns = kWindow; })));
  cr_assert(is(
      spoilt([](Image& i) { i.memory[2].form = static_cast<MemoryForm>(3); })));
  cr_assert(is(spoilt([](Image& i) { i.memories = 2; })));
  cr_assert(is(spoilt([](Image& i) { i.memories = kMaxMemories + 1; })));
  const auto door = [](auto&& spoil) {
    auto image = with_callback(0.1);
    spoil(*image);
    return !seal(*image);
  };
  cr_assert(is(!door([](Image&) {})));
  cr_assert(is(door([](Image& i) { i.callback[0].budget_ns = 0; })));
  cr_assert(is(door([](Image& i) { i.callback[0].min = std::nan(""); })));
  cr_assert(is(door([](Image& i) { i.callback[0].module[0] = 'x'; })));
  cr_assert(is(door([](Image& i) { i.callback[0].name[0] = '\0'; })));
  cr_assert(is(door([](Image& i) { i.callbacks = 5; })));
  cr_assert(is(
      door([](Image& i) { i.row[i.rows - 1].response = Response::kLadder; })));
}
