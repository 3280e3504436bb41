// SPDX-License-Identifier: MIT
#include "config/granted.hpp"

#include <fmt/format.h>

#include <cstring>

#include "guard/guardian_main.hpp"
#include "trace/writer.hpp"

namespace tactus::config {
namespace {

rt::Grant judged(rt::GrantName name, std::string asked, const char* otherwise,
                 const char* refusal) {
  const bool ok = refusal == nullptr;
  std::string granted = ok ? asked : otherwise;
  return {name, std::move(asked), std::move(granted), ok, ok ? "" : refusal};
}

}  // namespace

json::Value granted_value(const rt::Grants& grants) {
  json::Value value = json::Value::object();
  for (const rt::Grant& g : grants) value.add(g.name.c_str(), g.granted);
  return value;
}

json::Value refused_value(const rt::Grants& grants) {
  json::Value value = json::Value::object();
  for (const rt::Grant& g : grants) {
    if (!g.ok) value.add(g.name.c_str(), g.reason);
  }
  return value;
}

std::vector<trace::Fact> granted_facts(const rt::Grants& grants) {
  std::vector<trace::Fact> facts;
  for (const rt::Grant& g : grants) {
    facts.push_back(
        {g.name.c_str(), g.ok ? g.granted : g.granted + ": " + g.reason});
  }
  return facts;
}

rt::Grant wake_grant(const std::string& asked, const rt::WakeSource& wake,
                     const rt::LoopSpec& spec) {
  const auto us = [](int64_t ns) { return static_cast<double>(ns) / 1e3; };
  std::string granted = wake.name();
  if (spec.lead_ns > 0)
    granted += fmt::format(", lead {:.1f} us", us(spec.lead_ns));
  if (spec.prewarm_max_ns > 0)
    granted += fmt::format(", prewarmed at most {:.0f} us before it",
                           us(spec.prewarm_max_ns));
  return {"wake", asked, std::move(granted), true, ""};
}

json::Value prewarm_value(const rt::LoopStats& stats,
                          const rt::LoopCounters& counters) {
  const rt::Histogram& h = stats.prewarm_time;
  return json::Value()
      .add("max_ns", stats.prewarm_max_ns)
      .add("reserved_ns", stats.prewarm_ns.load(std::memory_order_relaxed))
      .add("ran", counters.prewarmed)
      .add("dropped", counters.prewarm_dropped)
      .add("over", counters.prewarm_over)
      .add("p50", h.percentile(0.5))
      .add("p99", h.percentile(0.99))
      .add("max", h.max());
}

rt::Grant stamps_grant(const io::Transport& transport) {
  const bool ok = transport.stamps_on_arrival();
  return {"stamps", "on arrival", transport.stamp_source(), ok,
          ok ? ""
             : "this kernel does not date datagrams when they arrive: a signal "
               "counts as old as the previous drain"};
}

rt::Grant record_grant() {
  const int refused = trace::io_uring_refusal();
  const std::string why = fmt::format(
      "io_uring_setup: {}: allow it (seccomp, "
      "kernel.io_uring_disabled)",
      std::strerror(refused));
  return judged("record", "io_uring", "pwrite",
                refused != 0 ? why.c_str() : nullptr);
}

rt::Grant record_grant(const trace::Recorder& recorder) {
  const std::string asked = "io_uring";
  const bool ok = recorder.output() == asked;
  return {"record", asked, recorder.granted(), ok,
          ok ? "" : "io_uring was refused when the log was opened: allow it"};
}

rt::Grant expressions_grant(const safety::ExprRunner& runner) {
  return {"expressions", "jit", runner.name, runner.refusal.empty(),
          runner.refusal};
}

rt::Grant limits_grant(const safety::limits::Edits& edits) {
  const bool whole = edits.disable.empty() && edits.remove.empty();
  const std::string changed = edits_text(edits);
  return {"limits", "all of the files", changed.empty() ? "all" : changed,
          whole,
          whole ? "" : "the program took limits out: tactus_shield_options"};
}

rt::Grant budget_grant(const safety::Cost& cost, const safety::Budget& budget,
                       double ratio) {
  const bool ok = ratio <= safety::kTrustedRatio;
  const std::string measured =
      ratio > 0 ? fmt::format("measured {:.2f} of what is predicted", ratio)
                : "not measured";
  return {"budget",
          budget.ns > 0 ? fmt::format("{} ns ({})", budget.ns, budget.from)
                        : "none",
          safety::budget_text(cost, budget) + ", " + measured, ok,
          ok ? ""
             : fmt::format("the check takes {:.1f} times what is predicted: "
                           "another processor than the table's, or one that "
                           "others use: see rtctl safety bench",
                           ratio)};
}

rt::Grants guardian_grants(const GuardianStart& start) {
  const auto refusal = [&](uint32_t bit, const char* why) {
    return (start.bits & bit) != 0 ? nullptr : why;
  };
  const guard::SpawnOptions& asked = start.asked;
  rt::Grants grants;
  grants.push_back({"guardian", "own process", fmt::format("pid {}", start.pid),
                    (start.bits & guard::kGrantSession) != 0, ""});
  if (!grants.back().ok) {
    grants.back().reason = "it has no session of its own: Ctrl-C reaches it";
  }
  grants.push_back(judged(
      "guardian_memlock", "all", "not locked",
      refusal(guard::kGrantLocked, "mlockall refused: raise ulimit -l")));
  if (asked.cpu >= 0) {
    grants.push_back(
        judged("guardian_affinity", fmt::format("cpu {}", asked.cpu), "any",
               refusal(guard::kGrantAffinity,
                       "sched_setaffinity refused: choose another guard.cpu, "
                       "or widen the cpuset")));
  }
  if (asked.priority > 0) {
    grants.push_back(judged(
        "guardian_fifo", fmt::format("priority {}", asked.priority), "other",
        refusal(guard::kGrantFifo,
                "SCHED_FIFO refused: needs CAP_SYS_NICE or an rtprio "
                "limit")));
  }
  return grants;
}

}  // namespace tactus::config
