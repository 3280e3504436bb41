// SPDX-License-Identifier: MIT
// kind = "cbf", on = "NAME" or "joint", alpha = "2 1/s" or two of them: a
// control barrier on the distance that row NAME keeps.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

// Below the barrier's speed at which the margin is 1.
constexpr double kBarrierScale = 0.5;  // m/s or rad/s

void read_alpha(const toml::Table& table, const Input& in, Barrier& out) {
  const auto value = table["alpha"];
  auto values = std::vector<toml::Value>{value};
  if (value.kind() == toml::Kind::kList) values = value.list();
  if (values.empty() || values.size() > 2)
    return value.fail("one rate such as \"2 1/s\", or two for degree 2");
  out.degree = static_cast<uint32_t>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.alpha[i] = values[i].quantity(kFrequency);
    if (!(out.alpha[i] > 0)) values[i].fail("a rate above zero");
  }
  const auto lag = in.scope.document.root().table("robot").duration("lag");
  if (out.degree == 2 && lag == 0)
    value.fail("one rate: robot.lag = 0, so the command is the velocity");
}

template <class T>
uint32_t index_of(const std::vector<Limited<T>>& rows, const std::string& id) {
  const auto at = std::find_if(rows.begin(), rows.end(), [&](const auto& row) {
    return row.row.id == id;
  });
  return static_cast<uint32_t>(at - rows.begin());
}

// True when `on` names something; a box's index is among the keep-outs.
bool find_one(const std::string& on, const LimitsIr& all, Barrier& out) {
  if (on == "joint") {
    out.of = BarrierOf::kJoints;
    return all.position.has_value();
  }
  out.of = BarrierOf::kBox;
  out.index = index_of(all.boxes.out, on);
  if (out.index < all.boxes.out.size()) return true;
  out.of = BarrierOf::kHuman;
  out.index = index_of(all.humans, on);
  return out.index < all.humans.size();
}

}  // namespace

void read_barrier(const std::string& name, const toml::Table& table,
                  const Input& in) {
  BarrierIr barrier;
  read_alpha(table, in, barrier.barrier);
  barrier.on = table.text("on");
  const bool joints = barrier.on == "joint";
  const Dimension unit =
      joints ? joint_dimension(in.scope.chain.joint[0], 1) : kSpeed;
  if (in.out.barriers.size() == kMaxBarriers)
    table["on"].fail(fmt::format("at most {} barriers", kMaxBarriers));
  in.out.barriers.push_back(
      {common(table, name, unit, kBarrierScale), barrier});
}

void find_barred(LimitsIr& limits) {
  for (auto& barrier : limits.barriers)
    if (!find_one(barrier.limit.on, limits, barrier.limit.barrier))
      barrier.row.at->table()["on"].fail(
          "a keep = \"out\" or kind = \"ssm\" row, or \"joint\" with "
          "limit.joint position");
}

Result<void> lower_barriers(const LimitsIr& from, Image& to) {
  for (const auto& barrier : from.barriers) {
    const uint32_t index = to.dynamics.barriers++;
    add_row(to, barrier.row, RowKernel::kBarrier, index);
    Barrier& row = to.dynamics.barrier[index];
    row = barrier.limit.barrier;
    if (row.of == BarrierOf::kBox) row.index += to.boxes_in;
  }
  return {};
}

}  // namespace tactus::safety::limits
