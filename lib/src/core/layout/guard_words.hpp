// SPDX-License-Identifier: MIT
// The words that loop and guardian share beside the stop plan page, in one
// fd-backed mapping (a memfd now; /dev/tactus or a BPF map later: reach them
// by pointer only). Each word has one writer, named here.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/layout/stop_page.hpp"

namespace tactus::layout {

inline constexpr uint32_t kGuardMagic = 0x52475354;  // "TSGR"
inline constexpr uint32_t kGuardVersion = 1;

// Set once by the loop's set-up, before the guardian starts.
struct GuardConfig {
  int64_t period_ns;
  int64_t bound_ns;        // guardian bound: late wake-up it may have
  int64_t repeat_ns;       // between the guardian's frames
  uint32_t misses;         // consecutive missed commits before it acts
  uint32_t virtual_clock;  // 1: time is `virtual_now`, lockstep
  uint32_t joints;
  uint32_t then_hold;  // 1: hold the terminal command until rearm
  char loop_name[32];
  char sender[64];  // "udp://127.0.0.1:5011"
  uint64_t reserved[8];
};

// The guardian beats whenever it wakes, once a period and at most its bound
// late: one that keeps its bound never looks older than this, and one that
// does not is seen at the latest then.
constexpr int64_t heartbeat_limit_ns(int64_t period_ns, int64_t bound_ns) {
  return period_ns + bound_ns;
}

enum class GuardState : uint32_t {
  kDisarmed = 0,  // by the loop: at verified standstill, after a rearm
  kArmed = 1,     // by the loop at engage
  kActed = 2,     // by the guardian: it plays, the loop must be silent
  kSilenced = 3,  // by the guardian: acknowledges rearm, will not send
};

struct GuardWords {
  uint32_t magic;
  uint32_t version;
  uint32_t size;
  uint32_t reserved0;
  GuardConfig config;

  // Written by the loop after a completed send, in this order (release):
  //   committed_plan    id of the plan whose action left; 0: none yet. Only a
  //                     send of that plan's own action moves it: a plan that
  //                     was published but not sent is never played, however
  //                     many stop cycles commit after it.
  //   played            of a send that played the running plan: the time at
  //                     which that plan was evaluated. The robot holds this
  //                     sample when nothing follows.
  //   commit            cycle of the last completed send
  //   commit_deadline   the deadline that this send met; a late send leaves
  //                     it, so it counts as missed though the plan is out.
  // Death between two stores: the action of committed_plan has left, and the
  // cycle counts as missed, which only makes the guardian act earlier.
  alignas(64) std::atomic<uint64_t> committed_plan;
  std::atomic<uint64_t> commit;
  std::atomic<int64_t> commit_deadline_ns;
  // Absolute commit deadline of the cycle at hand, published at its release
  // edge before the cycle runs; a hung loop leaves it behind and the
  // guardian goes on by period_ns itself. The guardian compares this word
  // with commit_deadline_ns and needs no cycle beside it, so no pair of
  // words can be read torn.
  std::atomic<int64_t> next_deadline_ns;
  std::atomic<uint32_t> loop_state;     // tactus_state
  std::atomic<uint32_t> rearm_request;  // counts up
  std::atomic<uint32_t> orderly_exit;   // 1: the loop left on purpose
  std::atomic<uint32_t> loop_pid;
  std::atomic<int64_t> played_ns;

  // Written by both, by compare-and-swap only: GuardState in the low 8
  // bits, the sender epoch above. One word, so that "the guardian has
  // taken over" and "with which epoch" can never disagree.
  alignas(64) std::atomic<uint64_t> state_epoch;

  // Written by the guardian.
  alignas(64) std::atomic<int64_t> heartbeat_ns;
  std::atomic<uint32_t> rearm_ack;
  std::atomic<uint32_t> ready;  // 1: warmed, waiting
  std::atomic<uint64_t> frames_sent;
  std::atomic<uint64_t> last_seq;      // the guardian's last frame
  std::atomic<int64_t> acted_ns;       // when it took over
  std::atomic<uint32_t> bound_broken;  // it woke later than its bound
  std::atomic<uint32_t> reason;        // guard::Reason (guard/report.hpp)
  std::atomic<uint32_t> choice;        // guard::Choice (guard/page.hpp)
  std::atomic<uint32_t> granted;       // guard::Grant bits
  std::atomic<uint64_t> send_failures;

  // Written by the lockstep wake source; the futex word is its low half.
  alignas(64) std::atomic<int64_t> virtual_now_ns;
  std::atomic<uint32_t> virtual_tick;
  uint32_t reserved1[13];
};

struct GuardSegment {
  GuardWords words;
  StopPage page;
};

[[nodiscard]] constexpr uint64_t pack(GuardState state, uint32_t epoch) {
  return static_cast<uint64_t>(epoch) << 8 | static_cast<uint32_t>(state);
}
[[nodiscard]] constexpr GuardState guard_state(uint64_t word) {
  return static_cast<GuardState>(word & 0xFF);
}
[[nodiscard]] constexpr uint32_t guard_epoch(uint64_t word) {
  return static_cast<uint32_t>(word >> 8);
}

static_assert(std::atomic<uint64_t>::is_always_lock_free);
static_assert(sizeof(GuardConfig) == 40 + 32 + 64 + 64);
static_assert(offsetof(GuardWords, committed_plan) == 256);
static_assert(sizeof(GuardWords) % 64 == 0);

}  // namespace tactus::layout
