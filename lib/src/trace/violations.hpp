// SPDX-License-Identifier: MIT
// From a log's records what telemetry counts in a running loop, by the same
// rules. A record has which rows were violated, but a margin of the worst one
// only; rows from 63 on share a bit, and a name. Not for the RT thread.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "safety/violations.hpp"
#include "trace/reader.hpp"

namespace tactus::trace {

class ViolationTally {
 public:
  struct Names {
    // Of safety::Reason bits; of a row's link. Empty: left out.
    std::function<std::string(uint32_t)> reasons;
    std::function<std::string(uint32_t row, uint32_t link)> places;
  };
  ViolationTally(const LogInfo& info, const Names& names);

  void add(const layout::CycleRecord& record);
  // After the last record.
  [[nodiscard]] safety::ViolationReport report() const;

 private:
  static constexpr uint32_t kBits = 64;
  struct Row {
    safety::RowStatistics told;
    safety::RowSeverity declared = safety::RowSeverity::kByRung;
    uint8_t level = 0;  // severity + 2 while it is violated, 1 while near
  };
  struct Entry {
    safety::ViolationEntry told;
    int64_t time_ns;
  };
  void add_row(const layout::CycleRecord& record, uint32_t row,
               safety::RowKind kind);
  void add_warning(const layout::CycleRecord& record, uint32_t row);
  struct Weight {
    safety::Severity severity;
    bool warning;
  };
  void enter(const layout::CycleRecord& record, uint32_t row, Weight weight);
  [[nodiscard]] std::string name_of(uint32_t row) const;
  [[nodiscard]] bool is_worst(const layout::CycleRecord& record,
                              uint32_t row) const;

  const LogInfo& info_;
  Names names_;
  std::vector<Row> rows_;
  uint64_t engaged_ = 0;
  uint64_t safe_cycles_ = 0;
  double score_sum_ = 0;
  uint8_t unjudged_ = 0;
  layout::CycleRecord last_{};
  std::deque<Entry> entries_;  // the newest kRecentTold
  using Counts = std::array<uint64_t, safety::kSeverities>;
  std::map<uint32_t, Counts> seconds_;
  Counts total_{};
};

}  // namespace tactus::trace
