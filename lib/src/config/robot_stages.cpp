// SPDX-License-Identifier: MIT
#include "config/robot_stages.hpp"

#include <cstring>

#include "core/error.hpp"

namespace tactus::config {
namespace {

// Longer than a network holds a frame back, shorter than any robot boots.
constexpr int64_t kRobotAway = 500'000'000;

}  // namespace

Result<void> check_senders(const File& file, const io::Transport& transport) {
  if (file.guard.none || transport.second_sender()) return {};
  return bad_input(
      "{}: io: this link carries one sender, a guardian could not take over: "
      "write guard = \"none\", and robot.timeout",
      file.path);
}

Result<RobotStages> RobotStages::make(const File& file,
                                      const FrameLayout& frame,
                                      io::Transport& transport) {
  RobotStages stages;
  stages.transport_ = &transport;
  for (const SignalEntry& s : file.signal) {
    if (!s.from_io) continue;
    auto value = frame.require(s.name, TACTUS_F32, s.count);
    if (!value) return value.error();
    auto stamp = frame.require(s.stamp, TACTUS_TIME, 1);
    if (!stamp) return stamp.error();
    stages.copies_.push_back({value->offset, stamp->offset, s.count});
  }
  const FrameField* action = frame.find(file.policy.output);
  stages.action_ = action->offset;
  stages.joints_ = action->count;
  return stages;
}

io::Expect RobotStages::expected(const File& file) {
  io::Expect expect;
  for (const SignalEntry& s : file.signal) {
    if (!s.from_io) continue;
    ++expect.signals;
    expect.values += s.count;
  }
  return expect;
}

tactus_status RobotStages::sense(void* self, void* frame,
                                 const tactus_tick* tick) {
  return static_cast<RobotStages*>(self)->read(static_cast<std::byte*>(frame),
                                               *tick);
}

tactus_status RobotStages::act(void* self, void* frame,
                               const tactus_tick* tick) {
  return static_cast<RobotStages*>(self)->write(static_cast<std::byte*>(frame),
                                                *tick);
}

// A robot that was switched off and on counts from one again, and would be
// believed only once it has caught up. In motion that is right: an old frame
// must not pass for a new one.
void RobotStages::listen_anew(const io::State& state,
                              const tactus_tick& tick) noexcept {
  const bool moves =
      tick.state == TACTUS_STATE_ENGAGED || tick.state == TACTUS_STATE_STOPPING;
  if (moves || state.fresh) return;
  if (tick.now_ns - state.receive_ns > kRobotAway) transport_->forget_peer();
}

tactus_status RobotStages::read(std::byte* frame,
                                const tactus_tick& tick) noexcept {
  const io::State& state = transport_->drain(tick.now_ns);
  if (!state.any) return TACTUS_NO_DATA;
  listen_anew(state, tick);
  robot_epoch_ = state.epoch;
  state_seq_ = state.seq;
  const float* from = state.value.data();
  for (std::size_t i = 0; i < copies_.size(); ++i) {
    const Copy& c = copies_[i];
    std::memcpy(frame + c.value, from, 4 * std::size_t{c.count});
    std::memcpy(frame + c.stamp, &state.at_ns[i], 8);
    from += c.count;
  }
  return state.fresh ? TACTUS_OK : TACTUS_NO_DATA;
}

tactus_status RobotStages::write(const std::byte* frame,
                                 const tactus_tick& tick) noexcept {
  float u[layout::kMaxJoints];
  std::memcpy(u, frame + action_, 4 * std::size_t{joints_});
  CommandFrame command;
  command.epoch = supervisor_->epoch();
  command.seq = ++seq_;
  command.echo = state_seq_;
  command.stamp_ns = tick.now_ns;
  command.values = {u, joints_};
  return transport_->send(command);
}

}  // namespace tactus::config
