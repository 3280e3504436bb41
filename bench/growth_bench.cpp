// SPDX-License-Identifier: MIT
// Time against size: two square layers from 1 KB to 64 MB of f32 weights, in
// every precision tier that this build offers, beside a loop that reads as
// many bytes and ONNX Runtime. One process, turn by turn, warm. Writes
// build/bench/growth.svg and a report around it, build/bench/growth.md.
//   ROUNDS=15
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <map>

#include "growth_svg.hpp"
#include "nets.hpp"
#include "report.hpp"
#include "rt/tsc.hpp"

using namespace tactus;

namespace {

using bench::Act;
constexpr std::size_t kFirst = 1024, kLast = 64U << 20U;  // bytes, doubled
constexpr double kLongEnough = 3e4;                       // ns of a sample

std::vector<bench::Mark> caches() {
  std::vector<bench::Mark> list;
  for (const auto& [name, key] : {std::pair{"L1", _SC_LEVEL1_DCACHE_SIZE},
                                  std::pair{"L2", _SC_LEVEL2_CACHE_SIZE},
                                  std::pair{"L3", _SC_LEVEL3_CACHE_SIZE}}) {
    const long size = ::sysconf(key);
    if (size <= 0) continue;
    list.push_back({fmt::format("{} {} KB", name, size / 1024),
                    static_cast<double>(size)});
  }
  return list;
}

// ns per call of each peer, the median of `rounds` turns.
class Bench {
 public:
  Bench(const bench::Net& net, rt::TscClock& clock)
      : net_(net), clock_(clock), y_(net.outputs() + 16) {
    std::mt19937 rng(9);
    x_ = bench::normal(net.inputs(), 1, rng);
  }
  // As many calls as make a sample long enough to be timed.
  std::vector<double> samples(bench::Peer& peer, int rounds) {
    const auto calls = static_cast<int>(
        std::clamp(kLongEnough / std::max(time(peer, 1), 1.0), 1.0, 1000.0));
    std::vector<double> ns;
    for (int i = 0; i < rounds; ++i) ns.push_back(time(peer, calls));
    return ns;
  }

 private:
  double time(bench::Peer& peer, int calls) {
    peer.run(x_.data(), y_.data());
    const int64_t begin = clock_.now();
    for (int i = 0; i < calls; ++i) peer.run(x_.data(), y_.data());
    return static_cast<double>(clock_.now() - begin) / calls;
  }

  const bench::Net& net_;
  rt::TscClock& clock_;
  std::vector<float> x_, y_;
};

constexpr std::pair<const char*, bench::Make> kMake[] = {
    {"tactus", bench::make_tactus},
    {"tactus-bf16", bench::make_tactus_bf16},
    {"tactus-int16", bench::make_tactus_int16},
    {"tactus-int8", bench::make_tactus_int8},
    {"onnxruntime", bench::make_onnxruntime},
    {"read-loop", bench::make_read_loop}};

using Missing = std::map<std::string, std::string>;

void measure(const bench::Net& net, int rounds, bench::Report& report,
             std::vector<bench::Curve>& curves, Missing& missing) {
  rt::TscClock clock;
  clock.calibrate();
  Bench b(net, clock);
  std::map<std::string, std::vector<double>> samples;
  std::vector<bench::Made> peers;
  for (const auto& [name, make] : kMake) {
    peers.push_back(make(net));
    if (!peers.back().peer) missing[name] = peers.back().missing;
  }
  for (int turn = 0; turn < 3; ++turn)
    for (const auto& made : peers) {
      if (!made.peer) continue;
      auto& all = samples[made.peer->name()];
      for (const double ns : b.samples(*made.peer, rounds / 3 + 1))
        all.push_back(ns);
    }
  const auto bytes = static_cast<double>(net.bytes());
  for (bench::Curve& c : curves) {
    if (!samples.contains(c.name)) continue;
    report.add(bench::row(fmt::format("{} ({} bytes)", net.name, net.bytes()),
                          c.name, std::move(samples[c.name])));
    c.points.emplace_back(bytes, report.last().p50);
  }
}

// p50 and GB/s of f32 weights, a row per size.
std::string markdown(const std::vector<bench::Curve>& curves,
                     const Missing& missing) {
  std::string out = "# Time against size\n\n" + bench::machine();
  for (const auto& cache : caches()) out += ", " + cache.name;
  out += "\n\n![growth](growth.svg)\n\n| weights, KB |";
  std::string rule = "|---:|";
  for (const auto& c : curves) out += fmt::format(" {} |", c.name);
  for (std::size_t i = 0; i < curves.size(); ++i) rule += "---:|";
  out += " read-loop / tactus |\n" + rule + "---:|\n";
  for (std::size_t i = 0; i < curves.front().points.size(); ++i) {
    out += fmt::format("| {:.0f} |", curves.front().points[i].first / 1000);
    for (const auto& c : curves)
      out += fmt::format(" {:.0f} ns |", c.points[i].second);
    out += fmt::format(" {:.2f} |\n", curves.back().points[i].second /
                                          curves.front().points[i].second);
  }
  for (const auto& [name, why] : missing)
    out += fmt::format("\nNo {}: {}\n", name, why);
  return out;
}

bool write(const char* path, const std::string& text) {
  std::ofstream out(path);
  out << text;
  return static_cast<bool>(out.flush());
}

}  // namespace

int main() {
  const char* asked = std::getenv("ROUNDS");
  const int rounds = asked ? std::atoi(asked) : 15;
  bench::Report report("growth");
  std::vector<bench::Curve> curves;
  for (const auto& [name, make] : kMake) curves.push_back({name, {}});
  Missing missing;
  for (std::size_t bytes = kFirst; bytes <= kLast; bytes *= 2) {
    const auto n =
        static_cast<std::size_t>(std::sqrt(static_cast<double>(bytes) / 8));
    measure(bench::make_net({n, n, n}, {Act::kRelu, Act::kNone}), rounds,
            report, curves, missing);
  }
  std::erase_if(curves, [](const auto& c) { return c.points.empty(); });
  report.print();
  for (const auto& [name, why] : missing) fmt::print("no {}: {}\n", name, why);
  const bool ok =
      report.write() &&
      write("build/bench/growth.svg",
            bench::growth_svg("Time per observation against size of the net",
                              curves, caches())) &&
      write("build/bench/growth.md", markdown(curves, missing));
  if (ok) fmt::print("build/bench/growth.md, growth.svg\n");
  return ok ? 0 : 5;
}
