// SPDX-License-Identifier: MIT
// A value, or an error that says what was tried, what was seen and what to
// do. For set-up code only: building an Error allocates. The loop reports
// with tactus_status (tactus.h). Thread-compatible.
#ifndef TACTUS_RESULT_HPP
#define TACTUS_RESULT_HPP

#include <string>
#include <utility>
#include <variant>

namespace tactus {

// The values are rtctl's exit codes.
enum class ErrorCode {
  kBadInput = 2,     // a file, option or argument is wrong
  kUnavailable = 3,  // this machine lacks it, or it is in use
  kPermission = 4,   // the kernel said EPERM or EACCES
  kInternal = 5,     // a bug in Tactus
};

class [[nodiscard]] Error {
 public:
  // `text` is one line: "tried: seen: remedy", no trailing newline.
  Error(ErrorCode code, std::string text)
      : code_(code), text_(std::move(text)) {}

  [[nodiscard]] ErrorCode code() const { return code_; }
  [[nodiscard]] const char* text() const { return text_.c_str(); }
  [[nodiscard]] int exit_code() const { return static_cast<int>(code_); }

 private:
  ErrorCode code_;
  std::string text_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] explicit operator bool() const { return state_.index() == 0; }
  [[nodiscard]] T& operator*() & { return std::get<0>(state_); }
  [[nodiscard]] const T& operator*() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& operator*() && { return std::get<0>(std::move(state_)); }
  [[nodiscard]] T* operator->() { return &std::get<0>(state_); }
  [[nodiscard]] const T* operator->() const { return &std::get<0>(state_); }
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] explicit operator bool() const {
    return std::holds_alternative<std::monostate>(error_);
  }
  [[nodiscard]] const Error& error() const { return std::get<1>(error_); }

 private:
  std::variant<std::monostate, Error> error_;
};

}  // namespace tactus

#endif
