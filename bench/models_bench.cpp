// SPDX-License-Identifier: MIT
// Each model under TACTUS_TEST_MODELS, one observation at a time: the fused
// backend beside ONNX Runtime in one process, turn by turn, one thread, warm.
// Recurrent state is carried from call to call by both.
//   ROUNDS=100   of 32 calls for each
//   CHOICE=timed how kernels are chosen: rule or timed
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "core/error.hpp"
#include "nets.hpp"
#include "peers/ort.hpp"
#include "policy/plan.hpp"
#include "report.hpp"
#include "rt/tsc.hpp"

using namespace tactus;

namespace {

constexpr int kCalls = 32;
constexpr double kAgrees = 1e-3;  // of the largest output

// A model in both, fed the same.
class Pair {
 public:
  Pair(policy::Context ours, std::unique_ptr<bench::OrtModel> theirs)
      : ours_(std::move(ours)), theirs_(std::move(theirs)) {
    const auto& d = ours_.plan().describe();
    std::mt19937 rng(3);
    for (const auto& t : d.inputs) {
      in_.push_back(bench::normal(t.size, 1, rng));
      std::ranges::copy(in_.back(), input(in_.size() - 1).begin());
    }
    for (const auto& v : in_) views_.push_back({v.data()});
    for (const auto& t : d.outputs) out_.emplace_back(t.size);
    for (auto& v : out_) spans_.emplace_back(v);
  }
  void ours() { (void)ours_.run(views_, spans_); }
  void theirs() {
    (void)theirs_->run();
    const std::size_t states = ours_.plan().describe().states.size();
    for (std::size_t i = 0; i < states; ++i) {
      const auto& from = theirs_->outputs()[out_.size() + i].data;
      std::memcpy(input(in_.size() + i).data(), from.data(),
                  from.size() * sizeof(float));
    }
  }
  // Of the outputs after one call of each, as a part of the largest.
  [[nodiscard]] double difference() {
    ours();
    theirs();
    double most = 0, largest = 1e-6;
    for (std::size_t o = 0; o < out_.size(); ++o)
      for (std::size_t i = 0; i < out_[o].size(); ++i) {
        const double y = static_cast<double>(theirs_->outputs()[o].data[i]);
        const double d = std::fabs(static_cast<double>(out_[o][i]) - y);
        if (!(d <= most)) most = d;
        largest = std::max(largest, std::fabs(y));
      }
    return most / largest;
  }

 private:
  std::vector<float>& input(std::size_t i) { return theirs_->inputs()[i].data; }

  policy::Context ours_;
  std::unique_ptr<bench::OrtModel> theirs_;
  std::vector<std::vector<float>> in_, out_;
  std::vector<policy::InputView> views_;
  std::vector<policy::OutputView> spans_;
};

template <class List, class Name>
void append(std::vector<bench::Tensor>& to, const List& list, Name name) {
  for (const auto& t : list) to.push_back({name(t), t.shape});
}

Result<std::unique_ptr<Pair>> load(const std::string& path) {
  const char* choice = std::getenv("CHOICE");
  policy::Options options;
  const bool rule = choice && std::string_view(choice) == "rule";
  options.kernel_choice =
      rule ? policy::KernelChoice::kRule : policy::KernelChoice::kTimed;
  auto plan = policy::ModelPlan::load(path, options);
  if (!plan) return plan.error();
  const auto& d = (*plan)->describe();
  std::vector<bench::Tensor> in, out;
  const auto name = [](const auto& t) { return t.name; };
  append(in, d.inputs, name);
  append(in, d.states, [](const auto& s) { return s.input; });
  append(out, d.outputs, name);
  append(out, d.states, [](const auto& s) { return s.output; });
  std::string missing;
  auto theirs = bench::OrtModel::load(path, in, out, missing);
  if (!theirs) return unavailable("{}: {}", path, missing);
  auto context = policy::Context::make(*plan);
  if (!context) return context.error();
  return std::make_unique<Pair>(std::move(*context), std::move(theirs));
}

template <class Call>
void turn(rt::TscClock& clock, std::vector<double>& out, Call call) {
  for (int i = 0; i < kCalls; ++i) call();
  for (int i = 0; i < kCalls; ++i) {
    const int64_t begin = clock.now();
    call();
    out.push_back(static_cast<double>(clock.now() - begin));
  }
}

bool measure(const std::string& path, const std::string& name, int rounds,
             bench::Report& report) {
  auto pair = load(path);
  if (!pair) {
    fmt::print("{}: {}\n", name, pair.error().text());
    return false;
  }
  const double difference = (*pair)->difference();
  if (!(difference < kAgrees)) {
    fmt::print("{}: the outputs differ by {:.2g}\n", name, difference);
    return false;
  }
  rt::TscClock clock;
  clock.calibrate();
  std::vector<double> ours, theirs;
  for (int i = 0; i < rounds; ++i) {
    turn(clock, ours, [&] { (*pair)->ours(); });
    turn(clock, theirs, [&] { (*pair)->theirs(); });
  }
  report.add(bench::row(name, "tactus", std::move(ours)));
  const double p50 = report.last().p50;
  report.add(bench::row(name, "onnxruntime", std::move(theirs)));
  report.ratio(name + ", onnxruntime / tactus", report.last().p50 / p50);
  return true;
}

std::vector<std::string> models(const std::string& folder) {
  std::vector<std::string> list;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".onnx") list.push_back(entry.path());
  std::ranges::sort(list);
  return list;
}

}  // namespace

int main() {
  const char* folder = std::getenv("TACTUS_TEST_MODELS");
  if (!folder || !std::filesystem::is_directory(folder)) {
    fmt::print("TACTUS_TEST_MODELS names no folder with models\n");
    return 77;
  }
  if (bench::OrtModel::version().empty()) {
    fmt::print("onnxruntime is not here (bench/venv.sh)\n");
    return 77;
  }
  const char* rounds = std::getenv("ROUNDS");
  bench::Report report("models");
  bool all = true;
  for (const std::string& path : models(folder)) {
    const std::string name = std::filesystem::path(path).stem();
    all &= measure(path, name, rounds ? std::atoi(rounds) : 100, report);
  }
  report.print();
  return report.write() && all ? 0 : 5;
}
