// SPDX-License-Identifier: MIT
// Keyframes: all carried state as one block of bytes. RT-safe.
#include <cstring>

#include "rt/cycle.hpp"

namespace tactus::rt {

std::size_t Loop::raw_size() const noexcept { return raw_size_; }

std::size_t Loop::keyframe_size() const noexcept {
  std::size_t size = sizeof(LoopCarried) + good_.size() +
                     pad8(parts_.supervisor->carried_size());
  for (const CarriedPart& p : parts_.carried) size += pad8(p.size);
  return size;
}

void Loop::save(std::byte* to) const noexcept {
  std::memcpy(to, &carried_, sizeof carried_);
  to += sizeof carried_;
  std::memcpy(to, good_.data(), good_.size());
  to += good_.size();
  const std::size_t size = parts_.supervisor->carried_size();
  std::memset(to + size, 0, pad8(size) - size);
  parts_.supervisor->save(to);
  to += pad8(size);
  for (const CarriedPart& p : parts_.carried) {
    std::memset(to + p.size, 0, pad8(p.size) - p.size);
    p.save(p.self, to);
    to += pad8(p.size);
  }
}

void Loop::restore(const std::byte* from) noexcept {
  std::memcpy(&carried_, from, sizeof carried_);
  from += sizeof carried_;
  std::memcpy(good_.data(), from, good_.size());
  from += good_.size();
  parts_.supervisor->restore(from);
  from += pad8(parts_.supervisor->carried_size());
  for (const CarriedPart& p : parts_.carried) {
    p.restore(p.self, from);
    from += pad8(p.size);
  }
  stats_->state.store(carried_.state, std::memory_order_release);
}

}  // namespace tactus::rt
