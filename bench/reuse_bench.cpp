// SPDX-License-Identifier: MIT
// What is not computed again: a first layer in two parts whose slow one is
// kept (slow), a table of answers (answers), and rows over all cores (batch).
// One plain plan and one with reuse, turn by turn in one process; warm; a
// sample is the mean of eight calls.
//   ROUNDS=300   of 64 calls for each peer
#include <cmath>
#include <cstdlib>
#include <random>
#include <thread>

#include "../tests/unit/policy/onnx_writer.hpp"
#include "policy/batch.hpp"
#include "policy/plan.hpp"
#include "report.hpp"
#include "rt/clock.hpp"

using namespace tactus;
namespace onnx = policy::test;

namespace {

constexpr std::size_t kTurns = 8;  // observations in turn
using Sizes = std::vector<std::size_t>;

std::vector<float> normal(std::size_t n, float deviation, std::mt19937& rng) {
  std::normal_distribution<float> draw(0, deviation);
  std::vector<float> v(n);
  for (float& x : v) x = draw(rng);
  return v;
}

std::string model_of(const Sizes& sizes) {
  std::mt19937 rng(5);
  onnx::OnnxFile file;
  const auto size = [&](std::size_t i) {
    return static_cast<int64_t>(sizes[i]);
  };
  file.input("x0", {1, size(0)});
  const std::size_t last = sizes.size() - 1;
  file.output("x" + std::to_string(last), {1, size(last)});
  for (std::size_t i = 0; i < last; ++i) {
    const std::string n = std::to_string(i);
    const float deviation = std::sqrt(1.6F / static_cast<float>(sizes[i]));
    file.weight(onnx::tensor("w" + n, {size(i + 1), size(i)},
                             normal(sizes[i] * sizes[i + 1], deviation, rng)))
        .weight(onnx::tensor("b" + n, {size(i + 1)},
                             normal(sizes[i + 1], 0.1F, rng)))
        .node("Gemm", {"x" + n, "w" + n, "b" + n}, {"z" + n},
              {onnx::int_attribute("transB", 1)})
        .node("Elu", {"z" + n}, {"x" + std::to_string(i + 1)});
  }
  return file.bytes();
}

policy::ModelPlan::Ptr plan_of(const Sizes& sizes,
                               const policy::Options& options) {
  const std::string bytes = model_of(sizes);
  auto plan =
      policy::ModelPlan::from_image(onnx::as_image(bytes), "bench", options);
  if (plan) return *plan;
  fmt::print("{}\n", plan.error().text());
  std::exit(1);
}

// A context and the observations that it is given in turn.
class Peer {
 public:
  Peer(std::string name, const policy::ModelPlan::Ptr& plan,
       std::vector<std::vector<float>> rows)
      : name_(std::move(name)),
        context_(std::move(*policy::Context::make(plan))),
        rows_(std::move(rows)),
        out_(plan->describe().outputs[0].size) {}

  void sample() {
    const int64_t begin = rt::monotonic_ns();
    for (int i = 0; i < 8; ++i) {
      const policy::InputView in[] = {{rows_[at_++ % rows_.size()].data()}};
      const policy::OutputView out[] = {out_};
      static_cast<void>(context_.run(in, out));
    }
    ns_.push_back(static_cast<double>(rt::monotonic_ns() - begin) / 8);
  }
  [[nodiscard]] bench::Row row(const std::string& of) const {
    return bench::row(of, name_, ns_);
  }

 private:
  std::string name_;
  policy::Context context_;
  std::vector<std::vector<float>> rows_;
  std::vector<float> out_;
  std::size_t at_ = 0;
  std::vector<double> ns_;
};

int rounds() {
  const char* text = std::getenv("ROUNDS");
  return text ? std::atoi(text) : 300;
}

void compare(bench::Report& report, const std::string& name,
             std::vector<Peer>& peers) {
  for (int round = 0; round < rounds(); ++round)
    for (Peer& p : peers)
      for (int i = 0; i < 8; ++i) p.sample();
  const double plain = peers[0].row(name).p50;
  for (const Peer& p : peers) {
    report.add(p.row(name));
    if (&p != &peers[0])
      report.ratio(name + " " + report.last().peer, plain / report.last().p50);
  }
}

// `fresh`: the first columns, new in every row; the others new in every row
// too (`moves`) or in none.
std::vector<std::vector<float>> rows_of(std::size_t size, std::size_t fresh,
                                        bool moves) {
  std::mt19937 rng(9);
  const auto still = normal(size, 1, rng);
  std::vector<std::vector<float>> rows;
  for (std::size_t r = 0; r < kTurns; ++r) {
    auto& row = rows.emplace_back(normal(size, 1, rng));
    if (!moves)
      std::copy(still.begin() + static_cast<std::ptrdiff_t>(fresh), still.end(),
                row.begin() + static_cast<std::ptrdiff_t>(fresh));
  }
  return rows;
}

void slow(bench::Report& report, const Sizes& sizes, std::size_t columns) {
  const std::size_t fresh = sizes[0] - columns;
  policy::Options options;
  const auto plain = plan_of(sizes, options);
  options.slow = {{"these", {{fresh, columns}}}};
  const auto split = plan_of(sizes, options);
  std::vector<Peer> peers;
  peers.emplace_back("plain", plain, rows_of(sizes[0], fresh, false));
  peers.emplace_back("kept", split, rows_of(sizes[0], fresh, false));
  peers.emplace_back("made again", split, rows_of(sizes[0], fresh, true));
  compare(report, fmt::format("slow {} of {}", columns, fmt::join(sizes, "-")),
          peers);
}

void answers(bench::Report& report, const Sizes& sizes) {
  policy::Options options;
  const auto plain = plan_of(sizes, options);
  options.answers = 4 * kTurns;
  const auto table = plan_of(sizes, options);
  options.answers = 1;  // one set: eight rows in turn never come back in time
  const auto small = plan_of(sizes, options);
  std::vector<Peer> peers;
  const auto rows = rows_of(sizes[0], 0, true);
  peers.emplace_back("plain", plain, rows);
  peers.emplace_back("hit", table, rows);
  peers.emplace_back("miss", small, rows);
  compare(report, fmt::format("answers {}", fmt::join(sizes, "-")), peers);
}

// A sample is a row's share of a whole batch.
void batch(bench::Report& report, const Sizes& sizes) {
  constexpr std::size_t kRows = 4096;
  const auto plan = plan_of(sizes, {});
  std::mt19937 rng(3);
  const auto in = normal(kRows * sizes.front(), 1, rng);
  std::vector<float> out(kRows * sizes.back());
  const std::string name = fmt::format("batch {}", fmt::join(sizes, "-"));
  const unsigned cores = std::thread::hardware_concurrency();
  std::vector<double> ns[2];
  for (int round = 0; round < rounds() / 10 + 1; ++round) {
    for (const bool all : {false, true}) {
      const int64_t begin = rt::monotonic_ns();
      static_cast<void>(
          policy::run_batch(plan, {kRows, {in}, {out}}, {all ? cores : 1, {}}));
      ns[all ? 1 : 0].push_back(
          static_cast<double>(rt::monotonic_ns() - begin) / kRows);
    }
  }
  report.add(bench::row(name, "1 thread", ns[0]));
  const double one = report.last().p50;
  report.add(bench::row(name, fmt::format("{} threads", cores), ns[1]));
  report.ratio(name + " " + report.last().peer, one / report.last().p50);
}

}  // namespace

int main() {
  bench::Report report("reuse");
  const Sizes small = {12, 64, 8}, middle = {48, 256, 256, 12},
              large = {235, 512, 256, 128, 12};
  slow(report, large, 187);
  slow(report, large, 16);
  slow(report, middle, 24);
  slow(report, small, 6);
  for (const Sizes& sizes : {small, middle, large}) answers(report, sizes);
  for (const Sizes& sizes : {middle, large}) batch(report, sizes);
  report.print();
  return report.write() ? 0 : 1;
}
