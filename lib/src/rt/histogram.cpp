// SPDX-License-Identifier: MIT
#include "rt/histogram.hpp"

#include <algorithm>
#include <cmath>

namespace tactus::rt {

namespace {
constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::size_t kLast = Histogram::index_of(Histogram::kMax);
}  // namespace

int64_t Histogram::lower(std::size_t i) noexcept {
  if (i < 2 * kHalf) return static_cast<int64_t>(i);
  const std::size_t octave = i / kHalf - 1;
  return static_cast<int64_t>((i - octave * kHalf) << octave);
}

int64_t Histogram::upper(std::size_t i) noexcept { return lower(i + 1) - 1; }

void Histogram::reset() noexcept {
  max_.store(0, kRelaxed);
  for (Counter& c : bucket_) c.store(0, kRelaxed);
}

uint64_t Histogram::count() const noexcept {
  uint64_t n = 0;
  for (const Counter& c : bucket_) n += c.load(kRelaxed);
  return n;
}

int64_t Histogram::min() const noexcept {
  for (std::size_t i = 0; i <= kLast; ++i)
    if (bucket_count(i) != 0) return lower(i);
  return 0;
}

int64_t Histogram::percentile(double p) const noexcept {
  const auto n = static_cast<double>(count());
  if (!(n > 0)) return 0;
  // Nearest rank: the smallest value with at least p*n samples at or below.
  const double rank = std::max(1.0, std::ceil(std::clamp(p, 0.0, 1.0) * n));
  double seen = 0;
  for (std::size_t i = 0; i < kLast; ++i) {
    seen += static_cast<double>(bucket_count(i));
    if (seen >= rank) return std::min(upper(i), max());
  }
  return max();
}

void Histogram::add(const Histogram& other) noexcept {
  for (std::size_t i = 0; i < kBuckets; ++i)
    bucket_[i].store(bucket_count(i) + other.bucket_count(i), kRelaxed);
  max_.store(std::max(max(), other.max()), kRelaxed);
}

}  // namespace tactus::rt
