// SPDX-License-Identifier: MIT
#include "telemetry/control.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "core/error.hpp"
#include "telemetry/control_protocol.hpp"

using namespace tactus::telemetry;

namespace {

template <class T>
bool ok(const tactus::Result<T>& result) {
  return static_cast<bool>(result);
}

struct Handler final : ControlHandler {
  int calls = 0;
  tactus::Result<std::string> handle(Command command) override {
    ++calls;
    if (command == Command::kReload)
      return tactus::bad_input("reload: only in ready or latched");
    return std::string("{\"state\": \"ready\"}");
  }
};

std::string make_folder() {
  char name[] = "/tmp/tactus-control-XXXXXX";
  const char* made = ::mkdtemp(name);
  cr_assert(made != nullptr);
  return made;
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

int connect_raw(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  std::strcpy(a.sun_path, path.c_str());
  cr_assert(connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof(a)) == 0);
  return fd;
}

std::string read_all(int fd) {
  std::string out;
  char c = 0;
  while (::read(fd, &c, 1) == 1) {
    out += c;
    if (c == '\n') break;
  }
  return out;
}

}  // namespace

Test(control, parses_each_command) {
  for (const char* name : {"status", "engage", "stop", "rearm", "reload"}) {
    auto parsed = parse_request(std::string("{\"cmd\":\"") + name + "\"}");
    cr_assert(ok(parsed));
    cr_assert(eq(str, const_cast<char*>(command_name(*parsed)),
                 const_cast<char*>(name)));
  }
}

Test(control, answers_malformed_requests_with_an_error) {
  Handler handler;
  for (const char* line :
       {"", "{", "[]", "null", "{\"cmd\":1}", "{\"cmd\":\"fly\"}",
        "{\"cmd\":\"stop\",\"x\":1}", "{\"command\":\"stop\"}", "\xff\xfe",
        "{\"cmd\":\"\xff\"}", "[[[[[[[["}) {
    const std::string reply = answer(line, handler);
    cr_assert(has(reply, "\"ok\":false"));
    cr_assert(has(reply, "\"exit\":2"));
    cr_assert(has(reply, "tactus/control/1"));
  }
  cr_assert(eq(int, handler.calls, 0));
}

Test(control, passes_the_handlers_error_on) {
  Handler handler;
  auto reply = parse_reply(answer("{\"cmd\":\"reload\"}", handler));
  cr_assert(ok(reply));
  cr_assert(eq(int, reply->exit_code, 2));
  cr_assert(has(reply->error, "only in ready"));
}

Test(control, refuses_foreign_replies) {
  for (const char* line :
       {"", "{}", "[]", "HTTP/1.1 200 OK", "{\"schema\":\"x\"}",
        "{\"schema\":\"tactus/control/1\",\"ok\":true,\"exit\":7}",
        "{\"schema\":\"tactus/control/1\",\"ok\":false,\"exit\":0}",
        "{\"schema\":\"tactus/control/1\",\"ok\":true,\"exit\":0}"})
    cr_assert(not(ok(parse_reply(line))));
}

Test(control, serves_a_client_and_removes_its_socket) {
  const std::string path = make_folder() + "/run/arm.sock";
  Handler handler;
  auto server = ControlServer::start(path, &handler);
  cr_assert(ok(server));
  auto reply = control_call(path, Command::kStatus);
  cr_assert(ok(reply));
  cr_assert(eq(int, reply->exit_code, 0));
  cr_assert(has(reply->result, "ready"));
  struct stat st{};
  cr_assert(stat(path.c_str(), &st) == 0);
  cr_assert(eq(u32, st.st_mode & 0777, 0600));
  server->reset();
  cr_assert(stat(path.c_str(), &st) != 0);
  auto gone = control_call(path, Command::kStatus);
  cr_assert(not(ok(gone)));
  cr_assert(eq(int, gone.error().exit_code(), 3));
}

Test(control, refuses_a_second_server_on_a_live_socket) {
  const std::string path = make_folder() + "/arm.sock";
  Handler handler;
  auto first = ControlServer::start(path, &handler);
  cr_assert(ok(first));
  auto second = ControlServer::start(path, &handler);
  cr_assert(not(ok(second)));
  cr_assert(eq(int, second.error().exit_code(), 3));
  cr_assert(ok(control_call(path, Command::kStatus)));
}

Test(control, replaces_the_socket_of_a_killed_run) {
  const std::string path = make_folder() + "/arm.sock";
  const pid_t child = ::fork();
  if (child == 0) {
    Handler handler;
    auto server = ControlServer::start(path, &handler);
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  struct stat st{};
  cr_assert(stat(path.c_str(), &st) == 0);
  Handler handler;
  auto server = ControlServer::start(path, &handler);
  cr_assert(ok(server));
  cr_assert(ok(control_call(path, Command::kStatus)));
}

Test(control, leaves_a_file_that_is_no_socket_alone) {
  const std::string path = make_folder() + "/arm.sock";
  FILE* file = std::fopen(path.c_str(), "w");
  cr_assert(file != nullptr);
  std::fclose(file);
  Handler handler;
  auto server = ControlServer::start(path, &handler);
  cr_assert(not(ok(server)));
  cr_assert(eq(int, server.error().exit_code(), 2));
}

Test(control, cuts_off_a_request_that_never_ends) {
  const std::string path = make_folder() + "/arm.sock";
  Handler handler;
  auto server = ControlServer::start(path, &handler);
  cr_assert(ok(server));
  const int fd = connect_raw(path);
  const std::string flood(kMaxRequest, 'x');
  cr_assert(write(fd, flood.data(), flood.size()) ==
            static_cast<ssize_t>(flood.size()));
  cr_assert(has(read_all(fd), "\"exit\":2"));
  char byte = 0;
  cr_assert(read(fd, &byte, 1) == 0);  // closed
  ::close(fd);
  cr_assert(ok(control_call(path, Command::kStatus)));
}

Test(control, ends_at_once_while_a_client_says_nothing) {
  const std::string path = make_folder() + "/arm.sock";
  Handler handler;
  auto server = ControlServer::start(path, &handler);
  cr_assert(ok(server));
  const int fd = connect_raw(path);
  server->reset();  // would hang without the end event
  char byte = 0;
  cr_assert(read(fd, &byte, 1) <= 0);
  ::close(fd);
}

Test(control, serves_nobody_else) {
  if (::geteuid() != 0) cr_skip_test("needs root to become another user");
  const std::string folder = make_folder();
  cr_assert(chmod(folder.c_str(), 0755) == 0);
  const std::string path = folder + "/arm.sock";
  Handler handler;
  auto server = ControlServer::start(path, &handler);
  cr_assert(ok(server));
  cr_assert(chmod(path.c_str(), 0666) == 0);  // peer check alone
  const pid_t child = ::fork();
  if (child == 0) {
    if (::setuid(65534) != 0) ::_exit(2);
    auto reply = control_call(path, Command::kStop, 2000);
    ::_exit(reply ? 1 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  cr_assert(eq(int, WEXITSTATUS(status), 0));
  cr_assert(eq(int, handler.calls, 0));
}
