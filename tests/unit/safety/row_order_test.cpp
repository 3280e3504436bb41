// SPDX-License-Identifier: MIT
// Rows in the order of their table, which are counted eight at a time, and in
// any other: each is judged by its own entry.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "rig.hpp"
#include "safety/check.hpp"

using namespace rig;
namespace kernel = tactus::safety::detail;

namespace {

constexpr uint32_t kMany = 40;

// Linear rows of the action, entry e at most 2 + e / 100: each its own margin.
std::unique_ptr<Image> with_linear(const std::vector<uint32_t>& entries) {
  auto image = draft();
  for (const uint32_t e : entries) {
    Linear& row = image->linear[e];
    row.a[0] = 1;
    row.b = 2 + e / 100.0;
    add_row(*image, "sum", RowKernel::kLinear, e, 10);
  }
  image->linears = static_cast<uint32_t>(entries.size());
  cr_assert(static_cast<bool>(seal(*image)));
  return image;
}

std::vector<uint32_t> in_order() {
  std::vector<uint32_t> entries(kMany);
  std::iota(entries.begin(), entries.end(), 0U);
  return entries;
}

uint32_t first_of(const Image& image) { return image.rows - kMany; }

// Of the row that stands at `place` among them.
uint32_t entry_at(const Image& image, uint32_t place) {
  return image.row[first_of(image) + place].index;
}

void each_has_its_own_margin(const Image& image) {
  Cycle cycle;
  cycle.run(image);
  for (uint32_t p = 0; p < kMany; ++p) {
    const double left = (2 + entry_at(image, p) / 100.0) / 10;
    const RowFigure& figure = cycle.out.row[first_of(image) + p];
    cr_assert(std::fabs(static_cast<double>(figure.margin) - left) < 1e-6, "%u",
              p);
  }
}

// Entries that do not hold, one after the other.
void each_is_noticed(Image& image) {
  for (uint32_t p = 0; p < kMany; ++p) {
    const uint32_t entry = entry_at(image, p);
    const double bound = image.derived.bound[entry];
    image.derived.bound[entry] = -1;
    Cycle cycle;
    cycle.run(image);
    cr_assert(eq(u32, cycle.out.worst_row, first_of(image) + p));
    cr_assert(cycle.out.row[first_of(image) + p].margin < 0);
    cr_assert(ne(u32, cycle.out.reasons & kReasonRowLinear, 0));
    image.derived.bound[entry] = bound;
  }
}

}  // namespace

Test(row_order, each_row_has_its_own_entry) {
  const auto image = with_linear(in_order());
  each_has_its_own_margin(*image);
}

Test(row_order, each_row_has_its_own_entry_in_any_order) {
  std::mt19937 rng(5);
  for (int i = 0; i < 20; ++i) {
    auto entries = in_order();
    // A few in other places, or all.
    const uint32_t swaps = i < 10 ? 1 : 40;
    for (uint32_t k = 0; k < swaps; ++k)
      std::swap(entries[rng() % kMany], entries[rng() % kMany]);
    const auto image = with_linear(entries);
    each_has_its_own_margin(*image);
  }
}

Test(row_order, each_row_that_does_not_hold_is_noticed) {
  auto image = with_linear(in_order());
  each_is_noticed(*image);
  auto entries = in_order();
  std::reverse(entries.begin(), entries.end());
  image = with_linear(entries);
  each_is_noticed(*image);
}

// As if bytes of the image had been changed since it was sealed.
Test(row_order, a_row_beyond_its_table_is_a_stop) {
  for (uint32_t p = 0; p < kMany; ++p) {
    const auto image = with_linear(in_order());
    image->derived.at[first_of(*image) + p].index = kMany;
    Cycle cycle;
    cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_STOP), "%u", p);
    cr_assert(ne(u32, cycle.out.reasons & kReasonImage, 0));
  }
  // The table lost its last entries: all rows of them are beyond it.
  for (uint32_t left = 0; left < kMany; ++left) {
    const auto image = with_linear(in_order());
    image->linears = left;
    Cycle cycle;
    cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_STOP), "%u", left);
    for (uint32_t p = 0; p < kMany; ++p) {
      const RowFigure& figure = cycle.out.row[first_of(*image) + p];
      cr_assert(p < left ? figure.margin > 0 : figure.margin < 0, "%u", p);
    }
  }
}

// A row that is off does not count, its neighbours do.
Test(row_order, a_row_that_is_off_is_none) {
  for (uint32_t p = 0; p < kMany; ++p) {
    auto image = with_linear(in_order());
    image->row[first_of(*image) + p].kind = RowKind::kOff;
    image->linear[p].b = 0.1;
    cr_assert(static_cast<bool>(seal(*image)));
    Cycle cycle;
    cycle.moving(0.3F, 0);
    cr_assert(eq(u32, cycle.run(*image), TACTUS_RUNG_PASS), "%u", p);
    const uint32_t beside = p == 0 ? 1 : p - 1;
    image->linear[beside].b = 0.1;
    cr_assert(static_cast<bool>(seal(*image)));
    Cycle refused;
    refused.moving(0.3F, 0);
    refused.run(*image);
    cr_assert(ne(u32, refused.out.rung, TACTUS_RUNG_PASS));
    cr_assert(eq(u32, refused.out.worst_row, first_of(*image) + beside));
  }
}

// A row that was refused is violated, however much its slack leaves.
Test(row_order, eight_entries_are_taken_as_they_are) {
  for (uint32_t bad = 0; bad < 256; ++bad) {
    kernel::Slack entry[kLanes], back[kLanes];
    for (uint32_t i = 0; i < kLanes; ++i)
      entry[i] = {0.5 * i, i % 3 == 0 ? kNoIndex : 7 * i, (bad >> i & 1) != 0};
    kernel::Found8 found;
    kernel::take_eight(entry, found);
    kernel::put_eight(found.worst, found.bad, back);
    for (uint32_t i = 0; i < kLanes; ++i) {
      cr_assert(found.worst[i] == entry[i].worst);
      cr_assert(found.link[i] == entry[i].link);
      cr_assert(found.bad[i] == (entry[i].bad ? -1 : 0));
      cr_assert(back[i].worst == entry[i].worst);
      cr_assert(back[i].link == kNoIndex && back[i].bad == entry[i].bad);
    }
  }
}

// Rows of the motion are violated where the list of them has gone bad.
Test(row_order, a_row_of_the_motion_that_the_list_misses_is_a_stop) {
  auto image = with_linear(in_order());
  image->linear[5].of = LinearOf::kPosition;
  cr_assert(static_cast<bool>(seal(*image)));
  cr_assert(eq(u32, image->derived.of_motions, 1));
  const auto rung = [&] {
    Cycle cycle;
    return cycle.run(*image);
  };
  cr_assert(eq(u32, rung(), TACTUS_RUNG_PASS));
  for (uint32_t bit = 0; bit < 16; ++bit) {
    image->derived.of_motion[0] ^= static_cast<uint16_t>(1U << bit);
    cr_assert(eq(u32, rung(), TACTUS_RUNG_STOP), "%u", bit);
    image->derived.of_motion[0] ^= static_cast<uint16_t>(1U << bit);
  }
  image->derived.of_motions = 0;
  cr_assert(eq(u32, rung(), TACTUS_RUNG_STOP));
}
