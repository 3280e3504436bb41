// SPDX-License-Identifier: MIT
// Sense and act over a robot link for `rtctl run`: transport → frame, frame →
// transport. make() is set-up; the stages are RT-safe, on the loop's thread.
#pragma once

#include <cstdint>
#include <vector>

#include "config/file.hpp"
#include "config/frame.hpp"
#include "config/supervisor.hpp"
#include "io/transport.hpp"

namespace tactus::config {

// A link that carries one sender has no place for a guardian: then
// guard = "none" must be written out. Set-up.
Result<void> check_senders(const File& file, const io::Transport& transport);

class RobotStages {
 public:
  // Signals with from = "io", in the order of the file, are the values of a
  // state frame.
  static Result<RobotStages> make(const File& file, const FrameLayout& frame,
                                  io::Transport& transport);

  // Whose epoch goes out.
  void use(const ShieldSupervisor& supervisor) { supervisor_ = &supervisor; }

  // As tactus_stage::fn, `self` a RobotStages.
  static tactus_status sense(void* self, void* frame, const tactus_tick* tick);
  static tactus_status act(void* self, void* frame, const tactus_tick* tick);

  // Highest epoch that the robot reported; lives as long as this object.
  [[nodiscard]] const uint32_t* robot_epoch() const { return &robot_epoch_; }

  // What a state frame carries.
  [[nodiscard]] static io::Expect expected(const File& file);

 private:
  struct Copy {
    uint32_t value;  // offsets in the frame
    uint32_t stamp;
    uint32_t count;
  };
  tactus_status read(std::byte* frame, const tactus_tick& tick) noexcept;
  void listen_anew(const io::State& state, const tactus_tick& tick) noexcept;
  tactus_status write(const std::byte* frame, const tactus_tick& tick) noexcept;

  io::Transport* transport_ = nullptr;
  const ShieldSupervisor* supervisor_ = nullptr;
  std::vector<Copy> copies_;
  uint32_t action_ = 0;
  uint32_t joints_ = 0;
  uint32_t robot_epoch_ = 0;
  uint64_t state_seq_ = 0;
  uint64_t seq_ = 0;
};

}  // namespace tactus::config
