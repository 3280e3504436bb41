// SPDX-License-Identifier: MIT
#include "config/explain.hpp"

#include <fmt/format.h>

#include "safety/explain.hpp"
#include "safety/shield.hpp"

namespace tactus::config {

std::vector<trace::RowInfo> rows_of(const safety::Image& image) {
  std::vector<trace::RowInfo> rows;
  for (const auto& row : safety::explain(image).rows) {
    rows.push_back({row.id, row.kernel,
                    fmt::format("{}; {}; response {}", row.limit, row.consumer,
                                row.response),
                    row.kind, row.severity});
  }
  return rows;
}

std::vector<trace::Fact> assumptions_of(const safety::Image& image) {
  std::vector<trace::Fact> facts;
  const safety::Explanation e = safety::explain(image);
  for (const auto& a : e.assumptions) {
    facts.push_back({a.id, a.text + ": " + a.margin});
  }
  for (const auto& c : e.constants) {
    facts.push_back(
        {c.name, fmt::format("{} {} ({})", c.value, c.unit, c.from)});
  }
  return facts;
}

std::string reasons_text(uint32_t reasons) {
  std::string text;
  for (uint32_t bit = 0; bit < 32; ++bit) {
    if ((reasons >> bit & 1u) == 0) continue;
    if (!text.empty()) text += ", ";
    text += safety::reason_name(1u << bit);
  }
  return text;
}

}  // namespace tactus::config
