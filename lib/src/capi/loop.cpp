// SPDX-License-Identifier: MIT
#include <cstring>
#include <utility>

#include "capi/guard.hpp"
#include "capi/objects.hpp"

using namespace tactus;

namespace {

void fill(config::Assembly& assembly, tactus_loop_status& status) {
  rt::Loop& running = assembly.loop();
  rt::LoopCounters counters{};
  (void)read_counters(running.stats(), counters);
  status.state = running.state();
  status.released = counters.released;
  status.executed = counters.executed;
  status.skipped = counters.skipped;
  status.bad = counters.bad;
  status.pass = counters.rungs[TACTUS_RUNG_PASS];
  status.scale = counters.rungs[TACTUS_RUNG_SCALE];
  status.project = counters.rungs[TACTUS_RUNG_PROJECT];
  status.stop = counters.rungs[TACTUS_RUNG_STOP];
  status.epoch = running.stats().epoch.load(std::memory_order_relaxed);
  status.ever_latched = running.ever_latched() ? 1 : 0;
  const std::string reason = assembly.stop_reason();
  std::strncpy(status.reason, reason.c_str(), sizeof(status.reason) - 1);
  status.reason[sizeof(status.reason) - 1] = '\0';
}

void request(tactus_loop* loop, uint32_t bits) noexcept {
  if (loop) loop->assembly->loop().request(bits);
}

}  // namespace

void tactus_loop_free(tactus_loop* loop) { delete loop; }

int32_t tactus_loop_run(tactus_loop* loop, int64_t duration_ns) {
  constexpr auto kMisused = static_cast<int32_t>(ErrorCode::kBadInput);
  if (!loop || duration_ns < 0) return kMisused;
  // The guardian has left and the log is closed: not the loop that was built.
  if (std::exchange(loop->has_run, true)) return kMisused;
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
  if (!loop || !tick) return TACTUS_INVALID;
  // Also when that run was refused: its guardian and its log are gone.
  if (loop->has_run) return TACTUS_ENDED;
  return loop->assembly->step(*tick);
}

void tactus_loop_engage(tactus_loop* loop) TACTUS_RT {
  request(loop, rt::kRequestEngage);
}
void tactus_loop_stop(tactus_loop* loop) TACTUS_RT {
  request(loop, rt::kRequestStop);
}
void tactus_loop_rearm(tactus_loop* loop) TACTUS_RT {
  request(loop, rt::kRequestRearm);
}
void tactus_loop_end(tactus_loop* loop) TACTUS_RT {
  request(loop, rt::kRequestEnd);
}

int32_t tactus_loop_get_status(const tactus_loop* loop,
                               tactus_loop_status* status,
                               tactus_error* error) {
  return capi::call_on(loop, "tactus_loop_get_status", error, [&] {
    auto ok = capi::check_size(status, "tactus_loop_status");
    if (ok) fill(*loop->assembly, *status);
    return ok;
  });
}

const char* tactus_loop_granted(const tactus_loop* loop) {
  return loop ? loop->assembly->granted_text().c_str() : "";
}
