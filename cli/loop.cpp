// SPDX-License-Identifier: MIT
// rtctl status, engage, stop, rearm, reload: one request to a running loop.
#include <fmt/format.h>

#include "commands.hpp"
#include "core/error.hpp"
#include "telemetry/control.hpp"

namespace tactus::cli {
namespace {

struct Verb {
  const char* name;
  telemetry::Command command;
  const char* done;
};
constexpr Verb kVerbs[] = {
    {"status", telemetry::Command::kStatus, ""},
    {"engage", telemetry::Command::kEngage,
     "asked to engage: granted at standstill, once a stop is verified"},
    {"stop", telemetry::Command::kStop, "asked to stop"},
    {"rearm", telemetry::Command::kRearm,
     "asked to rearm: granted once the guardian is silent"},
    {"reload", telemetry::Command::kReload, "reloaded"},
};

Result<telemetry::ControlReply> call(const std::string& loop,
                                     telemetry::Command command) {
  if (auto ok = telemetry::check_loop_name(loop); !ok) return ok.error();
  auto path = telemetry::control_path(loop);
  if (!path) return path.error();
  auto reply = telemetry::control_call(*path, command);
  if (!reply) return reply.error();
  if (reply->exit_code != 0) {
    return Error(static_cast<ErrorCode>(reply->exit_code), reply->error);
  }
  return reply;
}

// {"a": 1, "b": {…}} as lines "  a  1", without a JSON library: top level
// members only, which is how status is laid out; objects in a list get a line
// each.
std::string lines_of(const std::string& json) {
  std::string text;
  int depth = 0;
  bool quoted = false;
  char last = 0;  // but for blanks
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    const bool listed = last == '[' || last == ',';
    if (!quoted && depth > 1 && c == '{' && listed) text += "\n    ";
    if (c != ' ') last = c;
    if (c == '"' && (i == 0 || json[i - 1] != '\\')) quoted = !quoted;
    if (!quoted && (c == '{' || c == '[') && depth++ == 0) continue;
    if (!quoted && (c == '}' || c == ']') && --depth == 0) continue;
    if (!quoted && depth == 1 && c == ',') {
      text += '\n';
      while (i + 1 < json.size() && json[i + 1] == ' ') ++i;
      continue;
    }
    if (depth == 1 && c == '"') continue;
    text += c;
  }
  return text;
}

}  // namespace

int loop_command(const LoopOptions& o, const Output& out) {
  for (const Verb& verb : kVerbs) {
    if (o.verb != verb.name) continue;
    const auto reply = call(o.loop, verb.command);
    if (!reply) return out.error(reply.error());
    const bool status = verb.command == telemetry::Command::kStatus;
    out.result(Value::raw(reply->result),
               status ? lines_of(reply->result)
                      : fmt::format("{}: {}", o.loop, verb.done));
    return 0;
  }
  return out.error(internal_error("{}: no such request", o.verb));
}

}  // namespace tactus::cli
