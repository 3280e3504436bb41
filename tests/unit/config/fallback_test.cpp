// SPDX-License-Identifier: MIT
#include "config/fallback.hpp"

#include <criterion/criterion.h>

#include <cmath>
#include <cstring>
#include <memory>

using namespace tactus;

namespace {

struct Frame {
  int64_t target_at;
  float target[2];
  float q[2];
};

// "q" stops, "target" falls back to (0.5, 0.25) beyond 10 ns.
struct Rig {
  std::unique_ptr<safety::Image> image = std::make_unique<safety::Image>();
  config::SignalBinding binding{};
  Frame frame{100, {1, 2}, {3, 4}};

  Rig() {
    image->signals = 2;
    for (safety::Signal& s :
         {std::ref(image->signal[0]), std::ref(image->signal[1])}) {
      s.count = 2;
      s.max_age_ns = 10;
      s.stale = safety::StaleRule::kStop;
      for (int k = 0; k < 2; ++k) {
        s.lo[k] = -5;
        s.hi[k] = 5;
      }
    }
    image->signal[1].stale = safety::StaleRule::kFallback;
    image->signal[1].fallback[0] = 0.5F;
    image->signal[1].fallback[1] = 0.25F;
    binding.value[0] = offsetof(Frame, q);
    binding.stamp[0] = offsetof(Frame, target_at);
    binding.value[1] = offsetof(Frame, target);
    binding.stamp[1] = offsetof(Frame, target_at);
  }
  void apply(int64_t now) {
    config::Fallbacks(*image, binding)
        .apply(reinterpret_cast<std::byte*>(&frame), now);
  }
  bool replaced() const {
    return frame.target[0] == 0.5F && frame.target[1] == 0.25F;
  }
};

}  // namespace

Test(fallback, a_fresh_value_stays) {
  Rig r;
  r.apply(110);
  cr_assert_eq(r.frame.target[0], 1.0F);
}

Test(fallback, an_old_value_is_replaced_and_no_other) {
  Rig r;
  r.apply(111);
  cr_assert(r.replaced());
  cr_assert_eq(r.frame.q[0], 3.0F);
}

Test(fallback, what_was_never_received_is_replaced) {
  Rig r;
  r.frame.target_at = 0;
  r.apply(5);
  cr_assert(r.replaced());
}

Test(fallback, a_value_outside_its_range_is_replaced) {
  for (float bad : {6.0F, -6.0F, NAN, INFINITY}) {
    Rig r;
    r.frame.target[1] = bad;
    r.apply(105);
    cr_assert(r.replaced(), "%f", static_cast<double>(bad));
  }
}
