// SPDX-License-Identifier: MIT
// A number of floats that is the same on every instruction set, or a register
// of them: include gemv_impl.hpp and activations_impl.hpp first.
#pragma once

#include "policy/kernels/gemv_impl.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {
namespace rows {

using activations::splat;

#define TACTUS_INLINE [[gnu::always_inline]] inline

template <uint32_t width>
struct Wide {
  static constexpr uint32_t kParts = width / kLanes;
  Floats part[kParts];
};

// f of each register.
template <class F, uint32_t width, class... More>
TACTUS_INLINE Wide<width> each(F f, const Wide<width>& x, const More&... more) {
  Wide<width> y;
#pragma GCC unroll 4
  for (uint32_t i = 0; i < Wide<width>::kParts; ++i)
    y.part[i] = f(x.part[i], more.part[i]...);
  return y;
}
template <uint32_t width>
TACTUS_INLINE Wide<width> operator+(const Wide<width>& a,
                                    const Wide<width>& b) {
  return each([](const Floats& u, const Floats& v) { return u + v; }, a, b);
}
template <uint32_t width>
TACTUS_INLINE Wide<width> operator-(const Wide<width>& a,
                                    const Wide<width>& b) {
  return each([](const Floats& u, const Floats& v) { return u - v; }, a, b);
}
template <uint32_t width>
TACTUS_INLINE Wide<width> operator*(const Wide<width>& a,
                                    const Wide<width>& b) {
  return each([](const Floats& u, const Floats& v) { return u * v; }, a, b);
}
template <uint32_t width>
TACTUS_INLINE Wide<width> operator/(const Wide<width>& a,
                                    const Wide<width>& b) {
  return each([](const Floats& u, const Floats& v) { return u / v; }, a, b);
}

template <uint32_t width>
TACTUS_INLINE Wide<width> all_of(float x) {
  Wide<width> y;
#pragma GCC unroll 4
  for (Floats& part : y.part) part = splat(x);
  return y;
}

template <uint32_t width>
TACTUS_INLINE Wide<width> load_wide(const float* p) {
  Wide<width> x;
#pragma GCC unroll 4
  for (uint32_t i = 0; i < Wide<width>::kParts; ++i)
    x.part[i] = load(p + i * kLanes);
  return x;
}
template <uint32_t width>
TACTUS_INLINE void store_wide(const Wide<width>& x, float* p) {
#pragma GCC unroll 4
  for (uint32_t i = 0; i < Wide<width>::kParts; ++i)
    store(x.part[i], p + i * kLanes);
}

// How many of the first `count` floats lie in register i.
template <uint32_t width>
TACTUS_INLINE uint32_t count_in(uint32_t i, uint32_t count) {
  if constexpr (Wide<width>::kParts == 1) return count;
  const uint32_t before = i * kLanes;
  const uint32_t rest = count > before ? count - before : 0;
  return rest < kLanes ? rest : kLanes;
}
template <uint32_t width>
TACTUS_INLINE Wide<width> load_some_wide(const float* p, uint32_t count,
                                         const Wide<width>& otherwise) {
  Wide<width> x;
#pragma GCC unroll 4
  for (uint32_t i = 0; i < Wide<width>::kParts; ++i)
    x.part[i] =
        load_some(p + i * kLanes, count_in<width>(i, count), otherwise.part[i]);
  return x;
}
template <uint32_t width>
TACTUS_INLINE void store_some_wide(const Wide<width>& x, float* p,
                                   uint32_t count) {
#pragma GCC unroll 4
  for (uint32_t i = 0; i < Wide<width>::kParts; ++i)
    store_some(x.part[i], p + i * kLanes, count_in<width>(i, count));
}

// The join of all floats, in all of them: with the one beside, with the one
// two further, and so on, whether that is in the same register or another.
template <class F, uint32_t stage = 0, uint32_t width>
TACTUS_INLINE Wide<width> across(const Wide<width>& x) {
  if constexpr ((1U << stage) >= width) {
    return x;
  } else {
    Wide<width> y;
#pragma GCC unroll 4
    for (uint32_t i = 0; i < Wide<width>::kParts; ++i) {
      if constexpr ((1U << stage) < kLanes)
        y.part[i] = F::join(x.part[i], swapped<stage>(x.part[i]));
      else
        y.part[i] = F::join(x.part[i], x.part[i ^ (1U << stage) / kLanes]);
    }
    return across<F, stage + 1>(y);
  }
}

#undef TACTUS_INLINE

}  // namespace rows
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
