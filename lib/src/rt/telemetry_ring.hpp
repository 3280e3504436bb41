// SPDX-License-Identifier: MIT
// Overwriting ring: one writer that never waits, any number of readers, each
// with its own cursor, that count what they lost. Zero bytes are an empty
// ring, so it can live in a shared segment. For values that may be lost
// (live views); records use SpscRing. write() is RT-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace tactus::rt {

template <class T, std::size_t kSlots>
class TelemetryRing {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0);
  static_assert((kSlots & (kSlots - 1)) == 0 && kSlots > 1);
  static constexpr std::size_t kWords = sizeof(T) / 8;

 public:
  struct Cursor {
    uint64_t next = 0;
    uint64_t dropped = 0;  // overwritten before this reader came
  };

  void write(const T& value) noexcept {
    uint64_t words[kWords];
    std::memcpy(words, &value, sizeof value);
    const uint64_t n = head_.load(std::memory_order_relaxed);  // own word
    Slot& s = slot_[n & (kSlots - 1)];
    // 2n+1 while inside. Each word's release pairs with the reader's acquire
    // of it: without them new words could show under the slot's old number.
    s.turn.store(2 * n + 1, std::memory_order_relaxed);
    for (std::size_t i = 0; i < kWords; ++i)
      s.word[i].store(words[i], std::memory_order_release);
    // Release pairs with the reader's acquire of `turn`: 2n+2 means that
    // value n is whole.
    s.turn.store(2 * n + 2, std::memory_order_release);
    // Release pairs with read()'s acquire: a value counted in head exists.
    head_.store(n + 1, std::memory_order_release);
  }

  // False: nothing new. A writer killed inside a slot leaves it odd: readers
  // count it as dropped and never wait for it.
  bool read(Cursor& c, T& out) const noexcept {
    const uint64_t head = head_.load(std::memory_order_acquire);
    skip_lost(c, head);
    for (; c.next < head; ++c.next, ++c.dropped) {
      if (!copy(c.next, out)) continue;
      ++c.next;
      return true;
    }
    return false;
  }

 private:
  struct Slot {
    std::atomic<uint64_t> turn;
    std::atomic<uint64_t> word[kWords];
  };

  static void skip_lost(Cursor& c, uint64_t head) noexcept {
    if (head < c.next) c = {head, c.dropped};  // a new writer began again
    if (head - c.next <= kSlots) return;
    c.dropped += head - kSlots - c.next;
    c.next = head - kSlots;
  }

  bool copy(uint64_t n, T& out) const noexcept {
    const Slot& s = slot_[n & (kSlots - 1)];
    if (s.turn.load(std::memory_order_acquire) != 2 * n + 2) return false;
    uint64_t words[kWords];
    for (std::size_t i = 0; i < kWords; ++i)
      words[i] = s.word[i].load(std::memory_order_acquire);
    // The words' acquire keeps them before this second look at the turn.
    if (s.turn.load(std::memory_order_relaxed) != 2 * n + 2) return false;
    std::memcpy(&out, words, sizeof out);
    return true;
  }

  alignas(64) std::atomic<uint64_t> head_{0};
  alignas(64) Slot slot_[kSlots]{};
};

}  // namespace tactus::rt
