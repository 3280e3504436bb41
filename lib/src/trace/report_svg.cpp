// SPDX-License-Identifier: MIT
// Charts as inline SVG. Colours come from the page's CSS classes, so that
// they follow the colour scheme.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "trace/json_text.hpp"
#include "trace/report_page.hpp"

namespace tactus::trace {
namespace {

constexpr int kWidth = 900;
constexpr int kLeft = 70;
constexpr int kRight = 16;
constexpr int kPlot = kWidth - kLeft - kRight;
constexpr uint64_t kColumns = 400;  // of the time charts

std::string open_svg(int height, const char* label) {
  return fmt::format(
      "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">", kWidth,
      height, label);
}

std::string text_at(double x, double y, const char* anchor,
                    const std::string& text) {
  return fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}"
      "</text>",
      x, y, anchor, escape(text));
}

std::string line(double x1, double y1, double x2, double y2, const char* css) {
  return fmt::format(
      "<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" "
      "x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
      css, x1, y1, x2, y2);
}

std::string rect(double x, double y, double w, double h, const std::string& css,
                 const std::string& title = {}) {
  const std::string inner =
      title.empty() ? "" : "<title>" + escape(title) + "</title>";
  return fmt::format(
      "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" "
      "width=\"{:.2f}\" height=\"{:.1f}\">{}</rect>",
      css, x, y, std::max(w, 0.0), std::max(h, 0.0), inner);
}

int64_t lateness_of(const LogReader& log, const layout::CycleRecord& r) {
  const double due = static_cast<double>(r.release_ns) -
                     static_cast<double>(r.missed) *
                         static_cast<double>(log.header().period_ns);
  const double late = static_cast<double>(r.wake_ns) - due;
  return static_cast<int64_t>(std::clamp(late, 0.0, 1e15));
}

// Five bins per decade from 10 ns to 10 s; the first holds all below.
constexpr int kBins = 46;
int bin_of(int64_t ns) {
  if (ns < 10) return 0;
  const double b = 1 + std::floor(5 * (std::log10(double(ns)) - 1));
  return std::min(static_cast<int>(b), kBins - 1);
}
double bin_low(int bin) { return bin == 0 ? 0 : std::pow(10, 0.8 + 0.2 * bin); }

// Time charts: position i of the log falls into one of at most kColumns.
uint64_t column_of(uint64_t i, uint64_t size) {
  return size <= kColumns ? i : i * kColumns / size;
}
uint64_t columns(uint64_t size) { return std::min(size, kColumns); }

std::string time_axis(const LogReader& log, double y) {
  std::string out;
  if (log.size() == 0) return out;
  const double begin = static_cast<double>(log.at(0).record.release_ns);
  const double end =
      static_cast<double>(log.at(log.size() - 1).record.release_ns);
  for (int i = 0; i <= 5; ++i) {
    const double x = kLeft + kPlot * i / 5.0;
    out += line(x, y, x, y + 4, "axis");
    out += text_at(x, y + 17,
                   i == 0   ? "start"
                   : i == 5 ? "end"
                            : "middle",
                   fmt::format("{:.1f} s", (end - begin) * 1e-9 * i / 5));
  }
  return out;
}

std::string strip(const std::vector<uint8_t>& values, double y, double height,
                  const char* css, const char* (*name)(uint8_t)) {
  std::string out;
  const double w = double(kPlot) / static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size();) {
    std::size_t end = i;
    while (end < values.size() && values[end] == values[i]) ++end;
    out += rect(kLeft + w * static_cast<double>(i), y,
                w * static_cast<double>(end - i), height,
                fmt::format("{}{}", css, values[i]), name(values[i]));
    i = end;
  }
  return out;
}

std::string legend(const char* css, std::size_t first, std::size_t last,
                   const char* (*name)(uint8_t), double y) {
  std::string out;
  double x = kLeft;
  for (std::size_t i = first; i <= last; ++i) {
    const std::string label = name(static_cast<uint8_t>(i));
    out += rect(x, y - 9, 10, 10, fmt::format("{}{}", css, i));
    out += text_at(x + 15, y, "start", label);
    x += 32 + 7.5 * static_cast<double>(label.size());
  }
  return out;
}

}  // namespace

std::string lateness_svg(const LogReader& log) {
  std::array<uint64_t, kBins> count{};
  int last = 0;
  for (uint64_t i = 0; i < log.size(); ++i) {
    const layout::CycleRecord r = log.at(i).record;
    if ((r.flags & layout::kCycleWarmup) != 0) continue;
    const int bin = bin_of(lateness_of(log, r));
    ++count[static_cast<std::size_t>(bin)];
    last = std::max(last, bin);
  }
  const int bins = std::max(last + 1, 16);
  const uint64_t most = *std::max_element(count.begin(), count.end());
  const double top = std::log10(double(std::max<uint64_t>(most, 1))) + 0.3;
  constexpr double kBase = 190;
  std::string out = open_svg(230, "Lateness histogram");
  for (int d = 0; std::pow(10, d) <= double(std::max<uint64_t>(most, 1)); ++d) {
    const double y = kBase - (d + 0.15) / (top + 0.15) * 170;
    out += line(kLeft, y, kWidth - kRight, y, "grid");
    out += text_at(kLeft - 8, y + 4, "end",
                   fmt::format("{:.0f}", std::pow(10, d)));
  }
  const double w = double(kPlot) / bins;
  for (int b = 0; b < bins; ++b) {
    const uint64_t n = count[static_cast<std::size_t>(b)];
    const double x = kLeft + w * b;
    const std::string low =
        duration_text(static_cast<int64_t>(std::lround(bin_low(b))));
    if (n > 0) {
      const double h = (std::log10(double(n)) + 0.15) / (top + 0.15) * 170;
      out += rect(x + 1, kBase - h, w - 2, h, "bar",
                  fmt::format("from {}: {} cycles", low, n));
    }
    if (b % 5 == 1)
      out += line(x, kBase, x, kBase + 4, "axis") +
             text_at(x, kBase + 17, "middle", low);
  }
  out += line(kLeft, kBase, kWidth - kRight, kBase, "axis");
  return out +
         text_at(kLeft, kBase + 36, "start",
                 "wake − release; both axes logarithmic, every cycle "
                 "counted") +
         "</svg>";
}

std::string stages_svg(const Summary& s) {
  double most = 1;
  for (const StageSummary& t : s.stages)
    most =
        std::max({most, double(t.info.deadline_ns), double(t.finish_ns.p999)});
  most *= 1.05;
  const auto x_of = [&](int64_t ns) {
    return kLeft + kPlot * std::clamp(double(ns) / most, 0.0, 1.0);
  };
  const int height = static_cast<int>(46 * s.stages.size()) + 46;
  std::string out = open_svg(height, "Stages against budgets and deadlines");
  double y = 8;
  for (const StageSummary& t : s.stages) {
    out += text_at(kLeft - 8, y + 19, "end", t.info.name);
    const double from = x_of(t.finish_ns.p50 - t.run_ns.p50);
    out += rect(kLeft, y + 8, x_of(t.info.deadline_ns) - kLeft, 16, "room");
    out += rect(x_of(t.finish_ns.p50), y + 12,
                x_of(t.finish_ns.p999) - x_of(t.finish_ns.p50), 8, "tail",
                "finish p50 to p99.9");
    out += rect(from, y + 10, std::max(x_of(t.finish_ns.p50) - from, 1.5), 12,
                "bar", "run time p50 " + duration_text(t.run_ns.p50));
    out += line(x_of(t.finish_ns.p99), y + 7, x_of(t.finish_ns.p99), y + 25,
                "p99");
    out += line(x_of(t.info.deadline_ns), y + 2, x_of(t.info.deadline_ns),
                y + 30, "deadline");
    std::string label = fmt::format(
        "run p50 {}, p99 {}, max {}{}; finish p99 {} of {}; {} late",
        duration_text(t.run_ns.p50), duration_text(t.run_ns.p99),
        duration_text(t.run_ns.max),
        t.info.budget_ns > 0
            ? fmt::format(" (budget {}, exceeded {}×)",
                          duration_text(t.info.budget_ns), t.over_budget)
            : "",
        duration_text(t.finish_ns.p99), duration_text(t.info.deadline_ns),
        t.late);
    out += text_at(kLeft, y + 40, "start", label);
    y += 46;
  }
  out += line(kLeft, y + 6, kWidth - kRight, y + 6, "axis");
  for (int i = 0; i <= 4; ++i)
    out += text_at(kLeft + kPlot * i / 4.0, y + 22,
                   i == 0   ? "start"
                   : i == 4 ? "end"
                            : "middle",
                   duration_text(static_cast<int64_t>(most * i / 4)));
  return out + "</svg>";
}

std::string rungs_svg(const LogReader& log) {
  std::vector<uint8_t> rung(columns(log.size()));
  std::vector<uint8_t> state(columns(log.size()));
  std::vector<uint8_t> mark(columns(log.size()));
  for (uint64_t i = 0; i < log.size(); ++i) {
    const layout::CycleRecord r = log.at(i).record;
    const uint64_t c = column_of(i, log.size());
    rung[c] = std::max(rung[c], std::min<uint8_t>(r.rung, 4));
    state[c] = std::max(state[c], std::min<uint8_t>(r.state, 5));
    if ((r.flags & (layout::kCycleTripped | layout::kCycleGuardActed)) != 0)
      mark[c] = 1;
  }
  std::string out = open_svg(150, "Rung and state over time");
  if (rung.empty()) return out + "</svg>";
  out += text_at(kLeft - 8, 34, "end", "rung");
  out += strip(rung, 14, 30, "r", rung_name);
  out += text_at(kLeft - 8, 70, "end", "state");
  out += strip(state, 56, 18, "s", state_name);
  const double w = double(kPlot) / static_cast<double>(mark.size());
  for (std::size_t i = 0; i < mark.size(); ++i)
    if (mark[i] != 0) {
      const double x = kLeft + w * (static_cast<double>(i) + 0.5);
      out += line(x, 6, x, 78, "trip");
    }
  out += time_axis(log, 80) + legend("r", 0, 4, rung_name, 120);
  return out + legend("s", 2, 5, state_name, 140) + "</svg>";
}

std::string separation_svg(const LogReader& log) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> low(columns(log.size()), kNan);
  float most = static_cast<float>(log.info().scene.d_min_m) * 2;
  for (uint64_t i = 0; i < log.size(); ++i) {
    const float d = log.at(i).record.separation;
    float& at = low[column_of(i, log.size())];
    if (!std::isfinite(d)) continue;
    at = std::fmin(at, d);
    most = std::max(most, std::min(d, 3.0F));
  }
  const bool known = std::any_of(low.begin(), low.end(),
                                 [](float v) { return !std::isnan(v); });
  if (!known) return "<p class=\"note\">No human was observed.</p>";
  const double scale = std::max(double{most}, 0.01) * 1.08;
  const auto y_of = [&](double d) {
    return 170 - 150 * std::clamp(d / scale, 0.0, 1.0);
  };
  std::string out = open_svg(200, "Separation over time");
  for (int i = 0; i <= 4; ++i) {
    const double d = scale * i / 4;
    out += line(kLeft, y_of(d), kWidth - kRight, y_of(d), "grid");
    out += text_at(kLeft - 8, y_of(d) + 4, "end", fmt::format("{:.2f} m", d));
  }
  std::string path;
  for (std::size_t i = 0; i < low.size(); ++i) {
    if (std::isnan(low[i])) continue;
    const bool jump = i == 0 || std::isnan(low[i - 1]);
    path += fmt::format("{}{:.1f},{:.1f} ", jump ? "M" : "L",
                        kLeft + double(kPlot) * static_cast<double>(i) /
                                    static_cast<double>(low.size()),
                        y_of(low[i]));
  }
  out += fmt::format("<path class=\"line\" d=\"{}\"/>", path);
  const double d_min = log.info().scene.d_min_m;
  if (d_min > 0) {
    out += line(kLeft, y_of(d_min), kWidth - kRight, y_of(d_min), "deadline");
    out += text_at(kWidth - kRight, 10, "end",
                   fmt::format("dashed: d_min {:.3f} m, binds while the robot "
                               "moves",
                               d_min));
  }
  return out + time_axis(log, 172) + "</svg>";
}

}  // namespace tactus::trace
