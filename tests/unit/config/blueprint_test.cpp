// SPDX-License-Identifier: MIT
// How a loop's file chooses the kernels of its policy, and that the model is
// compiled once.
#include "config/blueprint.hpp"

#include <criterion/criterion.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/fd.hpp"
#include "tmodel_rig.hpp"

using namespace tactus;
using config::test::read_example;
using config::test::Tmodel;
using config::test::tmodel;
using policy::test::as_image;
using policy::test::OnnxFile;
using policy::test::TempFolder;

namespace {

// The example with another model and `kernels`.
policy::ModelPlan::Ptr planned(const TempFolder& folder,
                               const std::string& kernels) {
  std::string text = read_example("arm.toml");
  const std::string model = "\"handover.onnx\"";
  text.replace(text.find(model), model.size(),
               "\"m.tmodel\"\nkernels = \"" + kernels + "\"");
  folder.write("arm.urdf", read_example("arm.urdf"));
  config::RunAsk ask;
  ask.lockstep = true;
  auto made = config::blueprint_of(folder.write("arm.toml", text), ask);
  cr_assert(bool(made), "%s", made ? "" : made.error().text());
  return made->plan;
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

Test(blueprint, auto_takes_the_kernels_that_a_tmodel_names) {
  const TempFolder folder;
  const Tmodel t = tmodel();
  t.write(folder);
  const auto plan = planned(folder, "auto");
  const auto& d = plan->describe();
  cr_assert(d.kernels == t.stored, "%s", d.kernels.c_str());
  cr_assert(d.storage.used_packed);
}

Test(blueprint, rule_is_the_rule_for_a_tmodel_too) {
  const TempFolder folder;
  const Tmodel t = tmodel();
  cr_assert(t.rule != t.stored);
  t.write(folder);
  const auto plan = planned(folder, "rule");
  const auto& d = plan->describe();
  cr_assert(d.kernels == t.rule, "%s", d.kernels.c_str());
  cr_assert_not(d.storage.used_packed);
  cr_assert(d.storage.packed_anew.find("kernels") != std::string::npos);
  // So are its own kernels, where they are asked for by name.
  const auto own = planned(folder, t.stored);
  cr_assert(own->describe().kernels == t.stored);
  cr_assert(own->describe().storage.used_packed);
}

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
