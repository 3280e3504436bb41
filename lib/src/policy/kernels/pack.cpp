// SPDX-License-Identifier: MIT
#include "policy/kernels/pack.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace tactus::policy::kernels {

std::size_t header_of(const Gemv& kernel) noexcept {
  return (is_integer(kernel.format) ? 3 : 1) * std::size_t{kernel.written};
}

GemvShape shape_of(const KernelSet& set, const Gemv& kernel, std::size_t n,
                   std::size_t k) noexcept {
  GemvShape shape;
  const std::size_t unrolled =
      std::size_t{kernel.block} * kernel.unroll * elements_of(kernel.format);
  shape.panels = (n + kernel.outputs - 1) / kernel.outputs;
  shape.steps = (k + unrolled - 1) / unrolled * kernel.unroll;
  shape.stride =
      header_of(kernel) + shape.steps * kernel.accumulators * set.lanes;
  return shape;
}

std::size_t inputs_read(const GemvShape& shape, const Gemv& kernel) noexcept {
  return shape.steps * kernel.block * elements_of(kernel.format);
}

namespace {

uint32_t word_of(float x) { return std::bit_cast<uint32_t>(x); }

class Packer {
 public:
  Packer(const KernelSet& set, const Gemv& kernel, const Matrix& m)
      : kernel_(kernel),
        m_(m),
        registers_(std::size_t{kernel.accumulators} * set.lanes),
        label_(registers_) {
    kernel.labels(label_.data());
  }

  // Words, as the floats that hold their bits.
  void panel(std::size_t first, std::size_t steps, float* out) {
    rows_.clear();
    const std::size_t here =
        std::min<std::size_t>(kernel_.outputs, m_.n - first);
    for (std::size_t i = 0; i < here && is_integer(kernel_.format); ++i)
      rows_.push_back(round_row(m_, first + i));
    for (std::size_t i = 0; i < here; ++i) header(first + i, i, out);
    out += header_of(kernel_);
    for (std::size_t s = 0; s < steps; s += kTile)
      tile(first, s, std::min(steps, s + kTile), here, out);
  }

 private:
  // Eight doubles are a cache line of a row, and the lines written stay in
  // the cache until each lane has been there.
  static constexpr std::size_t kTile = 8;

  void tile(std::size_t first, std::size_t begin, std::size_t end,
            std::size_t here, float* out) const {
    for (std::size_t at = 0; at < registers_; ++at) {
      if (label_[at] >= here) continue;
      for (std::size_t s = begin; s < end; ++s) {
        const uint32_t word = word_at(first, label_[at], s, at % kernel_.block);
        std::memcpy(out + s * registers_ + at, &word, sizeof word);
      }
    }
  }
  void header(std::size_t row, std::size_t i, float* out) const {
    const float bias = m_.b != nullptr ? static_cast<float>(m_.b[row]) : 0.0F;
    if (!is_integer(kernel_.format)) {
      out[i] = bias;
      return;
    }
    std::memcpy(out + i, &rows_[i].start, sizeof(float));
    out[kernel_.written + i] = static_cast<float>(rows_[i].scale);
    out[2 * kernel_.written + i] = bias;
  }
  [[nodiscard]] uint32_t word_at(std::size_t first, std::size_t i,
                                 std::size_t step, std::size_t column) const {
    const std::size_t block = kernel_.block;
    switch (kernel_.format) {
      case Format::kF32:
        return word_of(weight(first + i, step * block + column));
      case Format::kBf16: {
        const std::size_t at = step * 2 * block + column;
        const uint32_t upper = to_bf16(weight(first + i, at));
        return upper << 16 | to_bf16(weight(first + i, at + block));
      }
      case Format::kInt16:
      case Format::kInt8:
        break;
    }
    return integers(rows_[i].q, (step * block + column));
  }
  // The first in the low bits.
  [[nodiscard]] uint32_t integers(const std::vector<int32_t>& q,
                                  std::size_t word) const {
    const uint32_t elements = elements_of(kernel_.format);
    const uint32_t width = 32 / elements;
    uint32_t made = 0;
    for (uint32_t e = 0; e < elements; ++e) {
      const std::size_t at = word * elements + e;
      const auto value = static_cast<uint32_t>(at < q.size() ? q[at] : 0);
      made |= (value & ((1U << width) - 1)) << (e * width);
    }
    return made;
  }
  [[nodiscard]] float weight(std::size_t row, std::size_t column) const {
    return column < m_.k ? static_cast<float>(m_.w[row * m_.k + column]) : 0.0F;
  }

  const Gemv& kernel_;
  const Matrix& m_;
  std::size_t registers_;
  std::vector<uint32_t> label_;
  std::vector<IntegerRow> rows_;  // of the panel
};

}  // namespace

void pack(const KernelSet& set, const Gemv& kernel, const Matrix& m,
          float* out) {
  const GemvShape shape = shape_of(set, kernel, m.n, m.k);
  Packer packer(set, kernel, m);
  for (std::size_t p = 0; p < shape.panels; ++p)
    packer.panel(p * kernel.outputs, shape.steps, out + p * shape.stride);
}

}  // namespace tactus::policy::kernels
