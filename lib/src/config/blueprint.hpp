// SPDX-License-Identifier: MIT
// What a running loop is composed of, whoever asked: `rtctl run` fills it
// from a file, the C API from builder calls. Plain data. Set-up only.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/callbacks.hpp"
#include "config/file.hpp"
#include "config/frame.hpp"
#include "config/policy_stage.hpp"
#include "config/shield_load.hpp"
#include "policy/plan.hpp"
#include "rt/loop_spec.hpp"
#include "safety/budget.hpp"

namespace tactus::config {

struct Blueprint {
  File file;  // names, times, guard, record; origins for the log
  FrameLayout frame;
  rt::LoopSpec spec;  // all but stages, frame size, lead
  // Sense and act functions; infer and check are added where they belong.
  std::vector<tactus_stage> sense;
  tactus_stage infer{};
  tactus_stage check{};
  tactus_stage act{};
  std::shared_ptr<const safety::Image> image;
  ShieldSource limits;
  safety::Budget budget;                    // of one check
  std::vector<CallbackFunction> callbacks;  // that a program registered
  policy::ModelPlan::Ptr plan;
  PolicyBinding policy;
  std::string sender;   // the robot's address for the guardian
  std::string command;  // command line, for the log
  bool lockstep = false;
};

// A loop's file as `rtctl run` reads it: whole, and no key unknown. Whether
// its check fits into the budget is judged by who runs it.
struct RunFile {
  File file;
  LoadedShield shield;
  safety::Budget budget;
};
Result<RunFile> load_run_file(const std::string& path);

// The parts of a Blueprint that a file says. `log` replaces record.path.
struct RunAsk {
  bool shadow = false;
  bool lockstep = false;
  bool engage = true;
  bool exit_on_latch = false;
  std::string log;
  std::string command;
};
Result<Blueprint> blueprint_of(const std::string& path, const RunAsk& ask);

// What the loop takes from the file; stages and sizes come at assembly.
rt::LoopSpec loop_spec_of(const File& file, const RunAsk& ask);

// How often the policy runs, in Hz: once a cycle.
[[nodiscard]] double rate_of(const File& file);

// `kernels`: what names_kernels() knows; a .tmodel's own are passed over.
[[nodiscard]] policy::Options policy_options(const std::string& backend,
                                             const std::string& kernels);

// Loads the model and selects the output that its contract names.
Result<policy::ModelPlan::Ptr> load_model(const std::string& path,
                                          const policy::Options& options);
// The same from a log's image, which `label` names in errors.
Result<policy::ModelPlan::Ptr> load_model(std::span<const std::byte> image,
                                          const std::string& label,
                                          const policy::Options& options);

}  // namespace tactus::config
