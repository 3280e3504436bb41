// SPDX-License-Identifier: MIT
// Makes Errors. Set-up only: formats and allocates.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <string_view>

#include "tactus/result.hpp"

namespace tactus {

template <class... Args>
Error bad_input(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCode::kBadInput,
          fmt::format(format, std::forward<Args>(args)...)};
}

template <class... Args>
Error unavailable(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCode::kUnavailable,
          fmt::format(format, std::forward<Args>(args)...)};
}

template <class... Args>
Error internal_error(fmt::format_string<Args...> format, Args&&... args) {
  return {ErrorCode::kInternal,
          fmt::format(format, std::forward<Args>(args)...)};
}

// "what: EPERM (Operation not permitted): remedy"; EPERM and EACCES become
// kPermission, anything else kUnavailable.
Error system_error(std::string_view what, int errno_value,
                   std::string_view remedy);

// The same about a file that somebody named: that there is none, or none that
// can be opened there, is kBadInput.
Error file_error(std::string_view path, int errno_value,
                 std::string_view remedy);

}  // namespace tactus
