// SPDX-License-Identifier: MIT
// The report as text and as JSON.
#include <fmt/format.h>

#include "trace/json_text.hpp"
#include "trace/report.hpp"

namespace tactus::trace {
namespace {

std::string cycles_text(const Summary& s) {
  std::string out = fmt::format(
      "{}: {:.2f} s, {} released = {} executed + {} skipped, {} bad\n", s.loop,
      s.duration_s, s.released, s.executed, s.skipped, s.bad);
  if (s.gaps > 0)
    out += fmt::format(
        "gaps      {} in the log, {} records lost (not among "
        "the released)\n",
        s.gaps, s.lost);
  if (!s.ended)
    out += fmt::format(
        "end       the writer was killed; {} bytes of an "
        "unfinished block left out\n",
        s.tail_bytes);
  return out;
}

std::string rungs_text(const Summary& s) {
  std::string out = "rungs     ";
  for (std::size_t i = 0; i < s.rungs.size(); ++i)
    out +=
        fmt::format("{} {}  ", rung_name(static_cast<uint8_t>(i)), s.rungs[i]);
  out += fmt::format(
      "\nstops     {} verified ({} while engaged), {} not; {} cycles "
      "stop_unverified",
      s.stop_verified, s.stop_verified_engaged,
      s.rungs[TACTUS_RUNG_STOP] - s.stop_verified, s.stop_unverified);
  return out + fmt::format("\nstate     {}{}\n", state_name(s.state),
                           s.latched ? " (was latched)" : "");
}

std::string stage_text(const StageSummary& s) {
  const std::string budget =
      s.info.budget_ns > 0 ? duration_text(s.info.budget_ns) : "-";
  return fmt::format("{:<10}{:>11}{:>11}{:>11}{:>11}{:>12}{:>11}{:>7}\n",
                     s.info.name, duration_text(s.run_ns.p50),
                     duration_text(s.run_ns.p99), duration_text(s.run_ns.max),
                     budget, duration_text(s.finish_ns.p99),
                     duration_text(s.info.deadline_ns), s.late);
}

std::string stages_text(const Summary& s) {
  std::string out = fmt::format(
      "{:<10}{:>11}{:>11}{:>11}{:>11}{:>12}{:>11}"
      "{:>7}\n",
      "stage", "p50", "p99", "max", "budget", "finish p99", "deadline", "late");
  for (const StageSummary& stage : s.stages) out += stage_text(stage);
  return out;
}

std::string facts_text(const char* title, const std::vector<Fact>& facts) {
  std::string out;
  for (const Fact& f : facts)
    out += fmt::format("{:<10}{}: {}\n", out.empty() ? title : "", f.name,
                       f.value);
  return out;
}

std::string percentiles_json(const Percentiles& p) {
  return fmt::format(
      R"({{"p50": {}, "p95": {}, "p99": {}, "p999": {}, "max": {}}})", p.p50,
      p.p95, p.p99, p.p999, p.max);
}

std::string stages_json(const Summary& s) {
  std::string out;
  for (const StageSummary& t : s.stages)
    out += fmt::format(
        R"({}{}: {{"p50": {}, "p99": {}, "max": {}, "late": {}, )"
        R"("over_budget": {}, "failed": {}, "kept_last": {}, )"
        R"("fallback": {}, "finish_p99": {}, "deadline": {}, "budget": {}}})",
        out.empty() ? "" : ", ", quote(t.info.name), t.run_ns.p50, t.run_ns.p99,
        t.run_ns.max, t.late, t.over_budget, t.failed, t.kept_last, t.fallback,
        t.finish_ns.p99, t.info.deadline_ns, t.info.budget_ns);
  return "{" + out + "}";
}

std::string rungs_json(const Summary& s) {
  return fmt::format(
      R"({{"pass": {}, "scale": {}, "project": {}, "stop": {}}})",
      s.rungs[TACTUS_RUNG_PASS], s.rungs[TACTUS_RUNG_SCALE],
      s.rungs[TACTUS_RUNG_PROJECT], s.rungs[TACTUS_RUNG_STOP]);
}

std::string stops_json(const Summary& s) {
  return fmt::format(
      R"({{"verified": {}, "unverified": {}, "engaged_verified": {}}})",
      s.stop_verified, s.rungs[TACTUS_RUNG_STOP] - s.stop_verified,
      s.stop_verified_engaged);
}

std::string facts_json(const std::vector<Fact>& facts) {
  std::string out;
  for (const Fact& f : facts)
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", quote(f.name),
                       quote(f.value));
  return "{" + out + "}";
}

// What the policy reads, and whether reuse (README: slow, answers) would pay.
std::string inputs_text(const Summary& s) {
  if (s.inputs.cycles < 2) return "";
  std::string out = "inputs    changed in";
  for (const InputUse::Field& f : s.inputs.fields)
    out +=
        fmt::format("  {} {:.1f} %", f.name, 100 * s.inputs.share(f.changed));
  return out + fmt::format("; {:.1f} % of the cycles had an earlier one's\n",
                           100 * s.inputs.share(s.inputs.repeated));
}

std::string inputs_json(const Summary& s) {
  std::string out;
  for (const InputUse::Field& f : s.inputs.fields)
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", quote(f.name),
                       f.changed);
  return fmt::format(R"({{"cycles": {}, "changed": {{{}}}, "repeated": {}}})",
                     s.inputs.cycles, out, s.inputs.repeated);
}

std::string events_json(const Summary& s) {
  std::string out;
  for (const Event& e : s.events)
    out += fmt::format(R"({}{{"cycle": {}, "time_s": {}, "text": {}}})",
                       out.empty() ? "" : ", ", e.cycle, number(e.time_s),
                       quote(e.text));
  return "[" + out + "]";
}

}  // namespace

std::string to_text(const Summary& s, const LogInfo& info) {
  std::string out = cycles_text(s) + rungs_text(s);
  out += fmt::format(
      "lateness  p50 {}  p95 {}  p99 {}  p99.9 {}  max {}\n",
      duration_text(s.lateness_ns.p50), duration_text(s.lateness_ns.p95),
      duration_text(s.lateness_ns.p99), duration_text(s.lateness_ns.p999),
      duration_text(s.lateness_ns.max));
  if (s.prewarm_ns.n > 0 || s.prewarm_dropped > 0)
    out += fmt::format("prewarm   p50 {}  p99 {}  max {}; {} dropped\n",
                       duration_text(s.prewarm_ns.p50),
                       duration_text(s.prewarm_ns.p99),
                       duration_text(s.prewarm_ns.max), s.prewarm_dropped);
  out += fmt::format("closest   separation {} m, margin {}\n",
                     number(s.min_separation_m), number(s.min_margin));
  out += safety::to_text(s.violations);
  out += stages_text(s);
  out += inputs_text(s);
  for (const Event& e : s.events)
    out += fmt::format("{:>9.3f} s  cycle {}: {}\n", e.time_s, e.cycle, e.text);
  if (s.events_left_out > 0)
    out += fmt::format("           and {} more events\n", s.events_left_out);
  out += facts_text("granted", info.granted);
  out += facts_text("assumed", info.assumptions);
  return out + facts_text("machine", info.machine);
}

std::string to_json(const Summary& s, const LogInfo& info,
                    const std::string& schema) {
  return fmt::format(
      R"({{"schema": {}, "cycles": {{"released": {}, "executed": {}, )"
      R"("skipped": {}}}, "bad": {}, "rungs": {}, "state": {}, )"
      R"("lateness_ns": {}, "stages_ns": {}, "prewarm": {{"ran": {}, )"
      R"("dropped": {}, "p50": {}, "p99": {}, "max": {}}}, "granted": {}, "log": {}, )"
      R"("loop": {}, "duration_s": {}, "committed": {}, "commit_late": {}, )"
      R"("stop_unverified": {}, "stops": {}, "latched": {}, )"
      R"("min_separation_m": {}, )"
      R"("min_margin": {}, "gaps": {}, "lost": {}, "ended": {}, )"
      R"("tail_bytes": {}, "inputs": {}, "events": {}, "events_left_out": {}, )"
      R"("assumptions": {}, "machine": {}, {}}})",
      quote(schema), s.released, s.executed, s.skipped, s.bad, rungs_json(s),
      quote(state_name(s.state)), percentiles_json(s.lateness_ns),
      stages_json(s), s.prewarm_ns.n, s.prewarm_dropped, s.prewarm_ns.p50,
      s.prewarm_ns.p99, s.prewarm_ns.max, facts_json(info.granted),
      quote(s.log), quote(s.loop), number(s.duration_s), s.committed,
      s.commit_late, s.stop_unverified, stops_json(s), s.latched,
      number(s.min_separation_m), number(s.min_margin), s.gaps, s.lost, s.ended,
      s.tail_bytes, inputs_json(s), events_json(s), s.events_left_out,
      facts_json(info.assumptions), facts_json(info.machine),
      safety::members_of(s.violations));
}

}  // namespace tactus::trace
