// SPDX-License-Identifier: MIT
// Value's getters. Each either returns what was asked for or records an
// error and returns a zero.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/toml_node.hpp"

namespace tactus::toml {
namespace {

// The parsers of units.hpp say `"seen": expected what`; only the second
// half is news here.
std::string expectation(const Error& error) {
  constexpr std::string_view kMark = ": expected ";
  const std::string_view text = error.text();
  const auto at = text.rfind(kMark);
  return std::string(
      at == std::string_view::npos ? text : text.substr(at + kMark.size()));
}

template <class T>
T take(const Value& value, const Result<T>& parsed) {
  if (parsed) return *parsed;
  value.fail(expectation(parsed.error()));
  return T{};
}

std::string_view text_of(const Node* node) {
  return node && node->kind == Kind::kText ? std::string_view(node->text)
                                           : std::string_view();
}

}  // namespace

double Value::quantity(Dimension expected) const {
  return take(*this, parse_quantity(text_of(node_), expected));
}

Quantity Value::quantity() const {
  return take(*this, parse_quantity(text_of(node_)));
}

Quantity Value::unit() const { return take(*this, parse_unit(text_of(node_))); }

Range Value::range(Dimension expected) const {
  return take(*this, parse_range(text_of(node_), expected));
}

Bound Value::bound(Dimension expected) const {
  return take(*this, parse_bound(text_of(node_), expected));
}

Sustained Value::sustained(Dimension expected) const {
  return take(*this, parse_sustained(text_of(node_), expected));
}

CountOf Value::count_of() const {
  return take(*this, parse_count_of(text_of(node_)));
}

WordCount Value::word_count() const {
  return take(*this, parse_word_count(text_of(node_)));
}

int64_t Value::duration() const {
  return take(*this, parse_duration(text_of(node_)));
}

int64_t Value::integer(int64_t lo, int64_t hi) const {
  const bool fits =
      kind() == Kind::kInteger && node_->integer >= lo && node_->integer <= hi;
  if (fits) return node_->integer;
  fail(fmt::format("a whole number from {} to {}", lo, hi));
  return 0;
}

double Value::number() const {
  if (kind() == Kind::kInteger) return static_cast<double>(node_->integer);
  if (kind() == Kind::kReal && std::isfinite(node_->real)) return node_->real;
  fail("a finite number");
  return 0;
}

bool Value::flag() const {
  if (kind() == Kind::kFlag) return node_->flag;
  fail("true or false");
  return false;
}

std::string Value::text() const {
  const bool printable = kind() == Kind::kText && !node_->text.empty() &&
                         one_line(node_->text) == node_->text;
  if (printable) return node_->text;
  fail("a text in quotes, on one line");
  return {};
}

std::size_t Value::choice(std::span<const std::string_view> words) const {
  const auto at = std::find(words.begin(), words.end(), text_of(node_));
  if (kind() == Kind::kText && at != words.end())
    return static_cast<std::size_t>(at - words.begin());
  std::string all;
  for (auto word : words)
    all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", word);
  const std::vector<std::string> known(words.begin(), words.end());
  const auto near = nearest(text_of(node_), known);
  fail(near.empty() ? "one of " + all
                    : fmt::format("one of {} (is \"{}\" meant?)", all, near));
  return 0;
}

std::vector<Value> Value::list() const {
  std::vector<Value> out;
  if (kind() != Kind::kList) {
    fail("a list [ … ]");
    return out;
  }
  for (std::size_t i = 0; i < node_->items.size(); ++i)
    out.emplace_back(state_, &node_->items[i], fmt::format("{}[{}]", path_, i));
  return out;
}

std::vector<std::string> Value::texts() const {
  std::vector<std::string> out;
  for (const Value& value : list()) out.push_back(value.text());
  return out;
}

Table Value::table() const {
  if (kind() == Kind::kTable) {
    node_->read = true;
    return {state_, node_, path_};
  }
  fail("a table { … }");
  return {state_, nullptr, path_};
}

}  // namespace tactus::toml
