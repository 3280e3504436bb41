// SPDX-License-Identifier: MIT
// "127.0.0.1:5010", "udp://127.0.0.1:5010" or "udp://[::1]:5010": numeric
// only, no name look-up (it would block and reach outside). Set-up only.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>

#include "tactus/result.hpp"

namespace tactus::io {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* raw() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
  [[nodiscard]] int family() const { return storage.ss_family; }
  // "127.0.0.1:5010", "[::1]:5010"
  [[nodiscard]] std::string text() const;
};

// Port 0 is allowed for a listen address only (the kernel chooses).
Result<Address> parse_address(std::string_view text);

}  // namespace tactus::io
