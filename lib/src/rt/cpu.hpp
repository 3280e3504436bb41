// SPDX-License-Identifier: MIT
// What the processor is called and how large its caches are, as the kernel
// tells. Set-up only.
#pragma once

#include <cstddef>
#include <string>

namespace tactus::rt {

struct Caches {
  std::size_t l1d = 0, l2 = 0, l3 = 0;  // bytes as seen by one CPU; 0: unknown
};

// "AMD EPYC 9R14"; empty: not said.
[[nodiscard]] std::string cpu_name();
// `root`: another sysfs, for tests.
[[nodiscard]] Caches cpu_caches(
    const std::string& root = "/sys/devices/system/cpu/cpu0/cache");

}  // namespace tactus::rt
