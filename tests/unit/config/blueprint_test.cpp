// SPDX-License-Identifier: MIT
// What a loop takes of its policy: the action alone, compiled once.
#include "config/blueprint.hpp"

#include <criterion/criterion.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "../policy/onnx_writer.hpp"
#include "core/fd.hpp"

using namespace tactus;
using policy::test::as_image;
using policy::test::OnnxFile;
using policy::test::TempFolder;

namespace {

constexpr const char* kExample = "lib/examples/handover/";

std::string read_example(const std::string& name) {
  std::ifstream in(kExample + name, std::ios::binary);
  cr_assert(bool(in), "run it in the repository's root");
  return {std::istreambuf_iterator<char>(in), {}};
}

// h = w x; y = 2 h, z = 3 h: the contract's action is z.
OnnxFile two_heads() {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2}).output("z", {1, 2});
  f.weight(policy::test::tensor("w", {2, 2}, {1, 2, 3, 4}));
  f.weight(policy::test::tensor("two", {}, {2.0F}));
  f.weight(policy::test::tensor("three", {}, {3.0F}));
  f.node("MatMul", {"x", "w"}, {"h"}).node("Mul", {"h", "two"}, {"y"});
  f.node("Mul", {"h", "three"}, {"z"});
  f.metadata("tactus.contract",
             R"({"observations": [{"name": "q", "shape": [2], "unit": "rad"}],
                 "action": {"name": "u", "kind": "joint_velocity",
                            "unit": "rad/s", "output": "z"}})");
  return f;
}

// How often somebody opened `path` while `what` ran: the kernel counts. Two
// opens in a row would be one event: closing stands between them.
template <class What>
int opened(const std::string& path, const What& what) {
  const UniqueFd watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  cr_assert(::inotify_add_watch(watch.get(), path.c_str(),
                                IN_OPEN | IN_CLOSE_NOWRITE) >= 0);
  what();
  std::array<inotify_event, 64> events;  // of a file: without names
  const ssize_t n = ::read(watch.get(), events.data(), sizeof events);
  cr_assert(n > 0);
  return static_cast<int>(std::count_if(
      events.begin(), events.begin() + n / sizeof events[0],
      [](const inotify_event& e) { return (e.mask & IN_OPEN) != 0; }));
}

}  // namespace

// A second compilation would read it again.
Test(blueprint, a_model_is_read_and_compiled_once) {
  const TempFolder folder;
  const std::string path = folder.write("m.onnx", two_heads().bytes());
  const std::string single =
      folder.write("s.onnx", read_example("handover.onnx"));
  for (const char* kernels : {"rule", "timed"}) {
    const auto options = config::policy_options("fused", kernels);
    for (const std::string& model : {path, single}) {
      const int times = opened(model, [&] {
        auto plan = config::load_model(model, options);
        cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
        cr_assert_eq((*plan)->describe().outputs.size(), 1);
      });
      cr_assert_eq(times, 1, "%s: %d times", kernels, times);
    }
  }
}

Test(blueprint, the_action_is_the_output_that_the_contract_names) {
  const std::string bytes = two_heads().bytes();
  auto plan = config::load_model(as_image(bytes), "two heads",
                                 config::policy_options("fused", "rule"));
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  cr_assert((*plan)->describe().outputs[0].name == "z");
}
