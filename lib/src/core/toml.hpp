// SPDX-License-Identifier: MIT
// A strict reader of one TOML file. Every value is asked for by name and
// with what it must be; what is never asked for is an unknown key. The first
// error sticks to the document, later reads give zeros, and finish() returns
// it, so that a reader is a list of assignments:
//
//   auto loop = document.root().table("loop");
//   out.period_ns = loop.duration("period");
//   out.lead_ns = loop.duration("lead_max", 60'000);  // stated default
//   if (auto done = document.finish(); !done) return done.error();
//
// Errors are one line: `file:line:column: key: what was seen: expected …`.
// Tables and values keep the document alive. Set-up only; one thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/units.hpp"
#include "tactus/result.hpp"

namespace tactus::toml {

struct Node;   // toml_node.hpp
struct State;  // toml_node.hpp
class Table;

enum class Kind { kAbsent, kText, kInteger, kReal, kFlag, kList, kTable };

// One value and where it stands. On a wrong type or text it records the
// error and returns a zero of the asked type.
class Value {
 public:
  Value(std::shared_ptr<State> state, const Node* node, std::string path);

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] bool present() const { return kind() != Kind::kAbsent; }
  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] double quantity(Dimension expected) const;
  [[nodiscard]] Quantity quantity() const;  // any dimension
  [[nodiscard]] Quantity unit() const;      // a unit alone: "rad/s"
  [[nodiscard]] Range range(Dimension expected) const;
  [[nodiscard]] Bound bound(Dimension expected) const;
  [[nodiscard]] Sustained sustained(Dimension expected) const;
  [[nodiscard]] CountOf count_of() const;
  [[nodiscard]] WordCount word_count() const;
  [[nodiscard]] int64_t duration() const;
  [[nodiscard]] int64_t integer(int64_t lo, int64_t hi) const;
  [[nodiscard]] double number() const;  // a bare finite number
  [[nodiscard]] bool flag() const;
  [[nodiscard]] std::string text() const;
  // Index into `words`.
  [[nodiscard]] std::size_t choice(
      std::span<const std::string_view> words) const;
  [[nodiscard]] std::vector<Value> list() const;
  [[nodiscard]] std::vector<std::string> texts() const;
  [[nodiscard]] Table table() const;

  // Records, if it is the first,
  // `file:line:column: path: "seen": expected <expected>`.
  void fail(std::string_view expected) const;
  // The same with own words in place of what was seen.
  void fail(std::string_view seen, std::string_view expected) const;
  // The same, pointing at byte `offset` of the value's text: for a language
  // in a text.
  void fail_within(std::size_t offset, std::string_view seen,
                   std::string_view expected) const;
  // `file:line:column: path`, for messages that are not errors.
  [[nodiscard]] std::string where() const;

 private:
  std::shared_ptr<State> state_;
  const Node* node_;  // null: absent
  std::string path_;
  // Where to point when the key is absent.
  friend class Table;
  const Node* parent_ = nullptr;
};

class Table {
 public:
  Table(std::shared_ptr<State> state, const Node* node, std::string path);

  // Marks the key as known. Reading an absent one is the error
  // `… key: missing: expected …`.
  [[nodiscard]] Value operator[](std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const;
  // In the order of the file.
  [[nodiscard]] std::vector<std::string> keys() const;
  // Somebody else's key, or one that must not be judged here.
  void skip(std::string_view key) const;
  void skip_all() const;
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string where() const;
  [[nodiscard]] explicit operator bool() const { return node_ != nullptr; }

  // Required; with a third argument optional, with that default.
  [[nodiscard]] double quantity(std::string_view key, Dimension d) const {
    return (*this)[key].quantity(d);
  }
  [[nodiscard]] double quantity(std::string_view key, Dimension d,
                                double otherwise) const {
    return has(key) ? quantity(key, d) : otherwise;
  }
  [[nodiscard]] int64_t duration(std::string_view key) const {
    return (*this)[key].duration();
  }
  [[nodiscard]] int64_t duration(std::string_view key,
                                 int64_t otherwise) const {
    return has(key) ? duration(key) : otherwise;
  }
  [[nodiscard]] int64_t integer(std::string_view key, int64_t lo,
                                int64_t hi) const {
    return (*this)[key].integer(lo, hi);
  }
  [[nodiscard]] int64_t integer(std::string_view key, int64_t lo, int64_t hi,
                                int64_t otherwise) const {
    return has(key) ? integer(key, lo, hi) : otherwise;
  }
  [[nodiscard]] std::string text(std::string_view key) const {
    return (*this)[key].text();
  }
  [[nodiscard]] std::string text(std::string_view key,
                                 std::string_view otherwise) const {
    return has(key) ? text(key) : std::string(otherwise);
  }
  [[nodiscard]] std::size_t choice(
      std::string_view key,
      std::initializer_list<std::string_view> words) const {
    return (*this)[key].choice({words.begin(), words.size()});
  }
  [[nodiscard]] std::size_t choice(
      std::string_view key, std::initializer_list<std::string_view> words,
      std::size_t otherwise) const {
    return has(key) ? choice(key, words) : otherwise;
  }
  [[nodiscard]] std::vector<Value> list(std::string_view key) const {
    return (*this)[key].list();
  }
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const {
    return (*this)[key].texts();
  }
  [[nodiscard]] Table table(std::string_view key) const {
    return (*this)[key].table();
  }

 private:
  std::shared_ptr<State> state_;
  const Node* node_;  // null: an earlier error; every read gives zeros
  std::string path_;
};

class Document {
 public:
  static Result<Document> load(const std::string& path);
  // `name` stands where the file's name would in errors.
  static Result<Document> parse(std::string_view text, const std::string& name);

  [[nodiscard]] Table root() const;
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] const std::string& source() const;  // the text, for the log
  // Relative paths in the file are relative to the file's folder.
  [[nodiscard]] std::string resolve(const std::string& path) const;

  // The first error so far; does not look for unknown keys.
  [[nodiscard]] Result<void> status() const;
  // The first error, else the first key nobody asked for.
  [[nodiscard]] Result<void> finish() const;

 private:
  explicit Document(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace tactus::toml
