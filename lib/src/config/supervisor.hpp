// SPDX-License-Identifier: MIT
// rt::Supervisor from the shield and, where there is one, the guard's link.
// make() is set-up; everything else is RT-safe, on the loop's thread. No
// clock of its own: what it decides by comes in, so replay uses it as it is.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "config/callbacks.hpp"
#include "config/file.hpp"
#include "config/frame.hpp"
#include "config/shield_load.hpp"
#include "guard/link.hpp"
#include "rt/loop_spec.hpp"
#include "rt/supervisor.hpp"
#include "safety/kernel.hpp"
#include "safety/shield.hpp"
#include "tactus/result.hpp"
#include "telemetry/violation_board.hpp"

namespace tactus::config {

// Where the image's signals lie in the frame, by Image::signal index.
struct SignalBinding {
  std::array<uint32_t, safety::kMaxSignals> value{};
  std::array<uint32_t, safety::kMaxSignals> stamp{};
  uint32_t signals = 0;
  uint32_t action = 0;
  uint32_t joints = 0;
};

// By name: the stamp field is what the file's [signal] says.
Result<SignalBinding> bind_signals(const safety::Image& image, const File& file,
                                   const FrameLayout& frame,
                                   const std::string& action);

class ShieldSupervisor final : public rt::Supervisor {
 public:
  struct Parts {
    ImagePtr image;
    SignalBinding binding;
    const safety::Kernel* kernel = &safety::kPortableKernel;
    guard::Link* link = nullptr;            // null: guard = "none", or replay
    const uint32_t* robot_epoch = nullptr;  // what the robot reports
    // The image's expressions as machine code; null: the VM.
    const safety::ExprNative* native = nullptr;
    // The image's callbacks; null: there are none, or their margins come in
    // (replay).
    Callbacks* callbacks = nullptr;
    // Where what it finds is counted; null: nowhere (replay).
    telemetry::ViolationBoard* board = nullptr;
  };
  // Carried from cycle to cycle, what save() writes; no padding bytes.
  struct Carried {
    safety::ShieldState shield;
    uint32_t epoch;
    uint32_t reserved;
  };
  explicit ShieldSupervisor(Parts parts);

  rt::GuardView begin(const tactus_tick& tick) noexcept override;
  rt::CheckOutput check(std::byte* frame,
                        const rt::CheckInput& input) noexcept override;
  void publish(const tactus_tick& tick) noexcept override;
  void play(std::byte* frame, int64_t now_ns) noexcept override;
  void committed(const std::byte* frame, const tactus_tick& tick,
                 int64_t now_ns, tactus_rung rung, bool late) noexcept override;
  void ended(const rt::CycleEnd& end) noexcept override;
  bool armed(const tactus_tick& tick) noexcept override;
  void disarmed(const tactus_tick& tick) noexcept override;
  bool rearm(const tactus_tick& tick) noexcept override;
  void life(tactus_state state) noexcept override;
  [[nodiscard]] std::size_t carried_size() const noexcept override;
  void save(std::byte* to) const noexcept override;
  void restore(const std::byte* from) noexcept override;

  // The guard refused the plan that covers the action: it must not leave.
  // The act stage asks before it sends.
  [[nodiscard]] bool may_send() const noexcept { return may_send_; }
  [[nodiscard]] uint32_t epoch() const noexcept { return carried_.epoch; }
  // Bit per signal, of the last check; any thread (status names them).
  [[nodiscard]] uint32_t stale() const noexcept {
    return stale_.load(std::memory_order_relaxed);
  }
  // Why it last left engaged: stale signals and safety::Reason bits of the
  // check at that edge.
  [[nodiscard]] uint32_t stop_stale() const noexcept {
    return stop_stale_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] uint32_t stop_reasons() const noexcept {
    return stop_reasons_.load(std::memory_order_relaxed);
  }
  // What the guardian reported of its last act; any thread.
  [[nodiscard]] guard::Report last_act() const noexcept;
  [[nodiscard]] const safety::Image& image() const noexcept { return *image_; }
  // What check() judges by; the values lie in the frame.
  void fill(const std::byte* frame, const rt::CheckInput& input,
            safety::ShieldInput& out) const noexcept;

  // The last check's inputs, judged as of now on a copy of what is carried.
  [[nodiscard]] rt::PrewarmStep prewarm();

  // Reload: the new limits, at a cycle edge in ready or latched. The caller
  // keeps the old image and its code alive until the swap is seen.
  void use(const safety::Image* image, const safety::ExprNative* native,
           Callbacks* callbacks) noexcept {
    image_ = image;
    input_.native = native;
    callbacks_ = callbacks;
    if (board_) board_->use(*image);
  }

 private:
  void note_act(const guard::Report& report) noexcept;
  void check_dry(int64_t now_ns) noexcept;

  ImagePtr owned_;
  const safety::Image* image_;
  const safety::Kernel* kernel_;
  SignalBinding binding_;
  guard::Link* link_;
  const uint32_t* robot_epoch_;
  Carried carried_{};
  Callbacks* callbacks_ = nullptr;
  safety::ShieldInput input_;
  safety::ShieldOutput output_;
  safety::ShieldState dry_state_;
  safety::ShieldOutput dry_output_;
  std::optional<telemetry::ViolationWriter> board_;
  bool may_send_ = true;
  int64_t played_ns_ = 0;  // of the sample that is to be sent
  // Relaxed: each word stands for itself, read by status threads.
  std::atomic<uint32_t> stale_{0};
  std::atomic<uint32_t> stop_stale_{0};
  std::atomic<uint32_t> stop_reasons_{0};
  std::atomic<guard::Reason> act_reason_{guard::Reason::kNone};
  std::atomic<guard::Choice> act_choice_{guard::Choice::kNone};
  std::atomic<bool> act_bound_broken_{false};
};

}  // namespace tactus::config
