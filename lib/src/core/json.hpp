// SPDX-License-Identifier: MIT
// An ordered JSON tree to write, not to read: what rtctl prints, what status
// answers, what a log says about itself. Small on purpose (a JSON library's
// header costs seconds per file). Not for the RT path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tactus::json {

class Value {
 public:
  using Member = std::pair<std::string, Value>;
  using Object = std::vector<Member>;  // keeps the order of insertion
  using Array = std::vector<Value>;

  Value() = default;  // null
  Value(bool v) : state_(v) {}
  Value(int v) : state_(int64_t{v}) {}
  Value(unsigned v) : state_(uint64_t{v}) {}
  Value(long v) : state_(int64_t{v}) {}
  Value(unsigned long v) : state_(uint64_t{v}) {}
  Value(double v) : state_(v) {}  // not finite prints as null
  Value(const char* v) : state_(std::string(v)) {}
  Value(std::string v) : state_(std::move(v)) {}
  Value(std::string_view v) : state_(std::string(v)) {}
  Value(Array v) : state_(std::move(v)) {}

  static Value object(Object members = {});
  // JSON text that another room made, printed as it stands.
  static Value raw(std::string json);

  // Appends to an object (a null becomes one); returns *this for chaining.
  Value& add(std::string key, Value value);
  [[nodiscard]] std::string json() const;

 private:
  struct Raw {
    std::string text;
  };
  void write(std::string& to) const;

  std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string,
               Object, Array, Raw>
      state_;
};

}  // namespace tactus::json
