// SPDX-License-Identifier: MIT
// Many states at once: the verdicts of the loop's own check, and what is
// refused before any of it.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <random>
#include <string>

#include "past_time_rows.hpp"
#include "safety/batch.hpp"

using namespace rig;

namespace {

constexpr std::size_t kColumns = 7 + 7 + 3 + 3;

struct Table {
  std::vector<float> states, actions;
  std::size_t rows = 0;

  void add(const Cycle& c) {
    states.insert(states.end(), c.q, c.q + 7);
    states.insert(states.end(), c.dq, c.dq + 7);
    states.insert(states.end(), c.hand, c.hand + 3);
    states.insert(states.end(), c.target, c.target + 3);
    actions.insert(actions.end(), c.u, c.u + 7);
    ++rows;
  }
  [[nodiscard]] BatchAsk ask() const {
    BatchAsk ask;
    ask.states = states;
    ask.actions = actions;
    return ask;
  }
};

Table random_table(std::size_t rows) {
  std::mt19937 rng(3);
  const auto draw = [&](float most) {
    return std::uniform_real_distribution<float>(-most, most)(rng);
  };
  Table table;
  for (std::size_t i = 0; i < rows; ++i) {
    Cycle c;
    for (uint32_t j = 0; j < 7; ++j) {
      c.q[j] += draw(0.8F);
      c.dq[j] = draw(0.5F);
      c.u[j] = c.dq[j] + draw(0.013F);
    }
    for (float& x : c.hand) x = draw(1.6F);
    table.add(c);
  }
  return table;
}

void refused(const Image& image, const BatchAsk& ask, const char* why) {
  const auto got = check_batch(image, product(), ask);
  cr_assert(not got);
  cr_assert(got.error().code() == ErrorCode::kBadInput);
  cr_assert(std::string(got.error().text()).find(why) != std::string::npos,
            "%s, not %s", got.error().text(), why);
}
void refused(const BatchAsk& ask, const char* why) {
  refused(*sealed(), ask, why);
}

}  // namespace

namespace {

// In the cycle before, dq was sent and its plan committed.
void moved_for_long(const Image& image, Cycle& c) {
  double held[kMaxJoints] = {};
  for (uint32_t j = 0; j < 7; ++j) held[j] = static_cast<double>(c.dq[j]);
  StopShape shape;
  if (!shape_stop(image, held, shape)) return;
  c.state.plan.plan_id = 1;
  // t_s of that cycle: misses, commit and the guardian later (DESIGN 2).
  c.state.plan.origin_ns =
      c.in.release_ns - kMs + (1 + 2) * kMs + 900'000 + kMs;
  write_plan(image, held, shape, c.state.plan);
}

}  // namespace

Test(batch, each_row_has_the_verdict_of_the_loops_check) {
  const auto image = sealed();
  const Table table = random_table(500);
  const auto got = check_batch(*image, product(), table.ask());
  cr_assert(bool(got));
  std::size_t safe = 0;
  for (std::size_t r = 0; r < table.rows; ++r) {
    Cycle c;
    const float* row = &table.states[r * kColumns];
    std::copy_n(row, 7, c.q);
    std::copy_n(row + 7, 7, c.dq);
    std::copy_n(row + 14, 3, c.hand);
    std::copy_n(&table.actions[r * 7], 7, c.u);
    std::copy_n(c.dq, 7, c.state.before);
    c.in.now_ns = c.in.release_ns;
    for (auto& stamp : c.in.stamp_ns) stamp = c.in.now_ns;
    moved_for_long(*image, c);
    c.run(*image);
    const BatchVerdict& v = (*got)[r];
    cr_assert(v.rung == c.out.rung && v.margin == c.out.margin &&
                  v.worst_row == c.out.worst_row && v.reasons == c.out.reasons,
              "row %zu", r);
    safe += v.safe();
  }
  cr_assert(safe > 20 && safe < 480, "%zu", safe);
}

Test(batch, is_the_same_on_every_kernel) {
  const auto image = sealed();
  const Table table = random_table(300);
  const auto one = check_batch(*image, kPortableKernel, table.ask());
  const auto other = check_batch(*image, product(), table.ask());
  cr_assert(one && other);
  for (std::size_t r = 0; r < table.rows; ++r)
    cr_assert(one->at(r).margin == other->at(r).margin);
}

Test(batch, without_actions_the_motion_goes_on) {
  const auto image = sealed();
  Table table = random_table(200);
  BatchAsk ask = table.ask();
  ask.actions = {};
  const auto got = check_batch(*image, product(), ask);
  for (std::size_t r = 0; r < table.rows; ++r)
    std::copy_n(&table.states[r * kColumns + 7], 7, &table.actions[r * 7]);
  const auto spelt = check_batch(*image, product(), table.ask());
  cr_assert(got && spelt);
  for (std::size_t r = 0; r < table.rows; ++r)
    cr_assert(got->at(r).margin == spelt->at(r).margin);
}

Test(batch, sums_up_who_is_to_blame) {
  const auto image = sealed();
  Table table;
  Cycle fine, fast, out;
  fast.u[2] = 0.5F;  // by more than the rate row's step
  out.q[1] = 11;     // outside the signal's range
  table.add(fine);
  table.add(fast);
  table.add(out);
  const auto got = check_batch(*image, product(), table.ask());
  cr_assert(bool(got));
  const BatchSummary sum = summarize(*image, *got);
  cr_assert(sum.rows == 3 && sum.safe == 1 && sum.unjudged == 1);
  cr_assert(sum.blamed[1] == 1, "action.rate");
  cr_assert(got->at(0).margin >= 0 && got->at(1).margin < 0);
  const std::string text = to_text(*image, sum, *got);
  cr_assert(text.find("action.rate") != std::string::npos, "%s", text.c_str());
}

Test(batch, says_where_a_value_is_not_finite) {
  Table table = random_table(9);
  table.states[4 * kColumns + 6] = NAN;
  refused(table.ask(), "states: row 4, column 6 (from 0) is nan");
  table = random_table(9);
  table.actions[8 * 7 + 1] = INFINITY;
  refused(table.ask(), "actions: row 8, column 1 (from 0) is inf");
}

Test(batch, refuses_sizes_that_do_not_fit) {
  Table table = random_table(4);
  table.states.pop_back();
  refused(table.ask(), "79 values are no rows of 20 (q 7, dq 7, hand 3");
  table = random_table(4);
  table.actions.resize(21);
  refused(table.ask(), "actions: 3 rows of 7 joints, 4 states");
  refused({}, "0 values are no rows");
}

Test(batch, refuses_rows_that_need_a_run) {
  const Table table = random_table(2);
  const auto door = with_callback(0.1);
  refused(*door, table.ask(), "row door: past-time rows and callbacks");
  auto past =
      remembering({{"target[0]", 9, MemoryForm::kHistorically, 100 * kMs}});
  refused(*past, table.ask(), "row past0: past-time rows and callbacks");
  past->row[past->rows - 1].kind = RowKind::kOff;
  cr_assert(bool(seal(*past)));
  cr_assert(bool(check_batch(*past, product(), table.ask())));
}
