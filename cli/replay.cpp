// SPDX-License-Identifier: MIT
// rtctl replay: policy and shield over a log again, bit for bit.
#include "trace/replay.hpp"

#include <algorithm>
#include <iterator>

#include "commands.hpp"
#include "config/replay_subject.hpp"

namespace tactus::cli {

int replay_command(const ReplayOptions& o, const Output& out) {
  auto log = trace::LogReader::open(o.log);
  if (!log) return out.error(log.error());
  auto made =
      config::make_replay_subject(*log, {.model = o.model, .limits = o.limits});
  if (!made) return out.error(made.error());
  auto result =
      trace::replay(*log, *made->subject, {.scores = o.limits.empty()});
  if (!result) return out.error(result.error());
  std::ranges::move(made->notes, std::back_inserter(result->notes));
  out.result(Value::raw(trace::to_json(*result, o.log)),
             trace::to_text(*result));
  return result->identical() ? 0 : 1;
}

}  // namespace tactus::cli
