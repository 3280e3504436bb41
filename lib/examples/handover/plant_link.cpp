// SPDX-License-Identifier: MIT
#include "plant_link.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <cerrno>
#include <cstring>

#include "core/error.hpp"

namespace handover {
namespace {

namespace io = tactus::io;
using tactus::layout::WireSender;
using tactus::layout::WireType;

int64_t now_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

// The kernel stamps with CLOCK_REALTIME; the difference is taken at once.
int64_t receive_time(msghdr& message) {
  const int64_t now = now_ns(CLOCK_MONOTONIC);
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
      continue;
    timespec t{};
    std::memcpy(&t, CMSG_DATA(c), sizeof t);
    const int64_t stamp = t.tv_sec * 1'000'000'000 + t.tv_nsec;
    const int64_t age = now_ns(CLOCK_REALTIME) - stamp;
    return now - (age > 0 ? age : 0);
  }
  return now;
}

bool same_address(const sockaddr_storage& a, const io::Address& b) {
  if (a.ss_family != b.family()) return false;
  if (a.ss_family == AF_INET) {
    const auto& x = reinterpret_cast<const sockaddr_in&>(a);
    const auto& y = reinterpret_cast<const sockaddr_in&>(b.storage);
    return x.sin_port == y.sin_port && x.sin_addr.s_addr == y.sin_addr.s_addr;
  }
  const auto& x = reinterpret_cast<const sockaddr_in6&>(a);
  const auto& y = reinterpret_cast<const sockaddr_in6&>(b.storage);
  return x.sin6_port == y.sin6_port &&
         std::memcmp(&x.sin6_addr, &y.sin6_addr, sizeof x.sin6_addr) == 0;
}

}  // namespace

tactus::Result<PlantLink> PlantLink::open(const std::string& listen,
                                          const std::string& peer) {
  auto here = io::parse_address(listen);
  if (!here) return here.error();
  auto there = io::parse_address(peer);
  if (!there) return there.error();
  PlantLink link;
  link.peer_ = *there;
  link.socket_ =
      tactus::UniqueFd(socket(here->family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!link.socket_)
    return tactus::system_error("socket", errno, "see rtctl check");
  const int on = 1;
  if (setsockopt(link.socket_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on,
                 sizeof on) != 0)
    return tactus::system_error("SO_TIMESTAMPNS", errno, "use Linux >= 2.6");
  if (bind(link.socket_.get(), here->raw(), here->size) != 0)
    return tactus::system_error("bind " + here->text(), errno,
                                "end the plant that runs, or --listen");
  return link;
}

std::optional<Received> PlantLink::receive(int wait_ms) {
  for (;;) {
    empty_ = false;
    if (auto got = take()) return got;
    if (!empty_) continue;  // dropped one; there may be more
    if (wait_ms == 0) return {};
    pollfd ready{socket_.get(), POLLIN, 0};
    if (poll(&ready, 1, wait_ms) <= 0) return {};
    wait_ms = 0;
  }
}

std::optional<Received> PlantLink::take() {
  std::array<std::byte, tactus::layout::kWireMaxSize + 1> bytes;
  alignas(cmsghdr) std::array<std::byte, 128> control;
  sockaddr_storage from{};
  iovec data{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t size = recvmsg(socket_.get(), &message, MSG_DONTWAIT);
  empty_ = size < 0;
  if (size < 0) return {};
  Received got;
  got.at_ns = receive_time(message);
  const std::span<const std::byte> datagram(bytes.data(),
                                            static_cast<std::size_t>(size));
  if (!judge(got, datagram, same_address(from, peer_))) return {};
  return got;
}

bool PlantLink::judge(Received& got, std::span<const std::byte> bytes,
                      bool from_peer) {
  const io::Reject bad =
      io::decode(bytes, got.frame, {kSignals, kValues}, kJoints);
  if (bad != io::Reject::kNone) return counters_[0].count(bad), false;
  if (got.frame.type() == WireType::kTickDone) return from_peer;
  const WireSender sender = got.frame.sender();
  if (got.frame.type() != WireType::kCommand || sender == WireSender::kRobot)
    return counters_[0].count(io::Reject::kType), false;
  if (from_peer != (sender == WireSender::kController))
    return ++foreign_, false;
  const auto& head = got.frame.header;
  io::WireCounters& counters = counters_[static_cast<std::size_t>(sender)];
  if (acceptor_.accept(sender, head.epoch, head.seq, counters) !=
      io::Reject::kNone)
    return false;
  echo_ = head.seq;
  last_sender_ = sender;
  return true;
}

void PlantLink::send(const Sent& state) {
  io::WireBuffer buffer;
  const std::size_t size = io::encode_state({.flags = state.flags,
                                             .epoch = acceptor_.epoch(),
                                             .accepted_sender = last_sender_,
                                             .seq = ++seq_,
                                             .echo = echo_,
                                             .stamp_ns = state.stamp_ns,
                                             .age_us = state.age_us,
                                             .values = state.values},
                                            buffer);
  // A controller that is not there yet is no error of the plant's.
  (void)!sendto(socket_.get(), buffer.data(), size, 0, peer_.raw(), peer_.size);
}

}  // namespace handover
