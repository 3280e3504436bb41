// SPDX-License-Identifier: MIT
#include "safety/planner.hpp"

#include <cmath>

#include "safety/exp.hpp"

namespace tactus::safety {
namespace {

// Caps keep durations above 100 us for commands near zero, where decel / u
// overflows; a slower stop is within every limit.
constexpr double kMaxSlope = 1e4;
constexpr double kMaxBend = 1e8;

double smaller(double a, double b) { return a < b ? a : b; }

int64_t ns_above(double seconds) {
  return static_cast<int64_t>(seconds * 1e9) + 1;
}

void derive(StopShape& shape) {
  const double ramp = seconds(shape.ramp_ns);
  shape.slope = 1.0 / (ramp + seconds(shape.line_ns));
  shape.bend = shape.slope / ramp;
}

void set_cubic(layout::StopPlan& plan, uint32_t segment, uint32_t joint,
               const double* c) {
  for (int i = 0; i < 4; ++i) plan.cubic[segment][joint].c[i] = c[i];
}

void write_joint(const StopShape& shape, double u, uint32_t joint,
                 layout::StopPlan& out) {
  const double half = 0.5 * shape.bend;
  const double ramp = seconds(shape.ramp_ns);
  const double after_ramp = 1 - half * ramp * ramp;
  const double before_end = half * ramp * ramp;
  const double first[4] = {u, 0, -u * half, 0};
  const double line[4] = {u * after_ramp, -u * shape.slope, 0, 0};
  const double last[4] = {u * before_end, -u * shape.slope, u * half, 0};
  set_cubic(out, 0, joint, first);
  set_cubic(out, 1, joint, line);
  set_cubic(out, 2, joint, last);
  out.held[joint] = u;
  out.terminal[joint] = 0;
}

}  // namespace

bool shape_stop(const Image& image, const double* u, StopShape& out) noexcept {
  double slope = kMaxSlope;
  double bend = kMaxBend;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const double speed = std::fabs(u[j]);  // -0 has no other stop than 0
    if (!(speed < 1e6)) return false;
    slope = smaller(slope, image.commit.decel[j] / speed);
    bend = smaller(bend, image.commit.jerk[j] / speed);
  }
  if (!(slope > 0) || !(bend > 0)) return false;
  if (slope * slope > bend) slope = std::sqrt(bend);  // no line: a triangle
  const double ramp = slope / bend;
  if (!(2 * ramp < 10 && 1 / slope < 10)) return false;
  out.ramp_ns = ns_above(ramp);
  out.line_ns = ns_above(smaller(1 / slope, 10) - smaller(ramp, 1 / slope));
  derive(out);
  return out.end_ns() <= kMaxStop_ns;
}

StopShape shape_of(const layout::StopPlan& plan) noexcept {
  StopShape shape;
  shape.ramp_ns = plan.segment_end_ns[0];
  shape.line_ns = plan.segment_end_ns[1] - plan.segment_end_ns[0];
  derive(shape);
  return shape;
}

void write_plan(const Image& image, const double* u, const StopShape& shape,
                layout::StopPlan& out) noexcept {
  out.joints = image.joints;
  out.segments = 3;
  out.kind = static_cast<uint32_t>(image.kind);
  out.segment_end_ns[0] = shape.ramp_ns;
  out.segment_end_ns[1] = shape.ramp_ns + shape.line_ns;
  out.segment_end_ns[2] = shape.end_ns();
  for (uint32_t j = 0; j < image.joints; ++j) write_joint(shape, u[j], j, out);
}

}  // namespace tactus::safety
