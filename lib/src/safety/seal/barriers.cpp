// SPDX-License-Identifier: MIT
#include "safety/seal/family.hpp"

namespace tactus::safety::sealing {
namespace {

bool has_distance(const Image& image, const Barrier& row) {
  switch (row.of) {
    case BarrierOf::kJoints:
      return joint_position(image).end > 0;
    case BarrierOf::kBox:
      return row.index >= image.boxes_in && row.index < image.boxes;
    case BarrierOf::kHuman:
      return row.index < image.humans;
  }
  return false;
}

Check check_barrier(const Image& image, uint32_t i) {
  const Barrier& row = image.dynamics.barrier[i];
  if (!has_distance(image, row)) {
    return bad_input("limits image: barrier {}: on no distance", i);
  }
  if (row.degree < 1 || row.degree > 2 || !positive(row.alpha[0]) ||
      (row.degree == 2 && !positive(row.alpha[1]))) {
    return bad_input("limits image: barrier {}: degree 1 or 2, alpha above 0",
                     i);
  }
  if (row.degree == 2 && image.commit.lag_ns == 0) {
    return bad_input(
        "limits image: barrier {}: relative degree 2 without a lag", i);
  }
  return {};
}

}  // namespace

Check check_barriers(const Image& image) {
  if (image.dynamics.barriers > kMaxBarriers) return over_size();
  for (uint32_t i = 0; i < image.dynamics.barriers; ++i) {
    if (Check r = check_barrier(image, i); !r) return r;
  }
  return {};
}

Span barriers(const Image& image) { return {0, image.dynamics.barriers}; }

}  // namespace tactus::safety::sealing
