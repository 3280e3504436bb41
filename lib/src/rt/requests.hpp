// SPDX-License-Identifier: MIT
// What other threads ask of a loop: one atomic word, applied at the next
// cycle edge. post() is wait-free and async-signal-safe.
#pragma once

#include <atomic>
#include <cstdint>

namespace tactus::rt {

enum Request : uint32_t {
  kRequestEngage = 1u << 0,  // stays pending in ready until granted or stopped
  kRequestStop = 1u << 1,    // also withdraws a pending engage
  kRequestRearm = 1u << 2,   // stays pending in latched until granted
  kRequestEnd = 1u << 3,     // signal: stop, then idle
  kRequestReload = 1u << 4,  // applied in ready or latched, else refused
};

class Requests {
 public:
  void post(uint32_t bits) noexcept {
    // Release pairs with the acquire in take(): what the poster prepared (a
    // reload's new image) is whole when the loop sees the bit.
    word_.fetch_or(bits, std::memory_order_release);
  }
  [[nodiscard]] uint32_t take() noexcept {
    // The cheap look first: a locked exchange per cycle would cost more than
    // the rest of an idle edge. A request missed here is seen next cycle.
    if (word_.load(std::memory_order_relaxed) == 0) return 0;
    return word_.exchange(0, std::memory_order_acquire);
  }

 private:
  std::atomic<uint32_t> word_{0};
  static_assert(std::atomic<uint32_t>::is_always_lock_free);
};

}  // namespace tactus::rt
