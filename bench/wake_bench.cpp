// SPDX-License-Identifier: MIT
// Wake lateness of the loop (nanosleep, early wake by the calibrated lead)
// beside cyclictest: same core, same FIFO priority, taking turns. The ratio
// of each quantile is the median over pairs. Both hold cpu_dma_latency at 0
// (cyclictest does by default). PAIRS (15), SECONDS (2), CPU (the last one).
// Exit 77: not possible here, and why.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "report.hpp"
#include "rt/lead.hpp"
#include "rt/nanosleep_wake.hpp"
#include "rt/thread_setup.hpp"

using namespace tactus::rt;

namespace {

constexpr int64_t kPeriod = 1'000'000;
constexpr int kPriority = 80;

long option(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtol(text, nullptr, 10);
}

struct Ours {
  Grants grants;
  Lead lead;
  std::vector<double> ns;
};

void run_ours(Ours& out, int cpu, long seconds) {
  out.grants = prepare_thread({.cpu = cpu, .priority = kPriority});
  const CpuLatency qos = CpuLatency::hold();
  out.grants.push_back(qos.grant());
  NanosleepWake wake;
  out.grants.push_back(wake.clock().grant());
  const LeadAsk ask;
  out.lead = calibrate_lead(wake, ask);
  out.grants.push_back(lead_grant(out.lead, ask));
  const long cycles = seconds * 1000;
  out.ns.reserve(static_cast<std::size_t>(cycles));
  int64_t release = wake.now() + kPeriod;
  for (long i = 0; i < cycles; ++i) {
    wake.wait(release, out.lead.lead_ns);
    const int64_t woke = wake.spin(release);
    out.ns.push_back(static_cast<double>(woke - release));
    // The loop's rule: releases that have passed are skipped.
    release += kPeriod * (1 + (woke - release) / kPeriod);
  }
}

Ours ours(int cpu, long seconds) {
  Ours out;
  std::thread(run_ours, std::ref(out), cpu, seconds).join();
  return out;
}

std::vector<double> cyclictest(int cpu, long seconds) {
  const std::string command =
      fmt::format("cyclictest -t1 -i1000 -p{} -m -a{} -D{} -v -N 2>/dev/null",
                  kPriority, cpu, seconds);
  std::vector<double> ns;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return ns;
  char line[256];
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    long thread = 0, cycle = 0, value = 0;
    if (std::sscanf(line, " %ld: %ld: %ld", &thread, &cycle, &value) == 3)
      ns.push_back(static_cast<double>(value));
  }
  return pclose(pipe) == 0 ? ns : std::vector<double>{};
}

int skip(const std::string& why) {
  std::printf("wake bench: %s\n", why.c_str());
  return 77;
}

struct Pairs {
  std::vector<double> ours, theirs;
  std::vector<double> p50, p95, p99;
};

void keep(Pairs& all, const std::vector<double>& a,
          const std::vector<double>& b) {
  const bench::Row ra = bench::row("", "", a), rb = bench::row("", "", b);
  all.p50.push_back(ra.p50 / rb.p50);
  all.p95.push_back(ra.p95 / rb.p95);
  all.p99.push_back(ra.p99 / rb.p99);
  all.ours.insert(all.ours.end(), a.begin(), a.end());
  all.theirs.insert(all.theirs.end(), b.begin(), b.end());
}

int finish(Pairs all) {
  bench::Report report("wake");
  report.add(bench::row("lateness 1 kHz", "tactus", std::move(all.ours)));
  report.add(bench::row("lateness 1 kHz", "cyclictest", std::move(all.theirs)));
  report.ratio("pairs", static_cast<double>(all.p50.size()));
  report.ratio("p50_median_ratio", bench::median(all.p50));
  report.ratio("p95_median_ratio", bench::median(all.p95));
  report.ratio("p99_median_ratio", bench::median(all.p99));
  report.print();
  return report.write() ? 0 : 5;
}

}  // namespace

int main() {
  const long pairs = option("PAIRS", 15), seconds = option("SECONDS", 2);
  const long last = sysconf(_SC_NPROCESSORS_ONLN) - 1;
  const int cpu = static_cast<int>(option("CPU", last));
  if (std::system("command -v cyclictest >/dev/null 2>&1") != 0)
    return skip("cyclictest is not installed (package rt-tests)");
  Pairs all;
  for (long i = 0; i < pairs; ++i) {
    const Ours a = ours(cpu, seconds);
    const std::vector<std::string> needed = {"fifo", "affinity"};
    if (auto r = check_required(a.grants, needed); !r)
      return skip(r.error().text());
    if (i == 0) fmt::print("granted: {}\n", to_text(a.grants));
    const std::vector<double> b = cyclictest(cpu, seconds);
    if (b.empty()) return skip("cyclictest gave no samples");
    keep(all, a.ns, b);
  }
  return finish(std::move(all));
}
