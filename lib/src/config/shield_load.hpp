// SPDX-License-Identifier: MIT
// From limits text and robot description to the image that the shield runs.
// Set-up only.
#pragma once

#include <memory>
#include <string>

#include "config/file.hpp"
#include "config/limit_parts.hpp"
#include "core/toml.hpp"
#include "safety/image.hpp"
#include "tactus/result.hpp"

namespace tactus::config {

using ImagePtr = std::shared_ptr<const safety::Image>;

// The commit rule's times, from the loop and the guard.
struct Timing {
  int64_t period_ns = 0;
  int64_t commit_ns = 0;
  uint32_t misses = 0;  // 0: guard = "none"
  int64_t bound_ns = 0;
  int64_t repeat_ns = 0;
  int64_t robot_timeout_ns = 0;  // no guard: the robot's own
  // kNone: [policy] output.kind says it.
  safety::OutputKind kind = safety::OutputKind::kNone;
};
[[nodiscard]] Timing timing_of(const File& file);

struct ShieldSource {
  std::string name;    // of the file, for errors
  std::string limits;  // TOML text
  std::string urdf;    // its text
  std::string srdf;    // its text; empty: none is named
  LimitParts parts;    // what limit.use names, what a program changed
};

struct LoadedShield {
  ImagePtr image;
  ShieldSource source;    // what a log embeds
  int64_t budget_ns = 0;  // [limit] budget; 0: it does not say
};

// What a log has in place of the files that [robot] and limit.use name.
struct Recorded {
  std::string urdf;
  std::string srdf;
  LimitParts parts;
};

// `recorded` null: read the files. Does not finish() the document.
Result<LoadedShield> load_shield(const toml::Document& document,
                                 const Timing& timing,
                                 const Recorded* recorded = nullptr);
// The same with what a program changes of them.
Result<LoadedShield> load_shield(const toml::Document& document,
                                 const Timing& timing,
                                 const safety::limits::Edits& edits);

}  // namespace tactus::config
