// SPDX-License-Identifier: MIT
// What a file or a program leaves to the check, and what is said of it.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "config/budget.hpp"
#include "config/granted.hpp"

using namespace tactus;

namespace {

config::LoadedShield with_limit(int64_t budget_ns) {
  config::LoadedShield shield;
  shield.budget_ns = budget_ns;
  return shield;
}

constexpr config::StageTimes kStages{
    .infer_ns = 400'000, .check_ns = 850'000, .budget_ns = 0};

rt::Grant grant(double ratio) {
  safety::Cost cost;
  cost.cycle_ns = 250e3;
  return config::budget_grant(cost, {450'000, "limit.budget"}, ratio);
}

}  // namespace

Test(budget, is_what_the_limits_say) {
  safety::Budget budget = config::budget_of(with_limit(200'000), kStages);
  cr_assert(eq(i64, budget.ns, 200'000));
  cr_assert(eq(str, budget.from, std::string("limit.budget")));
}

Test(budget, is_else_the_check_stages_own) {
  config::StageTimes stages = kStages;
  stages.budget_ns = 100'000;
  cr_assert(eq(i64, config::budget_of(with_limit(0), stages).ns, 100'000));
  cr_assert(eq(i64, config::budget_of(with_limit(1), stages).ns, 1));
}

Test(budget, is_else_what_infer_leaves) {
  safety::Budget budget = config::budget_of(with_limit(0), kStages);
  cr_assert(eq(i64, budget.ns, 450'000));
  cr_assert(eq(str, budget.from, std::string("stage.check - stage.infer")));
}

Test(budget, is_none_without_stages) {
  cr_assert(eq(i64, config::budget_of(with_limit(0), {}).ns, 0));
}

Test(budget, grant_says_how_the_prediction_fits_this_machine) {
  rt::Grant fits = grant(1.25);
  cr_assert(fits.ok);
  cr_assert(eq(str, fits.granted,
               std::string("worst cycle 250 us of 450 us (limit.budget), "
                           "measured 1.25 of what is predicted")));
  cr_assert(eq(str, fits.asked, std::string("450000 ns (limit.budget)")));
  cr_assert(grant(2).ok);
  cr_assert(not(grant(2.01).ok));
  cr_assert(not(grant(2.01).reason.empty()));
  cr_assert(grant(0).granted.find("not measured") != std::string::npos);
}
