// SPDX-License-Identifier: MIT
// Does the kernel date datagrams when they arrive? It starts to only some
// time after the first socket asked (deferred work); until then it dates
// them when they are *read*, and a frame queued through a gap looks fresh.
#include <netinet/in.h>

#include "core/fd.hpp"
#include "io/stamp.hpp"

namespace tactus::io {
namespace {

constexpr int kTries = 100;
constexpr timespec kQueued = {0, 500'000};

// A stamping socket on loopback that talks to itself.
UniqueFd self_socket() {
  UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in me{};
  me.sin_family = AF_INET;
  me.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* raw = reinterpret_cast<sockaddr*>(&me);
  socklen_t size = sizeof me;
  const int on = 1;
  const bool good =
      fd && ::bind(fd.get(), raw, size) == 0 &&
      ::getsockname(fd.get(), raw, &size) == 0 &&
      ::connect(fd.get(), raw, size) == 0 &&
      ::setsockopt(fd.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0;
  return good ? std::move(fd) : UniqueFd();
}

// One datagram, left in the queue for a while: is it dated before that?
bool dated_on_arrival(int fd) {
  if (::send(fd, "", 1, 0) != 1) return false;
  const int64_t sent_ns = monotonic_ns();
  ::nanosleep(&kQueued, nullptr);
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(timespec))];
  char byte = 0;
  iovec vector{&byte, 1};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  RealtimeOffset offset;
  offset.update();
  timespec stamp{};
  return ::recvmsg(fd, &message, MSG_DONTWAIT) == 1 &&
         find_stamp(message, stamp) && offset.trusted() &&
         offset.to_monotonic(stamp) <= sent_ns;
}

}  // namespace

bool kernel_dates_on_arrival() {
  const UniqueFd fd = self_socket();
  if (!fd) return false;
  for (int i = 0; i < kTries; ++i) {
    if (dated_on_arrival(fd.get())) return true;
  }
  return false;
}

}  // namespace tactus::io
