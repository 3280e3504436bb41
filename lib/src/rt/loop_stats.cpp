// SPDX-License-Identifier: MIT
#include "rt/loop_stats.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "rt/arch/arch.hpp"

namespace tactus::rt {

namespace {

// The writer is inside for well under 1 µs, so a reader that is preempted
// itself needs a second look at most; 1000 looks outlast a writer that lost
// its CPU for a few µs. One that stays inside longer is dead or stopped.
constexpr int kTries = 1000;

constexpr std::array<const char*, 11> kTripNames = {
    "none",           "bad releases",
    "guardian acted", "fault",
    "late sense",     "late infer",
    "late act",       "keep_last used up",
    "record gap",     "standstill not verified",
    "a limit latched"};

template <std::size_t N>
void copy_name(char (&to)[N], std::string_view from) {
  std::memset(to, 0, N);
  std::memcpy(to, from.data(), std::min(from.size(), N - 1));
}

// Word by word through atomics: a reader may race with the writer, and the
// sequence then throws the copy away.
void copy_counters(const LoopStats& stats, LoopCounters& out) noexcept {
  auto* from =
      reinterpret_cast<uint64_t*>(const_cast<LoopCounters*>(&stats.counters));
  auto* to = reinterpret_cast<uint64_t*>(&out);
  for (std::size_t i = 0; i < sizeof(LoopCounters) / 8; ++i)
    // Acquire pairs with the writer's release of the same word: whoever sees
    // a new word also sees the odd sequence that was stored before it. (No
    // fences: TSan does not model them. The same instructions on x86.)
    to[i] = std::atomic_ref<uint64_t>(from[i]).load(std::memory_order_acquire);
}

}  // namespace

const char* trip_reason_name(TripReason reason) noexcept {
  const auto i = static_cast<std::size_t>(reason);
  return i < kTripNames.size() ? kTripNames[i] : "unknown";
}

void publish_counters(LoopStats& stats, const LoopCounters& from) noexcept {
  const uint64_t s = stats.sequence.load(std::memory_order_relaxed);
  stats.sequence.store(s + 1, std::memory_order_relaxed);
  const auto* in = reinterpret_cast<const uint64_t*>(&from);
  auto* to = reinterpret_cast<uint64_t*>(&stats.counters);
  const std::size_t bytes =
      offsetof(LoopCounters, stage) + stats.stages * sizeof(StageCounters);
  for (std::size_t i = 0; i < bytes / 8; ++i)
    // Release pairs with copy_counters(): without it a new word could be
    // seen under the old, even sequence.
    std::atomic_ref<uint64_t>(to[i]).store(in[i], std::memory_order_release);
  // Release pairs with the reader's first acquire load: a reader that sees
  // the even number sees every word above.
  stats.sequence.store(s + 2, std::memory_order_release);
}

StatsRead read_counters(const LoopStats& stats, LoopCounters& out) noexcept {
  bool was_inside = true;
  for (int i = 0; i < kTries; ++i) {
    // Acquire pairs with the writer's release of the even number: without
    // it the copy below could be older than the sequence says.
    const uint64_t before = stats.sequence.load(std::memory_order_acquire);
    copy_counters(stats, out);
    // The copy's acquire loads keep it before this second look.
    const uint64_t after = stats.sequence.load(std::memory_order_relaxed);
    if (before == after && (before & 1) == 0) return StatsRead::kOk;
    was_inside = was_inside && (before & 1) != 0 && before == after;
    arch::relax();
  }
  return was_inside ? StatsRead::kWriterDied : StatsRead::kBusy;
}

void describe(LoopStats& stats, const LoopSpec& spec) noexcept {
  stats.size = sizeof(LoopStats);
  copy_name(stats.name, spec.name);
  stats.period_ns = spec.period_ns;
  stats.lead_ns = spec.lead_ns;
  stats.prewarm_max_ns = spec.prewarm_max_ns;
  stats.stages = static_cast<uint32_t>(spec.stages.size());
  stats.trip_bad = spec.trip.bad;
  stats.trip_of = spec.trip.of;
  stats.shadow = spec.shadow ? 1 : 0;
  for (std::size_t i = 0; i < spec.stages.size(); ++i) {
    const tactus_stage& from = spec.stages[i];
    StageInfo& to = stats.stage_info[i];
    copy_name(to.name, from.name);
    to.kind = from.kind;
    to.deadline_ns = from.deadline_ns;
    to.budget_ns = from.budget_ns;
  }
  stats.writer_pid.store(static_cast<uint32_t>(getpid()),
                         std::memory_order_relaxed);
  stats.version = kStatsVersion;
  // Last, so that a reader that finds the magic finds the rest.
  std::atomic_ref<uint32_t>(stats.magic)
      .store(kStatsMagic, std::memory_order_release);
}

}  // namespace tactus::rt
