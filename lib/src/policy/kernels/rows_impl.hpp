// SPDX-License-Identifier: MIT
// Rows that are reduced or normalised, and the broadcasting and sliding
// kernels: include a vector_*.hpp and activations_impl.hpp first. A row's
// sum runs over registers, then over lanes by halves, so its order depends
// on the instruction set alone.
#pragma once

#include "policy/kernels/activations_impl.hpp"
#include "policy/kernels/tensor.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {
namespace rows {

using activations::splat;

// NaN on either side is the result.
[[gnu::always_inline]] inline Floats larger(const Floats& a, const Floats& b) {
  const Floats most = b > a ? b : a;
  return b != b ? b : most;
}
[[gnu::always_inline]] inline Floats smaller(const Floats& a, const Floats& b) {
  const Floats least = b < a ? b : a;
  return b != b ? b : least;
}

struct Sum {
  static constexpr float kNothing = 0;
  static Floats take(const Floats& x) { return x; }
  static Floats join(const Floats& a, const Floats& b) { return a + b; }
};
struct SumAbs : Sum {
  static Floats take(const Floats& x) { return activations::absolute(x); }
};
struct SumSquare : Sum {
  static Floats take(const Floats& x) { return x * x; }
};
struct Times {
  static constexpr float kNothing = 1;
  static Floats take(const Floats& x) { return x; }
  static Floats join(const Floats& a, const Floats& b) { return a * b; }
};
struct Largest {
  static constexpr float kNothing = -__builtin_inff();
  static Floats take(const Floats& x) { return x; }
  static Floats join(const Floats& a, const Floats& b) { return larger(a, b); }
};
struct Smallest {
  static constexpr float kNothing = __builtin_inff();
  static Floats take(const Floats& x) { return x; }
  static Floats join(const Floats& a, const Floats& b) { return smaller(a, b); }
};

// The join of all lanes, in all of them.
template <class F, uint32_t stage = 0>
[[gnu::always_inline]] inline Floats across(const Floats& x) {
  if constexpr ((1U << stage) < kLanes)
    return across<F, stage + 1>(F::join(x, swapped<stage>(x)));
  else
    return x;
}

// Calls whole(i) for each register of a row, then some(i, count) for the rest.
template <class Whole, class Some>
[[gnu::always_inline]] inline void each_register(std::size_t n, Whole whole,
                                                 Some some) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) whole(i);
  if (i < n) some(i, static_cast<uint32_t>(n - i));
}

template <class F>
[[gnu::always_inline]] inline Floats fold(const float* x, std::size_t n) {
  Floats all = splat(F::kNothing);
  each_register(
      n, [&](std::size_t i) { all = F::join(all, F::take(load(x + i))); },
      [&](std::size_t i, uint32_t count) {
        const Floats last = load_some(x + i, count, splat(F::kNothing));
        all = F::join(all, F::take(last));
      });
  return across<F>(all);
}

enum class Finish : uint8_t { kAsIs, kMean, kRoot };

template <class F, Finish finish>
void reduce(const Rows& p, const float*, const float* x, float* y) {
  for (std::size_t r = 0; r < p.rows; ++r) {
    Floats all = fold<F>(x + r * p.n, p.n);
    if constexpr (finish == Finish::kMean) all /= static_cast<float>(p.n);
    if constexpr (finish == Finish::kRoot) all = root(all);
    y[r] = all[0];
  }
}

// Which of them is the largest, as a number; a NaN is above nothing and, where
// it comes first, below nothing.
enum class Equals : uint8_t { kFirst, kLast };

template <Equals equals>
void arg_max(const Rows& p, const float*, const float* x, float* y) {
  for (std::size_t r = 0; r < p.rows; ++r, x += p.n) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < p.n; ++i) {
      const bool same = equals == Equals::kLast && x[i] == x[best];
      if (x[i] > x[best] || same) best = i;
    }
    y[r] = static_cast<float>(best);
  }
}

// e^x, 0 where f32 has no normal result.
[[gnu::always_inline]] inline Floats exp_or_zero(const Floats& x) {
  const Floats y = activations::exp_of(x);
  return x < -87.0F ? splat(0.0F) : y;
}

// A row that one register holds.
[[gnu::always_inline]] inline void softmax_short(const float* x, float* y,
                                                 uint32_t n) {
  const Floats in = load_some(x, n, splat(-__builtin_inff()));
  const Floats e = exp_or_zero(in - across<Largest>(in));
  store_some(e * (1.0F / across<Sum>(e)), y, n);
}

inline void softmax(const Rows& p, const float*, const float* x, float* y) {
  if (p.n <= kLanes) {
    for (std::size_t r = 0; r < p.rows; ++r, x += p.n, y += p.n)
      softmax_short(x, y, static_cast<uint32_t>(p.n));
    return;
  }
  for (std::size_t r = 0; r < p.rows; ++r, x += p.n, y += p.n) {
    const Floats top = fold<Largest>(x, p.n);
    Floats sum = splat(0.0F);
    each_register(
        p.n,
        [&](std::size_t i) {
          const Floats e = exp_or_zero(load(x + i) - top);
          store(e, y + i);
          sum += e;
        },
        [&](std::size_t i, uint32_t count) {
          const Floats in = load_some(x + i, count, splat(-__builtin_inff()));
          const Floats e = exp_or_zero(in - top);
          store_some(e, y + i, count);
          sum += e;  // nothing, or NaN where the whole row is: top is -inf
        });
    const Floats scale = 1.0F / across<Sum>(sum);
    each_register(
        p.n, [&](std::size_t i) { store(load(y + i) * scale, y + i); },
        [&](std::size_t i, uint32_t count) {
          const Floats e = load_some(y + i, count, splat(0.0F));
          store_some(e * scale, y + i, count);
        });
  }
}

// x - top - log Σ e^(x - top).
inline void log_softmax(const Rows& p, const float*, const float* x, float* y) {
  for (std::size_t r = 0; r < p.rows; ++r, x += p.n, y += p.n) {
    const Floats top = fold<Largest>(x, p.n);
    Floats sum = splat(0.0F);
    each_register(
        p.n, [&](std::size_t i) { sum += exp_or_zero(load(x + i) - top); },
        [&](std::size_t i, uint32_t count) {
          const Floats in = load_some(x + i, count, splat(-__builtin_inff()));
          sum += exp_or_zero(in - top);
        });
    const Floats log = angles::log_of(across<Sum>(sum));
    each_register(
        p.n, [&](std::size_t i) { store(load(x + i) - top - log, y + i); },
        [&](std::size_t i, uint32_t count) {
          const Floats in = load_some(x + i, count, top);
          store_some(in - top - log, y + i, count);
        });
  }
}

// Of a row, and the reciprocal of its spread.
struct Moments {
  Floats mean, scale;
};
[[gnu::always_inline]] inline Moments moments_of(const Rows& p,
                                                 const float* x) {
  const auto n = static_cast<float>(p.n);
  const Floats mean = fold<Sum>(x, p.n) / n;
  Floats square = splat(0.0F);
  each_register(
      p.n,
      [&](std::size_t i) {
        const Floats d = load(x + i) - mean;
        square = fma(d, d, square);
      },
      [&](std::size_t i, uint32_t count) {
        const Floats d = load_some(x + i, count, mean) - mean;
        square = fma(d, d, square);
      });
  return {mean, 1.0F / root(across<Sum>(square) / n + p.epsilon)};
}

inline void layer_norm(const Rows& p, const float* weights, const float* x,
                       float* y) {
  const float* bias = weights + (p.n + kBlock - 1) / kBlock * kBlock;
  for (std::size_t r = 0; r < p.rows; ++r, x += p.n, y += p.n) {
    const Moments m = moments_of(p, x);
    each_register(
        p.n,
        [&](std::size_t i) {
          const Floats d = (load(x + i) - m.mean) * m.scale;
          store(fma(d, load(weights + i), load(bias + i)), y + i);
        },
        [&](std::size_t i, uint32_t count) {
          const Floats in = load_some(x + i, count, m.mean);
          const Floats d = (in - m.mean) * m.scale;
          store_some(fma(d, load(weights + i), load(bias + i)), y + i, count);
        });
  }
}

inline void group_norm(const Rows& p, const float* weights, const float* x,
                       float* y) {
  std::size_t at = 0;
  for (std::size_t r = 0; r < p.rows; ++r) {
    const Moments m = moments_of(p, x);
    for (std::size_t i = 0; i < p.n; i += p.part, x += p.part, y += p.part) {
      const Floats scale = m.scale * weights[at];
      const Floats bias = splat(weights[p.parts + at]);
      at = at + 1 == p.parts ? 0 : at + 1;
      each_register(
          p.part,
          [&](std::size_t j) {
            store(fma(load(x + j) - m.mean, scale, bias), y + j);
          },
          [&](std::size_t j, uint32_t count) {
            const Floats in = load_some(x + j, count, m.mean);
            store_some(fma(in - m.mean, scale, bias), y + j, count);
          });
    }
  }
}

}  // namespace rows
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
