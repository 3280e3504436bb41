// SPDX-License-Identifier: MIT
// The latest value of a plain struct from one writer thread to one reader
// thread, wait-free on both sides: three slots, of which writer and reader
// own one each and the third changes hands through one atomic word. RT-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>

namespace tactus::rt {

template <class T>
class TripleBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // Writer.
  void write(const T& value) noexcept {
    slot_[mine_].value = value;
    // Release: the reader that takes this slot sees `value` whole. Acquire,
    // pairs with read()'s release: the slot we get back is no longer read;
    // without it the next write could tear the reader's copy.
    const uint32_t old =
        shared_.exchange(mine_ | kFresh, std::memory_order_acq_rel);
    mine_ = old & kIndex;
  }

  // Reader. False: nothing new; `out` is the latest value all the same (a
  // default T before the first write).
  bool read(T& out) noexcept {
    // A relaxed look saves the exchange when there is nothing new.
    const bool fresh = (shared_.load(std::memory_order_relaxed) & kFresh) != 0;
    if (fresh) {
      const uint32_t old =
          shared_.exchange(theirs_, std::memory_order_acq_rel);  // see write()
      theirs_ = old & kIndex;
    }
    out = slot_[theirs_].value;
    return fresh;
  }

 private:
  static constexpr uint32_t kIndex = 3;
  static constexpr uint32_t kFresh = 4;
  struct alignas(64) Slot {
    T value{};
  };

  Slot slot_[3];
  alignas(64) uint32_t mine_ = 0;
  alignas(64) std::atomic<uint32_t> shared_{1};
  alignas(64) uint32_t theirs_ = 2;
  static_assert(std::atomic<uint32_t>::is_always_lock_free);
};

}  // namespace tactus::rt
