// SPDX-License-Identifier: MIT
// The border itself: results to tactus_error, exceptions to internal errors.
// Set-up only.
#pragma once

#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "tactus/tactus.h"

namespace tactus::capi {

inline int32_t report(const Error& error, tactus_error* out) {
  if (out) {
    out->code = error.exit_code();
    std::strncpy(out->text, error.text(), sizeof(out->text) - 1);
    out->text[sizeof(out->text) - 1] = '\0';
  }
  return error.exit_code();
}

// What a caller in C put into an enumeration: any number, which only its bytes
// may be read as.
template <class E>
int32_t number_of(const E& value) noexcept {
  static_assert(sizeof(E) == sizeof(int32_t));
  int32_t number;
  std::memcpy(&number, &value, sizeof number);
  return number;
}

// Runs `f`, which returns a Result<T*> (or Result<void>); anything thrown
// (memory is gone, a library misbehaves) becomes an internal error.
template <class T, class F>
T* make(tactus_error* error, F f) noexcept {
  try {
    Result<T*> made = f();
    if (made) return *made;
    report(made.error(), error);
  } catch (const std::exception& e) {
    report(internal_error("libtactus: {}", e.what()), error);
  } catch (...) {
    report(internal_error("libtactus: unknown exception"), error);
  }
  return nullptr;
}

template <class F>
int32_t call(tactus_error* error, F f) noexcept {
  try {
    Result<void> done = f();
    return done ? 0 : report(done.error(), error);
  } catch (const std::exception& e) {
    return report(internal_error("libtactus: {}", e.what()), error);
  } catch (...) {
    return report(internal_error("libtactus: unknown exception"), error);
  }
}

// `f` on a handle that the caller gave; `function` names it in the error.
template <class T, class F>
int32_t call_on(T* handle, const char* function, tactus_error* error,
                F f) noexcept {
  return call(error, [&]() -> Result<void> {
    if (!handle) return bad_input("{}: the handle is null", function);
    return f();
  });
}

// Every options struct begins with its size: another one is another ABI.
template <class T>
Result<void> check_size(const T* options, const char* type) {
  if (!options) return bad_input("{}: null", type);
  if (options->sz == sizeof(T)) return {};
  return bad_input(
      "{}: sz is {}, expected {}: initialise it with TACTUS_INIT and build "
      "against this library's header",
      type, options->sz, sizeof(T));
}

// A list of names that the caller gave: none is null.
inline Result<std::vector<std::string>> names_of(const char* const* names,
                                                 size_t count,
                                                 const char* what) {
  if (!names && count > 0) return bad_input("{}: the list is null", what);
  std::vector<std::string> list;
  for (size_t i = 0; i < count; ++i) {
    if (!names[i]) return bad_input("{}: name {} is null", what, i);
    list.emplace_back(names[i]);
  }
  return list;
}

}  // namespace tactus::capi
