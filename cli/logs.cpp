// SPDX-License-Identifier: MIT
// rtctl report and explain: what a log says, without running anything.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "commands.hpp"
#include "config/cycle_check.hpp"
#include "config/scene.hpp"
#include "core/error.hpp"
#include "trace/explain.hpp"

namespace tactus::cli {
namespace {

Result<void> write_file(const std::string& path, const std::string& text) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(
      std::fopen(path.c_str(), "w"), std::fclose);
  if (!file) return file_error("report: " + path, errno, "choose --html");
  if (std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() ||
      std::fflush(file.get()) != 0) {
    return system_error("report: " + path, errno, "is the disk full?");
  }
  return {};
}

}  // namespace

int report_command(const ReportOptions& o, const Output& out) {
  auto log = trace::LogReader::open(o.log);
  if (!log) return out.error(log.error());
  const trace::ReportOptions options = config::report_options(*log);
  const trace::Summary summary = trace::summarise(*log, options);
  std::string text = trace::to_text(summary, log->info());
  if (!o.html.empty()) {
    const auto done =
        write_file(o.html, trace::to_html(summary, *log, options));
    if (!done) return out.error(done.error());
    text += fmt::format("page: {}\n", o.html);
  }
  out.result(
      Value::raw(trace::to_json(summary, log->info(), "tactus/report/1")),
      text);
  return 0;
}

int explain_command(const ExplainOptions& o, const Output& out) {
  auto log = trace::LogReader::open(o.log);
  if (!log) return out.error(log.error());
  const trace::ReportOptions options = config::report_options(*log);
  const trace::Recheck recheck = [&log](uint64_t cycle) {
    return config::explain_check(*log, cycle);
  };
  const auto text = out.json()
                        ? trace::explain_json(*log, o.cycle, options, recheck)
                        : trace::explain(*log, o.cycle, options, recheck);
  if (!text) return out.error(text.error());
  out.result(Value::raw(*text), *text);
  return 0;
}

}  // namespace tactus::cli
