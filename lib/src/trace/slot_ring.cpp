// SPDX-License-Identifier: MIT
#include "trace/slot_ring.hpp"

#include <sys/mman.h>

#include <bit>

namespace tactus::trace {

Result<void> SlotRing::allocate(uint32_t slot_size, uint32_t slots) {
  slots = std::bit_ceil(slots == 0 ? 1u : slots);
  Result<Mapping> memory = Mapping::anonymous(std::size_t{slot_size} * slots);
  if (!memory) return memory.error();
  memory_ = std::move(*memory);
  locked_ = ::mlock(memory_.data(), memory_.size()) == 0;
  mask_ = slots - 1;
  slot_size_ = slot_size;
  return {};
}

}  // namespace tactus::trace
