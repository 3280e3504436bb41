// SPDX-License-Identifier: MIT
// From slacks to the verdict: what each row's counts, eight rows at once.
// Included by rows_impl.hpp.
#pragma once

#include <bit>
#include <cstddef>

#include "safety/rows/tables_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// What is kept of each row.
struct alignas(64) RowLanes {
  double more[kMaxRows];  // what it wants beyond its margin: find_more()
  int64_t link[kMaxRows];
  int64_t violated[kMaxRows];
};

// Lanes beyond the last row are of rows that are off.
inline uint32_t row_lanes(const Image& image) {
  return (image.rows + kLanes - 1) / kLanes * kLanes;
}

// Eight rows of a kernel that follow each other in its table, too, none of them
// off.
static_assert(std::endian::native == std::endian::little);
static_assert(sizeof(RowAt) == 8 && offsetof(RowAt, index) == 4 &&
              offsetof(RowAt, off) == 6);
inline bool in_table_order(const RowAt* at) {
  uint64_t first;
  __builtin_memcpy(&first, at, sizeof first);
  uint64_t apart = at->off;
  for (uint64_t i = 1; i < kLanes; ++i) {
    uint64_t other;
    __builtin_memcpy(&other, at + i, sizeof other);
    apart |= other ^ (first + (i << 32));
  }
  return apart == 0;
}

// Eight rows as they come.
template <class F>
void find_each(const Image& image, const Slacks& slacks, const RowAt* at,
               Found8& out) {
  const Slack unknown{-1, kNoIndex, true};
  Table table = table_of(image, slacks, at->kernel);
  for (uint32_t i = 0; i < kLanes; ++i) {
    const bool same = i == 0 || at[i].kernel == at[i - 1].kernel;
    if (!same) table = table_of(image, slacks, at[i].kernel);
    const Slack* const slack =
        at[i].index < table.count ? table.first + at[i].index : &unknown;
    out.worst[i] = slack->worst;
    out.link[i] = slack->link;
    out.bad[i] = -int64_t{slack->bad};
    const bool off = at[i].off != 0 && !F::on(Fault::kRowOff);
    out.counted[i] = off || is_removed<F>(image, table, at[i]) ? 0 : -1;
  }
}

// Of a kernel there are many rows, one after the other. Past-time rows are few,
// and is_removed() tells them apart.
template <class F>
void find_rows(const Image& image, const Slacks& slacks, uint32_t r,
               Found8& out) {
  const RowAt* const at = image.derived.at + r;
  const Table table = table_of(image, slacks, at->kernel);
  const bool all =
      at->index + kLanes <= table.count && at->kernel != RowKernel::kMemory;
  if (all && in_table_order(at) && !is_removed<F>(image, table, *at)) {
    take_eight(table.first + at->index, out);
  } else {
    find_each<F>(image, slacks, at, out);
  }
}

// What rows want beyond their margin, because they refused before. False: none
// does, and `to.more` is as it was.
template <class F>
bool find_more(const Image& image, const Verdict& out, RowLanes& to) {
  if (out.held == nullptr || F::on(Fault::kHysteresis)) return false;
  uint64_t any = 0;
  for (uint32_t w = 0; w < kMaxRows / 64; ++w) any |= out.held[w];
  if (any == 0) return false;
  for (uint32_t r = 0; r < row_lanes(image); ++r) to.more[r] = 0;
  for (uint32_t w = 0; w < kMaxRows / 64; ++w) {
    for (uint64_t left = out.held[w]; left != 0; left &= left - 1) {
      const auto r = 64 * w + static_cast<uint32_t>(__builtin_ctzll(left));
      to.more[r] = image.row[r].hysteresis;
    }
  }
  return true;
}

// The worst rows so far, lane by lane: by margin, then the lower priority
// number, then the lower index: the order of evaluation does not matter.
struct Worst8 {
  Double8 margin = Double8{} + 2.0;  // more than any has
  Double8 priority = {};
  Double8 row = {};

  [[gnu::always_inline]] void take(const Double8& of, const Double8& rank,
                                   const Double8& index) {
    kin::Int8 kept, same, later;
    kin::at_least(of, margin, kept);
    kin::at_least(margin, of, same);
    kin::at_least(rank, priority, later);
    kept = kept & ~(same & ~later);
    kin::choose(kept, margin, of, margin);
    kin::choose(kept, priority, rank, priority);
    kin::choose(kept, row, index, row);
  }
  [[nodiscard]] uint32_t lane() const {
    uint32_t best = 0;
    for (uint32_t i = 1; i < kLanes; ++i) {
      const bool same = margin[i] == margin[best];
      const bool first = priority[i] < priority[best] ||
                         (priority[i] == priority[best] && row[i] < row[best]);
      if (margin[i] < margin[best] || (same && first)) best = i;
    }
    return best;
  }
};

// Eight rows: what is left of each, -1 to 1 of its scale. NaN is -1.
struct Left8 {
  Double8 beyond, margin;
  kin::Int8 bad;
};
template <class F>
[[gnu::always_inline]] inline void left_of(const Image& image, uint32_t r,
                                           const Found8& found,
                                           const Double8& more, Left8& out) {
  const Double8 one = Double8{} + 1.0;
  out.beyond = found.worst - lanes_at(image.derived.margin + r);
  if (!F::on(Fault::kRounding))
    out.beyond = out.beyond - lanes_at(image.derived.rounding + r);
  const Double8 left = out.beyond - more;
  kin::Int8 kept, over, positive;
  kin::at_least(left, Double8{}, kept);
  out.bad = found.bad | ~kept;
  const Double8 share = left / lanes_at(image.derived.scale + r);
  kin::at_least(share, -one, over);
  kin::choose(over, share, -one, out.margin);
  kin::select_le(out.margin, one, out.margin, one, out.margin);
  // A NaN on the way.
  kin::at_least(out.margin, Double8{}, positive);
  kin::choose(out.bad & positive, -one, out.margin, out.margin);
}

// Eight RowFigures, as words; beyond the last row those of rows that are off.
// Rounding to f32 must not hide a violation; a row that the program took out is
// as good as it gets.
static_assert(sizeof(RowFigure) == 8 && offsetof(RowFigure, link) == 4 &&
              offsetof(RowFigure, near) == 6);
template <class F>
[[gnu::always_inline]] inline void show_rows(const Image& image, uint32_t r,
                                             const Found8& found,
                                             const Left8& left,
                                             RowFigure* out) {
  constexpr int64_t kOff = 0xffff'3f80'0000;  // 1, kNoIndex, 0
  const int64_t near = F::on(Fault::kWarnBand) ? 0 : int64_t{1} << 48;
  const Double8 least = Double8{} - 1e-30;
  Double8 shown;
  kin::select_le(left.margin, least, left.margin, least, shown);
  kin::choose(left.bad, shown, left.margin, shown);
  kin::Int8 word, wide;
  kin::float_bits(shown, word);
  kin::at_least(left.beyond, lanes_at(image.derived.warn + r), wide);
  word = word | ((found.link & 0xffff) << 32) | (~(left.bad | wide) & near);
  word = (word & found.counted) | (~found.counted & kOff);
  store(word, reinterpret_cast<int64_t*>(out + r));
}

// What all rows add up to.
struct Tally {
  explicit Tally(bool some_want_more) : more(some_want_more) {
    for (uint32_t i = 0; i < kLanes; ++i) index[i] = i;
  }
  bool more;
  Double8 index = {};  // of the next eight rows
  Double8 scores = {};
  Worst8 worst;
  kin::Int8 violated = {};
};

// Eight rows from `r` on.
template <class F>
[[gnu::always_inline]] inline void count_lanes(const Image& image,
                                               const Slacks& slacks, uint32_t r,
                                               RowLanes& rows, Tally& tally,
                                               Verdict& out) {
  Found8 found;
  find_rows<F>(image, slacks, r, found);
  Left8 left;
  left_of<F>(image, r, found, tally.more ? lanes_at(rows.more + r) : Double8{},
             left);
  kin::Int8 hard;
  load(image.derived.hard + r, hard);
  if (F::on(Fault::kResponseWarn)) hard = ~kin::Int8{};
  hard = hard & found.counted;
  Double8 score, margin;
  kin::choose(found.counted, 0.5 * (left.margin + 1.0), Double8{}, score);
  tally.scores += score;
  kin::choose(hard, left.margin, Double8{} + 3.0, margin);
  tally.worst.take(margin, lanes_at(image.derived.priority + r), tally.index);
  tally.index = tally.index + double{kLanes};
  const kin::Int8 violated = left.bad & hard;
  tally.violated = tally.violated | violated;
  store(violated, rows.violated + r);
  store(found.link, rows.link + r);
  if (out.rows != nullptr) show_rows<F>(image, r, found, left, out.rows);
}

// Rows that were violated, one by one; seldom any.
inline void refuse_rows(const Image& image, const Slacks& slacks,
                        const RowLanes& rows, Verdict& out) {
  for (uint32_t r = 0; r < image.rows; ++r) {
    if (rows.violated[r] == 0) continue;
    const Row& row = image.row[r];
    const RowAt& at = image.derived.at[r];
    const Table table = table_of(image, slacks, at.kernel);
    out.violated |= uint64_t{1} << (r < 63 ? r : 63);
    out.answers |= uint32_t{1} << (static_cast<uint32_t>(row.response) & 31);
    out.reasons |= at.index < table.count ? table.reason : kReasonImage;
    if (row.hysteresis > 0) out.refused[r / 64] |= uint64_t{1} << (r % 64);
  }
}

inline double sum_of(const Double8& lanes) {
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
         ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

// Every row's slack against what the row wants.
template <class F>
void count_rows(const Image& image, const Slacks& slacks, Verdict& out) {
  RowLanes rows;
  Tally tally(find_more<F>(image, out, rows));
  for (uint32_t r = 0; r < image.rows; r += kLanes)
    count_lanes<F>(image, slacks, r, rows, tally, out);
  const bool violated = kin::any_of(tally.violated);
  if (violated) refuse_rows(image, slacks, rows, out);
  out.safe = !violated && (image.rows > 0 || image.ladder.limit_none == 1);
  const uint32_t lane = tally.worst.lane();
  const bool any = tally.worst.margin[lane] <= 1;
  const auto worst = static_cast<uint32_t>(tally.worst.row[lane]);
  out.margin = any ? tally.worst.margin[lane] : 1;
  out.worst_row = static_cast<uint16_t>(any ? worst : kNoIndex);
  out.worst_link = static_cast<uint16_t>(any ? rows.link[worst] : kNoIndex);
  out.mean = sum_of(tally.scores);
  if (image.derived.judged > 0)
    out.mean /= static_cast<double>(image.derived.judged);
  if (!out.safe && out.margin >= 0) out.margin = -1;
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
