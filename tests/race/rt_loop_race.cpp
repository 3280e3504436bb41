// SPDX-License-Identifier: MIT
// A loop that cycles while other threads ask it for things and read its
// statistics. For TSan; bounded by the loop's cycles. Exit 0: every set of
// counters that was read added up.
#include <atomic>
#include <cstdio>
#include <thread>

#include "../unit/rt/fake.hpp"

using namespace fake;

int main() {
  Rig r;
  r.supervisor.verdict.standstill = true;
  Loop& loop = r.build();
  std::atomic<bool> over{false};
  std::atomic<bool> ok{true};
  std::thread asker([&] {
    constexpr uint32_t kAsk[] = {kRequestEngage, kRequestStop, kRequestRearm,
                                 kRequestReload};
    for (unsigned i = 0; !over.load(); ++i) {
      loop.request(kAsk[i % 4]);
      std::this_thread::yield();
    }
  });
  std::thread reader([&] {
    while (!over.load()) {
      LoopCounters n{};
      if (read_counters(loop.stats(), n) == StatsRead::kOk)
        if (n.released != n.executed + n.skipped) ok = false;
      (void)loop.state();
      (void)loop.trip_reason();
      (void)loop.stats().lateness.percentile(0.99);
    }
  });
  const ExitReason why = loop.run(20'000 * kPeriod);
  over = true;
  asker.join();
  reader.join();
  if (!ok) std::fputs("FAIL counters did not add up\n", stderr);
  return ok && why == ExitReason::kDuration ? 0 : 1;
}
