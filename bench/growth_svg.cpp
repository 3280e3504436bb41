// SPDX-License-Identifier: MIT
#include "growth_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace bench {
namespace {

constexpr double kWidth = 900, kHeight = 500;
constexpr double kLeft = 70, kRight = 130, kTop = 44, kBottom = 46;
constexpr int kColours = 6;

constexpr const char* kHead =
    R"svg(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 500" font-family="system-ui, sans-serif" font-size="12">
<style>
svg { --paper: #fff; --ink: #1c2430; --dim: #59657a; --line: #dde2ea;
  --c0: #2f6fde; --c1: #3a8f5f; --c2: #b8720a; --c3: #c23a4b; --c4: #7a55c7;
  --c5: #59657a; }
@media (prefers-color-scheme: dark) { svg {
  --paper: #1b212b; --ink: #e5eaf2; --dim: #a3afc2; --line: #2e3745;
  --c0: #6ea0ff; --c1: #4cc38a; --c2: #f0b93a; --c3: #f0808c; --c4: #b79cf5;
  --c5: #a3afc2; } }
text { fill: var(--dim); } .title { fill: var(--ink); font-size: 15px; }
.grid { stroke: var(--line); } .cache { stroke: var(--dim);
  stroke-dasharray: 5 4; }
polyline { fill: none; stroke-width: 2; stroke-linejoin: round; }
</style>
<rect width="900" height="500" fill="var(--paper)"/>
)svg";

struct Axis {
  double low, high;      // decades
  double from, towards;  // pixels
  [[nodiscard]] double operator()(double value) const {
    const double part = (std::log10(value) - low) / (high - low);
    return from + part * (towards - from);
  }
};

std::string text(double x, double y, const char* anchor,
                 const std::string& words, const char* more = "") {
  return fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
      anchor, more, words);
}
std::string line(double x1, double y1, double x2, double y2, const char* css) {
  return fmt::format(
      "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" "
      "y2=\"{:.1f}\"/>\n",
      css, x1, y1, x2, y2);
}

// 1000 → "1 KB" with the units of bytes, "1 µs" with those of time.
std::string amount(double value, const char* const* units) {
  while (value >= 999.5) value /= 1000, ++units;
  return fmt::format("{:g} {}", value, *units);
}
constexpr const char* kBytes[] = {"B", "KB", "MB", "GB"};
constexpr const char* kCounts[] = {"", "thousand", "million"};
constexpr const char* kTimes[] = {"ns", "µs", "ms", "s"};

int decade(double low) { return static_cast<int>(std::ceil(low)); }

std::string grid(const Axis& x, const Axis& y, const char* const* units) {
  std::string out;
  for (int d = decade(x.low); d <= x.high; ++d) {
    const double at = x(std::pow(10, d));
    out += line(at, kTop, at, kHeight - kBottom, "grid");
    out += text(at, kHeight - kBottom + 18, "middle",
                amount(std::pow(10, d), units));
  }
  for (int d = decade(y.low); d <= y.high; ++d) {
    const double at = y(std::pow(10, d));
    out += line(kLeft, at, kWidth - kRight, at, "grid");
    out += text(kLeft - 8, at + 4, "end", amount(std::pow(10, d), kTimes));
  }
  return out;
}

std::string curve(const Curve& c, int colour, const Axis& x, const Axis& y,
                  double label) {
  std::string points;
  for (const auto& [bytes, ns] : c.points)
    points += fmt::format("{:.1f},{:.1f} ", x(bytes), y(ns));
  const std::string fill = fmt::format(" style=\"fill:var(--c{})\"", colour);
  const double end = c.points.empty() ? kLeft : x(c.points.back().first);
  return fmt::format("<polyline points=\"{}\" style=\"stroke:var(--c{})\"/>\n",
                     points, colour) +
         text(end + 6, label, "start", c.name, fill.c_str());
}

// Labels at the curves' ends, moved apart.
std::vector<double> label_places(const std::vector<Curve>& curves,
                                 const Axis& y) {
  std::vector<std::pair<double, std::size_t>> ends;
  for (std::size_t i = 0; i < curves.size(); ++i)
    ends.emplace_back(
        curves[i].points.empty() ? kTop : y(curves[i].points.back().second) + 4,
        i);
  std::ranges::sort(ends);
  std::vector<double> places(curves.size());
  double last = 0;
  for (const auto& [at, i] : ends) last = places[i] = std::max(at, last + 15);
  return places;
}

}  // namespace

std::string growth_svg(const std::string& title,
                       const std::vector<Curve>& curves,
                       const std::vector<Mark>& caches, const Across& across) {
  double least = 1e18, most = 0, first = 1e18, last = 0;
  for (const Curve& c : curves)
    for (const auto& [bytes, ns] : c.points) {
      least = std::min(least, ns), most = std::max(most, ns);
      first = std::min(first, bytes), last = std::max(last, bytes);
    }
  const Axis x{std::log10(first), std::log10(last), kLeft, kWidth - kRight};
  const Axis y{std::floor(std::log10(least)), std::log10(most) + 0.1,
               kHeight - kBottom, kTop};
  std::string out = kHead;
  out += text(kLeft, 24, "start", title, " class=\"title\"");
  out += grid(x, y, across.in_bytes ? kBytes : kCounts);
  for (const Mark& m : caches) {
    if (m.bytes <= first || m.bytes >= last) continue;
    out += line(x(m.bytes), kTop, x(m.bytes), kHeight - kBottom, "cache");
    out += text(x(m.bytes) + 4, kTop + 12, "start", m.name);
  }
  const auto places = label_places(curves, y);
  for (std::size_t i = 0; i < curves.size(); ++i)
    out += curve(curves[i], static_cast<int>(i) % kColours, x, y, places[i]);
  out += text(kWidth - kRight, kHeight - 10, "end", across.foot);
  return out + "</svg>\n";
}

}  // namespace bench
