// SPDX-License-Identifier: MIT
#include "rt/grants.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace tactus::rt {

namespace {

std::string names_of(const Grants& grants) {
  std::string names;
  for (const Grant& g : grants) names += (names.empty() ? "" : " ") + g.name;
  return names;
}

}  // namespace

Result<void> check_required(const Grants& grants,
                            std::span<const std::string> required) {
  for (const std::string& name : required) {
    const auto g = std::find_if(grants.begin(), grants.end(),
                                [&](const Grant& x) { return x.name == name; });
    if (g == grants.end())
      return bad_input(
          "require: {}: nothing of that name was asked for: "
          "choose from: {}",
          name, names_of(grants));
    if (!g->ok)
      return unavailable("require: {} ({}): granted: {}: {}", name, g->asked,
                         g->granted, g->reason);
  }
  return {};
}

std::string to_text(const Grants& grants) {
  std::string text;
  for (const Grant& g : grants) {
    if (!text.empty()) text += ", ";
    text += g.name + " " + g.granted;
    if (!g.reason.empty()) text += " (" + g.reason + ")";
  }
  return text;
}

}  // namespace tactus::rt
