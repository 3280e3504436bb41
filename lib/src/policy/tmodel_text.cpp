// SPDX-License-Identifier: MIT
// The JSON in a .tmodel.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/json.hpp"
#include "policy/metadata.hpp"
#include "policy/tmodel.hpp"

namespace tactus::policy {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxText = 64U << 20;

Json parse(std::string_view text) {
  if (text.size() > kMaxText || !is_shallow(text))
    return Json::value_t::discarded;
  return Json::parse(text, nullptr, false);
}

bool is_range(const Json& j) {
  const auto number = [&](const char* key) {
    const auto it = j.find(key);
    return it != j.end() && it->is_number();
  };
  const auto all_numbers = [](const Json& list) {
    return list.is_array() && std::ranges::all_of(list, [](const Json& v) {
             return v.is_number();
           });
  };
  return j.is_object() && j.size() == 4 && number("amax") && number("low") &&
         j.contains("value") && j["value"].is_string() && j.contains("each") &&
         all_numbers(j["each"]);
}

bool is_calibration(const Json& j) {
  return j.is_object() && j.size() == 3 && j.contains("source") &&
         j["source"].is_string() && j.contains("rows") &&
         j["rows"].is_number_unsigned() && j.contains("ranges") &&
         j["ranges"].is_array();
}

}  // namespace

std::string calibration_json(const Calibration& calibration) {
  json::Value::Array ranges;
  for (const Range& r : calibration.ranges) {
    const json::Value::Array each(r.each.begin(), r.each.end());
    ranges.push_back(json::Value()
                         .add("value", r.value)
                         .add("amax", r.amax)
                         .add("low", r.low)
                         .add("each", each));
  }
  return json::Value()
      .add("source", calibration.source)
      .add("rows", calibration.rows)
      .add("ranges", ranges)
      .json();
}

Result<Calibration> read_calibration(std::string_view text) {
  const Json json = parse(text);
  if (!is_calibration(json)) return bad_input("it is no calibration");
  Calibration made;
  made.source = json["source"].get<std::string>();
  made.rows = json["rows"].get<uint64_t>();
  for (const Json& r : json["ranges"]) {
    if (!is_range(r))
      return bad_input("a range lacks value, amax, low or each");
    made.ranges.push_back({r["value"].get<std::string>(),
                           r["amax"].get<double>(), r["low"].get<double>(),
                           r["each"].get<std::vector<double>>()});
  }
  if (auto ok = check(made); !ok) return ok.error();
  return made;
}

bool is_json_object(std::string_view text) { return parse(text).is_object(); }

std::string tolerance_json(double tolerance) {
  return json::Value().add("tolerance", tolerance).json();
}

Result<double> read_tolerance(std::string_view text) {
  const Json json = parse(text);
  const bool has = json.is_object() && json.size() == 1 &&
                   json.contains("tolerance") && json["tolerance"].is_number();
  const double tolerance = has ? json["tolerance"].get<double>() : 0;
  if (std::isfinite(tolerance) && tolerance > 0) return tolerance;
  return bad_input("the golden vectors' tolerance is not a positive number");
}

}  // namespace tactus::policy
