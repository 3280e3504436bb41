// SPDX-License-Identifier: MIT
// kind = "linear", of = "u", "q" or "dq", a = [one number per joint],
// b = "0.5 rad/s": sum a u <= b.
#include <cmath>

#include "core/error.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {

void read_linear(const std::string& name, const toml::Table& table,
                 const Input& in) {
  const auto& chain = in.scope.chain;
  Linear linear{};
  linear.of = static_cast<LinearOf>(table.choice("of", {"u", "q", "dq"}));
  const int order = linear.of == LinearOf::kPosition ? 0 : 1;
  copy_text(name, linear.name, kName);
  const auto values = table.list("a");
  if (values.size() != chain.joints)
    return table["a"].fail(
        fmt::format("{} numbers, one for each joint", chain.joints));
  bool any = false;
  for (uint32_t j = 0; j < chain.joints; ++j) {
    linear.a[j] = values[j].number();
    any |= linear.a[j] != 0;
    if (!(std::abs(linear.a[j]) <= 1e6))
      values[j].fail("a number of at most 1e6");
  }
  if (!any) table["a"].fail("a coefficient other than zero");
  uint32_t first = 0;
  while (first + 1 < chain.joints && linear.a[first] == 0) ++first;
  const Dimension unit = joint_dimension(chain.joint[first], order);
  for (uint32_t j = 0; j < chain.joints; ++j)
    if (linear.a[j] != 0 && joint_dimension(chain.joint[j], order) != unit)
      values[j].fail("joints of one kind in a row");
  linear.b = table.quantity("b", unit);
  if (linear.b < 0 && linear.of != LinearOf::kPosition)
    table["b"].fail("0 or more: zero velocity, the stop, must satisfy it");
  if (in.out.linears.size() == kMaxLinear)
    table["a"].fail(fmt::format("at most {} linear rows", kMaxLinear));
  const double scale = linear.b != 0 ? std::abs(linear.b) : 1;
  in.out.linears.push_back({common(table, name, unit, scale), linear});
}

Result<void> lower_linear(const LimitsIr& from, Image& to) {
  for (const auto& linear : from.linears) {
    add_row(to, linear.row, RowKernel::kLinear, to.linears);
    to.linear[to.linears++] = linear.limit;
  }
  return {};
}

}  // namespace tactus::safety::limits
