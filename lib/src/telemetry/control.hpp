// SPDX-License-Identifier: MIT
// The control socket of a running loop: one line of JSON in, one line out.
//
//   {"cmd": "status"}            status | engage | stop | rearm | reload
//   {"schema": "tactus/control/1", "ok": true, "exit": 0, "cmd": "status",
//    "result": {...}}
//   {"schema": "tactus/control/1", "ok": false, "exit": 2, "error": "..."}
//
// The server is a thread of its own, never the loop's: a handler hands the
// request to the loop, which applies it at a cycle edge. Only root and the
// user that runs the loop are served (SO_PEERCRED).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "core/fd.hpp"
#include "tactus/result.hpp"

namespace tactus::telemetry {

enum class Command { kStatus, kEngage, kStop, kRearm, kReload };
inline constexpr std::size_t kMaxRequest = 4096;  // bytes, newline included
inline constexpr std::size_t kMaxReply = 256 * 1024;

[[nodiscard]] const char* command_name(Command command);
// One request line, untrusted: strict (unknown keys are errors).
Result<Command> parse_request(std::string_view line);

class ControlHandler {
 public:
  virtual ~ControlHandler() = default;
  // A JSON object, on the server's thread. An error's exit code and text go
  // to the client.
  virtual Result<std::string> handle(Command command) = 0;
};

// Loop names are 1..31 of [A-Za-z0-9_.-], not beginning with a dot: they
// become file names.
Result<void> check_loop_name(std::string_view name);

// /run/tactus for root, else $XDG_RUNTIME_DIR/tactus.
Result<std::string> control_directory();
Result<std::string> control_path(const std::string& loop);

class ControlServer {
 public:
  // Binds (0600), replacing the socket of a dead run; kUnavailable when a
  // live one answers. `handler` outlives the server.
  static Result<std::unique_ptr<ControlServer>> start(const std::string& path,
                                                      ControlHandler* handler);
  // Ends the thread and removes the socket.
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

 private:
  ControlServer() = default;
  void serve();
  void serve_one(int client);

  std::string path_;
  ControlHandler* handler_ = nullptr;
  UniqueFd listener_;
  UniqueFd wake_;  // eventfd: end
  std::thread thread_;
};

// The reply line to one request line, as the server makes it (also what is
// fuzzed).
[[nodiscard]] std::string answer(std::string_view line,
                                 ControlHandler& handler);

struct ControlReply {
  int exit_code = 0;
  std::string error;   // when exit_code != 0
  std::string result;  // JSON object
  std::string line;    // the whole reply
};
// Client side. Errors: no such loop (kUnavailable), not allowed, no answer
// within timeout_ms, an answer that is not ours.
Result<ControlReply> control_call(const std::string& path, Command command,
                                  int timeout_ms = 5000);

}  // namespace tactus::telemetry
