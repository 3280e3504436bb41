// SPDX-License-Identifier: MIT
#include "output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace tactus::cli {
namespace {

void put(FILE* to, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

// Set while a live line stands on the terminal and must be wiped first.
bool& live_stands() {
  static bool stands = false;
  return stands;
}

void wipe_live() {
  if (!live_stands()) return;
  put(stderr, "\r\x1b[K");
  live_stands() = false;
}

}  // namespace

void Output::result(const Value& value, std::string_view text) const {
  wipe_live();
  if (json_) {
    put(stdout, value.json() + "\n");
  } else {
    put(stdout, text);
    if (!text.empty() && text.back() != '\n') put(stdout, "\n");
  }
  std::fflush(stdout);
}

int Output::error(const Error& error) const {
  wipe_live();
  if (!json_) {
    put(stderr, fmt::format("rtctl: {}\n", error.text()));
    return error.exit_code();
  }
  Value v;
  v.add("schema", "tactus/error/1")
      .add("code", error.exit_code())
      .add("error", error.text());
  put(stdout, v.json() + "\n");
  std::fflush(stdout);
  return error.exit_code();
}

void Output::live(std::string_view line) const {
  if (json_ || ::isatty(STDERR_FILENO) == 0) return;
  put(stderr, fmt::format("\r\x1b[K{}", line));
  live_stands() = true;
}

void Output::note(std::string_view line) const {
  if (!json_) diagnostic(line);
}

void Output::diagnostic(std::string_view line) {
  wipe_live();
  put(stderr, fmt::format("{}\n", line));
}

std::string toned(Tone tone, std::string_view text) {
  const char* no_color = std::getenv("NO_COLOR");
  if (::isatty(STDOUT_FILENO) == 0 || (no_color && *no_color)) {
    return std::string(text);
  }
  const int code = tone == Tone::kGood ? 32 : tone == Tone::kWarn ? 33 : 31;
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string human_time(double ns) {
  if (!std::isfinite(ns)) return "-";
  const double size = std::fabs(ns);
  if (size < 1e3) return fmt::format("{:.0f} ns", ns);
  if (size < 1e6) return fmt::format("{:.2f} us", ns / 1e3);
  if (size < 1e9) return fmt::format("{:.2f} ms", ns / 1e6);
  return fmt::format("{:.2f} s", ns / 1e9);
}

std::string hex(uint64_t value) { return fmt::format("0x{:016x}", value); }

}  // namespace tactus::cli
