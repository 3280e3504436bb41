// SPDX-License-Identifier: MIT
// One function per subcommand; each has its own file. They return the exit
// code and print through Output only.
#pragma once

#include "options.hpp"
#include "output.hpp"

namespace tactus::cli {

int run_command(const RunOptions& options, const Output& out);
int loop_command(const LoopOptions& options, const Output& out);
int replay_command(const ReplayOptions& options, const Output& out);
int report_command(const ReportOptions& options, const Output& out);
int explain_command(const ExplainOptions& options, const Output& out);
int model_command(const ModelOptions& options, const Output& out);
int model_slow(const ModelOptions& options, const Output& out);
int safety_command(const SafetyOptions& options, const Output& out);
int guardian_command(const GuardianOptions& options, const Output& out);
int version_command(const Output& out);

}  // namespace tactus::cli
