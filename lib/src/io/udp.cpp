// SPDX-License-Identifier: MIT
#include "io/udp.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/stamp.hpp"

namespace tactus::io {
namespace {

// More than a socket buffer holds of these datagrams: a drain ends.
constexpr int kMaxPerDrain = 512;

bool again(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

Udp::Udp(UniqueFd fd, const UdpOptions& options, bool stamped)
    : fd_(std::move(fd)),
      expect_(options.state),
      bound_ns_(options.transport_bound_ns),
      lockstep_(options.lockstep),
      stamped_(stamped) {
  drained_ns_ = monotonic_ns();
  offset_.update();
}

const char* Udp::stamp_source() const noexcept {
  if (lockstep_) return "robot stamp (lockstep)";
  return stamped_ ? "SO_TIMESTAMPNS" : "end of previous drain";
}

const State& Udp::drain(int64_t now_ns) noexcept {
  peek(now_ns);
  state_.fresh = unseen_;
  unseen_ = false;
  return state_;
}

const State& Udp::peek(int64_t now_ns) noexcept {
  if (!lockstep_) offset_.update();
  // Before the first read: what came in during the drain is not younger.
  const int64_t begin_ns = lockstep_ ? 0 : monotonic_ns();
  for (int i = 0; i < kMaxPerDrain && receive_one(now_ns); ++i) {
  }
  drained_ns_ = begin_ns;
  return state_;
}

// False: nothing is queued any more.
bool Udp::receive_one(int64_t now_ns) noexcept {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
  iovec vector{in_.data(), in_.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t n = ::recvmsg(fd_.get(), &message, MSG_DONTWAIT);
  // Any other error is one that an earlier send left (ECONNREFUSED while the
  // robot is away): reading it has cleared it.
  if (n < 0) return !again(errno);
  if ((message.msg_flags & MSG_TRUNC) != 0) {
    counters_.count(Reject::kSize);
    return true;
  }
  const auto datagram = std::span(in_).first(static_cast<std::size_t>(n));
  Reject reject = decode(datagram, frame_, expect_, 0);
  if (reject == Reject::kNone && frame_.type() != layout::WireType::kState) {
    reject = Reject::kType;
  }
  if (reject != Reject::kNone) {
    counters_.count(reject);
  } else if (acceptor_.accept_state(frame_.header.seq, counters_) ==
             Reject::kNone) {
    take(frame_, receive_time(message, now_ns));
  }
  return true;
}

int64_t Udp::receive_time(const msghdr& message, int64_t now_ns) noexcept {
  if (lockstep_) return frame_.header.stamp_ns;
  timespec stamp{};
  const bool found = stamped_ && find_stamp(message, stamp);
  // Without a stamp that can be trusted it may have been queued since the
  // previous drain: a frame that waited through a gap must not look fresh.
  if (!found || !offset_.trusted()) return std::min(drained_ns_, now_ns);
  return std::min(offset_.to_monotonic(stamp), now_ns);
}

void Udp::take(const Frame& frame, int64_t receive_ns) noexcept {
  const layout::WireHeader& h = frame.header;
  unseen_ = true;
  state_.any = true;
  state_.epoch = h.epoch;
  state_.flags = h.flags;
  state_.signals = h.signals;
  state_.values = h.values;
  state_.seq = h.seq;
  state_.echo = h.echo;
  state_.accepted_sender = static_cast<layout::WireSender>(h.accepted_sender);
  state_.stamp_ns = h.stamp_ns;
  state_.receive_ns = receive_ns;
  for (uint32_t i = 0; i < h.signals; ++i) {
    const int64_t at = receive_ns - int64_t{frame.age_us[i]} * 1000 - bound_ns_;
    state_.at_ns[i] = later_stamp(state_.at_ns[i], at, bound_ns_);
  }
  std::memcpy(state_.value.data(), frame.value.data(),
              sizeof(float) * h.values);
}

tactus_status Udp::send(const CommandFrame& frame) noexcept {
  return transmit(encode_command(frame, out_));
}

void Udp::warm(const CommandFrame& frame) noexcept {
  // A datagram, even an empty one, would reach the robot; asking whether
  // the socket is writable is as near as one gets without.
  (void)encode_command(frame, out_);
  pollfd entry{fd_.get(), POLLOUT, 0};
  (void)::poll(&entry, 1, 0);
}

tactus_status Udp::tick_done(const CommandFrame& frame) noexcept {
  return transmit(encode_tick_done(frame, out_));
}

tactus_status Udp::transmit(std::size_t bytes) noexcept {
  if (bytes == 0) return TACTUS_INVALID;
  // Once more after ECONNREFUSED: the kernel reports an *earlier* datagram's
  // fate in place of sending this one.
  for (int i = 0; i < 2; ++i) {
    const ssize_t n =
        ::send(fd_.get(), out_.data(), bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n == static_cast<ssize_t>(bytes)) return TACTUS_OK;
    if (n >= 0 || errno != ECONNREFUSED) break;
  }
  return TACTUS_FAILED;
}

bool Udp::wait_readable(std::chrono::nanoseconds limit) noexcept {
  pollfd entry{fd_.get(), POLLIN, 0};
  const auto ns = std::max<int64_t>(limit.count(), 0);
  const timespec timeout{ns / 1'000'000'000, ns % 1'000'000'000};
  return ::ppoll(&entry, 1, &timeout, nullptr) > 0;
}

}  // namespace tactus::io
