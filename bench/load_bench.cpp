// SPDX-License-Identifier: MIT
// From a model file to what can run: read, check, passes, packed weights,
// golden vectors, a thread's memory; kernels by rule, so without timing them.
// Beside it ONNX Runtime's session with its first run. "cold": the file's
// pages dropped from the page cache before (posix_fadvise), where the file
// system does that.
//   ROUNDS=100
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "../tests/unit/policy/onnx_writer.hpp"
#include "nets.hpp"
#include "peers/ort.hpp"
#include "policy/plan.hpp"
#include "report.hpp"
#include "rt/clock.hpp"

using namespace tactus;

namespace {

using bench::Act;

bool load_ours(const std::string& path) {
  const auto plan = policy::ModelPlan::load(path, {});
  if (!plan) return false;
  return static_cast<bool>(policy::Context::make(*plan));
}

bool load_theirs(const std::string& path, const bench::Net& net) {
  std::string missing;
  const auto in = static_cast<int64_t>(net.inputs());
  const auto out = static_cast<int64_t>(net.outputs());
  return bench::OrtModel::load(path, {{"x", {1, in}}}, {{"y", {1, out}}},
                               missing) != nullptr;
}

void drop_pages(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

template <class Load>
bool time(std::vector<double>& out, Load load) {
  const int64_t begin = rt::monotonic_ns();
  const bool ok = load();
  out.push_back(static_cast<double>(rt::monotonic_ns() - begin));
  return ok;
}

bool measure(const bench::Net& net, int rounds, bench::Report& report) {
  const policy::test::TempFolder folder;
  const std::string path = folder.write("net.onnx", net.onnx);
  const bool peer = !bench::OrtModel::version().empty();
  std::vector<double> warm, cold, theirs;
  for (int i = 0; i < rounds; ++i) {
    drop_pages(path);
    if (!time(cold, [&] { return load_ours(path); })) return false;
    if (!time(warm, [&] { return load_ours(path); })) return false;
    if (peer && !time(theirs, [&] { return load_theirs(path, net); }))
      return false;
  }
  const std::string name =
      fmt::format("{}, {} KB", net.name, net.onnx.size() / 1000);
  report.add(bench::row(name, "tactus", std::move(warm)));
  const double p50 = report.last().p50;
  report.add(bench::row(name, "tactus, cold", std::move(cold)));
  if (!peer) return true;
  report.add(bench::row(name, "onnxruntime", std::move(theirs)));
  report.ratio(name + ", onnxruntime / tactus", report.last().p50 / p50);
  return true;
}

}  // namespace

int main() {
  const char* rounds = std::getenv("ROUNDS");
  bench::Report report("load");
  if (bench::OrtModel::version().empty()) fmt::print("no onnxruntime\n");
  for (const auto& net :
       {bench::make_net({48, 256, 256, 12}, {Act::kElu, Act::kElu, Act::kNone}),
        bench::make_net({235, 512, 256, 128, 12},
                        {Act::kElu, Act::kElu, Act::kElu, Act::kNone})})
    if (!measure(net, rounds ? std::atoi(rounds) : 100, report)) return 5;
  report.print();
  return report.write() ? 0 : 5;
}
