// SPDX-License-Identifier: MIT
// keep = "in" or "out", box = [three ranges].
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
constexpr double kBoxScale = 0.1;  // m

}  // namespace

void read_keep(const std::string& name, const toml::Table& table,
               const Input& in) {
  const auto keep = table.choice("keep", {"in", "out"});
  const auto sides = table.list("box");
  if (sides.size() != 3) return table["box"].fail("three ranges: x, y, z");
  Box box{};
  copy_text(name, box.name, kName);
  bool holds_base = true;
  for (uint32_t i = 0; i < 3; ++i) {
    const Range range = sides[i].range(kLength);
    box.lo[i] = range.lo;
    box.hi[i] = range.hi;
    holds_base &= range.lo <= 0 && range.hi >= 0;
  }
  need_geometry(table, "box", in);
  if (keep == 0 && !holds_base)
    log_line(LogLevel::kWarning,
             table["box"].where() +
                 ": the keep-in box does not hold the robot's base");
  if (in.out.keep_in.size() + in.out.keep_out.size() == kMaxBoxes)
    table["box"].fail(fmt::format("at most {} boxes", kMaxBoxes));
  auto& list = keep == 0 ? in.out.keep_in : in.out.keep_out;
  list.push_back({common(table, name, kLength, kBoxScale), box});
}

// Contradictions.
void check_room(const toml::Table& table, const LimitsIr& limits) {
  double lo[3] = {-kInf, -kInf, -kInf}, hi[3] = {kInf, kInf, kInf};
  for (const auto& in : limits.keep_in) {
    for (int i = 0; i < 3; ++i) {
      lo[i] = std::max(lo[i], in.limit.lo[i]);
      hi[i] = std::min(hi[i], in.limit.hi[i]);
      if (!(lo[i] < hi[i]))
        return table[in.row.id].fail(
            "no room", "keep-in boxes that overlap: all of them bind");
    }
  }
  for (const auto& out : limits.keep_out) {
    bool covers = !limits.keep_in.empty();
    for (int i = 0; i < 3; ++i)
      covers &= out.limit.lo[i] <= lo[i] && out.limit.hi[i] >= hi[i];
    if (covers)
      return table[out.row.id].fail(
          "no room", "a keep-out box that leaves some of the keep-in box");
  }
}

Result<void> lower_space(const LimitsIr& from, Image& to) {
  for (const auto& box : from.keep_in) {
    add_row(to, box.row, RowKernel::kKeepIn, to.boxes);
    to.box[to.boxes++] = box.limit;
  }
  to.boxes_in = to.boxes;
  for (const auto& box : from.keep_out) {
    add_row(to, box.row, RowKernel::kKeepOut, to.boxes);
    to.box[to.boxes++] = box.limit;
  }
  return {};
}

}  // namespace tactus::safety::limits
