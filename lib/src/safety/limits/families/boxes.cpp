// SPDX-License-Identifier: MIT
// box = [three ranges], with a pose = {xyz, rpy} or without.
#include <cmath>

#include "core/error.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

// Columns of Rz(yaw) Ry(pitch) Rx(roll), as in a URDF's <origin>.
void set_axes(const double* rpy, double axis[3][3]) {
  const double cr = std::cos(rpy[0]), sr = std::sin(rpy[0]);
  const double cp = std::cos(rpy[1]), sp = std::sin(rpy[1]);
  const double cy = std::cos(rpy[2]), sy = std::sin(rpy[2]);
  const double columns[3][3] = {
      {cy * cp, sy * cp, -sp},
      {cy * sp * sr - sy * cr, sy * sp * sr + cy * cr, cp * sr},
      {cy * sp * cr + sy * sr, sy * sp * cr - cy * sr, cp * cr}};
  for (int a = 0; a < 3; ++a)
    for (int i = 0; i < 3; ++i) axis[a][i] = columns[a][i] + 0.0;  // no -0
}

void read_pose(const toml::Table& pose, TurnedBox& out) {
  read_point(pose["xyz"], out.at);
  const auto angles = pose.list("rpy");
  if (angles.size() != 3)
    return pose["rpy"].fail("three angles: roll, pitch, yaw");
  double rpy[3];
  for (uint32_t i = 0; i < 3; ++i) {
    rpy[i] = angles[i].quantity(kAngle);
    if (!(std::abs(rpy[i]) <= 7)) angles[i].fail("an angle of at most a turn");
  }
  set_axes(rpy, out.axis);
}

// How deep a point is inside; below 0: outside.
double depth(const TurnedBox& box, const double* point) {
  double least = 1e9;
  for (int a = 0; a < 3; ++a) {
    double x = 0;
    for (int i = 0; i < 3; ++i) x += (point[i] - box.at[i]) * box.axis[a][i];
    least = std::fmin(least, std::fmin(x - box.lo[a], box.hi[a] - x));
  }
  return least;
}

template <class T>
void lower(const InOut<T>& from, RowKernel in, RowKernel out, T* table,
           uint32_t& inside, uint32_t& count, Image& to) {
  for (const auto& one : from.in) {
    add_row(to, one.row, in, count);
    table[count++] = one.limit;
  }
  inside = count;
  for (const auto& one : from.out) {
    add_row(to, one.row, out, count);
    table[count++] = one.limit;
  }
}

}  // namespace

void read_box(const Keep& keep) {
  const auto& table = keep.table;
  const auto sides = table.list("box");
  if (sides.size() != 3) return table["box"].fail("three ranges: x, y, z");
  TurnedBox turned{};
  copy_text(keep.name, turned.name, kName);
  turned.binds = keep.binds;
  for (uint32_t i = 0; i < 3; ++i) {
    const Range range = sides[i].range(kLength);
    turned.lo[i] = range.lo;
    turned.hi[i] = range.hi;
    turned.axis[i][i] = 1;
  }
  const bool has_pose = table.has("pose");
  if (has_pose) read_pose(table.table("pose"), turned);
  constexpr double kBase[3] = {0, 0, 0};
  warn_base(keep, "box", depth(turned, kBase));
  auto& out = keep.in.out;
  if (has_pose) {
    need_room(table, "box", out.turned.size(), kMaxTurned, "boxes with a pose");
    auto& list = keep.inside ? out.turned.in : out.turned.out;
    return list.push_back({keep_row(keep), turned});
  }
  Box box{};
  copy_text(keep.name, box.name, kName);
  for (uint32_t i = 0; i < 3; ++i) {
    box.lo[i] = turned.lo[i];
    box.hi[i] = turned.hi[i];
  }
  box.binds = keep.binds;
  need_room(table, "box", out.boxes.size(), kMaxBoxes, "boxes");
  auto& list = keep.inside ? out.boxes.in : out.boxes.out;
  list.push_back({keep_row(keep), box});
}

void lower_boxes(const LimitsIr& from, Image& to) {
  lower(from.boxes, RowKernel::kKeepIn, RowKernel::kKeepOut, to.box,
        to.boxes_in, to.boxes, to);
  lower(from.turned, RowKernel::kTurnedIn, RowKernel::kTurnedOut, to.turned_box,
        to.turned_in, to.turned, to);
}

}  // namespace tactus::safety::limits
