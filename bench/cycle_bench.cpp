// SPDX-License-Identifier: MIT
// The stages of cycles that committed a command: the handover demo in real
// time, policy, shield and UDP as shipped, a hand moving in and out of reach.
// Times are the ones of the log: what rtctl report shows.
//   SECONDS=20   how long
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <map>

#include "core/layout/record.hpp"
#include "report.hpp"
#include "rt/life.hpp"
#include "trace/reader.hpp"

using namespace tactus;
namespace fs = std::filesystem;

namespace {

constexpr const char* kScript = "bench/cycle_demo.sh";

int skip(const std::string& why) {
  fmt::print(stderr, "bench cycle: not run: {}\n", why);
  return 77;
}

bool run_demo(const fs::path& build, const fs::path& log) {
  const char* seconds = std::getenv("SECONDS");
  const std::string command =
      fmt::format("{} '{}' '{}' {} > /dev/null", kScript, build.string(),
                  log.string(), seconds ? seconds : "20");
  return std::system(command.c_str()) == 0;
}

using Samples = std::map<std::string, std::vector<double>>;

void take(const trace::LogReader& log, const layout::CycleRecord& r,
          Samples& out) {
  const auto& stages = log.info().stages;
  double last = 0;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const layout::StageRecord& s = r.stage[i];
    if (s.begin_ns == INT32_MIN) continue;
    const double spent =
        static_cast<double>(s.end_ns) - static_cast<double>(s.begin_ns);
    out[fmt::format("{} {}", i + 1, stages[i].name)].push_back(spent);
    if (stages[i].kind == TACTUS_CHECK)
      out[fmt::format("check, rung {}", rt::kRungNames[r.rung])].push_back(
          spent);
    last = s.end_ns;
  }
  const auto wake = static_cast<double>(r.wake_ns - r.release_ns);
  out["wake to committed"].push_back(last - wake);
}

}  // namespace

int main() {
  if (!fs::exists(kScript)) return skip("start it in the source folder");
  const fs::path build =
      fs::read_symlink("/proc/self/exe").parent_path() / "..";
  const fs::path log =
      fs::temp_directory_path() / fmt::format("cycle-{}.tlog", ::getpid());
  if (!run_demo(build, log)) return skip("the demo did not run: see above");
  auto reader = trace::LogReader::open(log);
  if (!reader) return skip(reader.error().text());
  Samples samples;
  for (uint64_t i = 0; i < reader->size(); ++i) {
    const layout::CycleRecord& r = reader->at(i).record;
    if ((r.flags & layout::kCycleCommitted) != 0) take(*reader, r, samples);
  }
  fs::remove(log);
  bench::Report report("cycle");
  for (auto& [name, ns] : samples)
    report.add(bench::row(name, "tactus", std::move(ns)));
  report.print();
  return report.write() ? 0 : 1;
}
