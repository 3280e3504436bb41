// SPDX-License-Identifier: MIT
// Unix socket helpers of the control server and client. Bounded in size and
// time; never raises SIGPIPE.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>
#include <string_view>

#include "core/fd.hpp"
#include "tactus/result.hpp"

namespace tactus::telemetry {

Result<sockaddr_un> socket_address(const std::string& path);
// Close-on-exec, non-blocking.
Result<UniqueFd> new_socket();
// 0 or errno.
[[nodiscard]] int connect_to(int fd, const sockaddr_un& address);

[[nodiscard]] bool write_line(int fd, std::string_view text, int timeout_ms);

struct LineLimits {
  std::size_t size;
  int timeout_ms;
  int end_fd;  // readable: give up; -1: none
};
enum class LineRead { kLine, kTimeout, kTooLong, kClosed };
// Up to the first newline, which is removed.
[[nodiscard]] LineRead read_line(int fd, const LineLimits& limits,
                                 std::string* line);

}  // namespace tactus::telemetry
