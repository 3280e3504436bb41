// SPDX-License-Identifier: MIT
// Whatever an SRDF says, only bits of the chain's bodies change, both ways.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "kin/srdf.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tactus::kin;
  Chain chain;
  std::strcpy(chain.name, "r");
  const char* names[] = {"a", "b", "c"};
  for (const char* name : names)
    std::strcpy(chain.body_name[chain.bodies++], name);
  const SrdfText srdf{"fuzz.srdf", {reinterpret_cast<const char*>(data), size}};
  if (!read_srdf(srdf, {"a", "b", "c", "d"}, chain)) return 0;
  for (uint32_t i = 0; i < Chain::kMaxBodies; ++i)
    for (uint32_t j = 0; j < Chain::kMaxBodies; ++j) {
      const bool one = (chain.disabled[i] >> j & 1u) != 0;
      const bool other = (chain.disabled[j] >> i & 1u) != 0;
      if (one != other || (one && (i == j || i > 2 || j > 2))) __builtin_trap();
    }
  return 0;
}
