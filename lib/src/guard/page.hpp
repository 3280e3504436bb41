// SPDX-License-Identifier: MIT
// Writer and reader of the stop plan page (core/layout/stop_page.hpp). The
// writer never touches the slot of the last committed plan, so wherever it
// is killed the reader finds that plan whole. RT-safe; one writer, one
// reader, in different processes. The committed plan's id comes from
// GuardWords::committed_plan, not from the page.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/layout/stop_page.hpp"

namespace tactus::guard {

// Called before each store into the page; tests look at the page there.
struct NoHook {
  void operator()() const noexcept {}
};

void format_page(layout::StopPage& page) noexcept;  // set-up

// CRC-32C over the bytes in use. `plan.segments` must be in range.
[[nodiscard]] uint32_t plan_crc(const layout::StopPlan& plan) noexcept;

class PageWriter {
 public:
  explicit PageWriter(layout::StopPage& page) noexcept : page_(&page) {}

  // False (nothing written): the plan is not valid().
  template <class Hook = NoHook>
  bool publish(const layout::StopPlan& plan, Hook hook = {}) noexcept;

  // The published plan's action has left: its slot is now sacred.
  void committed() noexcept { committed_ = pending_; }
  // A new engage: no plan is committed.
  void forget() noexcept { pending_ = committed_ = kNoSlot; }

 private:
  static constexpr uint32_t kNoSlot = 2;

  template <class Hook>
  static void store_words(void* to, const void* from, std::size_t bytes,
                          Hook& hook) noexcept;

  layout::StopPage* page_;
  uint32_t pending_ = kNoSlot;
  uint32_t committed_ = kNoSlot;
};

// How the reader came by its plan. Only the first two ever move the robot.
enum class Choice : uint32_t {
  kNone = 0,
  kCommitted = 1,   // the plan of the last action that left
  kPrevious = 2,    // that slot is damaged: the one committed before it
  kStaticHold = 3,  // nothing committed, or both damaged: zero command
};

// Finite, counts and times in range, for `joints` joints. Any plan, any page.
[[nodiscard]] bool valid(const layout::StopPlan& plan,
                         uint32_t joints) noexcept;

class PageReader {
 public:
  PageReader(const layout::StopPage& page, uint32_t joints) noexcept
      : page_(&page), joints_(joints) {}

  // Copies the plan to play into `out`, whatever the writer was doing. A
  // plan newer than `committed_id` is never chosen. kStaticHold makes `out`
  // a plan that commands zero from time 0 on: at standstill before the first
  // commit; otherwise (both slots damaged) the best that a velocity output
  // allows. Other output kinds must not be armed without a committed plan.
  [[nodiscard]] Choice choose(uint64_t committed_id, uint32_t epoch,
                              layout::StopPlan& out) const noexcept;

 private:
  bool copy(uint32_t slot, uint32_t epoch,
            layout::StopPlan& out) const noexcept;

  const layout::StopPage* page_;
  uint32_t joints_;
};

// ---- implementation of the templates

template <class Hook>
void PageWriter::store_words(void* to, const void* from, std::size_t bytes,
                             Hook& hook) noexcept {
  auto* target = static_cast<uint64_t*>(to);
  const auto* source = static_cast<const std::byte*>(from);
  for (std::size_t i = 0; i < bytes / 8; ++i) {
    uint64_t word = 0;
    std::memcpy(&word, source + 8 * i, 8);
    hook();
    // Relaxed: pairs with the reader's relaxed copy, which the CRC judges.
    // Atomic only so that a torn word cannot exist.
    std::atomic_ref(target[i]).store(word, std::memory_order_relaxed);
  }
}

template <class Hook>
bool PageWriter::publish(const layout::StopPlan& plan, Hook hook) noexcept {
  if (!valid(plan, plan.joints)) return false;
  const uint32_t slot = committed_ == 0 ? 1 : 0;
  layout::StopSlot& to = page_->slot[slot];
  const std::size_t bytes = layout::used_bytes(plan.segments);
  store_words(&to.plan, &plan, bytes, hook);
  const uint64_t crc = plan_crc(plan);
  store_words(&to.crc, &crc, sizeof crc, hook);
  hook();
  // Pairs with the reader's acquire: without it the index could be seen
  // before the bytes, and the reader would look at the old ones first.
  page_->newest.store(slot, std::memory_order_release);
  pending_ = slot;
  return true;
}

}  // namespace tactus::guard
