// SPDX-License-Identifier: MIT
// The guardian's loop: waits, steps GuardianCore, sends. It runs in its own
// process; guard/guardian_main.hpp prepares that. RT-safe once warmed.
#pragma once

#include <array>
#include <cstdint>

#include "core/command_sink.hpp"
#include "guard/core.hpp"
#include "guard/wait.hpp"

namespace tactus::guard {

// Has somebody asked for the guardian to go (SIGTERM)? Each call forgets.
using AskedToLeave = bool (*)();

class Guardian {
 public:
  Guardian(layout::GuardWords& words, const layout::StopPage& page, Wait& wait,
           CommandSink& sink) noexcept
      : words_(&words), core_(words, page), wait_(&wait), sink_(&sink) {}

  // Goes once through step, page, evaluation and encoding, so that nothing
  // is cold when it matters. Sends nothing.
  void warm() noexcept;
  // Until the controller left, or died and its plan was played to the end.
  // `asked_to_leave` (may be null) is heeded only while disarmed.
  void run(AskedToLeave asked_to_leave = nullptr) noexcept;

 private:
  void send(const Step& step, int64_t now_ns) noexcept;
  CommandFrame frame(const Step& step, int64_t now_ns) noexcept;

  layout::GuardWords* words_;
  GuardianCore core_;
  Wait* wait_;
  CommandSink* sink_;
  uint32_t epoch_ = 0;
  uint64_t seq_ = 0;
  std::array<float, layout::kMaxJoints> value_{};
  Step scratch_;
};

}  // namespace tactus::guard
