// SPDX-License-Identifier: MIT
#include <algorithm>

#include "policy/kernels/kernel_set.hpp"

namespace tactus::policy::kernels {

const ActivationEntry* find_activation(const KernelSet& set,
                                       std::string_view op) noexcept {
  const auto it = std::ranges::find(set.activation, op, &ActivationEntry::op);
  return it == set.activation.end() ? nullptr : &*it;
}

const Gemv* find_gemv(const KernelSet& set, std::string_view name) noexcept {
  const auto it = std::ranges::find_if(
      set.gemv, [name](const Gemv& g) { return name == g.name; });
  return it == set.gemv.end() ? nullptr : &*it;
}

}  // namespace tactus::policy::kernels
