// SPDX-License-Identifier: MIT
// SPSC ring of fixed-size slots in memory that the owner supplies (locked,
// prefaulted; fd-backed if another process reads). One producer thread, one
// consumer thread; both sides wait-free. Full means no slot: the producer
// counts it, nothing is overwritten. RT-safe after make().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tactus::rt {

class SpscRing {
 public:
  SpscRing() = default;
  // `memory` holds `slots` × `slot_size` bytes and outlives the ring; slots
  // is a power of two. A ring that does not fit has no slots at all.
  SpscRing(std::span<std::byte> memory, std::size_t slot_size,
           std::size_t slots) noexcept
      : memory_(memory.data()), slot_size_(slot_size) {
    const bool power = slots != 0 && (slots & (slots - 1)) == 0;
    if (power && slot_size != 0 && slots <= memory.size() / slot_size)
      slots_ = slots;
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  // Producer. Null: full.
  [[nodiscard]] std::byte* begin() noexcept {
    const uint64_t head = head_.load(std::memory_order_relaxed);  // own word
    if (head - tail_seen_ >= slots_) {
      // Acquire pairs with the release in pop(): without it the slot could
      // be overwritten while the consumer's copy is still under way.
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head - tail_seen_ >= slots_) return nullptr;
    }
    return slot(head);
  }
  void commit() noexcept {
    // Release pairs with the acquire in front(): without it the consumer
    // could see the new head before the slot's bytes.
    head_.store(head_.load(std::memory_order_relaxed) + 1,
                std::memory_order_release);
  }

  // Consumer. Null: empty.
  [[nodiscard]] const std::byte* front() noexcept {
    const uint64_t tail = tail_.load(std::memory_order_relaxed);  // own word
    if (tail == head_seen_) {
      head_seen_ = head_.load(std::memory_order_acquire);  // see commit()
      if (tail == head_seen_) return nullptr;
    }
    return slot(tail);
  }
  void pop() noexcept {
    tail_.store(tail_.load(std::memory_order_relaxed) + 1,
                std::memory_order_release);  // see begin()
  }

  // Any thread; a moment's estimate.
  [[nodiscard]] std::size_t used() const noexcept {
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    const uint64_t head = head_.load(std::memory_order_relaxed);
    return head >= tail ? static_cast<std::size_t>(head - tail) : 0;
  }
  [[nodiscard]] std::size_t slots() const noexcept { return slots_; }
  [[nodiscard]] std::size_t slot_size() const noexcept { return slot_size_; }

 private:
  [[nodiscard]] std::byte* slot(uint64_t i) const noexcept {
    return memory_ + static_cast<std::size_t>(i & (slots_ - 1)) * slot_size_;
  }

  std::byte* memory_ = nullptr;
  std::size_t slot_size_ = 0;
  std::size_t slots_ = 0;
  // Producer's line and consumer's line: each caches what it last saw of the
  // other's word, so that a lone record costs no shared cache miss.
  alignas(64) std::atomic<uint64_t> head_{0};
  uint64_t tail_seen_ = 0;
  alignas(64) std::atomic<uint64_t> tail_{0};
  uint64_t head_seen_ = 0;
};

}  // namespace tactus::rt
