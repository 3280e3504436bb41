// SPDX-License-Identifier: MIT
// Set-up of io::Udp: everything that may block, allocate or fail.
#include <netinet/in.h>

#include <cerrno>

#include "core/error.hpp"
#include "io/udp.hpp"

namespace tactus::io {
namespace {

Result<void> bind_to(int fd, const Address& listen) {
  if (::bind(fd, listen.raw(), listen.size) == 0) return {};
  const int error = errno;
  const char* remedy =
      error == EADDRINUSE
          ? "another process has this port: stop it, or change io.listen"
          : "io.listen must be an address of this machine";
  return system_error("udp listen " + listen.text(), error, remedy);
}

Result<void> connect_to(int fd, const Address& peer) {
  if (::connect(fd, peer.raw(), peer.size) == 0) return {};
  return system_error("udp connect " + peer.text(), errno,
                      "check io.peer and the route to it");
}

Result<UniqueFd> open_socket(const UdpOptions& options) {
  auto peer = parse_address(options.peer);
  if (!peer) return peer.error();
  UniqueFd fd(::socket(peer->family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return system_error("udp socket", errno, "raise RLIMIT_NOFILE");
  if (!options.listen.empty()) {
    auto listen = parse_address(options.listen);
    if (!listen) return listen.error();
    if (listen->family() != peer->family()) {
      return bad_input("udp {} to {}: IPv4 and IPv6 mixed: use one of them",
                       options.listen, options.peer);
    }
    if (auto r = bind_to(fd.get(), *listen); !r) return r.error();
  }
  // Connected: the kernel drops datagrams from anybody else.
  if (auto r = connect_to(fd.get(), *peer); !r) return r.error();
  return fd;
}

}  // namespace

Result<std::unique_ptr<Udp>> Udp::open(const UdpOptions& options) {
  if (options.state.signals > layout::kWireMaxSignals ||
      options.state.values > layout::kWireMaxValues) {
    return bad_input("udp: {} signals with {} values: tactus/1 carries {}, {}",
                     options.state.signals, options.state.values,
                     layout::kWireMaxSignals, layout::kWireMaxValues);
  }
  auto fd = open_socket(options);
  if (!fd) return fd.error();
  const int on = 1;
  const bool asked =
      ::setsockopt(fd->get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0;
  const bool stamped = asked && !options.lockstep && kernel_dates_on_arrival();
  return std::unique_ptr<Udp>(new Udp(std::move(*fd), options, stamped));
}

std::string Udp::local_address() const {
  Address address;
  address.size = sizeof address.storage;
  if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address.storage),
                    &address.size) != 0) {
    return "?";
  }
  return address.text();
}

Result<std::unique_ptr<CommandSink>> open_sink(std::string_view address) {
  UdpOptions options;
  options.peer = address;
  auto udp = Udp::open(options);
  if (!udp) return udp.error();
  return std::unique_ptr<CommandSink>(std::move(*udp));
}

}  // namespace tactus::io
