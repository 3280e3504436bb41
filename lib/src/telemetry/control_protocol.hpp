// SPDX-License-Identifier: MIT
// The client's half of the control protocol; the server's is control.hpp.
#pragma once

#include "telemetry/control.hpp"

namespace tactus::telemetry {

[[nodiscard]] std::string request_line(Command command);
// Untrusted. An error when it is not a reply of this schema.
Result<ControlReply> parse_reply(const std::string& line);

}  // namespace tactus::telemetry
