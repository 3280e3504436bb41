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
  while (!text.empty()) {
    const std::size_t size = std::max<std::size_t>(1, utf8_length(text));
    const char last = text[size - 1];
    const auto byte = static_cast<unsigned char>(last);
    // U+0080 to U+009F: some of them steer a terminal like ESC does.
    const bool c1 = size == 2 && text[0] == '\xC2' && byte < 0xA0;
    if (byte < 0x20 || byte == 0x7F || c1)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += text.substr(0, size);
    text.remove_prefix(size);
  }
  return out;
}

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  if (text.empty()) return 0;
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const auto next = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80; };
  if (first >= 0xC2 && first <= 0xDF) return next(1) ? 2 : 0;
  // Overlong forms, surrogates and what lies above U+10FFFF are refused.
  const unsigned second = byte(1);
  if (first >= 0xE0 && first <= 0xEF) {
    if (first == 0xE0 && second < 0xA0) return 0;
    if (first == 0xED && second > 0x9F) return 0;
    return next(1) && next(2) ? 3 : 0;
  }
  if (first < 0xF0 || first > 0xF4) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return next(1) && next(2) && next(3) ? 4 : 0;
}

std::string_view utf8_cut(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  const auto goes_on = [&](std::size_t i) {
    return (static_cast<unsigned char>(text[i]) & 0xC0u) == 0x80;
  };
  // Four bytes at most belong together; more continuations are no UTF-8.
  const std::size_t least = bytes < 3 ? 0 : bytes - 3;
  std::size_t end = bytes;
  while (end > least && goes_on(end)) --end;
  return text.substr(0, goes_on(end) ? bytes : end);
}

std::string quoted(std::string_view text) {
  std::string out = "\"" + one_line(utf8_cut(text, kShown));
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
