// SPDX-License-Identifier: MIT
#include "rt/cpu.hpp"

#include <cstdlib>
#include <fstream>

namespace tactus::rt {
namespace {

std::string line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// "1024K", "36M"; 0: neither.
std::size_t size_of(const std::string& text) {
  char* unit = nullptr;
  const unsigned long n = std::strtoul(text.c_str(), &unit, 10);
  if (*unit == 'K') return n << 10;
  if (*unit == 'M') return n << 20;
  return *unit == '\0' ? n : 0;
}

}  // namespace

std::string cpu_name() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return {};
}

Caches cpu_caches(const std::string& root) {
  Caches caches;
  constexpr int kMost = 8;
  for (int i = 0; i < kMost; ++i) {
    const std::string at = root + "/index" + std::to_string(i) + "/";
    const std::string level = line_of(at + "level");
    const std::string type = line_of(at + "type");
    const std::size_t size = size_of(line_of(at + "size"));
    if (level == "1" && type == "Data") caches.l1d = size;
    if (level == "2" && type != "Instruction") caches.l2 = size;
    if (level == "3" && type != "Instruction") caches.l3 = size;
  }
  return caches;
}

}  // namespace tactus::rt
