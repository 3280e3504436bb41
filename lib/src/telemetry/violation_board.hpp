// SPDX-License-Identifier: MIT
// What the shield found, in the shared statistics segment: a ring of the last
// entries, counts by severity, and counters of each row. Written by the
// loop's thread only, which never waits; read by other processes in bounded
// time. Zero bytes are a valid, empty board.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "rt/supervisor.hpp"
#include "rt/telemetry_ring.hpp"
#include "safety/shield.hpp"
#include "safety/violations.hpp"
#include "tactus/result.hpp"

namespace tactus::telemetry {

inline constexpr uint32_t kBoardMagic = 0x4456544C;  // "LTVD"
inline constexpr uint32_t kBoardVersion = 2;
inline constexpr uint32_t kViolationSlots = 256;

// One entry of the ring. The row's name is in it: a reload changes what an
// index means.
struct Violation {
  uint64_t cycle;
  int64_t time_ns;   // of the release
  uint32_t reasons;  // safety::Reason bits
  float margin;      // normalised
  uint16_t row;      // kNoIndex: the check could judge no row
  uint16_t link;
  uint8_t rung;      // tactus_rung
  uint8_t severity;  // safety::Severity
  uint16_t warning;  // 1: kept, but within the row's warn
  uint64_t image;    // counts reloads: whose row and link
  char id[safety::kName];
};
static_assert(sizeof(Violation) == 72);
static_assert(offsetof(Violation, id) == 40);

struct RowCounters {
  std::atomic<uint64_t> times;   // began to be violated
  std::atomic<uint64_t> cycles;  // was violated
  std::atomic<uint64_t> last_cycle;
  std::atomic<uint64_t> warned;  // began to be near, not violated
  std::atomic<float> worst;      // margin; NaN: never judged
  std::atomic<uint32_t> kind;    // safety::RowKind
};
static_assert(sizeof(RowCounters) == 40);

struct ViolationBoard {
  std::atomic<uint32_t> magic;
  uint32_t version;
  uint64_t size;
  // Odd while a reload replaces the rows.
  std::atomic<uint64_t> sequence;
  std::atomic<uint64_t> image;  // counts reloads
  std::atomic<uint32_t> rows;
  std::atomic<uint32_t> safe;  // the last action had nothing against it
  std::atomic<float> score;
  std::atomic<uint32_t> worst_row;
  std::atomic<int64_t> now_ns;        // release of the last cycle
  std::atomic<uint64_t> engaged;      // cycles
  std::atomic<uint64_t> safe_cycles;  // of those, with nothing against them
  std::atomic<double> score_sum;      // of those
  uint64_t reserved[6];
  std::atomic<uint64_t> total[safety::kSeverities];
  // Second in the upper half, plus one; count in the lower.
  std::atomic<uint64_t> second[safety::kSeverities][safety::kSeconds];
  RowCounters row[safety::kMaxRows];
  std::atomic<uint64_t> id[safety::kMaxRows][safety::kName / 8];
  rt::TelemetryRing<Violation, kViolationSlots> ring;
};
static_assert(std::atomic<double>::is_always_lock_free);
static_assert(offsetof(ViolationBoard, sequence) == 16);
static_assert(offsetof(ViolationBoard, reserved) == 80);
static_assert(offsetof(ViolationBoard, total) == 128);
static_assert(offsetof(ViolationBoard, second) == 160);
static_assert(offsetof(ViolationBoard, row) == 160 + 8 * 4 * 60);
static_assert(offsetof(ViolationBoard, id) == 2080 + 40 * safety::kMaxRows);

// The writer's side, on the loop's thread; everything is RT-safe.
class ViolationWriter {
 public:
  explicit ViolationWriter(ViolationBoard& board) noexcept : board_(board) {}

  // The image's rows from here on; counters of rows begin anew.
  void use(const safety::Image& image) noexcept;
  void ended(const rt::CycleEnd& end, const safety::ShieldOutput& out) noexcept;

 private:
  struct Found;
  static constexpr uint32_t kUnjudged = safety::kMaxRows;  // a row of its own
  void judge_rows(const Found& found) noexcept;
  void note(uint32_t row, const Found& found) noexcept;
  void warn(uint32_t row, const Found& found) noexcept;
  void enter(uint32_t row, safety::Severity severity,
             const Found& found) noexcept;
  void count(safety::Severity severity, int64_t time_ns) noexcept;
  void put_name(uint32_t row, const char* name) noexcept;

  ViolationBoard& board_;
  const safety::Image* image_ = nullptr;
  // Own copies, so that the shared words are only touched when they change.
  std::array<float, safety::kMaxRows> worst_{};
  // Severity + 2 while a row is violated, 1 while it is near; 0: neither.
  std::array<uint8_t, safety::kMaxRows + 1> level_{};
  bool any_ = false;  // some level is not 0
};

// What a reader takes out. Any process, bounded.
struct BoardView {
  bool safe = false;
  float score = 0;
  uint64_t engaged = 0;
  uint64_t safe_cycles = 0;
  double score_sum = 0;
  std::array<uint64_t, safety::kSeverities> total{};
  std::array<uint64_t, safety::kSeverities> last_60s{};
  uint64_t overwritten = 0;
  uint64_t image = 0;
  int64_t now_ns = 0;
  uint32_t worst_row = safety::kNoIndex;
  std::vector<Violation> recent;  // oldest first
  struct Row {
    char id[safety::kName];
    safety::RowKind kind;
    uint64_t times, cycles, last_cycle, warned;
    float worst;
  };
  std::vector<Row> rows;
};
// kUnavailable: the rows are just being replaced, or their writer was killed
// while it did so.
Result<BoardView> read_board(const ViolationBoard& board);

}  // namespace tactus::telemetry
