// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include <cstring>
#include <memory>
#include <vector>

#include "rt/ring.hpp"
#include "rt/telemetry_ring.hpp"
#include "rt/triple_buffer.hpp"

using namespace tactus::rt;

namespace {

bool put(SpscRing& ring, int v) {
  std::byte* slot = ring.begin();
  if (slot == nullptr) return false;
  std::memcpy(slot, &v, sizeof v);
  ring.commit();
  return true;
}

int take(SpscRing& ring) {
  const std::byte* slot = ring.front();
  if (slot == nullptr) return -1;
  int v = 0;
  std::memcpy(&v, slot, sizeof v);
  ring.pop();
  return v;
}

}  // namespace

Test(spsc_ring, is_first_in_first_out_across_the_wrap) {
  std::vector<std::byte> memory(4 * 16);
  SpscRing ring(memory, 16, 4);
  int in = 0, out = 0;
  for (int round = 0; round < 20; ++round) {
    while (put(ring, in)) ++in;
    cr_assert_eq(ring.used(), 4U);
    for (int i = 0; i < 3; ++i) cr_assert_eq(take(ring), out++);
  }
}

Test(spsc_ring, full_gives_no_slot_and_overwrites_nothing) {
  std::vector<std::byte> memory(2 * 8);
  SpscRing ring(memory, 8, 2);
  cr_assert(put(ring, 1));
  cr_assert(put(ring, 2));
  cr_assert_not(put(ring, 3));
  cr_assert_eq(take(ring), 1);
  cr_assert_eq(take(ring), 2);
  cr_assert_eq(take(ring), -1);
}

Test(spsc_ring, one_that_does_not_fit_has_no_slots) {
  std::vector<std::byte> memory(64);
  for (const std::size_t slots : {0U, 3U, 16U}) {
    SpscRing ring(memory, 8, slots);
    cr_assert_eq(ring.slots(), 0U);
    cr_assert_null(ring.begin());
  }
}

Test(triple_buffer, reader_gets_the_latest_and_knows_when_it_is_new) {
  TripleBuffer<int> b;
  int v = -1;
  cr_assert_not(b.read(v));
  cr_assert_eq(v, 0);
  for (int i = 1; i < 10; ++i) b.write(i);
  cr_assert(b.read(v));
  cr_assert_eq(v, 9);
  cr_assert_not(b.read(v));
  cr_assert_eq(v, 9);
}

Test(telemetry_ring, a_slow_reader_counts_what_it_lost) {
  auto ring = std::make_unique<TelemetryRing<uint64_t, 8>>();
  TelemetryRing<uint64_t, 8>::Cursor c;
  for (uint64_t i = 0; i < 20; ++i) ring->write(i);
  uint64_t v = 0, n = 0;
  for (; ring->read(c, v); ++n) cr_assert_eq(v, 12 + n);
  cr_assert_eq(n, 8U);
  cr_assert_eq(c.dropped, 12U);
}

Test(telemetry_ring, each_reader_has_its_own_place) {
  auto ring = std::make_unique<TelemetryRing<uint64_t, 8>>();
  TelemetryRing<uint64_t, 8>::Cursor a, b;
  ring->write(5);
  uint64_t v = 0;
  cr_assert(ring->read(a, v));
  cr_assert_not(ring->read(a, v));
  cr_assert(ring->read(b, v));
}
