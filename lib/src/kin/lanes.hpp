// SPDX-License-Identifier: MIT
// One scalar or eight lanes of double under one template. A lane computes
// the same operations in the same order as the scalar, so the bits agree.
// Sixteen lanes of float for bounds that need no more.
// Only for code that is inlined: by value the ABI would depend on -m.
//
// What a kernel inlines is compiled once per instruction set (see
// safety/kernels). Those copies must not share a name: the linker would keep
// one of them, perhaps one that this machine cannot run. Hence
// TACTUS_KERNEL_SPACE, an inline namespace around all of it.
#pragma once

#include <cstdint>

#ifndef TACTUS_KERNEL_SPACE
#define TACTUS_KERNEL_SPACE portable
#endif

namespace tactus::kin {

inline constexpr uint32_t kLanes = 8;

inline namespace TACTUS_KERNEL_SPACE {

// As wide as the target's registers: what is wider, GCC 12 computes one lane
// at a time.
#if defined(__AVX512F__)
inline constexpr int kPartBytes = 64;
#elif defined(__AVX2__)
inline constexpr int kPartBytes = 32;
#else
inline constexpr int kPartBytes = 16;
#endif

typedef double DoublePart __attribute__((vector_size(kPartBytes)));
typedef int64_t IntPart __attribute__((vector_size(kPartBytes)));
typedef float FloatPart __attribute__((vector_size(kPartBytes)));
typedef int32_t ShortPart __attribute__((vector_size(kPartBytes)));

// Two vectors, or two pairs, as one. T: what a lane is.
template <class T, class Half>
struct Pair {
  Half lo, hi;
  T& operator[](uint32_t i) { return reinterpret_cast<T*>(this)[i]; }
  T operator[](uint32_t i) const { return reinterpret_cast<const T*>(this)[i]; }
};

// As many lanes as 64 bytes have, from parts of `Part`.
template <class T, class Part, int bytes>
struct Widen {
  using Type = Pair<T, typename Widen<T, Part, bytes / 2>::Type>;
};
template <class T, class Part>
struct Widen<T, Part, kPartBytes> {
  using Type = Part;
};
using Double8 = Widen<double, DoublePart, 64>::Type;
using Int8 = Widen<int64_t, IntPart, 64>::Type;
using Float16 = Widen<float, FloatPart, 64>::Type;
using Int16 = Widen<int32_t, ShortPart, 64>::Type;
static_assert(sizeof(Double8) == 64 && sizeof(Int8) == 64);
static_assert(sizeof(Float16) == 64 && sizeof(Int16) == 64);

// Lane by lane; a scalar operand stands in every lane.
template <class T>
struct Same {
  using Type = T;
};
#define TACTUS_LANES(op)                                                      \
  template <class T, class H>                                                 \
  [[gnu::always_inline]] inline Pair<T, H> operator op(const Pair<T, H>& a,   \
                                                       const Pair<T, H>& b) { \
    return {a.lo op b.lo, a.hi op b.hi};                                      \
  }                                                                           \
  template <class T, class H>                                                 \
  [[gnu::always_inline]] inline Pair<T, H> operator op(                       \
      const Pair<T, H>& a, typename Same<T>::Type b) {                        \
    return {a.lo op b, a.hi op b};                                            \
  }                                                                           \
  template <class T, class H>                                                 \
  [[gnu::always_inline]] inline Pair<T, H> operator op(                       \
      typename Same<T>::Type a, const Pair<T, H>& b) {                        \
    return {a op b.lo, a op b.hi};                                            \
  }
TACTUS_LANES(+)
TACTUS_LANES(-)
TACTUS_LANES(*)
TACTUS_LANES(/)
TACTUS_LANES(&)
TACTUS_LANES(|)
TACTUS_LANES(^)
TACTUS_LANES(<<)
TACTUS_LANES(>>)
#undef TACTUS_LANES

template <class T, class H>
[[gnu::always_inline]] inline Pair<T, H> operator-(const Pair<T, H>& a) {
  return {-a.lo, -a.hi};
}
template <class T, class H>
[[gnu::always_inline]] inline Pair<T, H> operator~(const Pair<T, H>& a) {
  return {~a.lo, ~a.hi};
}
template <class T, class H>
[[gnu::always_inline]] inline Pair<T, H>& operator+=(Pair<T, H>& a,
                                                     const Pair<T, H>& b) {
  return a = a + b;
}

// The same bits as another type. A register at a time: GCC 12 copies what is
// wider in smaller pieces, through memory, and the load that follows then waits
// for all of them.
template <class From, class To>
[[gnu::always_inline]] inline void same_bits(const From& from, To& to) {
  static_assert(sizeof from == sizeof to);
  __builtin_memcpy(&to, &from, sizeof to);
}
template <class T, class H, class U, class G>
[[gnu::always_inline]] inline void same_bits(const Pair<T, H>& from,
                                             Pair<U, G>& to) {
  same_bits(from.lo, to.lo);
  same_bits(from.hi, to.hi);
}

// From and to memory, unaligned; a register at a time, too.
template <class T, class V>
[[gnu::always_inline]] inline void load(const T* from, V& out) {
  __builtin_memcpy(&out, from, sizeof out);
}
template <class T, class H>
[[gnu::always_inline]] inline void load(const T* from, Pair<T, H>& out) {
  load(from, out.lo);
  load(from + sizeof out.lo / sizeof(T), out.hi);
}
template <class V, class T>
[[gnu::always_inline]] inline void store(const V& from, T* to) {
  __builtin_memcpy(to, &from, sizeof from);
}
template <class T, class H>
[[gnu::always_inline]] inline void store(const Pair<T, H>& from, T* to) {
  store(from.lo, to);
  store(from.hi, to + sizeof from.lo / sizeof(T));
}

// The lanes at even places of two vectors that stand one after the other, and
// those at odd places; and back.
#if defined(__AVX512F__)
[[gnu::always_inline]] inline void split(const IntPart& a, const IntPart& b,
                                         IntPart& even, IntPart& odd) {
  even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
  odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
}
[[gnu::always_inline]] inline void join(const IntPart& even, const IntPart& odd,
                                        IntPart& a, IntPart& b) {
  a = __builtin_shufflevector(even, odd, 0, 8, 1, 9, 2, 10, 3, 11);
  b = __builtin_shufflevector(even, odd, 4, 12, 5, 13, 6, 14, 7, 15);
}
#elif defined(__AVX2__)
[[gnu::always_inline]] inline void split(const IntPart& a, const IntPart& b,
                                         IntPart& even, IntPart& odd) {
  even = __builtin_shufflevector(a, b, 0, 2, 4, 6);
  odd = __builtin_shufflevector(a, b, 1, 3, 5, 7);
}
[[gnu::always_inline]] inline void join(const IntPart& even, const IntPart& odd,
                                        IntPart& a, IntPart& b) {
  a = __builtin_shufflevector(even, odd, 0, 4, 1, 5);
  b = __builtin_shufflevector(even, odd, 2, 6, 3, 7);
}
#else
[[gnu::always_inline]] inline void split(const IntPart& a, const IntPart& b,
                                         IntPart& even, IntPart& odd) {
  even = __builtin_shufflevector(a, b, 0, 2);
  odd = __builtin_shufflevector(a, b, 1, 3);
}
[[gnu::always_inline]] inline void join(const IntPart& even, const IntPart& odd,
                                        IntPart& a, IntPart& b) {
  a = __builtin_shufflevector(even, odd, 0, 2);
  b = __builtin_shufflevector(even, odd, 1, 3);
}
#endif
template <class T, class H>
[[gnu::always_inline]] inline void split(const Pair<T, H>& a,
                                         const Pair<T, H>& b, Pair<T, H>& even,
                                         Pair<T, H>& odd) {
  split(a.lo, a.hi, even.lo, odd.lo);
  split(b.lo, b.hi, even.hi, odd.hi);
}
template <class T, class H>
[[gnu::always_inline]] inline void join(const Pair<T, H>& even,
                                        const Pair<T, H>& odd, Pair<T, H>& a,
                                        Pair<T, H>& b) {
  join(even.lo, odd.lo, a.lo, a.hi);
  join(even.hi, odd.hi, b.lo, b.hi);
}

template <class V>
struct LaneTraits;
template <>
struct LaneTraits<double> {
  using Lane = double;
  using Bits = int64_t;
};
template <>
struct LaneTraits<Double8> {
  using Lane = double;
  using Bits = Int8;
};
template <>
struct LaneTraits<Float16> {
  using Lane = float;
  using Bits = Int16;
};
template <class V>
using Lane = typename LaneTraits<V>::Lane;
template <class V>
using LaneBits = typename LaneTraits<V>::Bits;

// The same in every lane. Zero plus x turns -0 into 0, so that compilers have
// to compute it; x minus zero is x.
template <class V>
[[gnu::always_inline]] inline void fill(Lane<V> x, V& out) {
  out = x - V{};
}

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::kin
