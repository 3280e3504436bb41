// SPDX-License-Identifier: MIT
// The one place rtctl prints from. A command builds a Value (an ordered JSON
// tree) and a text; the writer prints whichever was asked for, and errors the
// same way. Not for the RT path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/json.hpp"
#include "tactus/result.hpp"

namespace tactus::cli {

using json::Value;

class Output {
 public:
  explicit Output(bool json) : json_(json) {}

  [[nodiscard]] bool json() const { return json_; }
  // The command's one answer on stdout: `value` with --json, else `text`.
  void result(const Value& value, std::string_view text) const;
  // One line on stderr ("rtctl: …"), or an error object on stdout; returns
  // the exit code.
  [[nodiscard]] int error(const Error& error) const;
  // Transient line on stderr, overwritten by the next; only on a tty.
  void live(std::string_view line) const;
  // A lasting line on stderr; not with --json.
  void note(std::string_view line) const;
  // A whole line of stderr whatever the format: the log callback's way out.
  static void diagnostic(std::string_view line);

 private:
  bool json_;
};

// `text` between ANSI codes when stdout is a tty and NO_COLOR is not set.
enum class Tone { kGood, kWarn, kBad };
std::string toned(Tone tone, std::string_view text);

// 1234567 ns → "1.23 ms"; three digits, the unit that fits.
std::string human_time(double ns);
// "0x0123456789abcdef"
std::string hex(uint64_t value);

}  // namespace tactus::cli
