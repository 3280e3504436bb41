// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "rt/cpu.hpp"

using namespace tactus::rt;

namespace {

void cache(const std::string& root, int index, const char* level,
           const char* type, const char* size) {
  const std::string at = root + "/index" + std::to_string(index);
  std::filesystem::create_directories(at);
  std::ofstream(at + "/level") << level << '\n';
  std::ofstream(at + "/type") << type << '\n';
  std::ofstream(at + "/size") << size << '\n';
}

}  // namespace

Test(cpu, caches_are_read_by_level_and_kind) {
  std::string root = "/tmp/tactus-cpu-XXXXXX";
  cr_assert(::mkdtemp(root.data()) != nullptr);
  cache(root, 0, "1", "Data", "48K");
  cache(root, 1, "1", "Instruction", "32K");
  cache(root, 2, "2", "Unified", "1024K");
  cache(root, 3, "3", "Unified", "36M");
  const Caches c = cpu_caches(root);
  std::filesystem::remove_all(root);
  cr_assert(c.l1d == 48U << 10);
  cr_assert(c.l2 == 1U << 20);
  cr_assert(c.l3 == 36U << 20);
}

Test(cpu, what_is_not_said_is_zero) {
  const Caches c = cpu_caches("/nowhere");
  cr_assert(c.l1d == 0 && c.l2 == 0 && c.l3 == 0);
}
