// SPDX-License-Identifier: MIT
// keep = "in" or "out" of a shape, and what all of them share.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/log.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
// Distance over which the margin goes from 1 to 0.
constexpr double kSpaceScale = 0.1;  // m

struct Shape {
  const char* key;
  void (*read)(const Keep& keep);
};
constexpr Shape kShapes[] = {
    {"box", read_box},         {"sphere", read_sphere},
    {"capsule", read_capsule}, {"halfspace", read_halfspace},
    {"hull", read_hull},
};

}  // namespace

void read_point(const toml::Value& value, double* out) {
  const auto parts = value.list();
  if (parts.size() != 3) return value.fail("three lengths: x, y, z");
  for (uint32_t i = 0; i < 3; ++i) {
    out[i] = parts[i].quantity(kLength);
    if (!(std::abs(out[i]) < 1e3)) parts[i].fail("a length below 1000 m");
  }
}

RowIr keep_row(const Keep& keep) {
  return common(keep.table, keep.name, kLength, kSpaceScale);
}

void warn_base(const Keep& keep, const char* key, double deepest) {
  if (!keep.inside || deepest >= 0) return;
  log_line(LogLevel::kWarning,
           fmt::format("{}: the keep-in {} does not hold the robot's base",
                       keep.table[key].where(), key));
}

void read_keep(const std::string& name, const toml::Table& table,
               const Input& in) {
  const auto keep = table.choice("keep", {"in", "out"});
  const Shape* shape = nullptr;
  for (const Shape& one : kShapes) {
    if (!table.has(one.key)) continue;
    if (shape != nullptr)
      return table[one.key].fail(
          fmt::format("a second shape beside {}", shape->key),
          "one shape in a row: give each a name of its own");
    shape = &one;
  }
  if (shape == nullptr)
    return table["box"].fail(
        "a shape: box, sphere, capsule, halfspace or hull");
  need_geometry(table, shape->key, in);
  shape->read({name, table, in, keep == 0, read_binds(table, in)});
}

// Contradictions between boxes.
void check_room(const LimitsIr& limits) {
  double lo[3] = {-kInf, -kInf, -kInf}, hi[3] = {kInf, kInf, kInf};
  for (const auto& in : limits.boxes.in) {
    if (in.limit.binds.spared != 0) continue;  // not for the whole robot
    for (int i = 0; i < 3; ++i) {
      lo[i] = std::max(lo[i], in.limit.lo[i]);
      hi[i] = std::min(hi[i], in.limit.hi[i]);
      if (!(lo[i] < hi[i]))
        return in.row.at->fail("no room",
                               "keep-in boxes that overlap: all of them bind");
    }
  }
  for (const auto& out : limits.boxes.out) {
    bool covers = !limits.boxes.in.empty() && out.limit.binds.spared == 0;
    for (int i = 0; i < 3; ++i)
      covers &= out.limit.lo[i] <= lo[i] && out.limit.hi[i] >= hi[i];
    if (covers)
      return out.row.at->fail(
          "no room", "a keep-out box that leaves some of the keep-in box");
  }
}

Result<void> lower_space(const LimitsIr& from, Image& to) {
  lower_boxes(from, to);
  lower_solids(from, to);
  for (const Window& window : from.windows) to.window[to.windows++] = window;
  return {};
}

}  // namespace tactus::safety::limits
