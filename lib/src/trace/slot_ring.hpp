// SPDX-License-Identifier: MIT
// Single producer, single consumer, over slots of a size that is known at
// set-up only (a record depends on the frame). Wait-free on both sides. The
// memory is prefaulted, and locked where the kernel allows it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "core/mapping.hpp"

namespace tactus::trace {

class SlotRing {
 public:
  SlotRing() = default;
  // `slots` is rounded up to a power of two. Allocates; set-up only.
  Result<void> allocate(uint32_t slot_size, uint32_t slots);
  [[nodiscard]] bool locked() const { return locked_; }

  // Producer. Null: full. RT-safe.
  [[nodiscard]] std::byte* begin_push() noexcept {
    const uint64_t head = head_.load(std::memory_order_relaxed);
    if (head - tail_seen_ > mask_) {
      // Acquire pairs with pop()'s release: the consumer is done reading
      // the slot before we write into it again.
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head - tail_seen_ > mask_) return nullptr;
    }
    return slot(head);
  }
  void push() noexcept {
    // Release pairs with front()'s acquire: the slot's bytes come first.
    head_.store(head_.load(std::memory_order_relaxed) + 1,
                std::memory_order_release);
  }

  // Consumer. The oldest slot, or null.
  [[nodiscard]] const std::byte* front() noexcept {
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    if (tail == head_.load(std::memory_order_acquire)) return nullptr;
    return slot(tail);
  }
  // Slots that lie in a row from front() on, without wrapping.
  [[nodiscard]] uint64_t contiguous() noexcept {
    const uint64_t tail = tail_.load(std::memory_order_relaxed);
    const uint64_t filled = head_.load(std::memory_order_acquire) - tail;
    const uint64_t to_end = mask_ + 1 - (tail & mask_);
    return filled < to_end ? filled : to_end;
  }
  // Slots ever pushed; what was pushed before them is visible too (acquire).
  [[nodiscard]] uint64_t pushed() const noexcept {
    return head_.load(std::memory_order_acquire);
  }
  [[nodiscard]] uint64_t popped() const noexcept {
    return tail_.load(std::memory_order_relaxed);
  }
  void pop(uint64_t n = 1) noexcept {
    tail_.store(tail_.load(std::memory_order_relaxed) + n,
                std::memory_order_release);
  }
  [[nodiscard]] uint32_t slot_size() const { return slot_size_; }
  [[nodiscard]] uint64_t slots() const { return mask_ + 1; }

 private:
  [[nodiscard]] std::byte* slot(uint64_t n) const noexcept {
    return memory_.data() + (n & mask_) * slot_size_;
  }

  Mapping memory_;
  uint64_t mask_ = 0;
  uint32_t slot_size_ = 0;
  bool locked_ = false;
  // Apart, so that the two sides do not share a cache line.
  alignas(64) std::atomic<uint64_t> head_{0};
  uint64_t tail_seen_ = 0;  // producer's
  alignas(64) std::atomic<uint64_t> tail_{0};
};

static_assert(std::atomic<uint64_t>::is_always_lock_free);

}  // namespace tactus::trace
