// SPDX-License-Identifier: MIT
#include "trace/log_info.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/layout/record.hpp"

namespace tactus::trace {
namespace {

using Json = nlohmann::json;
constexpr std::size_t kMaxEntries = 4096;  // of any list: untrusted input

Json facts_json(const std::vector<Fact>& facts) {
  Json out = Json::array();
  for (const Fact& f : facts) out.push_back({f.name, f.value});
  return out;
}

Json config_json(const LogInfo& info) {
  Json out = Json::array();
  for (const Origin& o : info.config) out.push_back({o.key, o.value, o.origin});
  return out;
}

Json stages_json(const LogInfo& info) {
  Json out = Json::array();
  for (const StageInfo& s : info.stages)
    out.push_back({{"name", s.name},
                   {"kind", s.kind},
                   {"deadline_ns", s.deadline_ns},
                   {"budget_ns", s.budget_ns},
                   {"on_late", s.on_late},
                   {"keep_last", s.keep_last}});
  return out;
}

Json fields_json(const LogInfo& info) {
  Json out = Json::array();
  for (const FieldInfo& f : info.fields)
    out.push_back({{"name", f.name},
                   {"unit", f.unit},
                   {"type", f.type},
                   {"count", f.count},
                   {"offset", f.offset}});
  return out;
}

Json rows_json(const LogInfo& info) {
  Json out = Json::array();
  for (const RowInfo& r : info.rows)
    out.push_back({r.id, r.kernel, r.detail, r.kind, r.severity});
  return out;
}

Json scene_json(const SceneInfo& s) {
  return {{"q", s.q},
          {"target", s.target},
          {"humans", s.humans},
          {"human_radius_m", s.human_radius_m},
          {"d_min_m", s.d_min_m}};
}

// Reads values out of untrusted JSON; the first thing that is wrong is kept
// and everything after it is a default.
class Reader {
 public:
  std::string error;

  void fail(const std::string& what) {
    if (error.empty()) error = what;
  }
  const Json& list(const Json& from, const char* key) {
    static const Json empty = Json::array();
    const auto it = from.find(key);
    if (it == from.end() || !it->is_array() || it->size() > kMaxEntries) {
      fail(fmt::format("'{}' is not a list of at most {}", key, kMaxEntries));
      return empty;
    }
    return *it;
  }
  std::string text(const Json& from, const char* key) {
    const auto it = from.find(key);
    if (it != from.end() && it->is_string()) return it->get<std::string>();
    fail(fmt::format("'{}' is not a text", key));
    return {};
  }
  int64_t integer(const Json& from, const char* key, int64_t low,
                  int64_t high) {
    const auto it = from.find(key);
    if (it != from.end() && it->is_number_integer()) {
      const bool fits = !it->is_number_unsigned() ||
                        it->get<uint64_t>() <= uint64_t{INT64_MAX};
      const int64_t v = fits ? it->get<int64_t>() : 0;
      if (fits && v >= low && v <= high) return v;
    }
    fail(fmt::format("'{}' is not a whole number in [{}, {}]", key, low, high));
    return low;
  }
  double number(const Json& value, const char* key) {
    if (value.is_number()) return value.get<double>();
    fail(fmt::format("'{}' is not a number", key));
    return 0;
  }
  // A row of `n` texts.
  bool texts(const Json& row, std::size_t n, const char* key) {
    const bool good = row.is_array() && row.size() == n &&
                      std::all_of(row.begin(), row.end(),
                                  [](const Json& v) { return v.is_string(); });
    if (!good) fail(fmt::format("'{}' has an entry not of {} texts", key, n));
    return good;
  }
  std::vector<Fact> facts(const Json& from, const char* key) {
    std::vector<Fact> out;
    for (const Json& row : list(from, key)) {
      if (!texts(row, 2, key)) break;
      out.push_back({row[0].get<std::string>(), row[1].get<std::string>()});
    }
    return out;
  }
  // Objects only, so that find() is allowed on them.
  bool object(const Json& value, const char* key) {
    if (!value.is_object()) fail(fmt::format("'{}' is not an object", key));
    return value.is_object();
  }
};

void read_stages(Reader& r, const Json& json, LogInfo& info) {
  for (const Json& s : r.list(json, "stages")) {
    if (!r.object(s, "stages")) return;
    StageInfo stage;
    stage.name = r.text(s, "name");
    stage.kind =
        static_cast<tactus_stage_kind>(r.integer(s, "kind", 0, TACTUS_ACT));
    stage.deadline_ns = r.integer(s, "deadline_ns", 0, INT64_MAX);
    stage.budget_ns = r.integer(s, "budget_ns", 0, INT64_MAX);
    stage.on_late =
        static_cast<tactus_on_late>(r.integer(s, "on_late", 0, TACTUS_TRIP));
    stage.keep_last =
        static_cast<uint32_t>(r.integer(s, "keep_last", 0, UINT32_MAX));
    info.stages.push_back(std::move(stage));
  }
  if (info.stages.size() > layout::kMaxStages)
    r.fail(fmt::format("{} stages, at most {}", info.stages.size(),
                       layout::kMaxStages));
}

void read_fields(Reader& r, const Json& json, LogInfo& info) {
  for (const Json& f : r.list(json, "fields")) {
    if (!r.object(f, "fields")) return;
    FieldInfo field;
    field.name = r.text(f, "name");
    field.unit = r.text(f, "unit");
    field.type =
        static_cast<tactus_type>(r.integer(f, "type", TACTUS_F32, TACTUS_TIME));
    field.count = static_cast<uint32_t>(r.integer(f, "count", 1, 1 << 20));
    field.offset = static_cast<uint32_t>(r.integer(f, "offset", 0, 1 << 20));
    info.fields.push_back(std::move(field));
  }
}

void check_fields(Reader& r, const LogInfo& info, uint64_t frame_size) {
  std::vector<const FieldInfo*> order;
  for (const FieldInfo& f : info.fields) order.push_back(&f);
  std::sort(order.begin(), order.end(),
            [](auto* a, auto* b) { return a->offset < b->offset; });
  uint64_t end = 0;
  for (const FieldInfo* f : order) {
    if (f->offset < end)
      r.fail(fmt::format("field '{}' overlaps another", f->name));
    end = f->offset + uint64_t{f->count} * type_size(f->type);
  }
  if (end > frame_size)
    r.fail(
        fmt::format("fields end at byte {} of a frame of {}", end, frame_size));
}

void read_scene(Reader& r, const Json& json, LogInfo& info) {
  const auto it = json.find("scene");
  if (it == json.end() || !r.object(*it, "scene")) {
    r.fail("'scene' is missing");
    return;
  }
  info.scene.q = r.text(*it, "q");
  info.scene.target = r.text(*it, "target");
  for (const Json& h : r.list(*it, "humans")) {
    if (!h.is_string()) return r.fail("'humans' has an entry that is no text");
    info.scene.humans.push_back(h.get<std::string>());
  }
  for (const Json& v : r.list(*it, "human_radius_m"))
    info.scene.human_radius_m.push_back(r.number(v, "human_radius_m"));
  if (info.scene.human_radius_m.size() != info.scene.humans.size())
    r.fail("'humans' and 'human_radius_m' differ in length");
  const auto d = it->find("d_min_m");
  info.scene.d_min_m = d == it->end() ? 0 : r.number(*d, "d_min_m");
}

void read_lists(Reader& r, const Json& json, LogInfo& info) {
  info.machine = r.facts(json, "machine");
  info.granted = r.facts(json, "granted");
  info.assumptions = r.facts(json, "assumptions");
  info.model = r.facts(json, "model");
  for (const Json& row : r.list(json, "config")) {
    if (!r.texts(row, 3, "config")) return;
    info.config.push_back({row[0], row[1], row[2]});
  }
  for (const Json& row : r.list(json, "rows")) {
    if (!r.texts(row, 5, "rows")) return;
    info.rows.push_back({row[0], row[1], row[2], row[3], row[4]});
  }
}

}  // namespace

std::string to_json(const LogInfo& info) {
  const Json out = {{"schema", "tactus/log/1"},
                    {"version", info.tactus_version},
                    {"loop", info.loop},
                    {"command", info.command},
                    {"limit", info.limit},
                    {"machine", facts_json(info.machine)},
                    {"granted", facts_json(info.granted)},
                    {"assumptions", facts_json(info.assumptions)},
                    {"model", facts_json(info.model)},
                    {"config", config_json(info)},
                    {"stages", stages_json(info)},
                    {"fields", fields_json(info)},
                    {"rows", rows_json(info)},
                    {"scene", scene_json(info.scene)}};
  // A machine fact may hold any bytes; never throw for them.
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<LogInfo> log_info_from_json(std::string_view json, uint64_t frame_size) {
  const Json parsed = Json::parse(json.begin(), json.end(), nullptr, false);
  if (parsed.is_discarded() || !parsed.is_object())
    return bad_input("facts section: not a JSON object");
  Reader r;
  LogInfo info;
  if (r.text(parsed, "schema") != "tactus/log/1")
    r.fail("schema is not tactus/log/1");
  info.tactus_version = r.text(parsed, "version");
  info.loop = r.text(parsed, "loop");
  info.command = r.text(parsed, "command");
  info.limit = r.text(parsed, "limit");
  read_lists(r, parsed, info);
  read_stages(r, parsed, info);
  read_fields(r, parsed, info);
  read_scene(r, parsed, info);
  if (r.error.empty()) check_fields(r, info, frame_size);
  if (!r.error.empty()) return bad_input("facts section: {}", r.error);
  return info;
}

uint32_t type_size(tactus_type type) {
  constexpr uint32_t kSizes[] = {0, 4, 8, 4, 8, 4, 8, 1, 8};
  return static_cast<uint32_t>(type) < std::size(kSizes) ? kSizes[type] : 0;
}

int find_field(const LogInfo& info, std::string_view name) {
  for (std::size_t i = 0; i < info.fields.size(); ++i)
    if (info.fields[i].name == name) return static_cast<int>(i);
  return -1;
}

}  // namespace tactus::trace
