// SPDX-License-Identifier: MIT
// Rows that are reduced or normalised: include a vector_*.hpp and both
// activations_impl.hpp first. A row's sum runs over Wides, then over their
// floats by halves. Fast: a Wide is a register, so the order is the
// instruction set's. Canonical: it is kBlock floats, and nothing is fused: the
// same bits on every one.
#pragma once

#include "policy/kernels/tensor.hpp"
#include "policy/kernels/wide_impl.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {
namespace rows {

struct Fast {
  static constexpr uint32_t kWidth = kLanes;
  static Floats add_product(const Floats& a, const Floats& b, const Floats& c) {
    return fma(a, b, c);
  }
  static Floats exp_of(const Floats& x) { return activations::exp_of(x); }
};
struct Canonical {
  static constexpr uint32_t kWidth = kBlock;
  static Floats add_product(const Floats& a, const Floats& b, const Floats& c) {
    return canonical::fma(a, b, c);
  }
  static Floats exp_of(const Floats& x) { return canonical::exp_of(x); }
};
template <class P>
using WideOf = Wide<P::kWidth>;

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

// Calls whole(i) for each Wide of a row, then some(i, count) for the rest.
template <class P, class Whole, class Some>
[[gnu::always_inline]] inline void each_wide(std::size_t n, Whole whole,
                                             Some some) {
  std::size_t i = 0;
  for (; i + P::kWidth <= n; i += P::kWidth) whole(i);
  if (i < n) some(i, static_cast<uint32_t>(n - i));
}

template <class P, class F>
[[gnu::always_inline]] inline WideOf<P> fold(const float* x, std::size_t n) {
  constexpr uint32_t kWidth = P::kWidth;
  const auto nothing = all_of<kWidth>(F::kNothing);
  const auto join = [](const Floats& a, const Floats& b) {
    return F::join(a, F::take(b));
  };
  WideOf<P> all = nothing;
  each_wide<P>(
      n,
      [&](std::size_t i) { all = each(join, all, load_wide<kWidth>(x + i)); },
      [&](std::size_t i, uint32_t count) {
        all = each(join, all, load_some_wide(x + i, count, nothing));
      });
  return across<F>(all);
}

enum class Finish : uint8_t { kAsIs, kMean, kRoot };

template <class P, class F, Finish finish>
void reduce(const Rows& p, const float*, const float* x, float* y) {
  for (std::size_t r = 0; r < p.rows; ++r) {
    Floats all = fold<P, F>(x + r * p.n, p.n).part[0];
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
template <class P>
[[gnu::always_inline]] inline WideOf<P> exp_or_zero(const WideOf<P>& x) {
  return each(
      [](const Floats& in) {
        const Floats y = P::exp_of(in);
        return in < -87.0F ? splat(0.0F) : y;
      },
      x);
}

// A row that one Wide holds.
template <class P>
[[gnu::always_inline]] inline void softmax_short(const float* x, float* y,
                                                 uint32_t n) {
  constexpr uint32_t kWidth = P::kWidth;
  const auto in = load_some_wide(x, n, all_of<kWidth>(-__builtin_inff()));
  const auto e = exp_or_zero<P>(in - across<Largest>(in));
  store_some_wide(e * (all_of<kWidth>(1) / across<Sum>(e)), y, n);
}

template <class P>
[[gnu::always_inline]] inline void softmax_long(const float* x, float* y,
                                                std::size_t n) {
  constexpr uint32_t kWidth = P::kWidth;
  const auto top = fold<P, Largest>(x, n);
  const auto least = all_of<kWidth>(-__builtin_inff());
  auto sum = all_of<kWidth>(0);
  each_wide<P>(
      n,
      [&](std::size_t i) {
        const auto e = exp_or_zero<P>(load_wide<kWidth>(x + i) - top);
        store_wide(e, y + i);
        sum = sum + e;
      },
      [&](std::size_t i, uint32_t count) {
        const auto e =
            exp_or_zero<P>(load_some_wide(x + i, count, least) - top);
        store_some_wide(e, y + i, count);
        sum = sum + e;  // nothing, or NaN where the whole row is: top is -inf
      });
  const auto scale = all_of<kWidth>(1) / across<Sum>(sum);
  each_wide<P>(
      n,
      [&](std::size_t i) {
        store_wide(load_wide<kWidth>(y + i) * scale, y + i);
      },
      [&](std::size_t i, uint32_t count) {
        const auto e = load_some_wide(y + i, count, all_of<kWidth>(0));
        store_some_wide(e * scale, y + i, count);
      });
}

template <class P>
void softmax(const Rows& p, const float*, const float* x, float* y) {
  if (p.n <= P::kWidth) {
    for (std::size_t r = 0; r < p.rows; ++r, x += p.n, y += p.n)
      softmax_short<P>(x, y, static_cast<uint32_t>(p.n));
    return;
  }
  for (std::size_t r = 0; r < p.rows; ++r, x += p.n, y += p.n)
    softmax_long<P>(x, y, p.n);
}

// log Σ e^(x - top).
template <class P>
[[gnu::always_inline]] inline WideOf<P> log_of_exps(const float* x,
                                                    std::size_t n,
                                                    const WideOf<P>& top) {
  constexpr uint32_t kWidth = P::kWidth;
  const auto least = all_of<kWidth>(-__builtin_inff());
  auto sum = all_of<kWidth>(0);
  each_wide<P>(
      n,
      [&](std::size_t i) {
        sum = sum + exp_or_zero<P>(load_wide<kWidth>(x + i) - top);
      },
      [&](std::size_t i, uint32_t count) {
        sum = sum + exp_or_zero<P>(load_some_wide(x + i, count, least) - top);
      });
  return each([](const Floats& s) { return angles::log_of(s); },
              across<Sum>(sum));
}

// Infinite, or none, where the largest is.
template <class P>
void log_sum_exp(const Rows& p, const float*, const float* x, float* y) {
  for (std::size_t r = 0; r < p.rows; ++r, x += p.n) {
    const auto top = fold<P, Largest>(x, p.n);
    const Floats most = top.part[0];
    const Floats sum = most + log_of_exps<P>(x, p.n, top).part[0];
    const Floats chosen =
        activations::absolute(most) < __builtin_inff() ? sum : most;
    y[r] = chosen[0];
  }
}

// x - top - log Σ e^(x - top).
template <class P>
void log_softmax(const Rows& p, const float*, const float* x, float* y) {
  constexpr uint32_t kWidth = P::kWidth;
  for (std::size_t r = 0; r < p.rows; ++r, x += p.n, y += p.n) {
    const auto top = fold<P, Largest>(x, p.n);
    const auto log = log_of_exps<P>(x, p.n, top);
    each_wide<P>(
        p.n,
        [&](std::size_t i) {
          store_wide(load_wide<kWidth>(x + i) - top - log, y + i);
        },
        [&](std::size_t i, uint32_t count) {
          const auto in = load_some_wide(x + i, count, top);
          store_some_wide(in - top - log, y + i, count);
        });
  }
}

template <class P>
[[gnu::always_inline]] inline WideOf<P> add_product(const WideOf<P>& a,
                                                    const WideOf<P>& b,
                                                    const WideOf<P>& c) {
  return each([](const Floats& u, const Floats& v,
                 const Floats& w) { return P::add_product(u, v, w); },
              a, b, c);
}

// Of a row, and the reciprocal of its spread.
template <class P>
struct Moments {
  WideOf<P> mean, scale;
};
template <class P>
[[gnu::always_inline]] inline Moments<P> moments_of(const Rows& p,
                                                    const float* x) {
  constexpr uint32_t kWidth = P::kWidth;
  const auto n = all_of<kWidth>(static_cast<float>(p.n));
  const auto mean = fold<P, Sum>(x, p.n) / n;
  auto square = all_of<kWidth>(0);
  each_wide<P>(
      p.n,
      [&](std::size_t i) {
        const auto d = load_wide<kWidth>(x + i) - mean;
        square = add_product<P>(d, d, square);
      },
      [&](std::size_t i, uint32_t count) {
        const auto d = load_some_wide(x + i, count, mean) - mean;
        square = add_product<P>(d, d, square);
      });
  const auto spread = across<Sum>(square) / n + all_of<kWidth>(p.epsilon);
  return {mean, all_of<kWidth>(1) /
                    each([](const Floats& s) { return root(s); }, spread)};
}

template <class P>
void layer_norm(const Rows& p, const float* weights, const float* x, float* y) {
  constexpr uint32_t kWidth = P::kWidth;
  const float* bias = weights + (p.n + kBlock - 1) / kBlock * kBlock;
  for (std::size_t r = 0; r < p.rows; ++r, x += p.n, y += p.n) {
    const Moments<P> m = moments_of<P>(p, x);
    const auto made = [&](const WideOf<P>& in, std::size_t i) {
      return add_product<P>((in - m.mean) * m.scale,
                            load_wide<kWidth>(weights + i),
                            load_wide<kWidth>(bias + i));
    };
    each_wide<P>(
        p.n,
        [&](std::size_t i) {
          store_wide(made(load_wide<kWidth>(x + i), i), y + i);
        },
        [&](std::size_t i, uint32_t count) {
          const auto in = load_some_wide(x + i, count, m.mean);
          store_some_wide(made(in, i), y + i, count);
        });
  }
}

template <class P>
void group_norm(const Rows& p, const float* weights, const float* x, float* y) {
  constexpr uint32_t kWidth = P::kWidth;
  std::size_t at = 0;
  for (std::size_t r = 0; r < p.rows; ++r) {
    const Moments<P> m = moments_of<P>(p, x);
    for (std::size_t i = 0; i < p.n; i += p.part, x += p.part, y += p.part) {
      const auto scale = m.scale * all_of<kWidth>(weights[at]);
      const auto bias = all_of<kWidth>(weights[p.parts + at]);
      at = at + 1 == p.parts ? 0 : at + 1;
      each_wide<P>(
          p.part,
          [&](std::size_t j) {
            const auto in = load_wide<kWidth>(x + j);
            store_wide(add_product<P>(in - m.mean, scale, bias), y + j);
          },
          [&](std::size_t j, uint32_t count) {
            const auto in = load_some_wide(x + j, count, m.mean);
            store_some_wide(add_product<P>(in - m.mean, scale, bias), y + j,
                            count);
          });
    }
  }
}

}  // namespace rows
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
