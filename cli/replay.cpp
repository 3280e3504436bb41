// SPDX-License-Identifier: MIT
// rtctl replay: policy and shield over a log again, bit for bit.
#include "trace/replay.hpp"

#include "commands.hpp"
#include "config/replay_subject.hpp"

namespace tactus::cli {

int replay_command(const ReplayOptions& o, const Output& out) {
  auto log = trace::LogReader::open(o.log);
  if (!log) return out.error(log.error());
  auto subject =
      config::make_replay_subject(*log, {.model = o.model, .limits = o.limits});
  if (!subject) return out.error(subject.error());
  const auto result = trace::replay(*log, **subject);
  if (!result) return out.error(result.error());
  out.result(Value::raw(trace::to_json(*result, o.log)),
             trace::to_text(*result));
  return result->identical() ? 0 : 1;
}

}  // namespace tactus::cli
