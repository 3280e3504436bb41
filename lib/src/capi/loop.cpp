// SPDX-License-Identifier: MIT
#include <cstring>

#include "capi/guard.hpp"
#include "capi/objects.hpp"

using namespace tactus;

void tactus_loop_free(tactus_loop* loop) { delete loop; }

int32_t tactus_loop_run(tactus_loop* loop, int64_t duration_ns) {
  const rt::ExitReason reason = loop->assembly->run(duration_ns);
  const int32_t finished = capi::call(
      nullptr, [&]() -> Result<void> { return loop->assembly->finish(); });
  if (finished != 0) return finished;
  if (reason == rt::ExitReason::kNotGranted) {
    return static_cast<int32_t>(ErrorCode::kUnavailable);
  }
  if (reason == rt::ExitReason::kWakeFailed ||
      reason == rt::ExitReason::kNotWarm) {
    return static_cast<int32_t>(ErrorCode::kInternal);
  }
  return loop->assembly->loop().ever_latched() ? 1 : 0;
}

tactus_status tactus_loop_step(tactus_loop* loop,
                               const tactus_tick* tick) TACTUS_RT {
  return loop->assembly->step(*tick);
}

void tactus_loop_engage(tactus_loop* loop) TACTUS_RT {
  loop->assembly->loop().request(rt::kRequestEngage);
}
void tactus_loop_stop(tactus_loop* loop) TACTUS_RT {
  loop->assembly->loop().request(rt::kRequestStop);
}
void tactus_loop_rearm(tactus_loop* loop) TACTUS_RT {
  loop->assembly->loop().request(rt::kRequestRearm);
}
void tactus_loop_end(tactus_loop* loop) TACTUS_RT {
  loop->assembly->loop().request(rt::kRequestEnd);
}

void tactus_loop_get_status(const tactus_loop* loop,
                            tactus_loop_status* status) {
  if (!status || status->sz != sizeof(tactus_loop_status)) return;
  rt::Loop& running = loop->assembly->loop();
  rt::LoopCounters counters{};
  (void)read_counters(running.stats(), counters);
  status->state = running.state();
  status->released = counters.released;
  status->executed = counters.executed;
  status->skipped = counters.skipped;
  status->bad = counters.bad;
  status->pass = counters.rungs[TACTUS_RUNG_PASS];
  status->scale = counters.rungs[TACTUS_RUNG_SCALE];
  status->project = counters.rungs[TACTUS_RUNG_PROJECT];
  status->stop = counters.rungs[TACTUS_RUNG_STOP];
  status->epoch = running.stats().epoch.load(std::memory_order_relaxed);
  status->ever_latched = running.ever_latched() ? 1 : 0;
  const std::string reason = loop->assembly->stop_reason();
  std::strncpy(status->reason, reason.c_str(), sizeof(status->reason) - 1);
  status->reason[sizeof(status->reason) - 1] = '\0';
}

const char* tactus_loop_granted(const tactus_loop* loop) {
  return loop->assembly->granted_text().c_str();
}
