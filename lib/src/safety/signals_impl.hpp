// SPDX-License-Identifier: MIT
// What is wrong with one signal. Included by check_impl.hpp.
#pragma once

#include "safety/fault.hpp"
#include "safety/shield.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

inline bool finite(float x) { return x - x == 0; }

template <class F>
uint32_t value_faults(const Signal& signal, const float* value) {
  uint32_t faults = 0;
  for (uint32_t i = 0; i < signal.count; ++i) {
    const bool in_range = value[i] >= signal.lo[i] && value[i] <= signal.hi[i];
    if (!finite(value[i])) {
      faults |= F::on(Fault::kNan) ? 0u : kReasonNan;
    } else if (!in_range) {
      faults |= F::on(Fault::kRange) ? 0u : kReasonRange;
    }
  }
  return faults;
}

inline bool holds_fallback(const Signal& signal, const float* value) {
  bool same = true;
  for (uint32_t i = 0; i < signal.count; ++i) {
    same = same && value[i] == signal.fallback[i];
  }
  return same;
}

// Reasons for one signal; 0 when it may be used.
template <class F>
uint32_t signal_faults(const Image& image, const ShieldState& state,
                       const ShieldInput& in, uint32_t index) {
  const Signal& signal = image.signal[index];
  const float* value = in.value[index];
  const int64_t stamp = in.stamp_ns[index];
  if (value == nullptr || signal.count == 0) return kReasonStale;
  uint32_t faults = value_faults<F>(signal, value);
  if (stamp > in.now_ns && !F::on(Fault::kFuture)) faults |= kReasonFuture;
  if (stamp < state.last_stamp_ns[index] && !F::on(Fault::kBackwards)) {
    faults |= kReasonFuture;
  }
  const bool fresh = stamp > 0 && in.now_ns - stamp <= signal.max_age_ns;
  if (fresh || F::on(Fault::kStale)) return faults;
  // Stale but replaced: the policy saw the declared fallback, nothing else.
  if (signal.stale == StaleRule::kFallback && holds_fallback(signal, value)) {
    return faults;
  }
  faults |= kReasonStale;
  if (signal.stale == StaleRule::kGrow) faults |= kReasonHumanLost;
  return faults;
}

// A human, or in an expression: no motion can be judged without it.
inline bool is_needed(const Image& image, uint32_t signal) {
  for (const ExprProgram& program : image.expressions.program) {
    for (uint32_t i = 0; i < program.inputs; ++i) {
      const ExprInput& input = program.input[i];
      if (input.source == ExprSource::kSignal && input.signal == signal) {
        return true;
      }
    }
  }
  for (uint32_t h = 0; h < image.humans; ++h) {
    if (image.human[h].signal == signal) return true;
  }
  for (uint32_t i = 0; i < image.dynamics.contacts; ++i) {
    if (image.dynamics.contact[i].signal == signal) return true;
  }
  return false;
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
