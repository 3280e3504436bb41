// SPDX-License-Identifier: MIT
#include "policy/recommend.hpp"

#include <fmt/format.h>

namespace tactus::policy {
namespace {

constexpr double kWorthIt = 0.97;  // of the time of a more exact tier

const TierReport& of(const QuantizeReport& r, Tier tier) {
  return r.tiers[static_cast<std::size_t>(tier)];
}

std::string time_text(const TierReport& t) {
  return fmt::format("{:.3g} us", t.timing.p50 / 1e3);
}

// "int8 1.8 us, 118321 bytes: fits L2 (1 MiB)"
std::string standing(const QuantizeReport& r, const TierReport& t) {
  return fmt::format("{} {}, {} bytes: {}", name_of(t.tier), time_text(t),
                     t.weight_bytes, fits_where(t.weight_bytes, r.caches));
}

std::string error_text(const QuantizeReport& r, const TierReport& t) {
  return fmt::format("largest error {:.3g}{}{} of {:.3g} allowed ({})", t.error,
                     r.unit.empty() ? "" : " ", r.unit, r.max_error, r.limit);
}

// "; int16 2.4 us, int8 1.8 us (error 0.3 is too large)"
std::string others(const QuantizeReport& r) {
  std::string text;
  for (const TierReport& t : r.tiers) {
    const bool named = t.tier == r.taken || t.tier == Tier::kF32;
    if (named || !t.refused.empty()) continue;
    text += fmt::format("{} {} {}", text.empty() ? ";" : ",", name_of(t.tier),
                        time_text(t));
    if (!t.within) text += fmt::format(" (error {:.3g} is too large)", t.error);
  }
  return text;
}

Tier fastest(const QuantizeReport& r) {
  Tier best = Tier::kF32;
  for (const TierReport& t : r.tiers) {
    if (!t.refused.empty() || !t.within) continue;
    if (t.timing.p50 < kWorthIt * of(r, best).timing.p50) best = t.tier;
  }
  return best;
}

std::string figures(const QuantizeReport& r) {
  const TierReport& taken = of(r, r.taken);
  const TierReport& exact = of(r, Tier::kF32);
  const std::string error = error_text(r, taken) + others(r);
  if (r.taken == Tier::kF32)
    return fmt::format("on this machine {}; {}", standing(r, exact), error);
  return fmt::format("{:.2f} times as fast as f32 on this machine ({}; {}); {}",
                     exact.timing.p50 / taken.timing.p50, standing(r, taken),
                     standing(r, exact), error);
}

}  // namespace

void recommend(QuantizeReport& report, std::optional<Tier> asked) {
  report.taken = asked ? *asked : fastest(report);
  report.reason = figures(report);
  if (asked)
    report.reason = "it was asked for: " + report.reason;
  else if (report.taken == Tier::kF32)
    report.reason =
        "no other tier is both faster and close enough: " + report.reason;
}

std::string fits_where(std::size_t bytes, const rt::Caches& caches) {
  const auto size = [](std::size_t n) {
    return n >= (1U << 20) ? fmt::format("{} MiB", n >> 20)
                           : fmt::format("{} KiB", n >> 10);
  };
  struct Level {
    const char* name;
    std::size_t size;
  };
  for (const Level& l : {Level{"L1d", caches.l1d}, Level{"L2", caches.l2},
                         Level{"L3", caches.l3}}) {
    if (bytes <= l.size)
      return fmt::format("fits {} ({})", l.name, size(l.size));
  }
  return "larger than every cache that is known";
}

}  // namespace tactus::policy
