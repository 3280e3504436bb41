// SPDX-License-Identifier: MIT
// Names, the client, and what both sides do with a socket.
#include "telemetry/control_socket.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "core/error.hpp"
#include "telemetry/control_protocol.hpp"

namespace tactus::telemetry {
namespace {

int64_t now_ms() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

}  // namespace

Result<void> check_loop_name(std::string_view name) {
  bool good = !name.empty() && name.size() <= 31 && name[0] != '.';
  for (const char c : name) good = good && name_character(c);
  if (good) return {};
  return bad_input(
      "loop name '{}': 1 to 31 of letters, digits, '_', '-', "
      "'.', not beginning with '.'",
      name.substr(0, 64));
}

Result<std::string> control_directory() {
  if (::geteuid() == 0) return std::string("/run/tactus");
  const char* xdg = std::getenv("XDG_RUNTIME_DIR");
  if (xdg != nullptr && xdg[0] == '/') return std::string(xdg) + "/tactus";
  return unavailable(
      "control socket: XDG_RUNTIME_DIR is not set: set it to a "
      "folder of this user, or run as root");
}

Result<std::string> control_path(const std::string& loop) {
  if (auto good = check_loop_name(loop); !good) return good.error();
  Result<std::string> folder = control_directory();
  if (!folder) return folder.error();
  return *folder + "/" + loop + ".sock";
}

Result<sockaddr_un> socket_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path))
    return bad_input(
        "control socket {}: path longer than {} bytes: use a "
        "shorter XDG_RUNTIME_DIR",
        path, sizeof(address.sun_path) - 1);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Result<UniqueFd> new_socket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd)
    return system_error("control socket", errno, "raise the limit of files");
  return fd;
}

int connect_to(int fd, const sockaddr_un& address) {
  const int rc = ::connect(fd, reinterpret_cast<const sockaddr*>(&address),
                           sizeof(address));
  return rc == 0 ? 0 : errno;
}

bool write_line(int fd, std::string_view text, int timeout_ms) {
  const int64_t end = now_ms() + timeout_ms;
  while (!text.empty()) {
    const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n > 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n == 0 || errno != EAGAIN) return false;
    pollfd p{fd, POLLOUT, 0};
    const int64_t left = end - now_ms();
    if (left <= 0 || ::poll(&p, 1, static_cast<int>(left)) == 0) return false;
  }
  return true;
}

LineRead read_line(int fd, const LineLimits& limits, std::string* line) {
  const int64_t end = now_ms() + limits.timeout_ms;
  char buffer[4096];
  for (;;) {
    const std::size_t newline = line->find('\n');
    if (newline != std::string::npos) {
      line->resize(newline);
      return LineRead::kLine;
    }
    if (line->size() >= limits.size) return LineRead::kTooLong;
    const std::size_t room =
        std::min(sizeof(buffer), limits.size - line->size());
    const ssize_t n = ::recv(fd, buffer, room, 0);
    if (n > 0) {
      line->append(buffer, static_cast<std::size_t>(n));
      continue;
    }
    if (n == 0) return LineRead::kClosed;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return LineRead::kClosed;
    pollfd p[2] = {{fd, POLLIN, 0}, {limits.end_fd, POLLIN, 0}};
    const int64_t left = end - now_ms();
    if (left <= 0 || ::poll(p, 2, static_cast<int>(left)) == 0)
      return LineRead::kTimeout;
    if (p[1].revents != 0) return LineRead::kClosed;
  }
}

Result<ControlReply> control_call(const std::string& path, Command command,
                                  int timeout_ms) {
  const Result<sockaddr_un> address = socket_address(path);
  if (!address) return address.error();
  Result<UniqueFd> fd = new_socket();
  if (!fd) return fd.error();
  const int error = connect_to(fd->get(), *address);
  if (error == ENOENT || error == ECONNREFUSED)
    return unavailable(
        "control socket {}: no loop runs there: start it with "
        "rtctl run",
        path);
  if (error != 0)
    return system_error("control socket " + path, error,
                        "use the account that runs the loop, or root");
  std::string line;
  if (!write_line(fd->get(), request_line(command), timeout_ms))
    return unavailable(
        "control socket {}: the loop closed it: it is root's or "
        "the same user's only",
        path);
  switch (read_line(fd->get(), {kMaxReply, timeout_ms, -1}, &line)) {
    case LineRead::kLine:
      return parse_reply(line);
    case LineRead::kTimeout:
      return unavailable(
          "control socket {}: no answer in {} ms: is the "
          "process stopped?",
          path, timeout_ms);
    case LineRead::kTooLong:
      return bad_input("control socket {}: the answer is longer than {} bytes",
                       path, kMaxReply);
    case LineRead::kClosed:
      break;
  }
  return unavailable(
      "control socket {}: closed without an answer: the loop "
      "ended, or refused this user",
      path);
}

}  // namespace tactus::telemetry
