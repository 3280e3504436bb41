// SPDX-License-Identifier: MIT
// Which blocking serves one layer. By rule: a model of the time, the same on
// every machine with that instruction set. By time: the best of those that
// the model likes, measured here; two loads may then differ, so what was
// chosen is named in logs and can be asked for. Set-up.
#pragma once

#include "policy/kernels/pack.hpp"

namespace tactus::policy::kernels {

// May a kernel read padding behind the k inputs? Only where it is finite.
// Quantised inputs have zeros behind them.
enum class Beyond : uint8_t { kForbidden, kWithinBlock };

[[nodiscard]] bool fits(const KernelSet& set, const Gemv& kernel,
                        const Matrix& m, Beyond beyond) noexcept;
// Cycles of one call, roughly.
[[nodiscard]] double predicted(const KernelSet& set, const Gemv& kernel,
                               std::size_t n, std::size_t k) noexcept;

// Of the kernels of m's format.
[[nodiscard]] const Gemv& by_rule(const KernelSet& set, const Matrix& m,
                                  Beyond beyond) noexcept;
// Takes at most kTimedLayer or what is left of `left_ns`, give or take one
// round of calls, and takes it off there. With nothing left, and for weights
// that no second-level cache holds (all blockings wait for memory alike), it
// is by_rule.
[[nodiscard]] const Gemv& by_time(const KernelSet& set, const Matrix& m,
                                  Beyond beyond, int64_t& left_ns);
inline constexpr int64_t kTimedLayer = 4'000'000;   // ns
inline constexpr int64_t kTimedModel = 40'000'000;  // for all of its layers

}  // namespace tactus::policy::kernels
