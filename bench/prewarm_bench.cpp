// SPDX-License-Identifier: MIT
// What prewarming is worth: a 1 kHz loop of policy, shield and a simulated arm
// through the public API, alone (warm), with other work on its core that walks
// 4 MB per tick (polluted), and the same prewarmed. The three take turns in
// one process. Times are the ones of the log, of cycles that committed.
// "hot" is the policy alone, called back to back: no loop gets there.
//   ROUNDS=3 SECONDS=2   of each, for each network; CPU=1
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <tactus/tactus.hpp>
#include <thread>

#include "../lib/examples/cpp_arm/my_arm.hpp"
#include "../tests/unit/policy/onnx_writer.hpp"
#include "core/layout/record.hpp"
#include "policy/plan.hpp"
#include "report.hpp"
#include "rt/tsc.hpp"
#include "trace/reader.hpp"

using namespace std::chrono_literals;
namespace onnx = tactus::policy::test;
namespace fs = std::filesystem;

struct Frame {
  std::array<float, 7> q, dq;
  std::array<float, 3> target, hand;
  std::array<float, 12> near;  // what the networks of other sizes see
  std::array<float, 36> far;
  tactus::Time q_at, dq_at, target_at, hand_at;
  std::array<float, 7> u;
  float unused;
};
TACTUS_FIELDS(Frame, q, dq, target, hand, near, far, q_at, dq_at, target_at,
              hand_at, u, unused)

namespace {

constexpr std::size_t kPolluted = 4 << 20;  // bytes per tick
constexpr uint64_t kSettling = 300;         // cycles: engaging, learning

long number(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atol(text) : otherwise;
}

// Walks its memory once after each tick, on the loop's core and below it. It
// is woken, and sets no timer: the interrupts would be counted as the loop's.
// To wake it is a call within the stage act, in every mode.
class Polluter {
 public:
  Polluter(int cpu, std::size_t bytes) : memory_(bytes) {
    thread_ = std::thread([this, cpu] {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(cpu, &set);
      (void)pthread_setaffinity_np(pthread_self(), sizeof set, &set);
      const sched_param idle{};
      (void)pthread_setschedparam(pthread_self(), SCHED_IDLE, &idle);
      walk();
    });
  }
  ~Polluter() {
    done_.store(true);
    tick();
    thread_.join();
  }
  void tick() noexcept {
    ticks_.fetch_add(1);
    ticks_.notify_one();
  }

 private:
  void walk() {
    uint64_t seen = 0;
    while (!done_.load()) {
      ticks_.wait(seen);
      seen = ticks_.load();
      for (std::size_t i = 0; i < memory_.size(); i += 64) ++memory_[i];
    }
  }

  std::vector<unsigned char> memory_;
  std::atomic<uint64_t> ticks_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

// sizes.front() inputs; the first seven of sizes.back() outputs, made small:
// the arm is to move, not to be stopped.
std::string net(const std::vector<int64_t>& sizes) {
  std::mt19937 rng(5);
  onnx::OnnxFile file;
  file.input("x0", {1, sizes.front()});
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    const bool last = i + 2 == sizes.size();
    const float scale = last ? 0.002F : 0.2F;
    std::normal_distribution<float> draw(0, scale);
    std::vector<float> w(static_cast<std::size_t>(sizes[i] * sizes[i + 1]));
    for (float& v : w) v = draw(rng);
    const std::string n = std::to_string(i);
    file.weight(onnx::tensor("w" + n, {sizes[i], sizes[i + 1]}, w))
        .node("MatMul", {"x" + n, "w" + n}, {"z" + n})
        .node(last ? "Tanh" : "Elu", {"z" + n}, {"x" + std::to_string(i + 1)});
  }
  file.weight(onnx::int_tensor("from", {1}, {0}))
      .weight(onnx::int_tensor("to", {1}, {7}))
      .weight(onnx::int_tensor("axis", {1}, {1}))
      .node("Slice",
            {"x" + std::to_string(sizes.size() - 1), "from", "to", "axis"},
            {"u"})
      .output("u", {1, 7});
  return file.bytes();
}

struct Case {
  std::string name;
  std::string model;  // path
  enum { kDemo, kNear, kBoth } sees;
};

struct Mode {
  const char* name;
  bool pollute;
  std::chrono::nanoseconds prewarm;
};
constexpr Mode kModes[] = {
    {"warm", false, -1ns}, {"polluted", true, -1ns}, {"prewarmed", true, 0ns}};

using Samples = std::map<std::string, std::vector<double>>;

void take(const tactus::layout::CycleRecord& r, const std::string& name,
          Samples& out) {
  const auto& infer = r.stage[1];
  const auto& act = r.stage[3];
  const auto wake = static_cast<double>(r.wake_ns - r.release_ns);
  out[name + " infer"].push_back(infer.end_ns - infer.begin_ns);
  out[name + " check"].push_back(r.stage[2].end_ns - r.stage[2].begin_ns);
  out[name + " wake to commit"].push_back(act.end_ns - wake);
  // The host woke the loop too late, or took the processor meanwhile.
  const bool dropped = (r.flags & tactus::layout::kCyclePrewarmDropped) != 0;
  if (!dropped)
    out[name + " infer, with room"].push_back(infer.end_ns - infer.begin_ns);
  if (r.prewarm_ns > 0)
    out[name + " prewarming"].push_back(static_cast<double>(r.prewarm_ns));
}

void time_hot(const Case& c, Samples& out) {
  using namespace tactus;
  policy::Options options;
  options.kernel_choice = policy::KernelChoice::kTimed;
  auto plan = policy::ModelPlan::load(c.model, options);
  if (!plan) return;
  auto context = policy::Context::make(*plan);
  const auto& inputs = (*plan)->describe().inputs;
  std::vector<float> x(64, 0.1F), u(7);
  std::vector<policy::InputView> in(inputs.size(), {x.data()});
  const policy::OutputView to = u;
  rt::TscClock clock;
  clock.calibrate();
  for (int i = 0; i < 6000; ++i) {
    const int64_t begin = clock.now();
    (void)context->run(in, {&to, 1});
    const int64_t end = clock.now();
    if (i >= 1000)
      out[c.name + ", hot: infer"].push_back(static_cast<double>(end - begin));
  }
}

class Bench {
 public:
  Bench() {
    char name[] = "/tmp/prewarm-bench-XXXXXX";
    folder_ = ::mkdtemp(name);
    if (::geteuid() != 0) ::setenv("XDG_RUNTIME_DIR", folder_.c_str(), 0);
    const fs::path arm = fs::absolute("lib/examples/handover/arm.urdf");
    std::ifstream file("lib/examples/cpp_arm/limits.toml");
    std::string text(std::istreambuf_iterator<char>(file), {});
    const std::string from = "../handover/arm.urdf";
    text.replace(text.find(from), from.size(), arm.string());
    // The arm lives in this process: there is nobody to guard it.
    const std::size_t guard = text.find("guard  = {");
    text.replace(guard, text.find('\n', guard) - guard, "guard = \"none\"");
    write("limits.toml",
          text +
              "[policy]\noutput = {name=\"u\", kind=\"joint_velocity\", "
              "unit=\"rad/s\"}\n");
  }
  ~Bench() { fs::remove_all(folder_); }
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  std::string write(const std::string& name, const std::string& bytes) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  // "": it ran.
  std::string block(const Case& c, const Mode& mode, Samples& out);

 private:
  tactus::Result<tactus::Loop> make(const Case& c, const Mode& mode);
  std::string folder_;
  int cpu_ = static_cast<int>(number("CPU", 1));
  MyArm arm_;
  std::unique_ptr<Polluter> polluter_;
  std::unique_ptr<tactus::Policy> policy_;
  std::unique_ptr<tactus::Shield> shield_;
};

tactus::Result<tactus::Loop> Bench::make(const Case& c, const Mode& mode) {
  auto policy = tactus::Policy::load(c.model);
  if (!policy) return policy.error();
  auto shield = tactus::Shield::load(folder_ + "/limits.toml");
  if (!shield) return shield.error();
  policy_ = std::make_unique<tactus::Policy>(std::move(*policy));
  shield_ = std::make_unique<tactus::Shield>(std::move(*shield));
  tactus::LoopBuilder<Frame> loop({.name = "bench-prewarm",
                                   .period = 1ms,
                                   .cpu = cpu_,
                                   .priority = 45,
                                   .trip = {.bad = 1000, .of = 1000},
                                   .engage_time = 100ms,
                                   .prewarm_max = mode.prewarm});
  loop.sense("sense", {.deadline = 300us},
             [this](Frame& f, const tactus::Tick& tick) noexcept {
               return arm_.read(f, tick);
             });
  const tactus::StageOptions infer = {.deadline = 500us};
  if (c.sees == Case::kDemo)
    loop.infer(*policy_, infer, &Frame::q, &Frame::dq, &Frame::target,
               &Frame::hand, &Frame::u);
  if (c.sees == Case::kNear)
    loop.infer(*policy_, infer, &Frame::near, &Frame::u);
  if (c.sees == Case::kBoth)
    loop.infer(*policy_, infer, &Frame::near, &Frame::far, &Frame::u);
  return loop.check(*shield_, {.deadline = 850us})
      .act("act", {.deadline = 930us},
           [this](const Frame& f, const tactus::Tick&) noexcept {
             if (polluter_) polluter_->tick();
             return arm_.write(f.u);
           })
      .no_guard(20ms)
      .record(folder_ + "/run.tlog")
      .build();
}

std::string Bench::block(const Case& c, const Mode& mode, Samples& out) {
  arm_ = {};
  // Woken in every mode, so that they differ in the walk alone.
  polluter_ = std::make_unique<Polluter>(cpu_, mode.pollute ? kPolluted : 0);
  auto loop = make(c, mode);
  if (!loop) return loop.error().text();
  loop->engage();
  (void)loop->run(std::chrono::seconds(number("SECONDS", 2)));
  polluter_.reset();
  auto log = tactus::trace::LogReader::open(folder_ + "/run.tlog");
  if (!log) return log.error().text();
  for (uint64_t i = kSettling; i < log->size(); ++i) {
    const tactus::layout::CycleRecord& r = log->at(i).record;
    const bool passed = r.rung == TACTUS_RUNG_PASS;
    if (passed && (r.flags & tactus::layout::kCycleCommitted) != 0)
      take(r, c.name + ", " + mode.name + ":", out);
  }
  return "";
}

// Against the warm median: what a user would call jitter.
void report_ratios(const std::map<std::string, bench::Row>& rows, const Case& c,
                   bench::Report& report) {
  const auto at = [&](const char* mode, const char* what) {
    const auto row = rows.find(c.name + ", " + mode + ": " + what);
    return row == rows.end() ? bench::Row{} : row->second;
  };
  for (const char* what : {"infer", "wake to commit"}) {
    const double warm = at("warm", what).p50;
    // What the machine adds by itself: no other row can be better than this.
    report.ratio(c.name + " " + what + ", warm: p99 / warm p50",
                 at("warm", what).p99 / warm);
    for (const char* mode : {"polluted", "prewarmed"}) {
      const bench::Row row = at(mode, what);
      const std::string key = c.name + " " + what + ", " + mode;
      report.ratio(key + ": p50 / warm p50", row.p50 / warm);
      report.ratio(key + ": p99 / warm p50", row.p99 / warm);
      report.ratio(key + ": p99.9 / warm p50", row.p999 / warm);
    }
  }
  const bench::Row room = at("prewarmed", "infer, with room");
  const auto all = static_cast<double>(at("prewarmed", "infer").n);
  report.ratio(c.name + " infer, prewarmed with room: p99 / warm p50",
               room.p99 / at("warm", "infer").p50);
  report.ratio(c.name + " infer, prewarmed with room: share of cycles",
               static_cast<double>(room.n) / all);
  report.ratio(c.name + " infer, prewarmed: p50 / hot p50",
               at("prewarmed", "infer").p50 / at("hot", "infer").p50);
}

}  // namespace

int main() {
  if (!fs::exists("lib/examples/cpp_arm/limits.toml")) {
    fmt::print(stderr,
               "bench prewarm: not run: start it in the source folder\n");
    return 77;
  }
  Bench bench;
  const Case cases[] = {
      {"12-64-8", bench.write("small.onnx", net({12, 64, 8})), Case::kNear},
      {"48-256-256-12", bench.write("mid.onnx", net({48, 256, 256, 12})),
       Case::kBoth},
      {"demo", "lib/examples/handover/handover.onnx", Case::kDemo}};
  Samples samples;
  for (long round = number("ROUNDS", 3); round > 0; --round)
    for (const Case& c : cases) {
      time_hot(c, samples);
      for (const Mode& mode : kModes) {
        const std::string why = bench.block(c, mode, samples);
        if (why.empty()) continue;
        fmt::print(stderr, "bench prewarm: not run: {}\n", why);
        return 77;
      }
    }
  bench::Report report("prewarm");
  std::map<std::string, bench::Row> rows;
  for (auto& [name, ns] : samples) {
    const bench::Row row = bench::row(name, "tactus", std::move(ns));
    rows[name] = row;
    report.add(row);
  }
  for (const Case& c : cases) report_ratios(rows, c, report);
  report.print();
  return report.write() ? 0 : 1;
}
