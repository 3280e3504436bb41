// SPDX-License-Identifier: MIT
// One observation through a multi-layer perceptron: the fused backend beside
// its peers in one process, turn by turn, and ONNX Runtime through Python.
// Warm; a sample is a call, for nets below a microsecond the mean of eight.
// "read-loop" reads as many bytes as the net has weights: the floor.
//   ROUNDS=200   of 64 calls for each peer
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>

#include "../tests/unit/policy/onnx_writer.hpp"
#include "peers/peer.hpp"
#include "policy/plan.hpp"
#include "report.hpp"
#include "rt/tsc.hpp"

using namespace tactus;
namespace onnx = policy::test;

namespace {

constexpr std::size_t kInputs = 64;  // observations in turn

struct Shape {
  std::vector<std::size_t> sizes;
  std::vector<bench::Act> acts;
};
using bench::Act;
const Shape kShapes[] = {
    {{12, 64, 8}, {Act::kRelu, Act::kTanh}},
    {{48, 256, 256, 12}, {Act::kElu, Act::kElu, Act::kNone}},
    {{235, 512, 256, 128, 12}, {Act::kElu, Act::kElu, Act::kElu, Act::kNone}},
    {{376, 400, 300, 17}, {Act::kRelu, Act::kRelu, Act::kTanh}}};

const char* op_of(Act act) {
  switch (act) {
    case Act::kRelu:
      return "Relu";
    case Act::kTanh:
      return "Tanh";
    case Act::kElu:
      return "Elu";
    case Act::kNone:
      break;
  }
  return "Identity";
}

std::vector<float> normal(std::size_t n, float deviation, std::mt19937& rng) {
  std::normal_distribution<float> draw(0, deviation);
  std::vector<float> v(n);
  for (float& x : v) x = draw(rng);
  return v;
}

bench::Net make_net(const Shape& shape) {
  bench::Net net;
  std::mt19937 rng(5);
  onnx::OnnxFile file;
  const auto size = [&](std::size_t i) {
    return static_cast<int64_t>(shape.sizes[i]);
  };
  file.input("x0", {1, size(0)});
  net.name = fmt::format("{}", fmt::join(shape.sizes, "-"));
  for (std::size_t i = 0; i + 1 < shape.sizes.size(); ++i) {
    bench::LayerOf l{shape.sizes[i], shape.sizes[i + 1], shape.acts[i], {}, {}};
    l.w = normal(l.in * l.out, std::sqrt(1.6F / static_cast<float>(l.in)), rng);
    l.b = normal(l.out, 0.1F, rng);
    const std::string n = std::to_string(i);
    file.weight(onnx::tensor("w" + n, {size(i + 1), size(i)}, l.w))
        .weight(onnx::tensor("b" + n, {size(i + 1)}, l.b))
        .node("Gemm", {"x" + n, "w" + n, "b" + n}, {"z" + n},
              {onnx::int_attribute("transB", 1)})
        .node(op_of(l.act), {"z" + n}, {"x" + std::to_string(i + 1)});
    net.layers.push_back(std::move(l));
  }
  const std::size_t last = shape.sizes.size() - 1;
  file.output("x" + std::to_string(last), {1, size(last)});
  net.onnx = file.bytes();
  return net;
}

// ------------------------------------------------------------- our own

class Tactus : public bench::Peer {
 public:
  Tactus(std::string name, policy::Context context)
      : Peer(std::move(name)), context_(std::move(context)) {}
  void run(const float* x, float* y) override {
    const policy::InputView in{x, true};
    const policy::OutputView out{y, context_.plan().describe().outputs[0].size};
    (void)context_.run({&in, 1}, {&out, 1});
  }

 private:
  policy::Context context_;
};

bench::Made make_tactus(const bench::Net& net) {
  policy::Options options;
  options.kernel_choice = policy::KernelChoice::kTimed;
  auto plan = policy::ModelPlan::from_image(onnx::as_image(net.onnx), net.name,
                                            options);
  if (!plan) return {nullptr, plan.error().text()};
  fmt::print("{}: {}\n", net.name, (*plan)->describe().kernels);
  auto context = policy::Context::make(*plan);
  if (!context) return {nullptr, context.error().text()};
  return {std::make_unique<Tactus>("tactus", std::move(*context)), {}};
}

// As many bytes as the weights, in lines, eight sums.
class ReadLoop : public bench::Peer {
 public:
  explicit ReadLoop(const bench::Net& net)
      : Peer("read-loop"), lines_(net.bytes() / sizeof(Line) / 8 * 8) {}
  void run(const float*, float* y) override {
    Line a{}, b{}, c{}, d{}, e{}, f{}, g{}, h{};
    const Line* line = lines_.data();
    for (std::size_t i = 0; i < lines_.size(); i += 8) {
      a += line[i], b += line[i + 1], c += line[i + 2], d += line[i + 3];
      e += line[i + 4], f += line[i + 5], g += line[i + 6], h += line[i + 7];
    }
    const Line sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    y[0] = sum[0];
  }

 private:
  typedef float Line __attribute__((vector_size(64)));
  std::vector<Line> lines_;
};

bench::Made make_read_loop(const bench::Net& net) {
  return {std::make_unique<ReadLoop>(net), {}};
}

// -------------------------------------------------- ONNX Runtime, Python

class OnnxRuntime {
 public:
  explicit OnnxRuntime(const bench::Net& net) {
    const std::string path = folder_.write("net.onnx", net.onnx);
    std::FILE* venv = ::popen("bench/venv.sh 2>&1", "r");
    char python[512] = {};
    const bool read = venv && std::fgets(python, sizeof python, venv);
    if (!venv || ::pclose(venv) != 0 || !read) {
      missing_ = read ? python : "bench/venv.sh did not run";
      return;
    }
    python[std::string_view(python).find('\n')] = 0;
    start(python, path);
  }
  ~OnnxRuntime() {
    if (ask_) std::fclose(ask_);
    if (answer_) std::fclose(answer_);
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
  }
  OnnxRuntime(const OnnxRuntime&) = delete;
  OnnxRuntime& operator=(const OnnxRuntime&) = delete;

  [[nodiscard]] const std::string& missing() const { return missing_; }
  void calls(int n, std::vector<double>& out) {
    fmt::print(ask_, "{}\n", n);
    std::fflush(ask_);
    double ns = 0;
    for (int i = 0; i < n && std::fscanf(answer_, "%lf", &ns) == 1; ++i)
      out.push_back(ns);
  }

 private:
  void start(const char* python, const std::string& path) {
    int to[2], from[2];
    if (::pipe(to) != 0 || ::pipe(from) != 0) {
      missing_ = "no pipe";
      return;
    }
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(to[0], 0);
      ::dup2(from[1], 1);
      for (const int fd : {to[0], to[1], from[0], from[1]}) ::close(fd);
      ::execl(python, python, "bench/peers/ort_calls.py", path.c_str(),
              nullptr);
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    ask_ = ::fdopen(to[1], "w");
    answer_ = ::fdopen(from[0], "r");
    char version[128] = {};
    if (!std::fgets(version, sizeof version, answer_))
      missing_ = "bench/peers/ort_calls.py did not start";
  }

  onnx::TempFolder folder_;
  std::string missing_;
  pid_t child_ = -1;
  std::FILE* ask_ = nullptr;
  std::FILE* answer_ = nullptr;
};

// ------------------------------------------------------------- measuring

using Samples = std::map<std::string, std::vector<double>>;

struct Bench {
  const bench::Net& net;
  rt::TscClock& clock;
  std::vector<std::vector<float>> x;
  std::vector<float> y;
  std::size_t group;  // calls of a sample

  Bench(const bench::Net& n, rt::TscClock& c)
      : net(n),
        clock(c),
        y(n.outputs() + 16),
        group(n.bytes() < 100'000 ? 8 : 1) {
    std::mt19937 rng(9);
    for (std::size_t i = 0; i < kInputs; ++i)
      x.push_back(normal(n.inputs(), 1, rng));
  }
  void turn(bench::Peer& peer, std::vector<double>& out) {
    for (std::size_t i = 0; i < kInputs; i += group) {
      const int64_t begin = clock.now();
      for (std::size_t g = 0; g < group; ++g)
        peer.run(x[i + g].data(), y.data());
      const int64_t spent = clock.now() - begin;
      out.push_back(static_cast<double>(spent) / static_cast<double>(group));
    }
  }
  // Who is faster by being wrong is out.
  [[nodiscard]] double difference(bench::Peer& a, bench::Peer& b) {
    std::vector<float> other(y.size());
    double most = 0;
    for (const auto& in : x) {
      a.run(in.data(), y.data());
      b.run(in.data(), other.data());
      for (std::size_t i = 0; i < net.outputs(); ++i) {
        const double d = std::fabs(static_cast<double>(y[i] - other[i]));
        if (!(d <= most)) most = d;
      }
    }
    return most;
  }
};

std::vector<std::unique_ptr<bench::Peer>> make_peers(const bench::Net& net) {
  static constexpr std::pair<const char*, bench::Make> kMake[] = {
      {"tactus", make_tactus},          {"read-loop", make_read_loop},
      {"naive", bench::make_naive},     {"eigen", bench::make_eigen},
      {"onednn", bench::make_onednn},
#ifdef BENCH_LIBXSMM
      {"libxsmm", bench::make_libxsmm},
#endif
#ifdef BENCH_XNNPACK
      {"xnnpack", bench::make_xnnpack},
#endif
  };
  std::vector<std::unique_ptr<bench::Peer>> list;
  for (const auto& [name, make] : kMake) {
    bench::Made made = make(net);
    if (made.peer)
      list.push_back(std::move(made.peer));
    else
      fmt::print("{}: no {}: {}\n", net.name, name, made.missing);
  }
  return list;
}

bool agrees(Bench& b, std::vector<std::unique_ptr<bench::Peer>>& peers) {
  for (std::size_t i = 1; i < peers.size(); ++i) {
    if (peers[i]->name() == "read-loop") continue;
    const double d = b.difference(*peers[0], *peers[i]);
    if (d < 1e-3) continue;
    fmt::print("{}: {} differs by {:.2g}\n", b.net.name, peers[i]->name(), d);
    return false;
  }
  return true;
}

bool measure(const bench::Net& net, int rounds, bench::Report& report) {
  rt::TscClock clock;
  clock.calibrate();
  auto peers = make_peers(net);
  if (peers.empty() || peers[0]->name() != "tactus") return false;
  OnnxRuntime runtime(net);
  if (!runtime.missing().empty())
    fmt::print("{}: no onnxruntime: {}\n", net.name, runtime.missing());
  Bench b(net, clock);
  if (!agrees(b, peers)) return false;
  Samples samples;
  for (int i = 0; i < rounds; ++i) {
    for (auto& peer : peers) {
      std::vector<double> warm;
      b.turn(*peer, warm);
      b.turn(*peer, samples[peer->name()]);
    }
    if (runtime.missing().empty() && i % 4 == 0)
      runtime.calls(64, samples["onnxruntime"]);
  }
  double ours = 0, floor = 0, best = 1e18;
  for (auto& [name, ns] : samples) {
    report.add(bench::row(net.name, name, std::move(ns)));
    const double p50 = report.last().p50;
    if (name == "tactus")
      ours = p50;
    else if (name == "read-loop")
      floor = p50;
    else
      best = std::min(best, p50);
  }
  report.ratio(net.name + ", best peer / tactus", best / ours);
  report.ratio(net.name + ", read-loop / tactus", floor / ours);
  return true;
}

}  // namespace

int main() {
  ::setenv("OMP_NUM_THREADS", "1", 1);
  const char* rounds = std::getenv("ROUNDS");
  bench::Report report("inference");
  for (const Shape& shape : kShapes)
    if (!measure(make_net(shape), rounds ? std::atoi(rounds) : 200, report))
      return 5;
  report.print();
  return report.write() ? 0 : 5;
}
