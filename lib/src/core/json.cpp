// SPDX-License-Identifier: MIT
#include "core/json.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/text.hpp"

namespace tactus::json {
namespace {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

void quote(std::string_view text, std::string& to) {
  to += '"';
  while (!text.empty()) {
    const std::size_t size = utf8_length(text);
    const char c = text[0];
    if (size == 0) {
      to += '?';
    } else if (c == '"' || c == '\\') {
      to += '\\';
      to += c;
    } else if (c == '\n') {
      to += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      to += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      to += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  to += '"';
}

void number(double v, std::string& to) {
  to += std::isfinite(v) ? fmt::format("{}", v) : "null";
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

}  // namespace tactus::json
