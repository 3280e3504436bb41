// SPDX-License-Identifier: MIT
#include "rt/lead.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace tactus::rt {

namespace {

// A slow loop is not to wait for hundreds of its periods before it starts;
// how late a wake-up is does not depend on how long it was waited for while
// the CPU's idle states are held shallow.
constexpr int64_t kLongestWait = 1'000'000;

std::vector<int64_t> coarse_delays(WakeSource& wake, const LeadAsk& ask) {
  std::vector<int64_t> delays;
  delays.reserve(ask.samples);
  const int64_t period = std::min(ask.period_ns, kLongestWait);
  int64_t release = wake.now();
  for (uint32_t i = 0; i < ask.samples; ++i) {
    release = std::max(release, wake.now()) + period;
    const Wake w = wake.wait(release, 0);
    if (w.status != TACTUS_OK) break;
    delays.push_back(w.coarse_ns - w.expiry_ns);
  }
  std::sort(delays.begin(), delays.end());
  return delays;
}

}  // namespace

Lead calibrate_lead(WakeSource& wake, const LeadAsk& ask) {
  const std::vector<int64_t> delays = coarse_delays(wake, ask);
  Lead lead;
  lead.quantile = ask.quantile;
  lead.samples = static_cast<uint32_t>(delays.size());
  if (delays.empty()) return lead;
  const double n = static_cast<double>(delays.size());
  const double rank = std::ceil(std::clamp(ask.quantile, 0.0, 1.0) * n);
  const auto i = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  lead.measured_ns = std::max<int64_t>(delays[i], 0);
  lead.lead_ns = std::min(lead.measured_ns, ask.lead_max_ns);
  return lead;
}

Grant lead_grant(const Lead& lead, const LeadAsk& ask) {
  Grant g{
      "lead",
      fmt::format("at most {} us", static_cast<double>(ask.lead_max_ns) / 1e3),
      fmt::format("{:.1f} us", static_cast<double>(lead.lead_ns) / 1e3),
      lead.samples > 0, ""};
  if (lead.samples == 0) g.reason = "the wake source gave no samples";
  if (lead.measured_ns > lead.lead_ns)
    g.reason = fmt::format("p{:g} of coarse wake-ups is {:.1f} us, capped",
                           lead.quantile * 100,
                           static_cast<double>(lead.measured_ns) / 1e3);
  return g;
}

}  // namespace tactus::rt
