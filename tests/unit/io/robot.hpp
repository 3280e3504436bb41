// SPDX-License-Identifier: MIT
// A robot's end of a UDP link on loopback, for tests.
#pragma once

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>

#include "core/fd.hpp"
#include "io/wire.hpp"

namespace robot {

class Robot {
 public:
  Robot() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    cr_assert_eq(
        ::bind(fd_.get(), reinterpret_cast<sockaddr*>(&any), sizeof any), 0);
  }
  std::string address() const {
    sockaddr_in me{};
    socklen_t size = sizeof me;
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&me), &size);
    return "udp://127.0.0.1:" + std::to_string(ntohs(me.sin_port));
  }
  // "127.0.0.1:PORT" of the controller.
  void connect_to(const std::string& address) {
    sockaddr_in peer{};
    peer.sin_family = AF_INET;
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto port = std::stoi(address.substr(address.find(':') + 1));
    peer.sin_port = htons(static_cast<uint16_t>(port));
    cr_assert_eq(
        ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&peer), sizeof peer),
        0);
  }
  void say(uint64_t seq, float value, int64_t stamp_ns = 0,
           uint16_t flags = 0) {
    const uint32_t age[] = {100};
    tactus::io::StateFrame frame;
    frame.seq = seq;
    frame.stamp_ns = stamp_ns;
    frame.flags = flags;
    frame.age_us = age;
    frame.values = std::span(&value, 1);
    tactus::io::WireBuffer buffer;
    const std::size_t n = tactus::io::encode_state(frame, buffer);
    cr_assert_eq(::send(fd_.get(), buffer.data(), n, 0),
                 static_cast<ssize_t>(n));
  }
  // Waits (generously) for one datagram; false: none came.
  bool hear(tactus::io::Frame& out, int limit_ms = 10'000) {
    pollfd entry{fd_.get(), POLLIN, 0};
    if (::poll(&entry, 1, limit_ms) <= 0) return false;
    tactus::io::WireBuffer buffer;
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    return n > 0 && tactus::io::decode_any(
                        std::span(buffer).first(static_cast<std::size_t>(n)),
                        out) == tactus::io::Reject::kNone;
  }
  void close() { fd_.reset(); }
  int fd() const { return fd_.get(); }

 private:
  tactus::UniqueFd fd_;
};

}  // namespace robot
