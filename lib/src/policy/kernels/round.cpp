// SPDX-License-Identifier: MIT
// Rounding of weights and inputs to the formats of fewer bits.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "policy/kernels/pack.hpp"

namespace tactus::policy::kernels {
namespace {

struct Limits {
  double weight;  // largest |q|
  double input;   // largest |x|
};
Limits limits_of(Format format) {
  return format == Format::kInt16 ? Limits{32767, kLargest16}
                                  : Limits{127, kLargest8};
}

// Largest Σ |q|.
double most_weight(Format format) {
  return std::floor(INT32_MAX / limits_of(format).input);
}

}  // namespace

std::size_t most_inputs(Format format) noexcept {
  return static_cast<std::size_t>(most_weight(format));
}

// kInt16: each input its own step, which the weights take up. Room for twice
// what the rows hold (maxima of rows grow with their number), but a quarter
// above the largest of all is enough; and an input that was small in the rows
// may grow to a quarter of that. kInt8 has no weight bits to take up a step and
// no values to spare, but a zero point.
void add_steps(InputSteps& to, Format format, const Reach& reach,
               std::size_t count) {
  // Where only zeros were seen any size is as good as another.
  const double amax = reach.amax > 1e-30 ? reach.amax : 1;
  const double least = std::clamp(reach.low, -amax, 0.0);
  for (std::size_t i = 0; i < count; ++i) {
    if (format == Format::kInt8) {
      to.step.push_back((amax - least) / kLargest8);
      to.zero.push_back(std::nearbyint(-least / to.step.back()));
      continue;
    }
    const double own = reach.each.empty() ? amax : reach.each[i];
    const double room = 2 * std::max(own, amax / 8);
    to.step.push_back(std::min(room, 1.25 * amax) / kLargest16);
    to.zero.push_back(0);
  }
}

std::vector<float> pack_steps(Format format, const InputSteps& steps) {
  const std::size_t k = steps.step.size();
  const std::size_t parts = format == Format::kInt8 ? 2 : 1;
  std::vector<float> out(blocks_of(k) * kBlock * parts);
  for (std::size_t i = 0; i < k; ++i) {
    float* block = out.data() + i / kBlock * kBlock * parts + i % kBlock;
    block[0] = static_cast<float>(1 / steps.step[i]);
    if (parts == 2) block[kBlock] = static_cast<float>(steps.zero[i]);
  }
  return out;
}

// Rounding adds at most half to each |q|: hence k / 2 less for their sum.
IntegerRow round_row(const Matrix& m, std::size_t row) {
  const double* w = m.w + row * m.k;
  const auto in_steps = [&](std::size_t i) { return w[i] * m.steps->step[i]; };
  double largest = 0, sum = 0;
  for (std::size_t i = 0; i < m.k; ++i) {
    largest = std::max(largest, std::fabs(in_steps(i)));
    sum += std::fabs(in_steps(i));
  }
  IntegerRow made;
  made.q.assign(m.k, 0);
  const double room = most_weight(m.format) - static_cast<double>(m.k) / 2;
  if (!std::isfinite(sum)) {
    made.scale = NAN;  // as the weights: no output is finite
    return made;
  }
  made.scale = std::max(largest / limits_of(m.format).weight, sum / room);
  if (made.scale == 0) return made;
  for (std::size_t i = 0; i < m.k; ++i) {
    made.q[i] = static_cast<int32_t>(std::nearbyint(in_steps(i) / made.scale));
    made.start -= made.q[i] * static_cast<int32_t>(m.steps->zero[i]);
  }
  return made;
}

uint16_t to_bf16(float x) noexcept {
  const uint32_t word = std::bit_cast<uint32_t>(x);
  return static_cast<uint16_t>((word + 0x7fffU + (word >> 16 & 1U)) >> 16);
}

}  // namespace tactus::policy::kernels
