// SPDX-License-Identifier: MIT
// kernel_set.hpp for one instruction set; the flags are in build.mk. More
// accumulators than half the registers leave one for the input and one for
// the weight.
#include <cstddef>
#include <cstdint>

#define TACTUS_KERNEL_SPACE portable
#include "policy/kernels/vector_portable.hpp"
// What is written on that register:
#include "policy/kernels/gemv_impl.hpp"
#include "policy/kernels/set_impl.hpp"

namespace tactus::policy::kernels {
namespace {

constexpr Gemv kGemv[] = {
    TACTUS_GEMV(1, 1, 4),  TACTUS_GEMV(2, 1, 2), TACTUS_GEMV(3, 1, 2),
    TACTUS_GEMV(4, 1, 2),  TACTUS_GEMV(6, 1, 1), TACTUS_GEMV(8, 1, 1),
    TACTUS_GEMV(12, 1, 1), TACTUS_GEMV(2, 2, 4), TACTUS_GEMV(4, 2, 2),
    TACTUS_GEMV(4, 4, 2),  TACTUS_GEMV(8, 4, 1),
};

// Those that have temporaries beside.
#define TACTUS_SMALL_BLOCKINGS(K)                                         \
  K(1, 1, 4), K(2, 1, 2), K(4, 1, 2), K(6, 1, 1), K(8, 1, 1), K(2, 2, 2), \
      K(4, 2, 1), K(4, 4, 2), K(8, 4, 1)

constexpr Gemv kBf16[] = {TACTUS_SMALL_BLOCKINGS(TACTUS_GEMV_BF16)};
constexpr Gemv kInt16[] = {TACTUS_SMALL_BLOCKINGS(TACTUS_GEMV16)};
constexpr Gemv kInt8[] = {TACTUS_SMALL_BLOCKINGS(TACTUS_GEMV8)};

}  // namespace

constexpr KernelSet kPortableSet =
    make_set(rt::Isa::kPortable, {kGemv, kBf16, kInt16, kInt8});

}  // namespace tactus::policy::kernels
