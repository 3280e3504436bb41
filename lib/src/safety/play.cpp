// SPDX-License-Identifier: MIT
#include "safety/exp.hpp"
#include "safety/shield.hpp"

namespace tactus::safety {

double plan_command(const layout::StopPlan& plan, uint32_t joint,
                    int64_t at_ns) noexcept {
  const int64_t into = at_ns - plan.origin_ns;
  if (into <= 0) return plan.held[joint];
  int64_t begin = 0;
  for (uint32_t s = 0; s < plan.segments && s < layout::kMaxSegments; ++s) {
    if (into < plan.segment_end_ns[s]) {
      const double t = seconds(into - begin);
      const double* c = plan.cubic[s][joint].c;
      return c[0] + t * (c[1] + t * (c[2] + t * c[3]));
    }
    begin = plan.segment_end_ns[s];
  }
  return plan.terminal[joint];
}

void play(const Image& image, const ShieldState& state, int64_t now_ns,
          float* u) noexcept {
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double value =
        state.plan.plan_id == 0 ? 0 : plan_command(state.plan, j, now_ns);
    const bool usable = value - value == 0;
    u[j] = usable ? static_cast<float>(value) : 0;
  }
}

}  // namespace tactus::safety
