// SPDX-License-Identifier: MIT
// kernel_set.hpp for one instruction set; the flags are in build.mk. More
// accumulators than half the registers leave one for the input and one for
// the weight.
#include <cstddef>
#include <cstdint>

#define TACTUS_KERNEL_SPACE avx512
#include "policy/kernels/vector_avx512.hpp"
// What is written on that register:
#include "policy/kernels/blockings_avx512.hpp"
#include "policy/kernels/gemv_impl.hpp"
#include "policy/kernels/set_impl.hpp"

namespace tactus::policy::kernels {
namespace {

constexpr Gemv kGemv[] = {
    TACTUS_GEMV(1, 1, 4),  TACTUS_GEMV(1, 1, 8),   TACTUS_GEMV(2, 1, 2),
    TACTUS_GEMV(2, 1, 4),  TACTUS_GEMV(3, 1, 4),   TACTUS_GEMV(4, 1, 2),
    TACTUS_GEMV(4, 1, 4),  TACTUS_GEMV(6, 1, 2),   TACTUS_GEMV(8, 1, 1),
    TACTUS_GEMV(8, 1, 2),  TACTUS_GEMV(10, 1, 1),  TACTUS_GEMV(12, 1, 1),
    TACTUS_GEMV(13, 1, 1), TACTUS_GEMV(16, 1, 1),  TACTUS_GEMV(19, 1, 1),
    TACTUS_GEMV(20, 1, 1), TACTUS_GEMV(25, 1, 1),  TACTUS_GEMV(4, 2, 4),
    TACTUS_GEMV(8, 2, 1),  TACTUS_GEMV(8, 2, 2),   TACTUS_GEMV(4, 4, 4),
    TACTUS_GEMV(8, 4, 1),  TACTUS_GEMV(8, 4, 2),   TACTUS_GEMV(16, 4, 1),
    TACTUS_GEMV(8, 8, 1),  TACTUS_GEMV(4, 16, 2),  TACTUS_GEMV(8, 16, 1),
    TACTUS_GEMV(8, 16, 2), TACTUS_GEMV(12, 16, 1), TACTUS_GEMV(16, 16, 1),
};

// Those that have temporaries beside.
#define TACTUS_BF16_BLOCKINGS(K)                                            \
  K(1, 1, 4), K(2, 1, 4), K(4, 1, 2), K(8, 1, 1), K(10, 1, 1), K(12, 1, 1), \
      K(16, 1, 1), K(20, 1, 1), K(8, 4, 1), K(8, 8, 1), K(8, 16, 1),        \
      K(12, 16, 1), K(16, 16, 1)

constexpr Gemv kBf16[] = {TACTUS_BF16_BLOCKINGS(TACTUS_GEMV_BF16)};
constexpr Gemv kInt16[] = {TACTUS_INTEGER_BLOCKINGS(TACTUS_GEMV16)};
constexpr Gemv kInt8[] = {TACTUS_INTEGER_BLOCKINGS(TACTUS_GEMV8)};

}  // namespace

constexpr KernelSet kAvx512Set =
    make_set(rt::Isa::kAvx512, {kGemv, kBf16, kInt16, kInt8});

}  // namespace tactus::policy::kernels
