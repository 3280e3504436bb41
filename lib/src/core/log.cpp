// SPDX-License-Identifier: MIT
#include "core/log.hpp"

namespace tactus {
namespace {

// The one piece of process-wide state: libraries that log (urdfdom) know no
// user pointer, so their lines need a place to go.
struct Sink {
  LogCallback callback = nullptr;
  void* self = nullptr;
};
Sink& sink() {
  static Sink instance;
  return instance;
}

}  // namespace

void set_log_callback(LogCallback callback, void* self) {
  sink() = {callback, self};
}

void log_line(LogLevel level, std::string_view line) {
  if (sink().callback) sink().callback(sink().self, level, line);
}

}  // namespace tactus
