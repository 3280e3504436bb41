// SPDX-License-Identifier: MIT
// stale = "fallback": a signal that is too old, or outside its range, reads
// as its declared values, for the policy and for the check alike. RT-safe
// once made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "config/supervisor.hpp"

namespace tactus::config {

class Fallbacks {
 public:
  Fallbacks() = default;
  // Of the image's signals, where `binding` finds them in the frame.
  Fallbacks(const safety::Image& image, const SignalBinding& binding);

  // Before infer. What turns stale between here and the check is not
  // replaced, and the check stops.
  void apply(std::byte* frame, int64_t now_ns) const noexcept;

 private:
  struct Entry {
    uint32_t value;  // offsets in the frame
    uint32_t stamp;
    safety::Signal signal;
  };
  std::vector<Entry> entries_;
};

}  // namespace tactus::config
