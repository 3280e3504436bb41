// SPDX-License-Identifier: MIT
// What a check is predicted to cost, and who is refused by it. Nothing here
// is timed: predictions are figures of the image alone, and what a machine
// measured is given.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "past_time_rows.hpp"
#include "safety/budget.hpp"
#include "safety/ladder_counts.hpp"
#include "safety/scenes.hpp"

using namespace rig;

namespace {

constexpr rt::Isa kIsa = rt::Isa::kPortable;

Ladder ladder(uint32_t rungs, uint32_t bisections = 4) {
  return {kRungPass | rungs | kRungStop, bisections, 32, 0};
}

// Counts the motions that a check judges: predict() asks once for each.
struct Counting {
  static inline uint32_t motions = 0;
  static bool on(Fault fault) {
    if (fault == Fault::kBefore) ++motions;
    return false;
  }
};

// The most that any of many cycles judged.
uint32_t most_seen(Image& image) {
  Scenes scenes(image, product(), 11);
  const auto scene = std::make_unique<Scene>();
  ShieldOutput out;
  uint32_t most = 0;
  for (int i = 0; i < 1500; ++i) {
    scenes.next(*scene);
    Counting::motions = 0;
    check_with<Counting>(image, scene->state, scene->in, out);
    most = std::max(most, Counting::motions);
  }
  return most;
}

std::unique_ptr<Image> with_ladder(uint32_t rungs) {
  auto image = draft();
  image->ladder = ladder(rungs);
  add_keep_out(*image, {"post", {0.3, -0.9, 0}, {0.5, 0.9, 0.6}, {}});
  cr_assert(bool(seal(*image)));
  return image;
}

BudgetAsk ask(double budget_ns, double ratio = 1) {
  return {"a.toml", {static_cast<int64_t>(budget_ns), "limit.budget"}, ratio};
}

std::string refusal(const Image& image, const BudgetAsk& asked) {
  const auto fits = check_budget(image, kIsa, asked);
  return fits ? "fits" : fits.error().text();
}

}  // namespace

Test(ladder_counts, are_those_of_the_ladders_loops) {
  // In ready: standing still, the action, then what each rung looks at.
  cr_assert(eq(u32, most_motions(ladder(0)), 2));
  cr_assert(eq(u32, most_motions(ladder(kRungScale)), 2 + 2 + 4));
  cr_assert(eq(u32, most_motions(ladder(kRungScale, 9)), 2 + 2 + 9));
  cr_assert(eq(u32, most_motions(ladder(kRungProject)), 2 + 1 + 1 + 3 + 3));
  cr_assert(eq(u32, most_motions(ladder(kRungScale | kRungProject)),
               2 + 2 + 4 + 1 + 3 + 3));
  cr_assert(eq(u32, most_programs(ladder(kRungScale)), 0));
  cr_assert(eq(u32, most_programs(ladder(kRungProject)), 3 * 8));
}

// Engaged, so without standing still; all of it is reached.
Test(ladder_counts, bound_what_cycles_judge_and_are_reached) {
  cr_assert(eq(u32, most_seen(*with_ladder(0)), 2));
  cr_assert(eq(u32, most_seen(*with_ladder(kRungScale)),
               most_motions(ladder(kRungScale)) - 1));
  const uint32_t all = most_seen(*with_ladder(kRungScale | kRungProject));
  cr_assert(all <= most_motions(ladder(kRungScale | kRungProject)) - 1);
  cr_assert(all > most_motions(ladder(kRungScale)), "%u motions", all);
}

Test(cost, counts_a_rows_units_by_its_trip_counts) {
  const auto image = sealed();
  const auto units = [&](const char* id) {
    for (uint32_t r = 0; r < image->rows; ++r)
      if (std::string(image->row[r].id) == id)
        return cost_of(*image, image->row[r], kIsa).units;
    return -1.0;
  };
  // Eight spheres that move, 32 samples, one centre.
  cr_assert(eq(dbl, units("cell"), 8.0 * 32));
  cr_assert(eq(dbl, units("human"), 8.0 * 32));
  cr_assert(eq(dbl, units("human.now"), 8.0));
  cr_assert(eq(dbl, units("joint.position"), 1.0));
}

Test(cost, leaves_out_the_parts_that_a_row_spares) {
  auto image = sealed();
  const Row& cell = image->row[4];
  double all = cost_of(*image, cell, kIsa).units;
  image->box[0].binds.spared = 1u << 7;  // two spheres
  cr_assert(eq(dbl, all - cost_of(*image, cell, kIsa).units, 2.0 * 32));
}

Test(cost, adds_its_parts_up) {
  const auto image = with_ladder(kRungScale | kRungProject);
  for (const rt::Isa isa : rt::kIsas) {
    Cost c = cost_of(*image, isa);
    double sum = c.check_ns + c.motions * c.motion_ns + c.project_ns;
    cr_assert(epsilon_eq(dbl, c.cycle_ns, sum, 1e-6));
    double rows = 0;
    for (uint32_t r = 0; r < image->rows; ++r)
      rows += cost_of(*image, image->row[r], isa).ns;
    cr_assert(c.motion_ns > rows && rows > 0);
    cr_assert(c.project_ns > 0);
  }
}

Test(cost, grows_with_every_table) {
  const auto one = sealed();
  auto two = draft();
  add_keep_out(*two, {"post", {2, 2, 2}, {3, 3, 3}, {}});
  cr_assert(bool(seal(*two)));
  double more = cost_of(*two, kIsa).motion_ns - cost_of(*one, kIsa).motion_ns;
  cr_assert(epsilon_eq(dbl, more,
                       cost_of(*two, two->row[two->rows - 1], kIsa).ns, 1e-6));
  const double before = cost_of(*two, kIsa).motion_ns;
  two->chain.spheres -= 2;
  cr_assert(cost_of(*two, kIsa).motion_ns < before);
}

// Its program's part, for every motion, and one look at it as things are.
Test(cost, counts_what_looks_back) {
  const std::vector<PastRule> rules = {
      {"abs(q[0]) + abs(q[1])", 9, MemoryForm::kHistorically, 100 * kMs}};
  const auto past = remembering(rules);
  const auto plain = remembering({}, {{"abs(q[0]) + abs(q[1])", 9}});
  Cost looks = cost_of(*past, kIsa), one = cost_of(*plain, kIsa);
  double row = cost_of(*past, past->row[past->rows - 1], kIsa).ns;
  cr_assert(epsilon_eq(
      dbl, row, cost_of(*plain, plain->row[plain->rows - 1], kIsa).ns, 1e-6));
  cr_assert(epsilon_eq(dbl, looks.motion_ns, one.motion_ns, 1e-6));
  const double least = kMemorySlots * unit_ns(Work::kOp, kIsa);
  cr_assert(looks.check_ns > one.check_ns + least);
}

Test(cost, has_the_budgets_of_callbacks) {
  const auto door = with_callback(0.1);
  auto none = draft();
  cr_assert(bool(seal(*none)));
  const double more =
      cost_of(*door, kIsa).check_ns - cost_of(*none, kIsa).check_ns;
  const auto budget = static_cast<double>(door->callback[0].budget_ns);
  // And another verdict.
  const Cost once = cost_of(*none, kIsa);
  const double least = budget + once.check_ns + once.motion_ns;
  cr_assert(more > least && more < 1.1 * least, "%f", more);
  const auto off = with_callback(0.1);
  off->row[off->rows - 1].kind = RowKind::kOff;
  cr_assert(bool(seal(*off)));
  cr_assert(lt(dbl, cost_of(*off, kIsa).check_ns,
               cost_of(*none, kIsa).check_ns + 0.1 * budget));
}

Test(cost, knows_a_program_by_its_values_rows_and_iterations) {
  const double few = program_load(7, 46, 1, 10).ns(kIsa);
  cr_assert(program_load(7, 46, 2, 10).ns(kIsa) > few);
  cr_assert(program_load(7, 46, 1, 20).ns(kIsa) > few);
  cr_assert(program_load(7, 302, 1, 10).ns(kIsa) > few);
  cr_assert(program_load(9, 46, 1, 10).ns(kIsa) > few);
}

Test(budget, refuses_by_prediction_alone) {
  const auto image = with_ladder(kRungScale | kRungProject);
  const double worst = cost_of(*image, kIsa).cycle_ns;
  cr_assert(eq(str, refusal(*image, ask(worst + 1)), std::string("fits")));
  const auto fits = check_budget(*image, kIsa, ask(worst - 1));
  cr_assert(not(bool(fits)));
  cr_assert(fits.error().code() == ErrorCode::kBadInput);
  const std::string said = fits.error().text();
  for (const char* part :
       {"a.toml: the worst cycle", "portable", "limit.budget", "15 motions",
        "human", "remove rows", "leave rung project out"})
    cr_assert(said.find(part) != std::string::npos, "no %s in %s", part,
              said.c_str());
  cr_assert(said.find('\n') == std::string::npos);
}

Test(budget, none_is_never_broken) {
  const auto image = sealed();
  cr_assert(eq(str, refusal(*image, {"a", {}, 100}), std::string("fits")));
}

Test(budget, names_the_most_expensive_rows_first) {
  const auto image = with_ladder(0);
  const std::string said = refusal(*image, ask(1));
  const auto at = said.find("most expensive ");
  cr_assert(at != std::string::npos);
  const auto post = said.find("out ", at), human = said.find("human ", at);
  cr_assert(post != std::string::npos && human != std::string::npos);
  cr_assert(said.find("action.box", at) == std::string::npos);
  cr_assert(said.find("rung project out") == std::string::npos);
}

Test(budget, a_slow_machine_is_refused_only_beyond_twice) {
  const auto image = sealed();
  const double worst = cost_of(*image, kIsa).cycle_ns;
  const BudgetAsk tight = ask(1.1 * worst, 1.9);
  cr_assert(eq(str, refusal(*image, tight), std::string("fits")));
  const auto slow = check_budget(*image, kIsa, ask(1.1 * worst, 2.1));
  cr_assert(not(bool(slow)));
  cr_assert(slow.error().code() == ErrorCode::kUnavailable);
  cr_assert(std::strstr(slow.error().text(), "2.1 times") != nullptr);
  cr_assert(
      eq(str, refusal(*image, ask(2.2 * worst, 2.1)), std::string("fits")));
}

Test(budget, text_says_where_it_came_from) {
  const Cost cost = cost_of(*sealed(), kIsa);
  const std::string with = budget_text(cost, {450'000, "stage.check"});
  cr_assert(with.find("of 450 us (stage.check)") != std::string::npos, "%s",
            with.c_str());
  cr_assert(budget_text(cost, {}).find("no budget") != std::string::npos);
}

// No figure is judged: that it comes out at all, of what was judged.
Test(budget, calibrates_on_what_is_judged) {
  const auto image = sealed();
  const double ratio = calibrate(*image, product());
  cr_assert(ratio >= 0);
  auto none = sealed();
  none->rows = 0;
  cr_assert(eq(dbl, calibrate(*none, product()), 0.0));
}
