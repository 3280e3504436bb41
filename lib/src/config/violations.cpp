// SPDX-License-Identifier: MIT
#include "config/violations.hpp"

#include <limits>

#include "config/explain.hpp"

namespace tactus::config {
namespace {

using telemetry::BoardView;
using telemetry::Violation;

safety::ViolationEntry entry_of(const Violation& v, const BoardView& board,
                                const safety::Image& image) {
  const bool judged = v.row != safety::kNoIndex;
  const bool same = v.image == board.image && judged && v.row < image.rows;
  return {.cycle = v.cycle,
          .age_s = static_cast<double>(board.now_ns - v.time_ns) * 1e-9,
          .row = v.id,
          .where = same ? safety::place_of(image, v.row, v.link) : "",
          .margin = judged ? double{v.margin}
                           : std::numeric_limits<double>::quiet_NaN(),
          .rung = safety::rung_of(v.rung),
          .severity = static_cast<safety::Severity>(v.severity),
          .warning = v.warning != 0,
          .reasons = reasons_text(v.reasons)};
}

safety::RowStatistics row_of(const BoardView::Row& row) {
  safety::RowStatistics out;
  out.id = row.id;
  out.kind = safety::kind_name(row.kind);
  out.times = row.times;
  out.cycles = row.cycles;
  out.warned = row.warned;
  out.worst_margin = double{row.worst};
  if (row.cycles > 0) out.last_cycle = row.last_cycle;
  return out;
}

}  // namespace

safety::ViolationReport violations_of(const telemetry::ViolationBoard* board,
                                      const safety::Image& image) {
  safety::ViolationReport out;
  const auto view = telemetry::read_board(*board);
  // Between two images, for a µs: safe is false then.
  if (!view) return out;
  out.safe = view->safe;
  out.score = double{view->score};
  out.engaged = view->engaged;
  out.safe_cycles = view->safe_cycles;
  out.score_sum = view->score_sum;
  out.total = view->total;
  out.last_60s = view->last_60s;
  out.overwritten = view->overwritten;
  if (view->worst_row < view->rows.size())
    out.worst_row = view->rows[view->worst_row].id;
  for (auto v = view->recent.rbegin(); v != view->recent.rend(); ++v)
    out.recent.push_back(entry_of(*v, *view, image));
  for (const BoardView::Row& row : view->rows) out.rows.push_back(row_of(row));
  return out;
}

}  // namespace tactus::config
