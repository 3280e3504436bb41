// SPDX-License-Identifier: MIT
#include "policy/metadata.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace tactus::policy {
namespace {

using Json = nlohmann::json;

// Carries one line out of the readers below; never leaves this file.
struct Wrong {
  std::string what;
};

constexpr std::size_t kMaxText = 64U << 20;

void only_keys(const Json& object, std::initializer_list<const char*> known,
               const std::string& where) {
  if (!object.is_object()) throw Wrong{where + " is not an object"};
  for (const auto& item : object.items()) {
    const bool ok = std::ranges::any_of(
        known, [&](const char* k) { return item.key() == k; });
    if (!ok) throw Wrong{where + " has an unknown key '" + item.key() + "'"};
  }
}

const Json& need(const Json& object, const char* key,
                 const std::string& where) {
  const auto it = object.find(key);
  if (it == object.end()) throw Wrong{where + " lacks '" + key + "'"};
  return *it;
}

std::string text(const Json& object, const char* key,
                 const std::string& where) {
  const Json& value = need(object, key, where);
  if (!value.is_string()) throw Wrong{where + ": '" + key + "' is no text"};
  return value.get<std::string>();
}

double number(const Json& value, const std::string& where) {
  if (!value.is_number() || !std::isfinite(value.get<double>())) {
    throw Wrong{where + " is no finite number"};
  }
  return value.get<double>();
}

std::vector<double> numbers(const Json& value, const std::string& where) {
  if (value.is_number()) return {number(value, where)};
  if (!value.is_array()) throw Wrong{where + " is neither number nor list"};
  std::vector<double> out;
  for (const Json& v : value) out.push_back(number(v, where));
  return out;
}

// A number or one per element (size 0: not known here).
std::vector<double> per_element(const Json& object, const char* key,
                                std::size_t size, const std::string& where) {
  const auto it = object.find(key);
  if (it == object.end()) return {};
  const std::string at = where + ": '" + key + "'";
  std::vector<double> out = numbers(*it, at);
  if (out.empty() || (out.size() != 1 && size && out.size() != size)) {
    throw Wrong{at + " has " + std::to_string(out.size()) + " values for " +
                std::to_string(size) + " elements"};
  }
  return out;
}

std::size_t count(const Json& object, const char* key,
                  const std::string& where) {
  const double value = number(need(object, key, where), where);
  if (!(value >= 1 && value <= 1000) || value != std::floor(value)) {
    throw Wrong{where + ": '" + key + "' is not 1 .. 1000"};
  }
  return static_cast<std::size_t>(value);
}

// One of two words.
bool second_of(const Json& object, const char* key,
               const std::pair<const char*, const char*>& words,
               const std::string& where) {
  const std::string word = text(object, key, where);
  if (word == words.second) return true;
  if (word == words.first) return false;
  throw Wrong{where + ": '" + key + "' is '" + word + "': expected '" +
              words.first + "' or '" + words.second + "'"};
}

// Without `layout`: a single signal's.
History history(const Json& json, const std::string& of) {
  const std::string where = of + " history";
  only_keys(json, {"length", "every", "order", "fill", "layout", "input"},
            where);
  History h;
  h.length = count(json, "length", where);
  if (json.contains("every")) h.every = count(json, "every", where);
  h.order = static_cast<HistoryOrder>(
      second_of(json, "order", {"oldest_first", "newest_first"}, where));
  h.fill = static_cast<HistoryFill>(
      second_of(json, "fill", {"first", "zeros"}, where));
  return h;
}

History whole_history(const Json& json, Metadata& out) {
  const std::string where = "the contract's";
  History h = history(json, where);
  h.layout = static_cast<HistoryLayout>(
      second_of(json, "layout", {"by_step", "by_signal"}, where + " history"));
  if (json.contains("input")) {
    out.contract.history_input = text(json, "input", where + " history");
  }
  return h;
}

bool flag(const Json& object, const char* key, const std::string& where) {
  const auto it = object.find(key);
  if (it == object.end()) return false;
  if (!it->is_boolean()) {
    throw Wrong{where + ": '" + key + "' is neither true nor false"};
  }
  return it->get<bool>();
}

Observation observation(const Json& json, std::size_t index) {
  std::string where = "observation " + std::to_string(index);
  only_keys(
      json,
      {"name", "shape", "unit", "scale", "offset", "clip", "history", "slow"},
      where);
  Observation item;
  item.name = text(json, "name", where);
  where += " '" + item.name + "'";
  item.unit = text(json, "unit", where);
  item.size = 1;
  for (const double d : numbers(need(json, "shape", where), where)) {
    if (d < 1 || d > 1e6 || d != std::floor(d) || item.size > 1000000) {
      throw Wrong{where + ": shape is out of range"};
    }
    item.shape.push_back(static_cast<int64_t>(d));
    item.size *= static_cast<std::size_t>(d);
  }
  item.scale = per_element(json, "scale", item.size, where);
  item.offset = per_element(json, "offset", item.size, where);
  item.clip = per_element(json, "clip", 2, where);
  if (!item.clip.empty() &&
      (item.clip.size() != 2 || !(item.clip[0] <= item.clip[1]))) {
    throw Wrong{where + ": clip is not [low, high]"};
  }
  item.slow = flag(json, "slow", where);
  if (json.contains("history")) {
    if (json["history"].is_object() && (json["history"].contains("layout") ||
                                        json["history"].contains("input"))) {
      throw Wrong{where + " history: 'layout' and 'input' are the contract's"};
    }
    item.history = history(json["history"], where);
  }
  return item;
}

Action action(const Json& json) {
  const std::string where = "action";
  only_keys(json,
            {"name", "kind", "unit", "output", "scale", "offset", "rate_hz"},
            where);
  Action a;
  a.name = text(json, "name", where);
  a.kind = text(json, "kind", where);
  a.unit = text(json, "unit", where);
  if (json.contains("output")) a.output = text(json, "output", where);
  a.scale = per_element(json, "scale", 0, where);
  a.offset = per_element(json, "offset", 0, where);
  if (json.contains("rate_hz")) {
    a.rate_hz = number(json["rate_hz"], "action: 'rate_hz'");
    if (!(a.rate_hz > 0)) throw Wrong{"action: 'rate_hz' is not above 0"};
  }
  return a;
}

void read_contract(const Json& json, Metadata& out) {
  only_keys(json, {"observations", "history", "action"}, "the contract");
  const Json& list = need(json, "observations", "the contract");
  if (!list.is_array()) throw Wrong{"'observations' is no list"};
  for (const Json& item : list) {
    out.contract.observations.push_back(
        observation(item, out.contract.observations.size()));
  }
  if (json.contains("history")) {
    out.contract.history = whole_history(json["history"], out);
  }
  out.contract.action = action(need(json, "action", "the contract"));
  out.contract.present = true;
}

std::vector<std::vector<float>> rows(const Json& json, const char* key) {
  const Json& list = need(json, key, "golden");
  const std::string where = std::string("golden: '") + key + "'";
  if (!list.is_array() || list.empty()) throw Wrong{where + " has no rows"};
  std::vector<std::vector<float>> out;
  for (const Json& row : list) {
    auto& to = out.emplace_back();
    for (const double v : numbers(row, where)) {
      to.push_back(static_cast<float>(v));
    }
  }
  return out;
}

void read_golden(const Json& json, Metadata& out) {
  only_keys(json, {"by", "tolerance", "rollout", "observation", "action"},
            "golden");
  Golden& g = out.golden;
  g.by = text(json, "by", "golden");
  g.tolerance = number(need(json, "tolerance", "golden"), "golden: tolerance");
  if (!(g.tolerance > 0)) throw Wrong{"golden: tolerance is not positive"};
  if (json.contains("rollout")) {
    if (!json["rollout"].is_boolean()) throw Wrong{"golden: rollout"};
    g.rollout = json["rollout"].get<bool>();
  }
  g.observation = rows(json, "observation");
  g.action = rows(json, "action");
  if (g.observation.size() != g.action.size()) {
    throw Wrong{"golden: observation and action differ in rows"};
  }
  g.present = true;
}

void read_states(const Json& json, Metadata& out) {
  if (!json.is_object()) throw Wrong{"it is not an object"};
  for (const auto& item : json.items()) {
    if (!item.value().is_string()) throw Wrong{"a value is no text"};
    out.states.emplace_back(item.key(), item.value().get<std::string>());
  }
}

struct Key {
  std::string_view name;
  void (*read)(const Json&, Metadata&);
};
constexpr Key kKeys[] = {{"tactus.contract", read_contract},
                         {"tactus.golden", read_golden},
                         {"tactus.state", read_states}};

Result<void> read_property(const onnx::Property& p, const std::string& label,
                           Metadata& out) {
  const auto* key = std::ranges::find(kKeys, p.key, &Key::name);
  if (key == std::end(kKeys)) {
    if (!p.key.starts_with("tactus.")) return {};
    return bad_input(
        "{}: metadata '{}' is not known: see lib/src/policy/metadata.md", label,
        p.key);
  }
  const auto wrong = [&](const std::string& what) {
    return bad_input("{}: metadata {}: {}: correct the exporter", label, p.key,
                     what);
  };
  if (p.value.size() > kMaxText || !is_shallow(p.value)) {
    return wrong("too large or too deep");
  }
  try {
    const Json json = Json::parse(p.value, nullptr, false);
    if (json.is_discarded()) return wrong("it is not JSON");
    key->read(json, out);
  } catch (const Wrong& w) {
    return wrong(w.what);
  }
  return {};
}

}  // namespace

bool is_shallow(std::string_view json) noexcept {
  int depth = 0;
  for (const char c : json) {
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > 16) return false;
  }
  return true;
}

Result<Metadata> read_metadata(const onnx::Model& model,
                               const std::string& label) {
  Metadata out;
  for (const auto& p : model.metadata) {
    const bool ours = p.key.starts_with("tactus.");
    if (ours &&
        std::ranges::count(model.metadata, p.key, &onnx::Property::key) > 1) {
      return bad_input("{}: metadata '{}' is given twice: keep one", label,
                       p.key);
    }
    if (auto ok = read_property(p, label, out); !ok) return ok.error();
  }
  return out;
}

}  // namespace tactus::policy
