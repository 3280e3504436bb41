// SPDX-License-Identifier: MIT
// [signal]: what the shield may know, how old, and what staleness means.
#include <cfloat>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/text.hpp"
#include "safety/limits/ir.hpp"

namespace tactus::safety::limits {
namespace {

// A bound in f32 that is never wider than the one in double.
float inward(double bound, bool upper) {
  if (std::isinf(bound)) return upper ? FLT_MAX : -FLT_MAX;
  const auto f = static_cast<float>(bound);
  if (upper && f > bound) return std::nextafterf(f, -FLT_MAX);
  if (!upper && f < bound) return std::nextafterf(f, FLT_MAX);
  return f;
}

class SignalReader {
 public:
  SignalReader(const Scope& scope, const std::string& name, toml::Table table)
      : scope_(scope), name_(name), table_(std::move(table)) {}

  Signal read() {
    read_name();
    read_shape();
    read_unit();
    read_range();
    read_stale();
    return out_;
  }

 private:
  void read_name() {
    if (name_.size() >= kName)
      table_["from"].fail(quoted(name_), "a signal name of at most 31 bytes");
    copy_text(name_, out_.name, kName);
    (void)table_.choice("from", {"io", "frame"});
  }

  void read_shape() {
    if (table_.has("kind")) {
      (void)table_.choice("kind", {"sphere"});
      out_.sphere = 1;
      out_.radius = table_.quantity("radius", kLength);
      if (!(out_.radius > 0)) table_["radius"].fail("a length above zero");
    }
    out_.count = static_cast<uint32_t>(
        out_.sphere ? table_.integer("shape", 1, kMaxSignalValues, 3)
                    : table_.integer("shape", 1, kMaxSignalValues));
    if (out_.sphere && out_.count % 3 != 0)
      table_["shape"].fail("three values (x, y, z) for each sphere");
  }

  void read_unit() {
    const auto unit = table_["unit"].unit();
    unit_ = unit.dimension;
    if (unit.value != 1)
      table_["unit"].fail("the SI unit \"" + si_unit(unit_) +
                          "\": values are not converted");
    if (out_.sphere && unit_ != kLength)
      table_["unit"].fail("\"m\": a sphere has a place");
    copy_text(si_unit(unit_), out_.unit, sizeof out_.unit);
  }

  void read_range() {
    for (uint32_t k = 0; k < out_.count; ++k) {
      out_.lo[k] = -FLT_MAX;  // any finite value
      out_.hi[k] = FLT_MAX;
    }
    if (!table_.has("range")) return;
    const auto range = table_["range"];
    if (range.text() == "urdf") return read_urdf_range(range);
    const Range both = range.range(unit_);
    for (uint32_t k = 0; k < out_.count; ++k) {
      out_.lo[k] = inward(both.lo, false);
      out_.hi[k] = inward(both.hi, true);
    }
  }

  void read_urdf_range(const toml::Value& range) {
    const auto& chain = scope_.chain;
    if (out_.count != chain.joints)
      return range.fail(
          fmt::format("shape = {}, one value for each joint, for a range of "
                      "\"urdf\"",
                      chain.joints));
    for (uint32_t j = 0; j < chain.joints; ++j) {
      const auto& joint = chain.joint[j];
      const bool rate = unit_ == joint_dimension(joint, 1);
      if (!rate && unit_ != joint_dimension(joint, 0))
        return range.fail(
            "a joint's position or velocity unit for a range "
            "of \"urdf\"");
      out_.lo[j] = inward(rate ? -joint.velocity : joint.lo, false);
      out_.hi[j] = inward(rate ? joint.velocity : joint.hi, true);
    }
  }

  void read_stale() {
    out_.max_age_ns = table_.duration("max_age");
    if (out_.max_age_ns <= 0) table_["max_age"].fail("a duration above zero");
    const auto rule = table_.choice("stale", {"stop", "grow", "fallback"});
    out_.stale = static_cast<StaleRule>(rule + 1);
    const bool grows = out_.stale == StaleRule::kGrow;
    if (grows && !out_.sphere)
      table_["stale"].fail("kind = \"sphere\" for stale = \"grow\"");
    if (grows || table_.has("lost")) (void)table_.choice("lost", {"stop"});
    if (out_.stale == StaleRule::kFallback) read_fallback();
  }

  void read_fallback() {
    const auto values = table_.list("fallback");
    if (values.size() != out_.count)
      return table_["fallback"].fail(
          fmt::format("{} numbers, like shape", out_.count));
    for (uint32_t k = 0; k < out_.count; ++k) {
      const auto value = static_cast<float>(values[k].number());
      if (!(value >= out_.lo[k] && value <= out_.hi[k]))
        values[k].fail("a number inside the signal's range");
      out_.fallback[k] = value;
    }
  }

  const Scope& scope_;
  const std::string& name_;
  toml::Table table_;
  Signal out_{};
  Dimension unit_;
};

// The commit rule predicts from these two.
void check_joint_signal(const Scope& scope, const toml::Table& table,
                        const char* name, int order) {
  const auto value = table[name];
  const auto unit = si_unit(joint_dimension(scope.chain.joint[0], order));
  if (!value.present())
    return value.fail(fmt::format(
        "the joints' signal: {{from, shape={}, unit=\"{}\", max_age, "
        "stale=\"stop\"}}",
        scope.chain.joints, unit));
  const auto entry = value.table();
  if (entry.integer("shape", 1, kMaxSignalValues) != scope.chain.joints)
    entry["shape"].fail(
        fmt::format("{}, one value for each joint", scope.chain.joints));
  if (entry["unit"].unit().dimension !=
      joint_dimension(scope.chain.joint[0], order))
    entry["unit"].fail("\"" + unit + "\"");
  if (entry.text("stale") != "stop")
    entry["stale"].fail("\"stop\": the commit rule cannot do without it");
}

}  // namespace

std::vector<Signal> read_signals(const Scope& scope) {
  std::vector<Signal> out;
  const auto table = scope.document.root().table("signal");
  for (const std::string& name : table.keys()) {
    const auto entry = table[name];
    if (out.size() == kMaxSignals) {
      entry.fail(fmt::format("at most {} signals", kMaxSignals));
      break;
    }
    out.push_back(SignalReader(scope, name, entry.table()).read());
  }
  if (table) {
    check_joint_signal(scope, table, "q", 0);
    check_joint_signal(scope, table, "dq", 1);
  }
  return out;
}

}  // namespace tactus::safety::limits
