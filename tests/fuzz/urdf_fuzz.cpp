// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kin/fk.hpp"
#include "kin/urdf.hpp"

// urdfdom 3.0 leaks the links of a loop that it refuses: it drops shared
// pointers that hold each other. Set-up on a bad file only; ours are freed.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:liburdfdom_model\n";
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  tactus::kin::ChainOptions options;
  options.tip = "b";
  const auto chain = tactus::kin::parse_urdf(text, "fuzz.urdf", options);
  if (!chain) return 0;
  // What was accepted can be evaluated.
  const double q[tactus::kin::kMaxJoints] = {};
  tactus::kin::Frames frames;
  tactus::kin::forward(*chain, q, frames);
  for (uint32_t i = 0; i <= chain->joints; ++i)
    for (double p : frames.p[i])
      if (!(p * 0 == 0)) __builtin_trap();
  return 0;
}
