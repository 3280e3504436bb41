// SPDX-License-Identifier: MIT
#include "core/error.hpp"

#include <cerrno>
#include <cstring>

namespace tactus {

Error system_error(std::string_view what, int errno_value,
                   std::string_view remedy) {
  const bool denied = errno_value == EPERM || errno_value == EACCES;
  const char* name = strerrorname_np(errno_value);
  return {denied ? ErrorCode::kPermission : ErrorCode::kUnavailable,
          fmt::format("{}: {} ({}): {}", what, name ? name : "?",
                      strerrordesc_np(errno_value), remedy)};
}

}  // namespace tactus
