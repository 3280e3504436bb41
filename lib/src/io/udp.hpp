// SPDX-License-Identifier: MIT
// tactus/1 over a connected UDP socket. open() is set-up; everything else is
// RT-safe (recvmsg, send and poll are the transport's own syscalls).
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "core/fd.hpp"
#include "io/acceptor.hpp"
#include "io/address.hpp"
#include "io/stamp.hpp"
#include "io/transport.hpp"
#include "tactus/result.hpp"

namespace tactus::io {

struct UdpOptions {
  std::string listen;  // "127.0.0.1:5010"; empty: any port (the guardian)
  std::string peer;    // "udp://127.0.0.1:5011"
  Expect state;        // what the robot's frames carry; else kCounts
  int64_t transport_bound_ns = 0;  // a frame is at most this old on receive
  // Time is the robot's stamp, not ours: receive_ns = frame.stamp_ns.
  bool lockstep = false;
};

class Udp final : public Transport {
 public:
  // A port in use is kUnavailable, a bad address kBadInput.
  static Result<std::unique_ptr<Udp>> open(const UdpOptions& options);

  const State& drain(int64_t now_ns) noexcept override;
  tactus_status send(const CommandFrame& frame) noexcept override;
  void warm(const CommandFrame& frame) noexcept override;
  tactus_status tick_done(const CommandFrame& frame) noexcept override;
  void forget_peer() noexcept override { acceptor_.forget(); }
  [[nodiscard]] bool second_sender() const noexcept override { return true; }
  [[nodiscard]] bool drops_old_epochs() const noexcept override {
    return true;  // tactus/1 robots do, by Acceptor's rules
  }
  [[nodiscard]] const WireCounters& counters() const noexcept override {
    return counters_;
  }
  [[nodiscard]] const char* stamp_source() const noexcept override;
  [[nodiscard]] bool stamps_on_arrival() const noexcept override {
    return stamped_ || lockstep_;
  }

  // Blocks until a datagram is queued or the time is over; false: nothing.
  // For lockstep and set-up, not for the cycle.
  [[nodiscard]] bool wait_readable(std::chrono::nanoseconds limit) noexcept;
  // Like drain() but leaves `fresh` for the sense stage to see.
  const State& peek(int64_t now_ns) noexcept;

  [[nodiscard]] std::string local_address() const;  // set-up
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  Udp(UniqueFd fd, const UdpOptions& options, bool stamped);
  bool receive_one(int64_t now_ns) noexcept;
  void take(const Frame& frame, int64_t receive_ns) noexcept;
  tactus_status transmit(std::size_t bytes) noexcept;
  [[nodiscard]] int64_t receive_time(const struct msghdr& message,
                                     int64_t now_ns) noexcept;

  UniqueFd fd_;
  Expect expect_;
  int64_t bound_ns_;
  bool lockstep_;
  bool stamped_;            // SO_TIMESTAMPNS granted
  int64_t drained_ns_ = 0;  // end of the previous drain
  RealtimeOffset offset_;
  bool unseen_ = false;  // accepted since the last drain()
  Acceptor acceptor_;
  WireCounters counters_;
  State state_;
  Frame frame_;  // scratch
  WireBuffer in_;
  WireBuffer out_;
};

// The guardian's sink: own socket, ephemeral port. An OpenSink.
Result<std::unique_ptr<CommandSink>> open_sink(std::string_view address);

}  // namespace tactus::io
