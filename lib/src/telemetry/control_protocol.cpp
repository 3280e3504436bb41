// SPDX-License-Identifier: MIT
// Requests and replies as JSON; no sockets here.
#include <array>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "telemetry/control.hpp"
#include "telemetry/control_protocol.hpp"

namespace tactus::telemetry {
namespace {

using Json = nlohmann::json;
constexpr const char* kSchema = "tactus/control/1";
constexpr std::array<const char*, 5> kNames = {"status", "engage", "stop",
                                               "rearm", "reload"};

std::string dump(const Json& json) {
  // Texts may hold any bytes; a reply is one line whatever they are.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string error_line(const Error& error) {
  return dump({{"schema", kSchema},
               {"ok", false},
               {"exit", error.exit_code()},
               {"error", error.text()}});
}

Error foreign(const std::string& line) {
  return bad_input(
      "control socket: answer '{}' is not {}: is it another "
      "program, or another version of Tactus?",
      line.substr(0, 80), kSchema);
}

}  // namespace

const char* command_name(Command command) {
  return kNames[static_cast<std::size_t>(command)];
}

Result<Command> parse_request(std::string_view line) {
  if (line.size() > kMaxRequest)
    return bad_input("control request: {} bytes, at most {}", line.size(),
                     kMaxRequest);
  const Json json = Json::parse(line.begin(), line.end(), nullptr, false);
  if (json.is_discarded() || !json.is_object())
    return bad_input(
        "control request: not a JSON object: send {{\"cmd\": "
        "\"status\"}}");
  const auto cmd = json.find("cmd");
  if (cmd == json.end() || !cmd->is_string() || json.size() != 1)
    return bad_input(
        "control request: wants \"cmd\", a text, and nothing "
        "else");
  const auto& name = cmd->get_ref<const std::string&>();
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (name == kNames[i]) return static_cast<Command>(i);
  return bad_input(
      "control request: unknown cmd '{}': status, engage, stop, "
      "rearm or reload",
      name.substr(0, 40));
}

std::string answer(std::string_view line, ControlHandler& handler) {
  const Result<Command> command = parse_request(line);
  if (!command) return error_line(command.error());
  const Result<std::string> result = handler.handle(*command);
  if (!result) return error_line(result.error());
  const Json body = Json::parse(*result, nullptr, false);
  if (!body.is_object())
    return error_line(
        internal_error("control: the handler's answer is not an object"));
  return dump({{"schema", kSchema},
               {"ok", true},
               {"exit", 0},
               {"cmd", command_name(*command)},
               {"result", body}});
}

std::string request_line(Command command) {
  return fmt::format("{{\"cmd\": \"{}\"}}\n", command_name(command));
}

Result<ControlReply> parse_reply(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || json.value("schema", Json()) != kSchema)
    return foreign(line);
  const auto ok = json.find("ok");
  const auto exit = json.find("exit");
  if (ok == json.end() || !ok->is_boolean() || exit == json.end() ||
      !exit->is_number_integer())
    return foreign(line);
  ControlReply reply;
  reply.line = line;
  const auto code = exit->get<int64_t>();
  if (code < 0 || code > 5 || (code == 0) != ok->get<bool>())
    return foreign(line);
  reply.exit_code = static_cast<int>(code);
  const char* key = code == 0 ? "result" : "error";
  const auto body = json.find(key);
  if (body == json.end() ||
      (code == 0 ? !body->is_object() : !body->is_string()))
    return foreign(line);
  if (code == 0)
    reply.result = dump(*body);
  else
    reply.error = body->get<std::string>();
  return reply;
}

}  // namespace tactus::telemetry
