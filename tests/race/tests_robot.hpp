// SPDX-License-Identifier: MIT
// The robot's end of a UDP link on loopback: hears, never answers.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>

#include "core/fd.hpp"
#include "io/wire.hpp"

namespace robot_test {

class Robot {
 public:
  Robot() : fd_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in me{};
    me.sin_family = AF_INET;
    me.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(fd_.get(), reinterpret_cast<sockaddr*>(&me), sizeof me) != 0) {
      fd_.reset();
    }
  }
  std::string address() const {
    sockaddr_in me{};
    socklen_t size = sizeof me;
    ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&me), &size);
    return "udp://127.0.0.1:" + std::to_string(ntohs(me.sin_port));
  }
  bool hear(tactus::io::Frame& out) {
    pollfd entry{fd_.get(), POLLIN, 0};
    if (::poll(&entry, 1, 30'000) <= 0) return false;
    tactus::io::WireBuffer buffer;
    const ssize_t n = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n <= 0) return false;
    const auto datagram = std::span(buffer).first(static_cast<std::size_t>(n));
    return tactus::io::decode_any(datagram, out) == tactus::io::Reject::kNone;
  }

 private:
  tactus::UniqueFd fd_;
};

}  // namespace robot_test
