// SPDX-License-Identifier: MIT
// Which instruction set kernels run on. Kernels are built for each; the
// widest that this machine has is taken, or the one that TACTUS_ISA names,
// for comparison and for tools that know no wider one. Set-up only.
#pragma once

#include <cstdint>

#include "tactus/result.hpp"

namespace tactus::rt {

enum class Isa : uint8_t { kPortable, kAvx2, kAvx512 };
inline constexpr Isa kIsas[] = {Isa::kPortable, Isa::kAvx2, Isa::kAvx512};

[[nodiscard]] const char* isa_name(Isa isa) noexcept;  // "avx2"
[[nodiscard]] bool isa_here(Isa isa) noexcept;

// `forced`: a name, or null for the widest here. Bad input: no such name;
// unavailable: this machine, or this build, lacks it.
[[nodiscard]] Result<Isa> choose_isa(const char* forced);
// The same, by the environment.
[[nodiscard]] Result<Isa> choose_isa();

}  // namespace tactus::rt
