// SPDX-License-Identifier: MIT
#include "core/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace tactus {
namespace {

constexpr std::size_t kShown = 60;

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t swap = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({swap, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string one_line(std::string_view text) {
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out;
}

std::string quoted(std::string_view text) {
  std::string out = "\"" + one_line(text.substr(0, kShown));
  out += text.size() > kShown ? "…\"" : "\"";
  return out;
}

std::string_view nearest(std::string_view text,
                         std::span<const std::string> words) {
  if (text.size() > kShown) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, text.size() / 3) + 1;
  for (const std::string& word : words) {
    const std::size_t d = distance(text, word);
    if (d >= best_distance) continue;
    best = word;
    best_distance = d;
  }
  return best;
}

}  // namespace tactus
