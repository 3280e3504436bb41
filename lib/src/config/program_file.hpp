// SPDX-License-Identifier: MIT
// A limits file whose loop, guard and policy a program gives. Such a file may
// be one of `rtctl run` as well: what it says of them and the program too must
// be the same. What the program said is noted in its log, so that a replay
// holds another file against the same. Set-up only.
#pragma once

#include <map>
#include <string>

#include "config/blueprint.hpp"
#include "core/toml.hpp"
#include "tactus/result.hpp"

namespace tactus::config {

// By the file's key, "loop.period", as Scribe writes values; "" when the
// program leaves it to the file.
using Said = std::map<std::string, std::string, std::less<>>;

[[nodiscard]] Said said_by_program(const Blueprint& blueprint);

// The one line for a value that file and program both say, and not alike.
[[nodiscard]] Error differs(const toml::Value& value, const std::string& file,
                            const std::string& program);

// A file of a program's limits alone: what only `rtctl run` needs is not there.
[[nodiscard]] bool is_program_file(const toml::Document& document);

// Such a file without its program, for tools that look at limits: the times of
// the commit rule must stand in it. Does not finish() the document.
Result<File> read_program_file(const toml::Document& document);

// Does not finish() the document: finish() then judges the keys that neither
// a program nor a run knows. Where the thread runs, which model is read and
// what io, stage and record say is a run's own.
Result<void> check_program_file(const toml::Document& document,
                                const Said& said);

}  // namespace tactus::config
