// SPDX-License-Identifier: MIT
// The control socket's parsers: requests at the server, replies at rtctl.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "telemetry/control.hpp"
#include "telemetry/control_protocol.hpp"

namespace {
struct Handler final : tactus::telemetry::ControlHandler {
  tactus::Result<std::string> handle(tactus::telemetry::Command) override {
    return std::string("{}");
  }
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  Handler handler;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string reply = tactus::telemetry::answer(text, handler);
  // Our own reply must be one line that our own client understands.
  if (reply.find('\n') != std::string::npos) std::abort();
  if (!tactus::telemetry::parse_reply(reply)) std::abort();
  (void)tactus::telemetry::parse_reply(text);
  return 0;
}
