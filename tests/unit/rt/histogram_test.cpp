// SPDX-License-Identifier: MIT
#include "rt/histogram.hpp"

#include <criterion/criterion.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "rt/loop_stats.hpp"

using namespace tactus::rt;

Test(histogram, buckets_tile_the_range_without_gap_or_overlap) {
  for (std::size_t i = 0; i + 1 < Histogram::kBuckets; ++i) {
    const int64_t low = Histogram::lower(i), high = Histogram::upper(i);
    cr_assert_eq(Histogram::index_of(low), i);
    cr_assert_eq(Histogram::index_of(high), i);
    cr_assert_eq(Histogram::lower(i + 1), high + 1);
  }
}

Test(histogram, three_significant_digits_everywhere) {
  for (std::size_t i = 1; i + 1 < Histogram::kBuckets; ++i) {
    const auto low = static_cast<double>(Histogram::lower(i));
    const auto high = static_cast<double>(Histogram::upper(i));
    cr_assert_leq((high - low) / low, 0.001);
  }
}

Test(histogram, percentiles_agree_with_sorted_samples) {
  auto h = std::make_unique<Histogram>();
  std::mt19937_64 rng(7);
  std::lognormal_distribution<double> draw(10, 3);
  std::vector<int64_t> v;
  for (int i = 0; i < 20000; ++i) {
    v.push_back(
        std::min<int64_t>(static_cast<int64_t>(draw(rng)), Histogram::kMax));
    h->record(v.back());
  }
  std::sort(v.begin(), v.end());
  for (const double p : {0.001, 0.5, 0.95, 0.99, 0.999}) {
    const auto rank =
        static_cast<std::size_t>(std::ceil(p * static_cast<double>(v.size())));
    const auto exact = static_cast<double>(v[rank - 1]);
    cr_assert_float_eq(static_cast<double>(h->percentile(p)), exact,
                       exact * 0.001 + 0.5, "p %g", p);
  }
  cr_assert_eq(h->percentile(1), v.back());
}

Test(histogram, no_outlier_is_lost_and_max_stays_exact) {
  auto h = std::make_unique<Histogram>();
  h->record(5);
  h->record(60'000'000'123);
  cr_assert_eq(h->count(), 2U);
  cr_assert_eq(h->max(), 60'000'000'123);
  cr_assert_eq(h->percentile(0.999), 60'000'000'123);
}

Test(histogram, a_wake_before_its_release_counts_as_zero) {
  auto h = std::make_unique<Histogram>();
  h->record(-40);
  cr_assert_eq(h->count(), 1U);
  cr_assert_eq(h->percentile(0.5), 0);
}

Test(histogram, zero_bytes_are_empty_and_reset_makes_them) {
  auto h = std::make_unique<Histogram>();
  cr_assert_eq(h->percentile(0.5), 0);
  h->record(77);
  h->reset();
  cr_assert_eq(h->count(), 0U);
  cr_assert_eq(h->max(), 0);
}

Test(histogram, add_merges_counts_and_max) {
  auto a = std::make_unique<Histogram>(), b = std::make_unique<Histogram>();
  a->record(10);
  b->record(1'000'000);
  a->add(*b);
  cr_assert_eq(a->count(), 2U);
  cr_assert_eq(a->min(), 10);
  cr_assert_eq(a->max(), 1'000'000);
}

Test(loop_stats, a_writer_killed_inside_an_update_is_reported) {
  auto s = std::make_unique<LoopStats>();
  LoopCounters out{};
  cr_assert_eq(read_counters(*s, out), StatsRead::kOk);
  s->sequence.store(41);
  cr_assert_eq(read_counters(*s, out), StatsRead::kWriterDied);
}
