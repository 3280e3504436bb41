// SPDX-License-Identifier: MIT
#include "output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace tactus::cli {
namespace {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

void put(FILE* to, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), to);
}

void quote(std::string_view text, std::string& to) {
  to += '"';
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (c == '\n') {
      to += "\\n";
    } else if (u < 0x20) {
      to += fmt::format("\\u{:04x}", u);
    } else {
      to += c;
    }
  }
  to += '"';
}

void number(double v, std::string& to) {
  to += std::isfinite(v) ? fmt::format("{}", v) : "null";
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

Value Value::object(Object members) {
  Value v;
  v.state_ = std::move(members);
  return v;
}

Value Value::raw(std::string json) {
  Value v;
  v.state_ = Raw{std::move(json)};
  return v;
}

Value& Value::add(std::string key, Value value) {
  if (std::holds_alternative<std::monostate>(state_)) state_ = Object{};
  std::get<Object>(state_).emplace_back(std::move(key), std::move(value));
  return *this;
}

void Value::write(std::string& to) const {
  const auto list = [&](char open, char close, const auto& items,
                        const auto& one) {
    to += open;
    bool first = true;
    for (const auto& item : items) {
      if (!first) to += ", ";
      first = false;
      one(item);
    }
    to += close;
  };
  std::visit(Overload{
                 [&](std::monostate) { to += "null"; },
                 [&](bool v) { to += v ? "true" : "false"; },
                 [&](int64_t v) { to += fmt::format("{}", v); },
                 [&](uint64_t v) { to += fmt::format("{}", v); },
                 [&](double v) { number(v, to); },
                 [&](const std::string& v) { quote(v, to); },
                 [&](const Object& v) {
                   list('{', '}', v, [&](const Member& m) {
                     quote(m.first, to);
                     to += ": ";
                     m.second.write(to);
                   });
                 },
                 [&](const Array& v) {
                   list('[', ']', v,
                        [&](const Value& item) { item.write(to); });
                 },
                 [&](const Raw& v) { to += v.text; },
             },
             state_);
}

std::string Value::json() const {
  std::string text;
  write(text);
  return text;
}

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
