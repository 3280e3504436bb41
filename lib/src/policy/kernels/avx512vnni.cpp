// SPDX-License-Identifier: MIT
// The integer products of avx512.cpp where the processor has them as one
// instruction; the same bits.
#include <cstddef>
#include <cstdint>

#define TACTUS_KERNEL_SPACE avx512vnni
#include "policy/kernels/vector_avx512.hpp"
// What is written on that register:
#include "policy/kernels/blockings_avx512.hpp"
#include "policy/kernels/gemv_integer_impl.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {

struct Vnni16 {
  [[gnu::always_inline]] static Words add(const Words& sum, const Words& x,
                                          const Words& w) {
    return reinterpret_cast<Words>(_mm512_dpwssd_epi32(
        reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(x),
        reinterpret_cast<__m512i>(w)));
  }
};
struct Vnni8 {
  [[gnu::always_inline]] static Words add(const Words& sum, const Words& x,
                                          const Words& w) {
    return reinterpret_cast<Words>(_mm512_dpbusd_epi32(
        reinterpret_cast<__m512i>(sum), reinterpret_cast<__m512i>(x),
        reinterpret_cast<__m512i>(w)));
  }
};

}  // namespace TACTUS_KERNEL_SPACE

namespace {

#define TACTUS_VNNI16(a, b, u)                            \
  gemv<a, b, u>("-i16." #a "x" #b "u" #u, Format::kInt16, \
                IntegerGemvOf<Vnni16, a, b, u>::run)
#define TACTUS_VNNI8(a, b, u)                           \
  gemv<a, b, u>("-i8." #a "x" #b "u" #u, Format::kInt8, \
                IntegerGemvOf<Vnni8, a, b, u>::run)

constexpr Gemv kInt16[] = {TACTUS_INTEGER_BLOCKINGS(TACTUS_VNNI16)};
constexpr Gemv kInt8[] = {TACTUS_INTEGER_BLOCKINGS(TACTUS_VNNI8)};

}  // namespace

constexpr std::span<const Gemv> kVnni16 = kInt16, kVnni8 = kInt8;

}  // namespace tactus::policy::kernels
