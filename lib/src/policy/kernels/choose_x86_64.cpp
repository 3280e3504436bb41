// SPDX-License-Identifier: MIT
#include <vector>

#include "policy/kernels/kernel_set.hpp"
#include "rt/arch/arch.hpp"

namespace tactus::policy::kernels {
namespace {

const KernelSet& avx512_set() {
  static const KernelSet vnni = [] {
    KernelSet set = kAvx512Set;
    set.int16 = kVnni16;
    set.int8 = kVnni8;
    return set;
  }();
  return rt::arch::has_avx512_vnni() ? vnni : kAvx512Set;
}

}  // namespace

const KernelSet& kernel_set(rt::Isa isa) noexcept {
  if (isa == rt::Isa::kAvx512) return avx512_set();
  if (isa == rt::Isa::kAvx2) return kAvx2Set;
  return kPortableSet;
}

std::span<const KernelSet* const> kernel_sets() {
  static const std::vector<const KernelSet*> sets = [] {
    std::vector<const KernelSet*> list{&kPortableSet};
    if (rt::isa_here(rt::Isa::kAvx2)) list.push_back(&kAvx2Set);
    if (rt::isa_here(rt::Isa::kAvx512)) list.push_back(&kAvx512Set);
    if (rt::arch::has_avx512_vnni()) list.push_back(&avx512_set());
    return list;
  }();
  return sets;
}

}  // namespace tactus::policy::kernels
