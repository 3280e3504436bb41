// SPDX-License-Identifier: MIT
#include "telemetry/violation_board.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>

#include "core/error.hpp"

namespace tactus::telemetry {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
// A reload's writer is inside for a µs or two.
constexpr int kTries = 1000;
// Of level_.
constexpr uint8_t kNear = 1;

// Only this thread writes: no read-modify-write is needed.
void add_one(std::atomic<uint64_t>& word) noexcept {
  word.store(word.load(kRelaxed) + 1, kRelaxed);
}

}  // namespace

struct ViolationWriter::Found {
  const rt::CycleEnd& end;
  const safety::ShieldOutput& out;
};

void ViolationWriter::put_name(uint32_t row, const char* name) noexcept {
  uint64_t words[safety::kName / 8] = {};
  std::memcpy(words, name, strnlen(name, safety::kName - 1));
  for (std::size_t i = 0; i < std::size(words); ++i)
    // Release pairs with read_rows(): a new word is not seen under the old,
    // even sequence.
    board_.id[row][i].store(words[i], std::memory_order_release);
}

void ViolationWriter::use(const safety::Image& image) noexcept {
  const uint64_t s = board_.sequence.load(kRelaxed);
  board_.sequence.store(s + 1, kRelaxed);
  constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
  for (uint32_t r = 0; r < image.rows; ++r) {
    RowCounters& row = board_.row[r];
    put_name(r, image.row[r].id);
    row.times.store(0, std::memory_order_release);
    row.cycles.store(0, std::memory_order_release);
    row.last_cycle.store(0, std::memory_order_release);
    row.warned.store(0, std::memory_order_release);
    row.worst.store(kNone, std::memory_order_release);
    row.kind.store(static_cast<uint32_t>(image.row[r].kind),
                   std::memory_order_release);
  }
  worst_.fill(kNone);
  level_.fill(0);
  any_ = false;
  board_.rows.store(image.rows, std::memory_order_release);
  if (image_ != nullptr) add_one(board_.image);
  image_ = &image;
  board_.version = kBoardVersion;
  board_.size = sizeof(ViolationBoard);
  board_.magic.store(kBoardMagic, std::memory_order_release);
  // Release pairs with read_rows()'s first load: the even number says that
  // the rows above are whole.
  board_.sequence.store(s + 2, std::memory_order_release);
}

void ViolationWriter::ended(const rt::CycleEnd& end,
                            const safety::ShieldOutput& out) noexcept {
  if (image_ == nullptr) return;
  const bool nothing = end.checked && out.reasons == 0;
  board_.safe.store(nothing ? 1 : 0, kRelaxed);
  const float score = end.checked ? out.mean_score : 0;
  board_.score.store(score, kRelaxed);
  board_.worst_row.store(end.checked ? out.worst_row : safety::kNoIndex,
                         kRelaxed);
  board_.now_ns.store(end.release_ns, kRelaxed);
  const Found found{end, out};
  if (end.before != TACTUS_STATE_ENGAGED) {  // nothing was to be sent
    if (any_) level_.fill(0);
    any_ = false;
    return;
  }
  add_one(board_.engaged);
  if (nothing) add_one(board_.safe_cycles);
  board_.score_sum.store(board_.score_sum.load(kRelaxed) + double{score},
                         kRelaxed);
  if (end.checked && safety::was_judged(out.worst_row, out.violated)) {
    level_[kUnjudged] = 0;
    return judge_rows(found);
  }
  const uint8_t level = level_[kUnjudged];
  level_.fill(0);  // whatever was violated before is over
  level_[kUnjudged] = level;
  note(kUnjudged, found);
  any_ = true;
}

void ViolationWriter::judge_rows(const Found& found) noexcept {
  const uint32_t rows = image_->rows;
  bool bad = false;
  for (uint32_t r = 0; r < rows; ++r) {
    const float margin = found.out.row[r].margin;
    bad |= !(margin >= 0) || found.out.row[r].near != 0;
    if (margin >= worst_[r]) continue;
    worst_[r] = margin;
    board_.row[r].worst.store(margin, kRelaxed);
  }
  if (!bad && !any_) return;
  any_ = bad;
  for (uint32_t r = 0; r < rows; ++r) {
    const safety::RowFigure& figure = found.out.row[r];
    if (!(figure.margin >= 0))
      note(r, found);
    else if (figure.near != 0)
      warn(r, found);
    else
      level_[r] = 0;
  }
}

void ViolationWriter::warn(uint32_t row, const Found& found) noexcept {
  const bool began = level_[row] == 0;
  level_[row] = kNear;
  if (!began) return;  // or it was violated, and that was told
  add_one(board_.row[row].warned);
  enter(row, safety::Severity::kLow, found);
}

void ViolationWriter::note(uint32_t row, const Found& found) noexcept {
  const bool judged = row != kUnjudged;
  const auto kind = judged ? image_->row[row].kind : safety::RowKind::kHard;
  const auto declared =
      judged ? image_->row[row].severity : safety::RowSeverity::kByRung;
  const safety::Severity severity =
      safety::severity_of(declared, kind, found.end.rung);
  const auto level = static_cast<uint8_t>(static_cast<uint8_t>(severity) + 2);
  const bool began = level_[row] <= kNear;
  if (row != kUnjudged) {
    RowCounters& counters = board_.row[row];
    if (began) add_one(counters.times);
    add_one(counters.cycles);
    counters.last_cycle.store(found.end.cycle, kRelaxed);
  }
  if (level > level_[row]) {
    level_[row] = level;
    enter(row, severity, found);
  }
}

void ViolationWriter::enter(uint32_t row, safety::Severity severity,
                            const Found& found) noexcept {
  const bool judged = row != kUnjudged;
  Violation v{};
  v.cycle = found.end.cycle;
  v.time_ns = found.end.release_ns;
  v.reasons = found.end.checked ? found.out.reasons : rt::kLateCheck;
  v.margin = judged ? found.out.row[row].margin : -1;
  v.row = judged ? static_cast<uint16_t>(row) : safety::kNoIndex;
  v.link = judged ? found.out.row[row].link : safety::kNoIndex;
  v.rung = static_cast<uint8_t>(found.end.rung);
  v.severity = static_cast<uint8_t>(severity);
  v.warning = judged && found.out.row[row].margin >= 0 ? 1 : 0;
  v.image = board_.image.load(kRelaxed);
  if (judged) std::memcpy(v.id, image_->row[row].id, sizeof v.id);
  board_.ring.write(v);
  count(severity, v.time_ns);
}

void ViolationWriter::count(safety::Severity severity,
                            int64_t time_ns) noexcept {
  const auto i = static_cast<std::size_t>(severity);
  add_one(board_.total[i]);
  const uint64_t second = safety::second_of(time_ns);
  auto& word = board_.second[i][second % safety::kSeconds];
  const uint64_t before = word.load(kRelaxed);
  const bool same = before >> 32 == second + 1;
  word.store(same ? before + 1 : (second + 1) << 32 | 1, kRelaxed);
}

namespace {

bool read_rows(const ViolationBoard& board, BoardView& out) {
  // Acquire pairs with the writer's release of the even number.
  const uint64_t before = board.sequence.load(std::memory_order_acquire);
  if ((before & 1) != 0) return false;
  out.image = board.image.load(std::memory_order_acquire);
  const uint32_t rows =
      std::min(board.rows.load(std::memory_order_acquire), safety::kMaxRows);
  out.rows.assign(rows, {});
  for (uint32_t r = 0; r < rows; ++r) {
    const RowCounters& from = board.row[r];
    BoardView::Row& to = out.rows[r];
    uint64_t words[safety::kName / 8];
    for (std::size_t i = 0; i < std::size(words); ++i)
      words[i] = board.id[r][i].load(std::memory_order_acquire);
    std::memcpy(to.id, words, sizeof to.id);
    to.id[safety::kName - 1] = 0;
    to.times = from.times.load(std::memory_order_acquire);
    to.cycles = from.cycles.load(std::memory_order_acquire);
    to.last_cycle = from.last_cycle.load(std::memory_order_acquire);
    to.warned = from.warned.load(std::memory_order_acquire);
    to.worst = from.worst.load(std::memory_order_acquire);
    to.kind =
        static_cast<safety::RowKind>(from.kind.load(std::memory_order_acquire));
  }
  // The acquire loads above keep them before this second look.
  return board.sequence.load(kRelaxed) == before;
}

// The counts of buckets that are of the last minute.
uint64_t last_minute(const ViolationBoard& board, uint32_t severity,
                     uint32_t now) {
  uint64_t sum = 0;
  for (const auto& bucket : board.second[severity]) {
    const uint64_t word = bucket.load(kRelaxed);
    if (word >> 32 == 0) continue;
    const auto second = static_cast<uint32_t>((word >> 32) - 1);
    if (safety::in_last_minute(second, now)) sum += word & 0xFFFFFFFF;
  }
  return sum;
}

}  // namespace

Result<BoardView> read_board(const ViolationBoard& board) {
  BoardView out;
  bool whole = false;
  for (int i = 0; i < kTries && !whole; ++i) whole = read_rows(board, out);
  if (!whole)
    return unavailable(
        "violations: their rows are being replaced: try again, or its writer "
        "died while it did so: start the loop again");
  out.safe = board.safe.load(kRelaxed) != 0;
  out.score = board.score.load(kRelaxed);
  out.engaged = board.engaged.load(kRelaxed);
  out.safe_cycles = board.safe_cycles.load(kRelaxed);
  out.score_sum = board.score_sum.load(kRelaxed);
  out.worst_row = board.worst_row.load(kRelaxed);
  out.now_ns = board.now_ns.load(kRelaxed);
  const uint32_t now = safety::second_of(out.now_ns);
  for (uint32_t s = 0; s < safety::kSeverities; ++s) {
    out.total[s] = board.total[s].load(kRelaxed);
    out.last_60s[s] = last_minute(board, s, now);
  }
  decltype(board.ring)::Cursor cursor;
  Violation v{};
  // What is written meanwhile is left for the next reader.
  while (out.recent.size() < kViolationSlots && board.ring.read(cursor, v)) {
    v.id[sizeof v.id - 1] = 0;
    out.recent.push_back(v);
  }
  out.overwritten = cursor.dropped;
  return out;
}

}  // namespace tactus::telemetry
