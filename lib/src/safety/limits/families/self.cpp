// SPDX-License-Identifier: MIT
// kind = "self", margin: the robot's links against each other.
#include "core/error.hpp"
#include "core/text.hpp"
#include "safety/limits/family.hpp"
#include "safety/limits/self_pairs.hpp"

namespace tactus::safety::limits {
namespace {

// Distance over which the margin goes from 1 to 0.
constexpr double kSelfScale = 0.05;  // m

// m, as read_robot has it.
double model_error(const Scope& scope) {
  return scope.document.root().table("robot").quantity("model_error", kLength);
}

}  // namespace

void read_self(const std::string& name, const toml::Table& table,
               const Input& in) {
  const auto& chain = in.scope.chain;
  const auto kind = table["kind"];
  if (in.out.self)
    return kind.fail("a second row of this kind", "one: it is for all links");
  const RowIr row = common(table, name, kLength, kSelfScale);
  SelfIr self = self_pairs(chain);
  if (self.pairs.empty())
    return kind.fail("no two links that could meet",
                     "collision geometry on links that no joint connects");
  if (self.pairs.size() > kMaxPairs)
    return kind.fail(
        fmt::format("{} pairs of spheres", self.pairs.size()),
        fmt::format("at most {}: allow more robot.overshoot, use fewer "
                    "primitives, or name pairs in robot.srdf",
                    kMaxPairs));
  const double gap = row.margin + 2 * model_error(in.scope);
  const Stuck stuck = always_close(chain, self, gap);
  if (!stuck.one.empty())
    return kind.fail(
        fmt::format("links {} and {} closer than {:g} m in all of {} poses",
                    quoted(stuck.one), quoted(stuck.other), gap, kTriedPoses),
        fmt::format("smaller covers, or robot.srdf with "
                    "<disable_collisions link1={} link2={} reason=\"…\"/>",
                    quoted(stuck.one), quoted(stuck.other)));
  in.out.self = {row, std::move(self)};
}

Result<void> lower_self(const LimitsIr& from, Image& to) {
  if (!from.self) return {};
  add_row(to, from.self->row, RowKernel::kSelf, 0);
  to.selves = 1;
  for (const Pair& pair : from.self->limit.pairs) to.pair[to.pairs++] = pair;
  for (const PairGroup& group : from.self->limit.groups)
    to.pair_group[to.pair_groups++] = group;
  return {};
}

}  // namespace tactus::safety::limits
