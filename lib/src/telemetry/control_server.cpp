// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "core/error.hpp"
#include "telemetry/control.hpp"
#include "telemetry/control_socket.hpp"

namespace tactus::telemetry {
namespace {

// One client at a time, all of them trusted users: slow ones only delay
// each other, and no longer than this.
constexpr int kClientMs = 1000;

Result<void> make_folder(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/'));
  const mode_t mode = ::geteuid() == 0 ? 0755 : 0700;
  if (::mkdir(folder.c_str(), mode) == 0 || errno == EEXIST) return {};
  return system_error("control socket folder " + folder, errno,
                      "make it, writable by this user");
}

// A socket file that nobody listens on is what a killed run left.
Result<void> remove_stale(const std::string& path, const sockaddr_un& address) {
  struct stat st{};
  if (::lstat(path.c_str(), &st) != 0) return {};
  if (!S_ISSOCK(st.st_mode))
    return bad_input(
        "control socket {}: another kind of file is in its "
        "place: remove it",
        path);
  Result<UniqueFd> fd = new_socket();
  if (!fd) return fd.error();
  const int error = connect_to(fd->get(), address);
  // EAGAIN: alive, with a full queue.
  if (error == 0 || error == EAGAIN)
    return unavailable(
        "control socket {}: a live loop answers there: choose "
        "another name, or stop that one",
        path);
  if (error != ECONNREFUSED && error != ENOENT)
    return system_error("control socket " + path, error,
                        "choose another name, or remove it");
  ::unlink(path.c_str());
  return {};
}

bool allowed(int client) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  if (::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    return false;
  return peer.uid == 0 || peer.uid == ::geteuid();
}

// Two that start at once must not both find the same stale socket and then
// unlink each other's new one: the whole of look, unlink and bind is one
// step under a lock of the folder.
Result<UniqueFd> bind_socket(const std::string& path) {
  const Result<sockaddr_un> address = socket_address(path);
  if (!address) return address.error();
  if (auto r = make_folder(path); !r) return r.error();
  const std::string folder = path.substr(0, path.rfind('/'));
  const UniqueFd lock(
      ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX) != 0)
    return system_error("control socket folder " + folder, errno,
                        "make it accessible to this user");
  if (auto r = remove_stale(path, *address); !r) return r.error();
  Result<UniqueFd> fd = new_socket();
  if (!fd) return fd;
  const auto* raw = reinterpret_cast<const sockaddr*>(&*address);
  // Nobody but us gets in between bind and chmod: connect needs listen.
  if (::bind(fd->get(), raw, sizeof(*address)) != 0)
    return system_error("control socket " + path, errno,
                        "make its folder writable by this user");
  if (::chmod(path.c_str(), 0600) != 0 || ::listen(fd->get(), 8) != 0)
    return system_error("control socket " + path, errno, "remove it");
  return fd;
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::start(
    const std::string& path, ControlHandler* handler) {
  Result<UniqueFd> listener = bind_socket(path);
  if (!listener) return listener.error();
  std::unique_ptr<ControlServer> server(new ControlServer);
  server->path_ = path;
  server->handler_ = handler;
  server->listener_ = std::move(*listener);
  server->wake_.reset(::eventfd(0, EFD_CLOEXEC));
  if (!server->wake_)
    return system_error("control socket: eventfd", errno,
                        "raise the limit of files");
  // Signals belong to the threads of the program, never to this one.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  server->thread_ = std::thread([s = server.get()] { s->serve(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return server;
}

ControlServer::~ControlServer() {
  if (listener_) ::unlink(path_.c_str());
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(wake_.get(), &one, sizeof(one));
  thread_.join();
}

void ControlServer::serve() {
  pthread_setname_np(pthread_self(), "tactus-control");
  for (;;) {
    pollfd p[2] = {{listener_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    if (::poll(p, 2, -1) < 0 && errno != EINTR) return;
    if (p[1].revents != 0) return;
    if (p[0].revents == 0) continue;
    const UniqueFd client(::accept4(listener_.get(), nullptr, nullptr,
                                    SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (client && allowed(client.get())) serve_one(client.get());
  }
}

void ControlServer::serve_one(int client) {
  std::string line;
  for (;;) {
    line.clear();
    const LineRead got =
        read_line(client, {kMaxRequest, kClientMs, wake_.get()}, &line);
    // Too long: parse_request says so; the rest of it is not read.
    if (got == LineRead::kTooLong) line.append(kMaxRequest, ' ');
    if (got != LineRead::kLine && got != LineRead::kTooLong) return;
    const std::string reply = answer(line, *handler_) + "\n";
    if (!write_line(client, reply, kClientMs)) return;
    if (got == LineRead::kTooLong) return;
  }
}

}  // namespace tactus::telemetry
