// SPDX-License-Identifier: MIT
#include "config/budget.hpp"

namespace tactus::config {

StageTimes stage_times(const File& file) {
  return {.infer_ns = file.stage.infer_ns, .check_ns = file.stage.check_ns};
}

safety::Budget budget_of(const LoadedShield& shield, const StageTimes& stages) {
  if (shield.budget_ns > 0) return {shield.budget_ns, "limit.budget"};
  if (stages.budget_ns > 0)
    return {stages.budget_ns, "the check stage's budget"};
  const int64_t left = stages.check_ns - stages.infer_ns;
  if (stages.check_ns <= 0 || left <= 0) return {};
  return {left, "stage.check - stage.infer"};
}

Result<void> check_budget(const LoadedShield& shield,
                          const safety::Budget& budget) {
  const auto isa = rt::choose_isa();
  if (!isa) return isa.error();
  return safety::check_budget(*shield.image, *isa,
                              {.where = shield.source.name, .budget = budget});
}

}  // namespace tactus::config
