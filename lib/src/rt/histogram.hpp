// SPDX-License-Identifier: MIT
// Log-linear histogram of nanoseconds, three significant digits: exact up to
// 2047 ns, then 1024 buckets per octave (each at most 0.1 % wide) up to 10 s.
// Fixed memory, all zero bytes is empty, so it can live in a shared segment.
// One writer; any number of readers, in other processes too. record() is
// RT-safe. No outlier is removed: above 10 s counts in the last bucket, and
// max() stays exact.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace tactus::rt {

class Histogram {
 public:
  static constexpr uint32_t kHalf = 1024;  // buckets per octave; 1/1024 < 0.1 %
  static constexpr int64_t kMax = 10'000'000'000;                  // 10 s
  static constexpr std::size_t kBuckets = 2 * kHalf + 23 * kHalf;  // < 2^34

  // Negative values count as 0 (a wake before its release: clock resolution).
  void record(int64_t value_ns) noexcept {
    const int64_t v = value_ns < 0 ? 0 : value_ns;
    // One writer, so a plain add without a locked bus cycle. Relaxed pairs
    // with the readers' relaxed loads: each counter stands for itself, a
    // reader may only miss the newest values.
    bump(bucket_[index_of(v > kMax ? kMax : v)]);
    if (v > max_.load(std::memory_order_relaxed))
      max_.store(v, std::memory_order_relaxed);
  }
  void reset() noexcept;

  [[nodiscard]] uint64_t count() const noexcept;
  [[nodiscard]] int64_t max() const noexcept {
    return max_.load(std::memory_order_relaxed);
  }
  // Smallest bucket with a value in it; 0 when empty.
  [[nodiscard]] int64_t min() const noexcept;
  // Value at or below which `p` (0..1) of the samples lie: the bucket's
  // upper end, never above max(). 0 when empty. Scans: not for the RT path.
  [[nodiscard]] int64_t percentile(double p) const noexcept;
  [[nodiscard]] uint64_t bucket_count(std::size_t i) const noexcept {
    return bucket_[i].load(std::memory_order_relaxed);
  }
  // Lowest and highest value that falls into bucket i.
  [[nodiscard]] static int64_t lower(std::size_t i) noexcept;
  [[nodiscard]] static int64_t upper(std::size_t i) noexcept;
  void add(const Histogram& other) noexcept;

  [[nodiscard]] static constexpr std::size_t index_of(int64_t v) noexcept {
    const auto u = static_cast<uint64_t>(v);
    // Octave 0 holds [0, 2047]; each further one halves the resolution.
    const int octave =
        static_cast<int>(std::bit_width(u | (2 * kHalf - 1))) - 11;
    return static_cast<std::size_t>(octave) * kHalf +
           static_cast<std::size_t>(u >> octave);
  }

 private:
  using Counter = std::atomic<uint64_t>;
  static void bump(Counter& c) noexcept {
    c.store(c.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  std::atomic<int64_t> max_;
  [[maybe_unused]] uint64_t reserved_[7];
  Counter bucket_[kBuckets];
};

static_assert(std::atomic<uint64_t>::is_always_lock_free);
static_assert(sizeof(Histogram) == 64 + 8 * Histogram::kBuckets);
static_assert(Histogram::index_of(Histogram::kMax) < Histogram::kBuckets);

}  // namespace tactus::rt
