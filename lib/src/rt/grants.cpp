// SPDX-License-Identifier: MIT
#include "rt/grants.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace tactus::rt {

std::string grant_names() {
  std::string names;
  for (const GrantRow& row : kGrants) {
    names += (names.empty() ? "" : ", ") + std::string(row.name);
  }
  return names;
}

Result<void> check_name(std::string_view name) {
  if (find_grant(name) != nullptr) return {};
  return bad_input("require: \"{}\": no such grant: choose from: {}", name,
                   grant_names());
}

Result<void> check_required(const Grants& grants,
                            std::span<const std::string> required) {
  for (const std::string& name : required) {
    if (auto known = check_name(name); !known) return known;
    const auto g = std::ranges::find(
        grants, std::string_view(name),
        [](auto& x) { return std::string_view(x.name.c_str()); });
    if (g == grants.end()) {
      return unavailable("require: {}: not granted: nothing asked for it: {}",
                         name, find_grant(name)->ask);
    }
    if (!g->ok) {
      return unavailable("require: {} ({}): granted: {}: {}", name, g->asked,
                         g->granted, g->reason);
    }
  }
  return {};
}

std::string to_text(const Grants& grants) {
  std::string text;
  for (const Grant& g : grants) {
    if (!text.empty()) text += ", ";
    text.append(g.name.c_str()).append(" ").append(g.granted);
    if (!g.reason.empty()) text += " (" + g.reason + ")";
  }
  return text;
}

}  // namespace tactus::rt
