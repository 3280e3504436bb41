// SPDX-License-Identifier: MIT
// One step of an LSTM layer, 48 inputs, 64 to 256 hidden: the fused backend
// beside oneDNN's primitive and ONNX Runtime in one process, turn by turn, one
// thread, warm, each carrying its own state.
//   ROUNDS=100   of 64 steps for each
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>

#include "../tests/unit/policy/onnx_writer.hpp"
#include "nets.hpp"
#include "peers/lstm.hpp"
#include "peers/ort.hpp"
#include "policy/plan.hpp"
#include "report.hpp"
#include "rt/tsc.hpp"

using namespace tactus;
namespace onnx = policy::test;

namespace {

constexpr std::size_t kSteps = 64;
constexpr std::size_t kIn = 48;
using Dims = std::vector<int64_t>;

bench::Lstm make_lstm(std::size_t hidden) {
  std::mt19937 rng(11);
  const float deviation = 0.5F / std::sqrt(static_cast<float>(hidden));
  return {kIn, hidden, bench::normal(4 * hidden * kIn, deviation, rng),
          bench::normal(4 * hidden * hidden, deviation, rng),
          bench::normal(4 * hidden, 0.1F, rng)};
}

std::string file_of(const bench::Lstm& l) {
  const auto in = static_cast<int64_t>(l.in);
  const auto hidden = static_cast<int64_t>(l.hidden);
  std::vector<float> b = l.b;
  b.resize(8 * l.hidden, 0.0F);
  const Dims state{1, 1, hidden};
  onnx::OnnxFile f;
  f.input("x", {1, 1, in}).input("h_in", state).input("c_in", state);
  f.output("y", {1, 1, 1, hidden}).output("h_out", state);
  f.output("c_out", state);
  f.weight(onnx::tensor("w", {1, 4 * hidden, in}, l.w))
      .weight(onnx::tensor("r", {1, 4 * hidden, hidden}, l.r))
      .weight(onnx::tensor("b", {1, 8 * hidden}, b))
      .node("LSTM", {"x", "w", "r", "b", "", "h_in", "c_in"},
            {"y", "h_out", "c_out"},
            {onnx::int_attribute("hidden_size", hidden)});
  return f.bytes();
}

class Tactus : public bench::Peer {
 public:
  explicit Tactus(policy::Context context)
      : Peer("tactus"), context_(std::move(context)) {}
  void run(const float* x, float* y) override {
    const policy::InputView in{x};
    const policy::OutputView out{y, context_.plan().describe().outputs[0].size};
    (void)context_.run({&in, 1}, {&out, 1});
  }

 private:
  policy::Context context_;
};

bench::Made make_tactus(const std::string& file) {
  policy::Options options;
  options.kernel_choice = policy::KernelChoice::kTimed;
  const auto plan =
      policy::ModelPlan::from_image(onnx::as_image(file), "lstm", options);
  if (!plan) return {nullptr, plan.error().text()};
  fmt::print("{}\n", (*plan)->describe().kernels);
  auto context = policy::Context::make(*plan);
  if (!context) return {nullptr, context.error().text()};
  return {std::make_unique<Tactus>(std::move(*context)), {}};
}

class OnnxRuntime : public bench::Peer {
 public:
  explicit OnnxRuntime(std::unique_ptr<bench::OrtModel> model)
      : Peer("onnxruntime"), model_(std::move(model)) {}
  void run(const float* x, float* y) override {
    auto &in = model_->inputs(), &out = model_->outputs();
    std::memcpy(in[0].data.data(), x, in[0].data.size() * sizeof(float));
    (void)model_->run();
    for (const std::size_t i : {1U, 2U})
      std::memcpy(in[i].data.data(), out[i].data.data(),
                  in[i].data.size() * sizeof(float));
    std::memcpy(y, out[0].data.data(), out[0].data.size() * sizeof(float));
  }

 private:
  std::unique_ptr<bench::OrtModel> model_;
};

bench::Made make_onnxruntime(const std::string& file, std::size_t hidden) {
  const onnx::TempFolder folder;
  const Dims state{1, 1, static_cast<int64_t>(hidden)};
  const Dims y{1, 1, 1, static_cast<int64_t>(hidden)};
  std::string missing;
  auto model = bench::OrtModel::load(
      folder.write("lstm.onnx", file),
      {{"x", {1, 1, kIn}}, {"h_in", state}, {"c_in", state}},
      {{"y", y}, {"h_out", state}, {"c_out", state}}, missing);
  if (!model) return {nullptr, missing};
  return {std::make_unique<OnnxRuntime>(std::move(model)), {}};
}

using Peers = std::vector<std::unique_ptr<bench::Peer>>;

Peers make_peers(const bench::Lstm& lstm) {
  const std::string file = file_of(lstm);
  Peers list;
  bench::Made made[] = {make_tactus(file),
                        {bench::make_onednn_lstm(lstm), {}},
                        make_onnxruntime(file, lstm.hidden)};
  for (bench::Made& m : made) {
    if (m.peer)
      list.push_back(std::move(m.peer));
    else
      fmt::print("left out: {}\n", m.missing);
  }
  return list;
}

// The largest difference from the first peer, states carried over `xs`.
double difference(Peers& peers, const std::vector<std::vector<float>>& xs,
                  std::size_t hidden) {
  double most = 0;
  std::vector<float> a(hidden), b(hidden);
  for (const auto& x : xs) {
    peers[0]->run(x.data(), a.data());
    for (std::size_t p = 1; p < peers.size(); ++p) {
      peers[p]->run(x.data(), b.data());
      for (std::size_t i = 0; i < hidden; ++i)
        most = std::max(most, std::fabs(static_cast<double>(a[i] - b[i])));
    }
  }
  return most;
}

bool measure(std::size_t hidden, int rounds, bench::Report& report) {
  const bench::Lstm lstm = make_lstm(hidden);
  Peers peers = make_peers(lstm);
  if (peers.empty() || peers[0]->name() != "tactus") return false;
  std::mt19937 rng(4);
  std::vector<std::vector<float>> xs;
  for (std::size_t i = 0; i < kSteps; ++i)
    xs.push_back(bench::normal(kIn, 1, rng));
  const std::string name = fmt::format("LSTM 48 to {}", hidden);
  if (const double d = difference(peers, xs, hidden); !(d < 1e-4)) {
    fmt::print("{}: they differ by {:.2g}\n", name, d);
    return false;
  }
  rt::TscClock clock;
  clock.calibrate();
  std::map<std::string, std::vector<double>> samples;
  std::vector<float> y(hidden);
  for (int i = 0; i < rounds; ++i)
    for (auto& peer : peers) {
      for (const auto& x : xs) peer->run(x.data(), y.data());
      for (const auto& x : xs) {
        const int64_t begin = clock.now();
        peer->run(x.data(), y.data());
        samples[peer->name()].push_back(
            static_cast<double>(clock.now() - begin));
      }
    }
  std::map<std::string, double> p50;
  for (auto& [peer, ns] : samples) {
    report.add(bench::row(name, peer, std::move(ns)));
    p50[peer] = report.last().p50;
  }
  for (const auto& [peer, ns] : p50)
    if (peer != "tactus")
      report.ratio(fmt::format("{}, {} / tactus", name, peer),
                   ns / p50["tactus"]);
  return true;
}

}  // namespace

int main() {
  ::setenv("OMP_NUM_THREADS", "1", 1);
  const char* rounds = std::getenv("ROUNDS");
  bench::Report report("recurrent");
  for (const std::size_t hidden : {64U, 128U, 256U})
    if (!measure(hidden, rounds ? std::atoi(rounds) : 100, report)) return 5;
  report.print();
  return report.write() ? 0 : 5;
}
