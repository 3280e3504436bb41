// SPDX-License-Identifier: MIT
// Judges one motion against every row of the image. The verdict starts as
// unsafe; comparisons are written so that NaN violates. Pure, RT-safe; the
// trip counts are the image's.
#pragma once

#include "safety/predict.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {

// A robot point slower than this is not bound by separation. The violation
// to prevent is 10 mm/s; half of it is left for what the lag model misses
// near rest.
inline constexpr double kStandstillPoint = 0.005;  // m/s

struct Verdict {
  bool safe = false;
  bool judged = false;
  uint16_t worst_row = kNoIndex;
  uint16_t worst_link = kNoIndex;
  double margin = -1;  // worst over hard rows, normalised, [-1, 1]
  double mean = 0;     // over all rows, [0, 1]
  double separation = 0;
  uint64_t violated = ~uint64_t{0};
  uint32_t reasons = 0;
  uint32_t answers = 0;                  // of the rows violated: 1 << Response
  uint64_t refused[kMaxRows / 64] = {};  // those of them with a hysteresis
  bool recalled = false;                 // space was bounded, not computed
  RowFigure* rows = nullptr;  // where each row's own figures go; null: nowhere
  SpaceMemory* memory = nullptr;  // null: space is computed
  // Rows that refused before; null: none. For the asked-for action alone.
  const uint64_t* held = nullptr;
  void clear() {
    RowFigure* const where = rows;
    SpaceMemory* const with = memory;
    const uint64_t* const before = held;
    *this = Verdict{};
    rows = where;
    memory = with;
    held = before;
  }
};

// What is remembered counts samples down to this part of the speed below which
// they do not count.
inline constexpr double kSurelySlow = 0.8;

// All but kFull may leave the figures of an unsafe verdict incomplete.
// kWithRoom judges what is wider than the motion (Intent::room_s).
enum class Effort { kFull, kYesOrNo, kWithRoom };

template <class F>
void judge(const Image& image, const ShieldInput& in, const Past& past,
           const Intent& intent, const Motion& motion, Effort effort,
           Verdict& out) noexcept;

// Human surface to robot surface at the observations, m; NaN: no human.
[[nodiscard]] double separation_now(const Image& image, const ShieldInput& in,
                                    const Past& past) noexcept;

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety

#include "safety/rows_impl.hpp"
