// SPDX-License-Identifier: MIT
// Inputs that change slower than the loop: which columns a user's or a
// model's word means, and which ones a recording suggests. Set-up only.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "policy/plan.hpp"
#include "policy/rows.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

// The columns that a contract's observation, with its history, fills.
[[nodiscard]] std::vector<Columns> columns_of(const Observation& item);

// Sorted, neighbours and overlaps joined.
[[nodiscard]] std::vector<Columns> joined(std::vector<Columns> list);

// What `asked` and the model's own `slow` observations name. kBadInput for a
// name that is neither observation nor input and has no columns.
Result<std::vector<Columns>> resolve_slow(const Description& model,
                                          std::span<const SlowInput> asked);
// One of them, without the model's own.
Result<std::vector<Columns>> resolve_slow(const Description& model,
                                          const SlowInput& asked);

// How often each column differs from the row before, bit by bit.
class ChangeCount {
 public:
  explicit ChangeCount(std::size_t columns)
      : last_(columns), changes_(columns, 0) {}
  void add(std::span<const float> row);
  [[nodiscard]] std::size_t rows() const { return rows_; }
  // The part of all rows but the first in which that column of them changed
  // which changed most; 1 without rows, which suggests nothing.
  [[nodiscard]] double share(const Columns& of) const;
  // Columns that changed in at most `most` of the rows, joined.
  [[nodiscard]] std::vector<Columns> slow(double most) const;

 private:
  std::size_t rows_ = 0;
  std::vector<float> last_;
  std::vector<std::size_t> changes_;
};

// What recorded rows say of a model's inputs, as `rtctl model slow` shows it.
struct SlowReport {
  struct Item {
    std::string name;  // an observation of the contract, else an input
    double share = 0;  // ChangeCount::share of all its columns
    bool slow = false;
  };
  std::size_t rows = 0;
  std::vector<Item> items;
  std::vector<Columns> columns;  // slow ones, whatever they belong to
};
Result<SlowReport> slow_report(const std::string& model,
                               const std::vector<NamedFile>& files,
                               double most);

}  // namespace tactus::policy
