// SPDX-License-Identifier: MIT
// What a log says about itself besides its cycles: everything granted, every
// assumption, the configuration with origins, stages, fields, rows. Filled
// by config, kept as JSON in the log's facts section. Set-up only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tactus/result.hpp"
#include "tactus/tactus.h"

namespace tactus::trace {

// A named fact: {"fifo", "45"}, {"cpu", "AMD EPYC …"}. For grants, value
// says what was given, or that it was refused and why.
struct Fact {
  std::string name;
  std::string value;
};

// One configured value and where it came from ("arm.toml:3", "default", an
// environment variable, the command line).
struct Origin {
  std::string key;
  std::string value;
  std::string origin;
};

struct FieldInfo {
  std::string name;
  std::string unit;
  tactus_type type = TACTUS_F32;
  uint32_t count = 0;
  uint32_t offset = 0;
};

struct StageInfo {
  std::string name;
  tactus_stage_kind kind = TACTUS_SENSE;
  int64_t deadline_ns = 0;
  int64_t budget_ns = 0;  // 0: none
  tactus_on_late on_late = TACTUS_KEEP_LAST;
  uint32_t keep_last = 0;
};

// A row of the limits image, by index (CycleRecord::worst_row).
struct RowInfo {
  std::string id;
  std::string kernel;
  std::string detail;  // threshold and consumer, for people
  std::string kind;    // "hard", "soft", "off"
  std::string severity =
      {};  // declared; "by rung" or "": as the ladder made it
};

// Which fields the report draws; empty: not drawn.
struct SceneInfo {
  std::string q;       // joint positions, rad
  std::string target;  // 3 values, m, base frame
  std::vector<std::string> humans;
  std::vector<double> human_radius_m;  // one per human
  double d_min_m = 0;
};

struct LogInfo {
  std::string tactus_version;
  std::string loop;
  std::string command;
  std::string limit;  // "none" when the run was not limited
  std::vector<Fact> machine;
  std::vector<Fact> granted;
  std::vector<Fact> assumptions;
  std::vector<Fact> model;  // file, hash, backend, tier, plan
  std::vector<Origin> config;
  std::vector<StageInfo> stages;
  std::vector<FieldInfo> fields;
  std::vector<RowInfo> rows;
  SceneInfo scene;
};

[[nodiscard]] std::string to_json(const LogInfo& info);

// Strict about shapes and ranges (untrusted input): a field table that
// overlaps, leaves the frame or has an unknown type is an error, and so are
// more than kMaxStages stages.
[[nodiscard]] Result<LogInfo> log_info_from_json(std::string_view json,
                                                 uint64_t frame_size);

// Bytes of one value of a type; 0 when it is none of tactus_type.
[[nodiscard]] uint32_t type_size(tactus_type type);

// Index into `fields`, or -1.
[[nodiscard]] int find_field(const LogInfo& info, std::string_view name);

}  // namespace tactus::trace
