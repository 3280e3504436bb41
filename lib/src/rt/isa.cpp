// SPDX-License-Identifier: MIT
#include "rt/isa.hpp"

#include <cstdlib>
#include <string_view>

#include "core/error.hpp"
#include "rt/arch/arch.hpp"

namespace tactus::rt {

const char* isa_name(Isa isa) noexcept {
  constexpr const char* kNames[] = {"portable", "avx2", "avx512"};
  return kNames[static_cast<std::size_t>(isa)];
}

bool isa_here(Isa isa) noexcept {
  if (isa == Isa::kAvx2) return arch::has_avx2();
  if (isa == Isa::kAvx512) return arch::has_avx512();
  return true;
}

Result<Isa> choose_isa(const char* forced) {
  Isa widest = Isa::kPortable;
  for (const Isa isa : kIsas) {
    if (isa_here(isa)) widest = isa;
    if (forced == nullptr || std::string_view(forced) != isa_name(isa))
      continue;
    if (isa_here(isa)) return isa;
    return unavailable(
        "instruction set {}: this machine or build lacks it: the widest here "
        "is "
        "{}",
        forced, isa_name(widest));
  }
  if (forced == nullptr) return widest;
  return bad_input(
      "TACTUS_ISA={}: not an instruction set: portable, avx2 or "
      "avx512",
      forced);
}

// Empty is unset, as for the other variables.
Result<Isa> choose_isa() {
  const char* forced = std::getenv("TACTUS_ISA");
  return choose_isa(forced && *forced ? forced : nullptr);
}

}  // namespace tactus::rt
