// SPDX-License-Identifier: MIT
// Memory for RT code from one locked, prefaulted region: an arena (bump,
// released as a whole) with size-class pools over it, and a pmr adapter.
// O(1), lock-free, aligned. Exhaustion is a null pointer; nothing here ever
// goes to malloc. make() is set-up; the rest is RT-safe and, for the pools,
// may be called by any thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory_resource>

#include "core/mapping.hpp"
#include "rt/grants.hpp"
#include "tactus/result.hpp"

namespace tactus::rt {

class Arena {
 public:
  // `bytes` is rounded up to pages. A refused mlock is no error here: grant()
  // says so, and `require` decides.
  static Result<Arena> make(std::size_t bytes);
  Arena(Arena&& other) noexcept;
  ~Arena();

  // Null: exhausted. `align` is a power of two.
  [[nodiscard]] void* try_allocate(
      std::size_t bytes,
      std::size_t align = alignof(std::max_align_t)) noexcept;
  // Everything at once; nobody may hold or ask for memory meanwhile.
  void release() noexcept { used_.store(0, std::memory_order_relaxed); }

  [[nodiscard]] std::size_t used() const noexcept {
    return used_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::size_t size() const noexcept { return memory_.size(); }
  [[nodiscard]] std::byte* data() const noexcept { return memory_.data(); }
  [[nodiscard]] const Grant& grant() const noexcept { return grant_; }

 private:
  explicit Arena(Mapping memory) : memory_(std::move(memory)) {}

  Mapping memory_;
  Grant grant_;
  std::atomic<std::size_t> used_{0};
};

// Free lists of power-of-two blocks, 64 B (a cache line: no false sharing)
// to 64 KiB, refilled from an arena that must outlive them. Blocks never go
// back to the arena and are never split or merged: O(1), and no
// fragmentation that grows. The links live in a table of their own (6 % of
// the arena), so a rival never reads memory that a user writes.
class Pools {
 public:
  static constexpr std::size_t kMinShift = 6;
  static constexpr std::size_t kMaxShift = 16;
  static constexpr std::size_t kClasses = kMaxShift - kMinShift + 1;

  explicit Pools(Arena& arena) noexcept;
  Pools(const Pools&) = delete;
  Pools& operator=(const Pools&) = delete;

  // Null: exhausted, or larger than the largest class. Aligned to 64.
  [[nodiscard]] void* try_allocate(std::size_t bytes) noexcept;
  // `bytes` as asked for.
  void free(void* block, std::size_t bytes) noexcept;
  // Set-up: `count` blocks of the class of `bytes` onto its free list.
  Result<void> reserve(std::size_t bytes, std::size_t count);
  // Requests that found no memory.
  [[nodiscard]] uint64_t failures() const noexcept {
    return failures_.load(std::memory_order_relaxed);
  }

 private:
  using Link = std::atomic<uint32_t>;
  // Treiber stack: index of the first block in the low half, a count of
  // changes in the high half, so that a head that went and came back (ABA)
  // is not mistaken for one that stayed.
  struct alignas(64) FreeList {
    std::atomic<uint64_t> head{0};
  };
  [[nodiscard]] void* pop(FreeList& list) noexcept;
  void push(FreeList& list, void* block) noexcept;

  Arena* arena_;
  Link* links_;  // per 64 bytes of the arena: index of the next free block
  std::atomic<uint64_t> failures_{0};
  FreeList free_[kClasses];
};

// std::pmr over Pools, for containers that set-up code fills and RT code
// uses within the capacity they reserved. The interface can only report
// exhaustion by throwing std::bad_alloc, which RT code must not meet: there,
// reserve first or use Pools::try_allocate.
class PoolResource final : public std::pmr::memory_resource {
 public:
  explicit PoolResource(Pools& pools) noexcept : pools_(&pools) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t align) override;
  void do_deallocate(void* p, std::size_t bytes,
                     std::size_t align) noexcept override;
  [[nodiscard]] bool do_is_equal(
      const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  Pools* pools_;
};

}  // namespace tactus::rt
