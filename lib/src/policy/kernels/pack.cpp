// SPDX-License-Identifier: MIT
#include "policy/kernels/pack.hpp"

#include <vector>

namespace tactus::policy::kernels {

GemvShape shape_of(const KernelSet& set, const Gemv& kernel, std::size_t n,
                   std::size_t k) noexcept {
  GemvShape shape;
  const std::size_t unrolled = std::size_t{kernel.block} * kernel.unroll;
  shape.panels = (n + kernel.outputs - 1) / kernel.outputs;
  shape.steps = (k + unrolled - 1) / unrolled * kernel.unroll;
  shape.stride = kernel.written + shape.steps * kernel.accumulators * set.lanes;
  return shape;
}

std::size_t read_beyond(const GemvShape& shape, const Gemv& kernel,
                        std::size_t k) noexcept {
  return shape.steps * kernel.block - k;
}

namespace {

class Packer {
 public:
  Packer(const KernelSet& set, const Gemv& kernel, const Matrix& m)
      : kernel_(kernel),
        m_(m),
        registers_(std::size_t{kernel.accumulators} * set.lanes),
        label_(registers_) {
    kernel.labels(label_.data());
  }

  void panel(std::size_t first, std::size_t steps, float* out) const {
    for (std::size_t i = 0; i < kernel_.outputs && first + i < m_.n; ++i)
      out[i] = m_.b != nullptr ? static_cast<float>(m_.b[first + i]) : 0.0F;
    out += kernel_.written;
    for (std::size_t s = 0; s < steps; ++s, out += registers_)
      for (std::size_t at = 0; at < registers_; ++at)
        out[at] =
            weight(first + label_[at], s * kernel_.block + at % kernel_.block);
  }

 private:
  [[nodiscard]] float weight(std::size_t row, std::size_t column) const {
    const bool there = row < m_.n && column < m_.k;
    return there ? static_cast<float>(m_.w[row * m_.k + column]) : 0.0F;
  }

  const Gemv& kernel_;
  const Matrix& m_;
  std::size_t registers_;
  std::vector<uint32_t> label_;
};

}  // namespace

void pack(const KernelSet& set, const Gemv& kernel, const Matrix& m,
          float* out) {
  const GemvShape shape = shape_of(set, kernel, m.n, m.k);
  const Packer packer(set, kernel, m);
  for (std::size_t p = 0; p < shape.panels; ++p)
    packer.panel(p * kernel.outputs, shape.steps, out + p * shape.stride);
}

}  // namespace tactus::policy::kernels
