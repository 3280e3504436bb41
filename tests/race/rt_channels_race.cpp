// SPDX-License-Identifier: MIT
// Two threads on every channel of rt, for TSan and, without it, for torn
// values. Bounded by counts. Exit 0: nothing torn, nothing lost uncounted.
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "rt/arena.hpp"
#include "rt/loop_stats.hpp"
#include "rt/requests.hpp"
#include "rt/ring.hpp"
#include "rt/telemetry_ring.hpp"
#include "rt/triple_buffer.hpp"

using namespace tactus::rt;

namespace {

constexpr uint64_t kRounds = 50'000;

struct Value {
  uint64_t word[6];
};

Value make(uint64_t n) { return {{n, n, n, n, n, n}}; }

bool whole(const Value& v) {
  for (const uint64_t w : v.word)
    if (w != v.word[0]) return false;
  return true;
}

bool fail(const char* what) {
  std::fprintf(stderr, "FAIL %s\n", what);
  return false;
}

bool spsc() {
  std::vector<std::byte> memory(64 * sizeof(Value));
  SpscRing ring(memory, sizeof(Value), 64);
  std::thread producer([&] {
    for (uint64_t i = 0; i < kRounds;) {
      std::byte* slot = ring.begin();
      if (slot == nullptr) {
        std::this_thread::yield();
        continue;
      }
      const Value v = make(i++);
      std::memcpy(slot, &v, sizeof v);
      ring.commit();
    }
  });
  bool ok = true;
  for (uint64_t i = 0; i < kRounds;) {
    const std::byte* slot = ring.front();
    if (slot == nullptr) {
      std::this_thread::yield();
      continue;
    }
    Value v;
    std::memcpy(&v, slot, sizeof v);
    ring.pop();
    ok = ok && whole(v) && v.word[0] == i++;
    if (!ok) i = kRounds + 1;
  }
  producer.join();
  return ok || fail("spsc ring: torn or out of order");
}

bool triple() {
  TripleBuffer<Value> buffer;
  std::thread writer([&] {
    for (uint64_t i = 1; i <= kRounds; ++i) buffer.write(make(i));
  });
  bool ok = true;
  uint64_t last = 0;
  while (ok && last < kRounds) {
    Value v{};
    if (!buffer.read(v)) std::this_thread::yield();
    ok = whole(v) && v.word[0] >= last;
    last = v.word[0];
  }
  writer.join();
  return ok || fail("triple buffer: torn or went back");
}

bool telemetry() {
  auto ring = std::make_unique<TelemetryRing<Value, 16>>();
  std::thread writer([&] {
    for (uint64_t i = 0; i < kRounds; ++i) ring->write(make(i));
  });
  bool ok = true;
  uint64_t got = 0;
  TelemetryRing<Value, 16>::Cursor c;
  while (ok && c.next < kRounds) {
    Value v{};
    if (!ring->read(c, v)) {
      std::this_thread::yield();
      continue;
    }
    ++got;
    ok = whole(v) && v.word[0] + 1 == c.next;
  }
  writer.join();
  return (ok && got + c.dropped == kRounds) ||
         fail("telemetry ring: torn, or a loss that was not counted");
}

bool statistics() {
  auto stats = std::make_unique<LoopStats>();
  std::thread writer([&] {
    LoopCounters n{};
    for (uint64_t i = 0; i < kRounds; ++i) {
      ++n.executed;
      n.skipped += i % 3;
      n.released = n.executed + n.skipped;
      publish_counters(*stats, n);
      stats->lateness.record(static_cast<int64_t>(i));
    }
  });
  bool ok = true;
  LoopCounters n{};
  while (ok && n.executed < kRounds) {
    if (read_counters(*stats, n) != StatsRead::kOk) continue;
    ok = n.released == n.executed + n.skipped;
  }
  writer.join();
  return (ok && stats->lateness.count() == kRounds) ||
         fail("statistics: a reader saw half an update");
}

bool pools() {
  auto arena = Arena::make(1 << 20);
  if (!arena) return fail("arena");
  Pools pools(*arena);
  bool ok[2] = {true, true};
  const auto work = [&](uint64_t me) {
    for (uint64_t i = 0; i < kRounds && ok[me]; ++i) {
      void* p[3];
      for (void*& q : p) q = pools.try_allocate(sizeof(Value));
      const Value mine = make(me * kRounds + i);
      for (void* q : p) {
        if (q == nullptr) return void(ok[me] = false);
        std::memcpy(q, &mine, sizeof mine);
      }
      for (void* q : p) {
        ok[me] = ok[me] && std::memcmp(q, &mine, sizeof mine) == 0;
        pools.free(q, sizeof(Value));
      }
    }
  };
  std::thread a(work, 0), b(work, 1);
  a.join();
  b.join();
  return (ok[0] && ok[1]) || fail("pools: one block in two hands");
}

bool requests() {
  Requests word;
  uint64_t prepared = 0;  // plain: only the word orders it
  std::thread poster([&] {
    prepared = 42;
    word.post(kRequestReload);
  });
  while (word.take() == 0) std::this_thread::yield();
  const bool ok = prepared == 42;
  poster.join();
  return ok || fail("requests: taken before it was prepared");
}

}  // namespace

int main() {
  const bool ok = spsc() && triple() && telemetry() && statistics() &&
                  pools() && requests();
  return ok ? 0 : 1;
}
