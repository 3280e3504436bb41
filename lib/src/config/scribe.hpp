// SPDX-License-Identifier: MIT
// A toml::Table that notes, beside each value read, where it came from.
// Set-up only; copies are cheap and share the notes.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/file.hpp"
#include "core/toml.hpp"

namespace tactus::config {

class Scribe {
 public:
  Scribe(toml::Table table, std::vector<Origin>& origins)
      : table_(std::move(table)), origins_(&origins) {}

  [[nodiscard]] bool has(const char* key) const { return table_.has(key); }
  [[nodiscard]] bool is_text(const char* key) const {
    return has(key) && table_[key].kind() == toml::Kind::kText;
  }
  [[nodiscard]] std::vector<std::string> keys() const { return table_.keys(); }
  [[nodiscard]] Scribe table(const char* key) const {
    return {table_.table(key), *origins_};
  }
  void fail(const char* key, std::string_view expected) const {
    (void)table_[key].fail(expected);
  }

  int64_t duration(const char* key) const {
    const int64_t ns = table_.duration(key);
    return note(key, fmt::format("{} ns", ns)), ns;
  }
  int64_t duration(const char* key, int64_t otherwise) const {
    if (has(key)) return duration(key);
    return note_default(key, fmt::format("{} ns", otherwise)), otherwise;
  }
  int64_t integer(const char* key, int64_t lo, int64_t hi) const {
    const int64_t value = table_.integer(key, lo, hi);
    return note(key, fmt::format("{}", value)), value;
  }
  int64_t integer(const char* key, int64_t lo, int64_t hi,
                  int64_t otherwise) const {
    if (has(key)) return integer(key, lo, hi);
    return note_default(key, fmt::format("{}", otherwise)), otherwise;
  }
  std::string text(const char* key) const {
    std::string value = table_.text(key);
    note(key, value);
    return value;
  }
  std::string text(const char* key, const std::string& otherwise) const {
    if (has(key)) return text(key);
    return note_default(key, otherwise), otherwise;
  }
  std::size_t choice(const char* key,
                     std::span<const std::string_view> words) const {
    const std::size_t i = table_[key].choice(words);
    return note(key, std::string(words[i])), i;
  }
  std::size_t choice(const char* key, std::span<const std::string_view> words,
                     std::size_t otherwise) const {
    if (has(key)) return choice(key, words);
    return note_default(key, std::string(words[otherwise])), otherwise;
  }
  std::vector<std::string> texts(const char* key) const {
    if (!has(key)) return note_default(key, "[]"), std::vector<std::string>{};
    auto values = table_.texts(key);
    return note(key, fmt::format("{} names", values.size())), values;
  }
  double quantity(const char* key, Dimension d) const {
    const double value = table_.quantity(key, d);
    return note(key, fmt::format("{} {}", value, si_unit(d))), value;
  }
  CountOf count_of(const char* key) const {
    const CountOf c = table_[key].count_of();
    return note(key, fmt::format("{} of {}", c.count, c.of)), c;
  }
  WordCount word_count(const char* key) const {
    WordCount w = table_[key].word_count();
    return note(key, fmt::format("{} {}", w.word, w.count)), w;
  }

 private:
  [[nodiscard]] std::string path(const char* key) const {
    return table_.path().empty() ? key : table_.path() + "." + key;
  }
  void note(const char* key, std::string value) const {
    // where() is "file:line:column: path"; the position is what is wanted.
    std::string where = table_[key].where();
    where.resize(std::min(where.size(), where.find(": ")));
    origins_->push_back({path(key), std::move(value), std::move(where)});
  }
  void note_default(const char* key, std::string value) const {
    origins_->push_back({path(key), std::move(value), "default"});
  }

  toml::Table table_;
  std::vector<Origin>* origins_;
};

}  // namespace tactus::config
