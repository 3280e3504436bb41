// SPDX-License-Identifier: MIT
// One page: no network, no external file, both colour schemes.
#include <fmt/format.h>

#include <cmath>

#include "trace/json_text.hpp"
#include "trace/report_page.hpp"

namespace tactus::trace {
namespace {

std::string tile(const std::string& value, const std::string& label,
                 const char* css = "") {
  return fmt::format("<div class=\"tile {}\"><b>{}</b><span>{}</span></div>",
                     css, escape(value), escape(label));
}

std::string section(const char* title, const std::string& body) {
  return fmt::format("<section><h2>{}</h2>{}</section>\n", title, body);
}

std::string row(const std::string& name, const std::string& value) {
  return fmt::format("<tr><td>{}</td><td>{}</td></tr>", escape(name),
                     escape(value));
}

std::string facts(const std::vector<Fact>& list) {
  if (list.empty()) return "<p class=\"note\">Nothing was stated.</p>";
  std::string out;
  for (const Fact& f : list) out += row(f.name, f.value);
  return "<table>" + out + "</table>";
}

std::string share(uint64_t part, uint64_t whole) {
  const double p = whole == 0 ? 0 : 100.0 * double(part) / double(whole);
  return fmt::format("{:.1f} %", p);
}

uint64_t violated(const safety::ViolationReport& v) {
  uint64_t sum = 0;
  for (const uint64_t n : v.total) sum += n;
  return sum;
}

std::string tiles(const Summary& s) {
  const uint64_t checked = s.executed - s.rungs[TACTUS_RUNG_NONE];
  const std::string closest = std::isnan(s.min_separation_m)
                                  ? "–"
                                  : fmt::format("{:.3f} m", s.min_separation_m);
  return "<div class=\"tiles\">" +
         tile(fmt::format("{}", s.executed), "cycles executed") +
         tile(fmt::format("{}", s.skipped), "releases skipped",
              s.skipped > 0 ? "bad" : "") +
         tile(duration_text(s.lateness_ns.p50) + " / " +
                  duration_text(s.lateness_ns.p99),
              "lateness p50 / p99") +
         tile(duration_text(s.lateness_ns.max), "lateness max") +
         tile(share(s.rungs[TACTUS_RUNG_PASS], checked), "passed") +
         tile(share(s.rungs[TACTUS_RUNG_SCALE], checked), "scaled") +
         tile(share(s.rungs[TACTUS_RUNG_PROJECT], checked), "projected") +
         tile(share(s.rungs[TACTUS_RUNG_STOP], checked), "stopped") +
         tile(s.rungs[TACTUS_RUNG_STOP] == 0
                  ? "–"
                  : share(s.stop_verified, s.rungs[TACTUS_RUNG_STOP]),
              "of stops verified") +
         tile(closest, "closest separation") +
         tile(fmt::format("{}", violated(s.violations)), "violations") +
         tile(fmt::format("{}", s.gaps), "gaps in the log",
              s.gaps > 0 ? "bad" : "") +
         "</div>\n";
}

std::string head(const Summary& s, const LogInfo& info) {
  const std::string end =
      s.ended ? "ended in order"
              : fmt::format(
                    "writer killed, {} bytes of an unfinished block "
                    "left out",
                    s.tail_bytes);
  return fmt::format(
      "<header><h1>Tactus: {}</h1><p>{} · {:.2f} s · last state {}{} · {}"
      "</p><p>limits: {} · version {}</p></header>\n",
      escape(s.loop), escape(s.log), s.duration_s, state_name(s.state),
      s.latched ? " · was latched" : "", escape(end),
      escape(info.limit.empty() ? "checked" : info.limit),
      escape(info.tactus_version));
}

std::string events(const Summary& s) {
  if (s.events.empty()) return "<p class=\"note\">Nothing happened.</p>";
  std::string out;
  for (const Event& e : s.events)
    out += row(fmt::format("{:.3f} s, cycle {}", e.time_s, e.cycle), e.text);
  if (s.events_left_out > 0)
    out += row("…", fmt::format("{} more", s.events_left_out));
  return "<table>" + out + "</table>";
}

std::string cells(std::initializer_list<std::string> texts) {
  std::string out;
  for (const std::string& text : texts) out += "<td>" + escape(text) + "</td>";
  return "<tr>" + out + "</tr>";
}

std::string margin(double value) {
  return std::isnan(value) ? "–" : fmt::format("{:+.4f}", value);
}

// Rows that were violated, then the newest entries.
std::string violations(const safety::ViolationReport& v) {
  std::string rows;
  for (const safety::RowStatistics& r : v.rows)
    if (r.times > 0)
      rows +=
          cells({r.id, r.kind, fmt::format("{} times", r.times),
                 fmt::format("{} cycles", r.cycles), margin(r.worst_margin)});
    else if (r.warned > 0)
      rows += cells({r.id, r.kind, fmt::format("near {} times", r.warned), "",
                     margin(r.worst_margin)});
  if (v.recent.empty()) return "<p class=\"note\">No row was violated.</p>";
  std::string recent;
  std::size_t told = 0;
  for (const safety::ViolationEntry& e : v.recent) {
    if (told++ == safety::kRecentTold) break;
    recent += cells({fmt::format("cycle {}", e.cycle),
                     e.warning ? "warning" : safety::severity_name(e.severity),
                     e.row, e.where, margin(e.margin),
                     rung_name(static_cast<uint8_t>(e.rung)), e.reasons});
  }
  return "<table>" + rows + "</table><table>" + recent + "</table>";
}

std::string configuration(const LogInfo& info) {
  std::string out;
  for (const Origin& o : info.config)
    out += row(o.key, o.value + "   (" + o.origin + ")");
  return "<section><details><summary>Configuration with origins</summary>"
         "<table>" +
         out + "</table></details></section>\n";
}

// "</" would end the script element that carries the data.
std::string inert(std::string json) {
  for (std::size_t at = 0; (at = json.find('<', at)) != std::string::npos;)
    json.replace(at, 1, "\\u003c");
  return json;
}

std::string animation(const std::string& data) {
  if (data.empty())
    return "<p class=\"note\">No robot description or joint positions in "
           "this log.</p>";
  return "<svg id=\"scene\" viewBox=\"0 0 900 420\" role=\"img\" "
         "aria-label=\"Arm and hand\"></svg><div class=\"play\">"
         "<button id=\"play\">Play</button>"
         "<input id=\"slider\" type=\"range\" min=\"0\" value=\"0\" "
         "aria-label=\"Time\"><span id=\"say\"></span></div>"
         "<p class=\"note\">Arm in the colour of the rung, human red, target "
         "blue; drag to turn.</p>"
         "<script type=\"application/json\" id=\"scene-data\">" +
         inert(data) + "</script><script>" + kPageScript + "</script>";
}

}  // namespace

std::string to_html(const Summary& s, const LogReader& log,
                    const ReportOptions& options) {
  const LogInfo& info = log.info();
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\">"
      "<meta name=\"color-scheme\" content=\"light dark\"><title>Tactus: " +
      escape(s.loop) + "</title><style>" + kPageStyle +
      "</style></head><body>\n";
  out += head(s, info) + tiles(s);
  out += section("Arm and hand", animation(scene_data(log, options)));
  out += section("Rung and state", rungs_svg(log));
  out += section("Separation", separation_svg(log));
  out += section("Violations", violations(s.violations));
  out += section("Lateness", lateness_svg(log));
  out += section("Stages", stages_svg(s));
  out += section("Events", events(s));
  out += section("Granted", facts(info.granted));
  out += section("Assumptions", facts(info.assumptions));
  out += section("Model", facts(info.model));
  out += section("Machine", facts(info.machine));
  return out + configuration(info) + "</body></html>\n";
}

}  // namespace tactus::trace
