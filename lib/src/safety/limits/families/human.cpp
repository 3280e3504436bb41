// SPDX-License-Identifier: MIT
// kind = "ssm": speed and separation monitoring.
#include <algorithm>

#include "core/error.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

// Distance over which the margin goes from 1 to 0.
constexpr double kHumanScale = 0.5;  // m
// m/s below v_max(d) at which that row's margin is 1.
constexpr double kClosingScale = 0.5;

}  // namespace

uint32_t human_signal(const toml::Table& table, const Input& in) {
  const std::string of = table.text("of");
  const auto at =
      std::find_if(in.signals.begin(), in.signals.end(),
                   [&](const Signal& signal) { return of == signal.name; });
  if (at == in.signals.end() || at->sphere == 0) {
    table["of"].fail("a [signal] of kind = \"sphere\"");
    return 0;
  }
  if (at->stale == StaleRule::kFallback)
    table["of"].fail(
        "a signal with stale = \"grow\" or \"stop\": a human has "
        "no fallback");
  need_geometry(table, "of", in);
  return static_cast<uint32_t>(at - in.signals.begin());
}

void read_ssm(const std::string& name, const toml::Table& table,
              const Input& in) {
  Human human{};
  human.signal = human_signal(table, in);
  human.d_min = table.quantity("d_min", kLength);
  if (!(human.d_min > 0)) table["d_min"].fail("a length above zero");
  human.speed = not_negative(table, "speed", kSpeed);
  human.intrusion = not_negative(table, "intrusion", kLength);
  human.sensor = not_negative(table, "sensor", kLength);
  human.robot = not_negative(table, "robot", kLength);
  if (in.out.humans.size() == kMaxHumans)
    table["of"].fail(fmt::format("at most {} human rows", kMaxHumans));
  const RowIr row = common(table, name, kLength, kHumanScale);
  must_act(table, row, "nothing else keeps the robot away from a human");
  in.out.humans.push_back({row, human});
}

Result<void> lower_humans(const LimitsIr& from, Image& to) {
  for (const auto& human : from.humans) {
    const uint32_t index = to.humans++;
    to.human[index] = human.limit;
    add_row(to, human.row, RowKernel::kSeparation, index);
    RowIr now = human.row;
    now.id += ".now";
    // Lengths: they belong to the row above.
    now.margin = now.warn = now.hysteresis = 0;
    now.scale = kClosingScale;
    add_row(to, now, RowKernel::kSeparationNow, index);
  }
  return {};
}

}  // namespace tactus::safety::limits
