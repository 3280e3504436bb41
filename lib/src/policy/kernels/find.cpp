// SPDX-License-Identifier: MIT
#include <algorithm>

#include "policy/kernels/kernel_set.hpp"

namespace tactus::policy::kernels {

const ActivationEntry* find_activation(std::span<const ActivationEntry> list,
                                       std::string_view op) noexcept {
  const auto it = std::ranges::find(list, op, &ActivationEntry::op);
  return it == list.end() ? nullptr : &*it;
}

const Gemv* find_gemv(const KernelSet& set, std::string_view name) noexcept {
  for (const auto list : {set.gemv, set.bf16, set.int16, set.int8})
    for (const Gemv& g : list)
      if (name == g.name) return &g;
  return nullptr;
}

}  // namespace tactus::policy::kernels
