// SPDX-License-Identifier: MIT
// Blocking of a Product, and constant weights in the order in which it reads
// them. Set-up.
#pragma once

#include <span>
#include <vector>

#include "policy/kernels/kernel_set.hpp"
#include "policy/kernels/pack.hpp"

namespace tactus::policy::kernels {

// Fills panel and tile from rows, n and k: a model of the time, the same on
// every machine with that instruction set. It does not change the sums.
void choose_blocking(const KernelSet& set, Product& product) noexcept;

// Floats of the packed weights; the bias in front, in whole registers.
[[nodiscard]] std::size_t packed_bias(const KernelSet& set,
                                      const Product& product) noexcept;
[[nodiscard]] std::size_t packed_floats(const KernelSet& set,
                                        const Product& product) noexcept;
// Weights W [n, k] and bias of `m` into packed_floats() zeros.
void pack_product(const KernelSet& set, const Product& product, const Matrix& m,
                  float* out);

}  // namespace tactus::policy::kernels
