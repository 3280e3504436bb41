// SPDX-License-Identifier: MIT
#include "guard/spawn.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace tactus::guard {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

Result<UniqueFd> open_pidfd(pid_t pid) {
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (fd) return fd;
  return system_error("guardian: pidfd_open", errno, "Linux 5.3 or newer");
}

bool gone(int pidfd, milliseconds limit) {
  pollfd entry{pidfd, POLLIN, 0};
  return ::poll(&entry, 1, static_cast<int>(limit.count())) > 0;
}

// posix_spawn's objects, freed on every path.
struct SpawnSetup {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }

  // A descriptor onto itself: inherited in spite of close-on-exec.
  void keep(int fd) { posix_spawn_file_actions_adddup2(&actions, fd, fd); }

  void prepare(int error_fd) {
    posix_spawn_file_actions_adddup2(&actions, error_fd, STDERR_FILENO);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
      posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
    }
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    // Its own session: Ctrl-C on the loop's terminal does not reach it.
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETSID);
  }
};

std::vector<std::string> arguments(const std::string& program, int segment,
                                   int self, const SpawnOptions& options) {
  std::vector<std::string> out = {program,   "guardian",
                                  "--fd",    std::to_string(segment),
                                  "--pidfd", std::to_string(self)};
  if (options.cpu >= 0) {
    out.insert(out.end(), {"--cpu", std::to_string(options.cpu)});
  }
  if (options.priority > 0) {
    out.insert(out.end(), {"--priority", std::to_string(options.priority)});
  }
  return out;
}

Result<pid_t> launch(const std::vector<std::string>& words, SpawnSetup& setup) {
  std::vector<char*> argv;
  for (const std::string& w : words)
    argv.push_back(const_cast<char*>(w.data()));
  argv.push_back(nullptr);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, argv[0], &setup.actions,
                                  &setup.attributes, argv.data(), environ);
  if (error == 0) return pid;
  return system_error("guardian: start of " + words[0], error,
                      "set TACTUS_RTCTL to rtctl's path");
}

// What the child last said, one line; it wrote it before it exited.
std::string last_words(int fd) {
  std::string text(512, '\0');
  const ssize_t n = ::read(fd, text.data(), text.size());
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  if (const auto end = text.find('\n'); end != std::string::npos) {
    text.resize(end);
  }
  return text;
}

Error died_early(pid_t pid, int error_fd, const std::string& program) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  const std::string text = last_words(error_fd);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 5;
  const bool known = code >= 2 && code <= 5;
  const auto error =
      known ? static_cast<ErrorCode>(code) : ErrorCode::kInternal;
  if (!text.empty()) return {error, text};
  return {error, fmt::format("guardian: {} ended before it was ready ({} {}): "
                             "run it by hand to see why",
                             program, WIFEXITED(status) ? "exit" : "signal",
                             WIFEXITED(status) ? code : WTERMSIG(status))};
}

bool is_rtctl(const std::string& path) {
  return path.substr(path.rfind('/') + 1) == "rtctl";
}

std::string self_program() {
  char path[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
  return n > 0 ? std::string(path, static_cast<std::size_t>(n)) : "";
}

std::string search_path(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const std::string candidate =
        fmt::format("{}/{}", rest.substr(0, colon), name);
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return "";
}

}  // namespace

Result<std::string> find_guardian_program(const std::string& asked) {
  if (!asked.empty()) return asked;
  const char* named = std::getenv("TACTUS_RTCTL");
  if (named && *named) return std::string(named);
  const std::string self = self_program();
  if (is_rtctl(self)) return self;
  const std::string found = search_path("rtctl");
  if (!found.empty()) return found;
  return unavailable(
      "guardian: no rtctl in PATH and TACTUS_RTCTL is not set: install rtctl, "
      "set TACTUS_RTCTL, or write guard = \"none\"");
}

Result<GuardianProcess> GuardianProcess::start(const Segment& segment,
                                               const SpawnOptions& options) {
  auto program = find_guardian_program(options.program);
  if (!program) return program.error();
  auto self = open_pidfd(::getpid());
  if (!self) return self.error();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return system_error("guardian: pipe", errno, "raise RLIMIT_NOFILE");
  }
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  SpawnSetup setup;
  setup.keep(segment.fd());
  setup.keep(self->get());
  setup.prepare(writer.get());
  segment.words().loop_pid.store(static_cast<uint32_t>(::getpid()));
  auto pid =
      launch(arguments(*program, segment.fd(), self->get(), options), setup);
  if (!pid) return pid.error();
  auto child = open_pidfd(*pid);
  if (!child) return child.error();
  writer.reset();
  const auto end = Clock::now() + options.ready_within;
  while (segment.words().ready.load(std::memory_order_acquire) == 0) {
    if (gone(child->get(), milliseconds(1))) {
      return died_early(*pid, reader.get(), *program);
    }
    if (Clock::now() < end) continue;
    ::kill(*pid, SIGKILL);
    ::waitpid(*pid, nullptr, 0);
    return unavailable(
        "guardian: {} was not ready within {} ms: run rtctl check, or free "
        "the machine's cores",
        *program, options.ready_within.count());
  }
  return GuardianProcess(*pid, std::move(*child));
}

bool GuardianProcess::running() const {
  return !gone(pidfd_.get(), milliseconds(0));
}

bool GuardianProcess::wait(milliseconds limit) {
  if (!gone(pidfd_.get(), limit)) return false;
  ::waitpid(pid_, nullptr, 0);
  return true;
}

}  // namespace tactus::guard
