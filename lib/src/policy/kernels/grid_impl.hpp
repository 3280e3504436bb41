// SPDX-License-Identifier: MIT
// Broadcasting and sliding windows: include a vector_*.hpp and rows_impl.hpp
// first.
#pragma once

#include "policy/kernels/power_impl.hpp"
#include "policy/kernels/rows_impl.hpp"

namespace tactus::policy::kernels {
inline namespace TACTUS_KERNEL_SPACE {
namespace grid {

using activations::splat;

struct Add {
  static Floats of(const Floats& a, const Floats& b) { return a + b; }
};
struct Sub {
  static Floats of(const Floats& a, const Floats& b) { return a - b; }
};
struct Mul {
  static Floats of(const Floats& a, const Floats& b) { return a * b; }
};
struct Div {
  static Floats of(const Floats& a, const Floats& b) { return a / b; }
};
struct Min {
  static Floats of(const Floats& a, const Floats& b) {
    return rows::smaller(a, b);
  }
};
struct Max {
  static Floats of(const Floats& a, const Floats& b) {
    return rows::larger(a, b);
  }
};

struct Pow {
  static Floats of(const Floats& a, const Floats& b) {
    return angles::power_of(a, b);
  }
};
struct PRelu {
  static Floats of(const Floats& a, const Floats& b) {
    return a < 0.0F ? a * b : a;
  }
};
// What a comparison says, as a number.
template <class Mask>
[[gnu::always_inline]] inline Floats truth(const Mask& mask) {
  return mask ? splat(1.0F) : splat(0.0F);
}
struct Equal {
  static Floats of(const Floats& a, const Floats& b) { return truth(a == b); }
};
struct Greater {
  static Floats of(const Floats& a, const Floats& b) { return truth(a > b); }
};
struct GreaterEqual {
  static Floats of(const Floats& a, const Floats& b) { return truth(a >= b); }
};
struct Less {
  static Floats of(const Floats& a, const Floats& b) { return truth(a < b); }
};
struct LessEqual {
  static Floats of(const Floats& a, const Floats& b) { return truth(a <= b); }
};
struct Both {
  static Floats of(const Floats& a, const Floats& b) {
    return truth((a != 0.0F) & (b != 0.0F));
  }
};
struct Either {
  static Floats of(const Floats& a, const Floats& b) {
    return truth((a != 0.0F) | (b != 0.0F));
  }
};
struct OneOf {
  static Floats of(const Floats& a, const Floats& b) {
    return truth((a != 0.0F) ^ (b != 0.0F));
  }
};
struct Kept {
  static Floats of(const Floats& a, const Floats& when) {
    return when != 0.0F ? a : splat(0.0F);
  }
};
struct Dropped {
  static Floats of(const Floats& a, const Floats& when) {
    return when != 0.0F ? splat(0.0F) : a;
  }
};
struct Joined {
  static Floats of(const Floats& a, const Floats& b) {
    return floats(bits(a) | bits(b));
  }
};

// The last axis; stride 0 repeats one float.
template <class F>
[[gnu::always_inline]] inline void line(const float* x, std::size_t x_stride,
                                        const float* other,
                                        std::size_t other_stride, float* y,
                                        std::size_t n) {
  const Floats a = splat(*x), b = splat(*other);
  rows::each_wide<rows::Fast>(
      n,
      [&](std::size_t i) {
        store(F::of(x_stride ? load(x + i) : a,
                    other_stride ? load(other + i) : b),
              y + i);
      },
      [&](std::size_t i, uint32_t count) {
        store_some(F::of(x_stride ? load_some(x + i, count, a) : a,
                         other_stride ? load_some(other + i, count, b) : b),
                   y + i, count);
      });
}

template <class F>
void run(const Grid& g, const float* x, const float* other, float* y) {
  const uint32_t last = g.axes - 1;
  const std::size_t n = g.size[last];
  std::size_t index[kGridAxes] = {};
  for (;;) {
    line<F>(x, g.x[last], other, g.other[last], y, n);
    y += n;
    uint32_t d = last;
    for (; d-- > 0;) {
      x += g.x[d];
      other += g.other[d];
      if (++index[d] < g.size[d]) break;
      x -= g.x[d] * g.size[d];
      other -= g.other[d] * g.size[d];
      index[d] = 0;
    }
    if (d > last) return;  // every axis has come round
  }
}

struct PoolMax {
  static constexpr float kNothing = -__builtin_inff();
  static Floats join(const Floats& a, const Floats& b) {
    return rows::larger(a, b);
  }
  static Floats finish(const Floats& x, const float*, std::size_t) { return x; }
};
struct PoolAverage {
  static constexpr float kNothing = 0;
  static Floats join(const Floats& a, const Floats& b) { return a + b; }
  static Floats finish(const Floats& x, const float* counts,
                       std::size_t place) {
    return x / counts[place];
  }
};

template <class F>
void pool(const Pool& p, const uint32_t* at, const float* counts,
          const float* x, float* y) {
  for (std::size_t place = 0; place < p.places; ++place) {
    const float* from = x + place * p.x_place;
    float* to = y + place * p.channels;
    for (std::size_t c = 0; c < p.channels; c += kLanes) {
      Floats all = splat(F::kNothing);
      for (std::size_t t = 0; t < p.taps; ++t)
        all = F::join(all, load(from + at[t] + c));
      all = F::finish(all, counts, place);
      const std::size_t left = p.channels - c;
      if (left >= kLanes)
        store(all, to + c);
      else
        store_some(all, to + c, static_cast<uint32_t>(left));
    }
  }
}

}  // namespace grid

}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::policy::kernels
