// SPDX-License-Identifier: MIT
// Where a contract's observations, with their histories, lie in the inputs.
#include <algorithm>

#include "core/error.hpp"
#include "policy/contract.hpp"
#include "policy/plan.hpp"

namespace tactus::policy {
namespace {

// What a keyframe copies: a megabyte is far above any policy's history.
constexpr std::size_t kMostKept = 1U << 18;

class Placer {
 public:
  Placer(Contract& contract, const std::vector<TensorInfo>& inputs,
         const std::string& label)
      : contract_(contract), inputs_(inputs), label_(label) {}

  Result<void> run();

 private:
  Result<void> find_stacked();
  Result<void> place_stacked();
  Result<void> place_single();
  [[nodiscard]] Result<void> check_kept() const;
  [[nodiscard]] Result<void> check_filled() const;

  Contract& contract_;
  const std::vector<TensorInfo>& inputs_;
  const std::string& label_;
  Columns stacked_;  // of the input with a history of its own; none: empty
  std::string stacked_name_;
  std::size_t next_ = 0;    // observation
  std::size_t column_ = 0;  // where it begins
};

Result<void> Placer::find_stacked() {
  if (!contract_.history) return {};
  const std::string& wanted = contract_.history_input;
  if (wanted.empty() && inputs_.size() != 1) {
    return bad_input(
        "{}: the contract's history is of a whole input, the model has {}: "
        "name it with history.input",
        label_, inputs_.size());
  }
  for (const TensorInfo& t : inputs_) {
    stacked_.count = t.size;
    stacked_name_ = t.name;
    if (wanted.empty() || t.name == wanted) return {};
    stacked_.first += t.size;
  }
  return bad_input(
      "{}: the contract's history is of input '{}', the model has none of that "
      "name: correct tactus.contract",
      label_, wanted);
}

// Observations up to the end of one step.
Result<void> Placer::place_stacked() {
  const History& h = *contract_.history;
  const std::size_t step = stacked_.count / h.length;
  std::size_t used = 0;
  for (; next_ < contract_.observations.size() && used < step; ++next_) {
    Observation& o = contract_.observations[next_];
    if (o.history.length != 1 && o.history != h) {
      return bad_input(
          "{}: observation '{}' has a history of its own and one of input "
          "'{}': keep one",
          label_, o.name, stacked_name_);
    }
    const bool by_step = h.layout == HistoryLayout::kByStep;
    o.history = h;
    o.first = stacked_.first + (by_step ? used : used * h.length);
    o.stride = by_step ? step : o.size;
    used += o.size;
  }
  column_ += stacked_.count;
  if (used * h.length == stacked_.count) return {};
  return bad_input(
      "{}: {} samples of observations with {} elements do not fill input '{}' "
      "({}): correct tactus.contract",
      label_, h.length, used, stacked_name_, stacked_.count);
}

Result<void> Placer::place_single() {
  Observation& o = contract_.observations[next_++];
  o.first = column_;
  o.stride = o.size;
  const std::size_t begin = column_;
  column_ += o.size * o.history.length;
  if (stacked_.count == 0 || begin > stacked_.first ||
      column_ <= stacked_.first) {
    return {};
  }
  return bad_input(
      "{}: observation '{}' reaches into input '{}', which has a history of "
      "its own: correct tactus.contract",
      label_, o.name, stacked_name_);
}

Result<void> Placer::check_kept() const {
  std::size_t row = 0, rows = 0;
  for (const Observation& o : contract_.observations) {
    if (o.history.span() > 1) row += o.size;
    rows = std::max(rows, o.history.span() - 1);
  }
  if (row * rows <= kMostKept) return {};
  return bad_input(
      "{}: the contract's histories keep {} cycles of {} elements: at most {} "
      "elements in all",
      label_, rows, row, kMostKept);
}

Result<void> Placer::check_filled() const {
  std::size_t wanted = 0;
  for (const TensorInfo& t : inputs_) wanted += t.size;
  if (column_ == wanted) return {};
  return bad_input(
      "{}: the contract's observations have {} elements, the model's inputs "
      "{}: correct tactus.contract",
      label_, column_, wanted);
}

Result<void> Placer::run() {
  if (auto ok = find_stacked(); !ok) return ok;
  bool stacked_done = stacked_.count == 0;
  while (next_ < contract_.observations.size()) {
    const bool stacked = !stacked_done && column_ == stacked_.first;
    auto ok = stacked ? place_stacked() : place_single();
    if (!ok) return ok;
    stacked_done = stacked_done || stacked;
  }
  if (auto ok = check_filled(); !ok) return ok;
  return check_kept();
}

}  // namespace

Result<void> place(Contract& contract, const std::vector<TensorInfo>& inputs,
                   const std::string& label) {
  return Placer(contract, inputs, label).run();
}

}  // namespace tactus::policy
