// SPDX-License-Identifier: MIT
// One observation through a multi-layer perceptron: the fused backend beside
// its peers in one process, turn by turn. Warm; a sample is a call, for nets
// below a microsecond the mean of 64: reading the clock takes a third of the
// smallest call. A read loop reads as many bytes as the peer has weights: its
// floor.
//   ROUNDS=200   of 64 calls for each peer
#include <cmath>
#include <cstdlib>
#include <map>

#include "nets.hpp"
#include "report.hpp"
#include "rt/tsc.hpp"

using namespace tactus;

namespace {

using bench::Act;
using Peers = std::vector<std::unique_ptr<bench::Peer>>;
using Samples = std::map<std::string, std::vector<double>>;

constexpr std::size_t kInputs = 64;  // observations in turn

std::vector<bench::Net> nets() {
  return {
      bench::make_net({12, 64, 8}, {Act::kRelu, Act::kTanh}),
      bench::make_net({48, 256, 256, 12}, {Act::kElu, Act::kElu, Act::kNone}),
      bench::make_net({235, 512, 256, 128, 12},
                      {Act::kElu, Act::kElu, Act::kElu, Act::kNone}),
      bench::make_net({376, 400, 300, 17},
                      {Act::kRelu, Act::kRelu, Act::kTanh}),
  };
}

bool is_ours(const std::string& peer) { return peer.starts_with("tactus"); }
bool is_floor(const std::string& peer) { return peer.starts_with("read-loop"); }
// "tactus-int8": "read-loop-int8".
std::string floor_of(const std::string& ours) {
  return "read-loop" + ours.substr(sizeof "tactus" - 1);
}

class Bench {
 public:
  Bench(const bench::Net& net, rt::TscClock& clock)
      : net_(net),
        clock_(clock),
        y_(net.outputs() + 16),
        group_(net.bytes() < 100'000 ? kInputs : 1) {
    std::mt19937 rng(9);
    for (std::size_t i = 0; i < kInputs; ++i)
      x_.push_back(bench::normal(net.inputs(), 1, rng));
  }
  void turn(bench::Peer& peer, std::vector<double>& out) {
    for (std::size_t i = 0; i < kInputs; i += group_) {
      const int64_t begin = clock_.now();
      for (std::size_t g = 0; g < group_; ++g)
        peer.run(x_[i + g].data(), y_.data());
      const int64_t spent = clock_.now() - begin;
      out.push_back(static_cast<double>(spent) / static_cast<double>(group_));
    }
  }
  [[nodiscard]] double difference(bench::Peer& a, bench::Peer& b) {
    std::vector<float> other(y_.size());
    double most = 0;
    for (const auto& in : x_) {
      a.run(in.data(), y_.data());
      b.run(in.data(), other.data());
      for (std::size_t i = 0; i < net_.outputs(); ++i) {
        const double d = std::fabs(static_cast<double>(y_[i] - other[i]));
        if (!(d <= most)) most = d;
      }
    }
    return most;
  }

 private:
  const bench::Net& net_;
  rt::TscClock& clock_;
  std::vector<std::vector<float>> x_;
  std::vector<float> y_;
  std::size_t group_;  // calls of a sample
};

Peers make_peers(const bench::Net& net) {
  static constexpr std::pair<const char*, bench::Make> kMake[] = {
      {"tactus", bench::make_tactus},
      {"tactus-bf16", bench::make_tactus_bf16},
      {"tactus-int16", bench::make_tactus_int16},
      {"tactus-int8", bench::make_tactus_int8},
      {"naive", bench::make_naive},
      {"eigen", bench::make_eigen},
      {"onednn", bench::make_onednn},
      {"onnxruntime", bench::make_onnxruntime},
#ifdef BENCH_LIBXSMM
      {"libxsmm", bench::make_libxsmm},
#endif
#ifdef BENCH_XNNPACK
      {"xnnpack", bench::make_xnnpack},
#endif
  };
  Peers list;
  for (const auto& [name, make] : kMake) {
    bench::Made made = make(net);
    if (!made.peer) {
      fmt::print("{}: no {}: {}\n", net.name, name, made.missing);
      continue;
    }
    list.push_back(std::move(made.peer));
    const bench::Peer& last = *list.back();
    if (last.bytes() > 0)
      list.push_back(bench::read_loop(floor_of(last.name()), last.bytes()));
  }
  return list;
}

// Who is faster by being wrong is out.
bool agrees(const bench::Net& net, Bench& b, Peers& peers) {
  for (std::size_t i = 1; i < peers.size(); ++i) {
    const std::string& name = peers[i]->name();
    if (is_floor(name)) continue;
    const double d = b.difference(*peers[0], *peers[i]);
    // The tiers' own error is `rtctl model quantize`'s business.
    if (d < (is_ours(name) ? 0.5 : 1e-3)) continue;
    fmt::print("{}: {} differs by {:.2g}\n", net.name, name, d);
    return false;
  }
  return true;
}

void add_rows(const bench::Net& net, Samples& samples, bench::Report& report) {
  double best = 1e18;
  std::map<std::string, double> p50;
  for (auto& [name, ns] : samples) {
    report.add(bench::row(net.name, name, std::move(ns)));
    p50[name] = report.last().p50;
    if (!is_ours(name) && !is_floor(name)) best = std::min(best, p50[name]);
  }
  for (const auto& [name, ns] : p50) {
    if (!is_ours(name)) continue;
    report.ratio(fmt::format("{}, best peer / {}", net.name, name), best / ns);
    const auto floor = p50.find(floor_of(name));
    if (floor == p50.end()) continue;
    report.ratio(fmt::format("{}, read loop / {}", net.name, name),
                 floor->second / ns);
  }
}

bool measure(const bench::Net& net, int rounds, bench::Report& report) {
  rt::TscClock clock;
  clock.calibrate();
  Peers peers = make_peers(net);
  if (peers.empty() || peers[0]->name() != "tactus") return false;
  Bench b(net, clock);
  if (!agrees(net, b, peers)) return false;
  Samples samples;
  for (int i = 0; i < rounds; ++i)
    for (auto& peer : peers) {
      std::vector<double> warm;
      b.turn(*peer, warm);
      b.turn(*peer, samples[peer->name()]);
    }
  add_rows(net, samples, report);
  return true;
}

}  // namespace

int main() {
  ::setenv("OMP_NUM_THREADS", "1", 1);
  const char* rounds = std::getenv("ROUNDS");
  bench::Report report("inference");
  for (const bench::Net& net : nets())
    if (!measure(net, rounds ? std::atoi(rounds) : 200, report)) return 5;
  report.print();
  return report.write() ? 0 : 5;
}
