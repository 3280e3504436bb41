// SPDX-License-Identifier: MIT
#include "trace/violations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tactus::trace {

using layout::CycleRecord;
using safety::RowKind;
using safety::Severity;

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr uint32_t kUnjudged = ~0u;
constexpr uint8_t kNear = 1;  // of Row::level

bool judged(const CycleRecord& r) {
  return safety::was_judged(r.worst_row, r.violated);
}

double seconds_between(int64_t from, int64_t to) {
  return (static_cast<double>(to) - static_cast<double>(from)) * 1e-9;
}

}  // namespace

ViolationTally::ViolationTally(const LogInfo& info, const Names& names)
    : info_(info), names_(names) {
  last_.worst_row = safety::kNoIndex;  // nothing was judged yet
  last_.violated = ~uint64_t{0};
  rows_.resize(std::min<std::size_t>(info.rows.size(), kBits));
  for (uint32_t r = 0; r < rows_.size(); ++r) {
    safety::RowStatistics& told = rows_[r].told;
    told.id = name_of(r);
    told.kind = info.rows[r].kind;
    rows_[r].declared = safety::declared_of(info.rows[r].severity);
    told.worst_margin = kUnknown;
  }
}

// The last bit stands for all rows from there on.
std::string ViolationTally::name_of(uint32_t row) const {
  if (row >= info_.rows.size()) return fmt::format("row {}", row);
  const bool shared = row == kBits - 1 && info_.rows.size() > kBits;
  return info_.rows[row].id + (shared ? " and later rows" : "");
}

bool ViolationTally::is_worst(const CycleRecord& record, uint32_t row) const {
  return std::min<uint32_t>(record.worst_row, kBits - 1) == row &&
         record.worst_row < info_.rows.size();
}

void ViolationTally::add(const CycleRecord& r) {
  last_ = r;
  if (r.state_before != TACTUS_STATE_ENGAGED || !judged(r))
    for (Row& row : rows_) row.level = 0;
  if (r.state_before != TACTUS_STATE_ENGAGED || judged(r)) unjudged_ = 0;
  if (r.state_before != TACTUS_STATE_ENGAGED) return;
  ++engaged_;
  safe_cycles_ += judged(r) && r.verdict == 0 ? 1 : 0;
  score_sum_ += std::isfinite(r.score) ? double{r.score} : 0;
  if (!judged(r)) {
    const auto rung = safety::rung_of(r.rung);
    if (unjudged_ == 0)
      enter(r, kUnjudged, {safety::severity_of(RowKind::kHard, rung), false});
    unjudged_ = 1;
    return;
  }
  for (uint32_t i = 0; i < rows_.size(); ++i) {
    safety::RowStatistics& told = rows_[i].told;
    if (is_worst(r, i) && !(told.worst_margin <= double{r.margin}))
      told.worst_margin = double{r.margin};
    if ((r.violated >> i & 1) != 0)
      add_row(r, i, RowKind::kHard);
    else if ((r.soft >> i & 1) != 0)
      add_row(r, i, RowKind::kSoft);
    else if ((r.near >> i & 1) != 0)
      add_warning(r, i);
    else
      rows_[i].level = 0;
  }
}

void ViolationTally::add_warning(const CycleRecord& r, uint32_t row) {
  Row& at = rows_[row];
  const bool began = at.level == 0;
  at.level = kNear;
  if (!began) return;
  ++at.told.warned;
  enter(r, row, {Severity::kLow, true});
}

void ViolationTally::add_row(const CycleRecord& r, uint32_t row, RowKind kind) {
  Row& at = rows_[row];
  const Severity severity =
      safety::severity_of(at.declared, kind, safety::rung_of(r.rung));
  const auto level = static_cast<uint8_t>(static_cast<uint8_t>(severity) + 2);
  at.told.times += at.level <= kNear ? 1 : 0;
  ++at.told.cycles;
  at.told.last_cycle = r.cycle;
  if (level <= at.level) return;
  at.level = level;
  enter(r, row, {severity, false});
}

void ViolationTally::enter(const CycleRecord& r, uint32_t row, Weight weight) {
  const auto i = static_cast<std::size_t>(weight.severity);
  ++total_[i];
  ++seconds_[safety::second_of(r.release_ns)][i];
  safety::ViolationEntry e;
  const bool worst = row != kUnjudged && is_worst(r, row);
  e.cycle = r.cycle;
  e.row = row == kUnjudged ? "" : name_of(row);
  if (worst && names_.places)
    e.where = names_.places(r.worst_row, r.worst_link);
  e.margin = worst ? double{r.margin} : kUnknown;
  e.rung = safety::rung_of(r.rung);
  e.severity = weight.severity;
  e.warning = weight.warning;
  if (names_.reasons) e.reasons = names_.reasons(r.verdict);
  entries_.push_back({std::move(e), r.release_ns});
  if (entries_.size() > safety::kRecentTold) entries_.pop_front();
}

safety::ViolationReport ViolationTally::report() const {
  safety::ViolationReport out;
  out.safe = judged(last_) && last_.verdict == 0;
  out.score = std::isfinite(last_.score) ? double{last_.score} : 0;
  if (judged(last_) && last_.worst_row < info_.rows.size())
    out.worst_row = info_.rows[last_.worst_row].id;
  out.engaged = engaged_;
  out.safe_cycles = safe_cycles_;
  out.score_sum = score_sum_;
  out.total = total_;
  const uint32_t now = safety::second_of(last_.release_ns);
  for (const auto& [second, counts] : seconds_)
    for (uint32_t s = 0; s < safety::kSeverities; ++s)
      if (safety::in_last_minute(second, now)) out.last_60s[s] += counts[s];
  for (auto e = entries_.rbegin(); e != entries_.rend(); ++e) {
    out.recent.push_back(e->told);
    out.recent.back().age_s = seconds_between(e->time_ns, last_.release_ns);
  }
  for (const Row& row : rows_) {
    out.rows.push_back(row.told);
    // Violated, but behind a worse row each time: not recorded.
    double& worst = out.rows.back().worst_margin;
    if (row.told.cycles > 0 && worst >= 0) worst = kUnknown;
  }
  return out;
}

}  // namespace tactus::trace
