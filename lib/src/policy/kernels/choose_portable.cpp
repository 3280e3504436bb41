// SPDX-License-Identifier: MIT
#include "policy/kernels/kernel_set.hpp"

namespace tactus::policy::kernels {

const KernelSet& kernel_set(rt::Isa) noexcept { return kPortableSet; }

std::span<const KernelSet* const> kernel_sets() {
  static constexpr const KernelSet* kSets[] = {&kPortableSet};
  return kSets;
}

}  // namespace tactus::policy::kernels
