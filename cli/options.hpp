// SPDX-License-Identifier: MIT
// The command line as plain structs. options.cpp is the only file that sees
// CLI11 (compile time).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tactus/result.hpp"

namespace tactus::cli {

struct RunOptions {
  std::string file;
  std::optional<int64_t> duration_ns;
  bool shadow = false;
  bool lockstep = false;
  bool no_engage = false;
  bool exit_on_latch = false;
  std::string log;  // empty: what the file says
};

// status, engage, stop, rearm, reload
struct LoopOptions {
  std::string verb;
  std::string loop;
};

struct ReplayOptions {
  std::string log;
  std::string model;
  std::string limits;
};

struct ReportOptions {
  std::string log;
  std::string html;
};

struct ExplainOptions {
  std::string log;
  uint64_t cycle = 0;
};

struct ModelOptions {
  // inspect, verify, bench, run, quantize, prune, slow
  std::string verb;
  std::string model;
  std::vector<std::string> inputs;  // [NAME=]F.npy
  std::string output;
  std::string backend;
  std::string tier;
  std::optional<std::string> kernels;
  std::vector<std::string> calibrate;  // [NAME=]F.npy, or one log
  std::optional<double> max_error;
  std::optional<int64_t> duration_ns;
  std::string keep;
  bool whole = false;
  bool signals = false;
  unsigned threads = 0;  // 0: one per core
  double most = 5;       // per cent
};

struct SafetyOptions {
  std::string verb;  // explain, check, bench, diff, fuzz
  std::string file;
  std::string other;                    // diff
  std::string states, actions, output;  // check; empty: none
  bool instant = false;                 // check, of states
  std::optional<uint64_t> cases;        // bench, fuzz
  uint64_t seed = 1;
};

// Started by run with inherited descriptors; see guard/guardian.hpp.
struct GuardianOptions {
  int segment_fd = -1;
  int loop_pidfd = -1;
  std::string sender;
  int cpu = -1;
  int priority = 0;
};

enum class Command {
  kHelp,  // `text` is printed, exit 0
  kRun,
  kLoop,
  kReplay,
  kReport,
  kExplain,
  kModel,
  kSafety,
  kGuardian,
  kVersion,
};

struct Options {
  Command command = Command::kHelp;
  bool json = false;
  std::string text;  // kHelp
  RunOptions run;
  LoopOptions loop;
  ReplayOptions replay;
  ReportOptions report;
  ExplainOptions explain;
  ModelOptions model;
  SafetyOptions safety;
  GuardianOptions guardian;
};

// kBadInput with one line when the command line does not parse.
Result<Options> parse_options(int argc, const char* const* argv);
// Whether --json is among the arguments, also of a line that does not parse.
bool wants_json(int argc, const char* const* argv);

}  // namespace tactus::cli
