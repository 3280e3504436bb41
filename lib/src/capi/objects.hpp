// SPDX-License-Identifier: MIT
// What is behind the opaque handles of tactus.h. Set-up only.
#pragma once

#include <list>
#include <memory>
#include <string>
#include <vector>

#include "config/assembly.hpp"
#include "core/toml.hpp"
#include "policy/plan.hpp"
#include "tactus/tactus.h"

struct tactus_policy {
  tactus::policy::ModelPlan::Ptr plan;
  std::vector<std::string> slow;  // as they were named
  tactus::config::AtEngage state = tactus::config::AtEngage::kKeep;
};

struct tactus_shield {
  std::string path;
  std::string text;  // parsed again at build, with the loop's times
  tactus::safety::limits::Edits edits;
  std::vector<tactus::config::CallbackFunction> callbacks;
};

struct tactus_builder {
  tactus::config::Blueprint blueprint;
  std::list<std::string> names;  // of the stages, which point into it
  std::list<std::vector<std::byte>> fallbacks;
  tactus_shield shield;
  int64_t robot_timeout_ns = 0;
  bool has_frame = false;
  bool has_infer = false;
  bool has_check = false;
  bool has_act = false;
  bool has_guard = false;  // said, either way
  bool has_record = false;
};

struct tactus_loop {
  std::unique_ptr<tactus::config::Assembly> assembly;
  bool has_run = false;
};
