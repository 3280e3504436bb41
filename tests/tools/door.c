/* SPDX-License-Identifier: MIT */
/* A module with callbacks for limits (kind = "callback"): what tests/cli loads
 * into rtctl run. */
#include <math.h>
#include <tactus/tactus.h>

/* How far the first joint stays below 3 rad, wherever the motion may be. */
tactus_status door_clear(void* self, const tactus_margin_view* view,
                         float* margin);
tactus_status door_clear(void* self, const tactus_margin_view* view,
                         float* margin) {
  (void)self;
  double least = 3;
  for (uint32_t i = 0; i < view->samples; ++i) {
    const uint32_t at = i * view->joints;
    const double far = fabs(view->motion[at]) + view->wide[at];
    least = fmin(least, 3 - far);
  }
  *margin = (float)least;
  return TACTUS_OK;
}

/* Every 400 cycles the door opens for 40: half of them it says so, half it
 * cannot say. */
tactus_status door_opens(void* self, const tactus_margin_view* view,
                         float* margin);
tactus_status door_opens(void* self, const tactus_margin_view* view,
                         float* margin) {
  (void)self;
  const uint64_t at = view->cycle % 400;
  *margin = at < 20 ? -0.25F : 0.25F;
  if (at >= 20 && at < 40) return TACTUS_FAILED;
  return TACTUS_OK;
}
