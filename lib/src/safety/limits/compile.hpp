// SPDX-License-Identifier: MIT
// The limits language: [robot], [signal] and [limit] of a TOML file, with a
// chain, become a sealed Image (README.md beside this). Nothing has a silent
// default that a limit depends on; what is configured is enforced, or the
// file is refused with one line. Set-up only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/toml.hpp"
#include "kin/chain.hpp"
#include "safety/image.hpp"
#include "tactus/result.hpp"

namespace tactus::safety::limits {

// The constants of the commit rule that belong to the loop and its guard.
struct Timing {
  int64_t period_ns = 0;
  int64_t standstill_ns = 0;
  double standstill_speed = 0;  // rad/s
  int64_t commit_ns = 0;
  int64_t guardian_bound_ns = 0;
  int64_t repeat_ns = 0;
  uint32_t misses = 0;  // 0: guard = "none"
};

// A file that limit.use names: from the folder of the one that is compiled,
// as "site.toml" or "../cell.toml".
struct UsedFile {
  std::string path;
  std::string text;
};
// What was read of them; or what a log has, in place of reading them.
struct UsedFiles {
  bool recorded = false;
  std::vector<UsedFile> file;
};

// What a program changes of the limits that it loads.
struct Edits {
  std::vector<std::string> disable;  // rows by id, or families: not judged
  std::vector<std::string> remove;   // tables of [limit]: as if not written
  std::string add;  // the text of one more file to use; "": none
  [[nodiscard]] bool empty() const {
    return disable.empty() && remove.empty() && add.empty();
  }
};

struct Options {
  Timing timing;
  // kNone: taken from [policy] output, which must then be there.
  OutputKind kind = OutputKind::kNone;
  const Edits* edits = nullptr;  // null: none
  UsedFiles* used = nullptr;     // null: they are read, and not kept
};

// Of the files that [robot] names.
struct RobotTexts {
  std::string urdf;
  std::string srdf;  // empty: none is named
};
// Errors name the key, and its place: a file that is missing or empty is
// kBadInput, one that may not be read kPermission.
Result<RobotTexts> read_robot_texts(const toml::Document& document);

// [robot] urdf, srdf, tip, base, spheres, overshoot.
Result<kin::Chain> make_chain(const toml::Document& document,
                              const RobotTexts& texts);

// period and standstill of [loop]; commit, misses, bound, repeat of [guard],
// or guard = "none". Other keys of those tables are not judged here.
Result<Timing> read_timing(const toml::Document& document);

// [limit] budget: what one check may take; 0: it does not say.
int64_t read_budget(const toml::Document& document);

// Errors carry file, line, column and key. Unknown keys are found by
// document.finish(), once everybody has read their part.
Result<std::unique_ptr<Image>> compile(const toml::Document& document,
                                       const kin::Chain& chain,
                                       const Options& options);

// A file on its own, as `rtctl safety check` and Shield::load see it: chain,
// timing and limits; tables of other rooms are skipped.
Result<std::unique_ptr<Image>> load(const std::string& path);
Result<std::unique_ptr<Image>> compile_whole(const toml::Document& document);

}  // namespace tactus::safety::limits
