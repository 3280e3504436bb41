// SPDX-License-Identifier: MIT
// Where set-up code and helper threads say things: one callback, silent by
// default. The library itself never prints. Not for the RT path.
#pragma once

#include <string_view>

namespace tactus {

enum class LogLevel { kInfo, kWarning, kError };
using LogCallback = void (*)(void* self, LogLevel level, std::string_view line);

// Replaces the callback for the whole process; null silences. Call before
// other threads exist.
void set_log_callback(LogCallback callback, void* self);
void log_line(LogLevel level, std::string_view line);

}  // namespace tactus
