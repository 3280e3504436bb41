// SPDX-License-Identifier: MIT
#include "policy/backends/fused_tensor.hpp"

#include <cstring>

#include "policy/backends/fused_program.hpp"

namespace tactus::policy::fused {
namespace {

// The next place of an odometer of `axes` axes: forward(d) for each axis that
// steps, back(d) for each that comes round. False after the last.
template <class Forward, class Back>
bool advance(uint32_t axes, const std::size_t* size, std::size_t* index,
             Forward forward, Back back) noexcept {
  for (uint32_t d = axes; d-- > 0;) {
    forward(d);
    if (++index[d] < size[d]) return true;
    back(d);
    index[d] = 0;
  }
  return false;
}

void run_step(const Program& p, const ProductStep& s, float* arena) noexcept {
  const float* weights = p.weights.data();
  kernels::ProductData d{arena + s.a, (s.constant_b ? weights : arena) + s.b,
                         (s.constant_init ? weights : arena) + s.init,
                         arena + s.y, p.places.data() + s.at};
  std::size_t index[kOuterAxes] = {};
  const auto step = [&](uint32_t axis, std::ptrdiff_t times) {
    d.a += s.stride[axis].a * times;
    d.b += s.stride[axis].b * times;
    d.init += s.stride[axis].init * times;
    d.y += s.stride[axis].y * times;
  };
  do {
    p.tensor->product(s.shape, d);
  } while (advance(
      s.axes, s.size, index, [&](uint32_t axis) { step(axis, 1); },
      [&](uint32_t axis) {
        step(axis, -static_cast<std::ptrdiff_t>(s.size[axis]));
      }));
}

void move_line(const float* x, std::ptrdiff_t x_stride, float* y,
               std::ptrdiff_t y_stride, std::size_t n) noexcept {
  if (x_stride == 1 && y_stride == 1) {
    std::memcpy(y, x, n * sizeof(float));
    return;
  }
  for (std::size_t i = 0; i < n; ++i, x += x_stride, y += y_stride) *y = *x;
}

void run_step(const Program&, const MoveStep& s, float* arena) noexcept {
  const float* x = arena + s.x;
  float* y = arena + s.y;
  const uint32_t last = s.axes - 1;
  std::size_t index[kMoveAxes] = {};
  const auto step = [&](uint32_t axis, std::ptrdiff_t times) {
    x += s.x_stride[axis] * times;
    y += s.y_stride[axis] * times;
  };
  do {
    move_line(x, s.x_stride[last], y, s.y_stride[last], s.size[last]);
  } while (advance(
      last, s.size, index, [&](uint32_t axis) { step(axis, 1); },
      [&](uint32_t axis) {
        step(axis, -static_cast<std::ptrdiff_t>(s.size[axis]));
      }));
}

void run_step(const Program& p, const PickStep& s, float* arena) noexcept {
  const uint32_t* at = p.places.data() + s.at;
  const float* x = arena + s.x;
  float* y = arena + s.y;
  for (std::size_t i = 0; i < s.count; ++i) y[i] = x[at[i]];
}

void run_step(const Program&, const GridStep& s, float* arena) noexcept {
  s.kernel(s.grid, arena + s.x, arena + s.other, arena + s.y);
}

void run_step(const Program& p, const RowsStep& s, float* arena) noexcept {
  s.kernel(s.rows, p.weights.data() + s.weights, arena + s.x, arena + s.y);
}

void run_step(const Program& p, const PoolStep& s, float* arena) noexcept {
  const float* x = arena + s.x;
  const float* counts = s.counted ? p.weights.data() + s.counts : nullptr;
  float* y = arena + s.y;
  std::size_t index[kOuterAxes] = {};
  do {
    s.kernel(s.pool, p.places.data() + s.at, counts, x, y);
    if (s.counted) counts += s.pool.places;
    y += s.pool.places * s.pool.channels;
  } while (advance(
      s.axes, s.size, index, [&](uint32_t axis) { x += s.stride[axis]; },
      [&](uint32_t axis) { x -= s.stride[axis] * s.size[axis]; }));
}

}  // namespace

void run(const Program& program, const TensorStep& step,
         float* arena) noexcept {
  std::visit([&](const auto& s) { run_step(program, s, arena); }, step);
}

}  // namespace tactus::policy::fused
