// SPDX-License-Identifier: MIT
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "capi/guard.hpp"
#include "capi/objects.hpp"
#include "config/replay_subject.hpp"

using namespace tactus;

namespace {

template <std::size_t n>
void copy(const std::string& from, char (&to)[n]) {
  std::strncpy(to, from.c_str(), n - 1);
  to[n - 1] = '\0';
}

void fill(const trace::ReplayResult& from, tactus_replay& to) {
  to = TACTUS_INIT(tactus_replay);
  to.cycles = from.cycles;
  to.skipped = from.skipped;
  to.gaps = from.gaps;
  to.identical = from.identical() ? 1 : 0;
  copy(from.stopped, to.stopped);
  copy(fmt::format("{}", fmt::join(from.notes, "; ")), to.notes);
  if (!from.first_difference) return;
  to.cycle = from.first_difference->cycle;
  copy(from.first_difference->field, to.field);
  copy(from.first_difference->expected, to.expected);
  copy(from.first_difference->got, to.got);
}

}  // namespace

int32_t tactus_loop_replay(const tactus_loop* loop, const char* path,
                           tactus_replay* result, tactus_error* error) {
  return capi::call_on(loop, __func__, error, [&]() -> Result<void> {
    if (!path) return bad_input("tactus_loop_replay: path is null");
    if (auto ok = capi::check_size(result, "tactus_replay"); !ok) return ok;
    auto log = trace::LogReader::open(path);
    if (!log) return log.error();
    auto made = config::replay_subject_of(*log, loop->assembly->blueprint());
    if (!made) return made.error();
    auto replayed = trace::replay(*log, *made->subject);
    if (!replayed) return replayed.error();
    std::ranges::move(made->notes, std::back_inserter(replayed->notes));
    fill(*replayed, *result);
    return {};
  });
}
