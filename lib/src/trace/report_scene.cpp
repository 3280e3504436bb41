// SPDX-License-Identifier: MIT
// What the animation shows, thinned out to a few hundred pictures.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "trace/json_text.hpp"
#include "trace/report_page.hpp"

namespace tactus::trace {
namespace {

constexpr uint64_t kPictures = 600;
constexpr uint32_t kMaxJointsDrawn = 64;

const FieldInfo* field(const LogInfo& info, const std::string& name,
                       uint32_t least) {
  const int i = name.empty() ? -1 : find_field(info, name);
  if (i < 0) return nullptr;
  const FieldInfo& f = info.fields[static_cast<std::size_t>(i)];
  return f.count >= least ? &f : nullptr;
}

std::string point(double x, double y, double z) {
  const auto mm = [](double v) {
    return std::isfinite(v) ? fmt::format("{:.0f}", v * 1000) : "null";
  };
  return fmt::format("[{},{},{}]", mm(x), mm(y), mm(z));
}

std::string point_of(const FieldInfo& f, const CycleView& v) {
  return point(field_value(f, v.frame, 0), field_value(f, v.frame, 1),
               field_value(f, v.frame, 2));
}

std::string arm(const FieldInfo& q, const CycleView& v,
                const ReportOptions& options) {
  float values[kMaxJointsDrawn] = {};
  for (uint32_t i = 0; i < std::min(q.count, kMaxJointsDrawn); ++i)
    values[i] = static_cast<float>(field_value(q, v.frame, i));
  std::string out;
  for (const Point& p : options.links(values))
    out += (out.empty() ? "" : ",") + point(p.x, p.y, p.z);
  return "[" + out + "]";
}

std::string humans(const LogInfo& info, const CycleView& v) {
  std::string out;
  for (const std::string& name : info.scene.humans)
    if (const FieldInfo* f = field(info, name, 3))
      out += (out.empty() ? "" : ",") + point_of(*f, v);
  return "[" + out + "]";
}

std::string radii(const LogInfo& info) {
  std::string out;
  for (std::size_t i = 0; i < info.scene.humans.size(); ++i)
    if (field(info, info.scene.humans[i], 3) != nullptr)
      out += (out.empty() ? "" : ",") +
             number(info.scene.human_radius_m[i] * 1000);
  return "[" + out + "]";
}

}  // namespace

std::string scene_data(const LogReader& log, const ReportOptions& options) {
  const LogInfo& info = log.info();
  const FieldInfo* q = field(info, info.scene.q, 1);
  if (q == nullptr || !options.links || log.size() == 0) return {};
  const FieldInfo* target = field(info, info.scene.target, 3);
  const uint64_t n = std::min(log.size(), kPictures);
  const auto begin = static_cast<double>(log.at(0).record.release_ns);
  std::string frames;
  for (uint64_t i = 0; i < n; ++i) {
    const CycleView v =
        log.at(i * (log.size() - 1) / std::max<uint64_t>(n - 1, 1));
    const layout::CycleRecord& r = v.record;
    frames +=
        fmt::format("{}[{},{},{},{},{},{},{}]", i == 0 ? "" : ",\n",
                    number((static_cast<double>(r.release_ns) - begin) * 1e-9),
                    r.rung, r.state, arm(*q, v, options), humans(info, v),
                    target != nullptr ? point_of(*target, v) : "null",
                    number(r.separation));
  }
  return fmt::format("{{\"radii\": {}, \"frames\": [{}]}}", radii(info),
                     frames);
}

}  // namespace tactus::trace
