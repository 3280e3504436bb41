// SPDX-License-Identifier: MIT
#include "trace/input_use.hpp"

#include <algorithm>
#include <climits>
#include <string_view>
#include <unordered_set>

namespace tactus::trace {
namespace {

struct Place {
  std::size_t offset = 0, size = 0;
};

bool ran_policy(const LogReader& log, const layout::CycleRecord& r) {
  const auto& stages = log.info().stages;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (stages[i].kind == TACTUS_INFER) return r.stage[i].begin_ns != INT32_MIN;
  }
  return false;
}

// The inputs of one cycle end to end.
std::string taken(std::span<const std::byte> frame,
                  const std::vector<Place>& places) {
  std::string bytes;
  for (const Place& p : places)
    bytes.append(reinterpret_cast<const char*>(frame.data()) + p.offset,
                 p.size);
  return bytes;
}

}  // namespace

InputUse input_use(const LogReader& log,
                   const std::vector<std::string>& names) {
  InputUse use;
  std::vector<Place> places;
  for (const std::string& name : names) {
    const auto& fields = log.info().fields;
    const auto f = std::ranges::find(fields, name, &FieldInfo::name);
    if (f == fields.end()) continue;
    places.push_back({f->offset, f->count * type_size(f->type)});
    use.fields.push_back({name});
  }
  std::unordered_set<std::size_t> seen;
  std::string last;
  for (uint64_t i = 0; i < log.size() && !places.empty(); ++i) {
    const CycleView view = log.at(i);
    if (!ran_policy(log, view.record)) continue;
    const std::string now = taken(view.frame, places);
    std::size_t at = 0;
    for (std::size_t k = 0; k < places.size(); ++k) {
      const bool same = use.cycles > 0 && now.compare(at, places[k].size, last,
                                                      at, places[k].size) == 0;
      use.fields[k].changed += use.cycles > 0 && !same ? 1 : 0;
      at += places[k].size;
    }
    use.repeated += seen.insert(std::hash<std::string>{}(now)).second ? 0 : 1;
    ++use.cycles;
    last = now;
  }
  return use;
}

}  // namespace tactus::trace
