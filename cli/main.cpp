// SPDX-License-Identifier: MIT
// rtctl: picks the subcommand. Exit codes: 0 ok, 1 finding, 2 bad input,
// 3 not available here, 4 permission, 5 internal.
#include <exception>

#include "commands.hpp"
#include "core/error.hpp"
#include "core/log.hpp"

namespace tactus::cli {
namespace {

int dispatch(const Options& o, const Output& out) {
  switch (o.command) {
    case Command::kHelp:
      out.result(Value().add("schema", "tactus/help/1").add("text", o.text),
                 o.text);
      return 0;
    case Command::kRun:
      return run_command(o.run, out);
    case Command::kLoop:
      return loop_command(o.loop, out);
    case Command::kReplay:
      return replay_command(o.replay, out);
    case Command::kReport:
      return report_command(o.report, out);
    case Command::kExplain:
      return explain_command(o.explain, out);
    case Command::kModel:
      return model_command(o.model, out);
    case Command::kSafety:
      return safety_command(o.safety, out);
    case Command::kGuardian:
      return guardian_command(o.guardian, out);
    case Command::kVersion:
      return version_command(out);
  }
  return out.error(internal_error("no such command"));
}

// What libraries and helper threads warn of. What they call an error comes
// back as the command's own one line: printing both would say it twice.
void log_to_stderr(void*, LogLevel level, std::string_view line) {
  if (level == LogLevel::kWarning) Output::diagnostic(line);
}

int run_main(int argc, const char* const* argv) {
  const Output out(wants_json(argc, argv));
  set_log_callback(log_to_stderr, nullptr);
  const auto options = parse_options(argc, argv);
  return options ? dispatch(*options, out) : out.error(options.error());
}

}  // namespace
}  // namespace tactus::cli

int main(int argc, char** argv) {
  // Third-party set-up code may throw (bad_alloc, a parser's surprise).
  try {
    return tactus::cli::run_main(argc, argv);
  } catch (const std::exception& e) {
    const tactus::cli::Output out(tactus::cli::wants_json(argc, argv));
    return out.error(tactus::internal_error(
        "rtctl: unexpected exception: {}: report this", e.what()));
  }
}
