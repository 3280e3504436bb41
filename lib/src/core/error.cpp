// SPDX-License-Identifier: MIT
#include "core/error.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

namespace tactus {

Error system_error(std::string_view what, int errno_value,
                   std::string_view remedy) {
  const bool denied = errno_value == EPERM || errno_value == EACCES;
  const char* name = strerrorname_np(errno_value);
  return {denied ? ErrorCode::kPermission : ErrorCode::kUnavailable,
          fmt::format("{}: {} ({}): {}", what, name ? name : "?",
                      strerrordesc_np(errno_value), remedy)};
}

Error file_error(std::string_view path, int errno_value,
                 std::string_view remedy) {
  constexpr int kWrongName[] = {ENOENT, ENOTDIR, EISDIR,
                                ELOOP,  ENXIO,   ENAMETOOLONG};
  Error error = system_error(path, errno_value, remedy);
  if (std::ranges::find(kWrongName, errno_value) == std::end(kWrongName))
    return error;
  return {ErrorCode::kBadInput, error.text()};
}

}  // namespace tactus
