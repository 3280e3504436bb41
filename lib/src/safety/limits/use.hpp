// SPDX-License-Identifier: MIT
// The files of a [limit] with `use`: the one that is compiled, then those
// that it uses, each once, those that they use after them. Set-up only.
#pragma once

#include <string>
#include <vector>

#include "safety/limits/compile.hpp"

namespace tactus::safety::limits {

struct Part {
  toml::Document document;
  std::string path;   // from the first one's folder; of that, its file name
  std::string label;  // before the name of a row that another part has, too
};

// An error is one line: a file that cannot be read, or has more than [limit],
// a cycle, too many of them.
Result<std::vector<Part>> gather(const toml::Document& first,
                                 const Options& options);

// The first error in them, else the first unknown key in those used: the
// first one's are its reader's to find.
Result<void> finish_used(const std::vector<Part>& parts);

}  // namespace tactus::safety::limits
