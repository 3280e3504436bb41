// SPDX-License-Identifier: MIT
// Where a command frame goes. The seam between the guard (which plays a stop
// plan through a sender of its own) and io (which knows the wire): neither
// room includes the other; the caller hands one to the other.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "core/layout/wire.hpp"
#include "tactus/result.hpp"
#include "tactus/tactus.h"

namespace tactus {

struct CommandFrame {
  layout::WireSender sender = layout::WireSender::kController;
  uint16_t flags = 0;  // layout::WireFlag
  uint32_t epoch = 0;
  uint64_t seq = 0;      // from 1, per (sender, epoch)
  uint64_t echo = 0;     // seq of the state that this answers; 0: none
  int64_t stamp_ns = 0;  // sender's clock
  std::span<const float> values;
};

class CommandSink {
 public:
  virtual ~CommandSink() = default;
  // TACTUS_OK only when the send completed. RT-safe.
  virtual tactus_status send(const CommandFrame& frame) noexcept = 0;
  // Everything that send() touches, except that nothing leaves. Set-up.
  virtual void warm(const CommandFrame& frame) noexcept = 0;
};

// Opens a sink of its own to the robot at `address`. Set-up only.
using OpenSink =
    Result<std::unique_ptr<CommandSink>> (*)(std::string_view address);

}  // namespace tactus
