// SPDX-License-Identifier: MIT
#include "config/log_rows.hpp"

#include <algorithm>
#include <cmath>

#include "config/replay_recipe.hpp"
#include "core/error.hpp"
#include "policy/observer.hpp"

namespace tactus::config {
namespace {

using trace::FieldInfo;

// The frame's fields that went into the policy, in its order.
Result<std::vector<FieldInfo>> inputs_of(
    const trace::LogReader& log, const std::vector<std::string>& names) {
  std::vector<FieldInfo> fields;
  for (const std::string& name : names) {
    const auto it =
        std::ranges::find(log.info().fields, name, &FieldInfo::name);
    if (it == log.info().fields.end() || it->type != TACTUS_F32) {
      return bad_input("log {}: its policy's input '{}' is no field of floats",
                       log.name(), name);
    }
    fields.push_back(*it);
  }
  if (!fields.empty()) return fields;
  return bad_input(
      "log {}: it does not say what its policy observed: record "
      "it with a [policy]",
      log.name());
}

Result<void> fit(const trace::LogReader& log,
                 const std::vector<FieldInfo>& fields,
                 const policy::Description& model,
                 const policy::Observer& observer) {
  std::size_t given = 0;
  for (const FieldInfo& f : fields) given += f.count;
  const auto& observations = model.contract.observations;
  const bool named = model.contract.present;
  bool same = given == observer.size() &&
              (!named || observations.size() == fields.size());
  for (std::size_t i = 0; same && named && i < fields.size(); ++i) {
    same = observations[i].name == fields[i].name &&
           observations[i].size == fields[i].count;
  }
  if (same) return {};
  return bad_input(
      "log {}: its policy observed {} values, {} takes {} or others: take a "
      "log of this model",
      log.name(), given, model.label, observer.size());
}

// As the loop made it of the model's contract and the file's history.
Result<policy::Observer> observer_of(const trace::LogReader& log,
                                     const std::vector<FieldInfo>& fields,
                                     const policy::Description& model,
                                     const Recipe& recipe) {
  std::vector<policy::SignalClaim> signals;
  for (const FieldInfo& f : fields) signals.push_back({f.name, f.count, ""});
  auto observer = policy::observer_of(model, recipe.history, signals,
                                      "log " + log.name() + " (plan)");
  if (!observer) return observer.error();
  if (auto ok = fit(log, fields, model, *observer); !ok) return ok.error();
  return observer;
}

bool policy_ran(const trace::LogReader& log,
                const layout::CycleRecord& record) {
  const auto& stages = log.info().stages;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (stages[i].kind == TACTUS_INFER) {
      return record.stage[i].begin_ns != INT32_MIN;
    }
  }
  return false;
}

std::vector<float> signals_of(std::span<const std::byte> frame,
                              const std::vector<FieldInfo>& fields) {
  std::vector<float> values;
  for (const FieldInfo& f : fields) {
    for (uint32_t k = 0; k < f.count; ++k) {
      values.push_back(static_cast<float>(trace::field_value(f, frame, k)));
    }
  }
  return values;
}

}  // namespace

Result<policy::Rows> rows_of_log(const trace::LogReader& log,
                                 const policy::Description& model) {
  auto recipe = read_recipe(log);
  if (!recipe) return recipe.error();
  auto fields = inputs_of(log, recipe->basis.input);
  if (!fields) return fields.error();
  auto observer = observer_of(log, *fields, model, *recipe);
  if (!observer) return observer.error();
  policy::Rows rows;
  rows.source = log.name();
  rows.inputs.resize(model.inputs.size());
  for (uint64_t i = 0; i < log.size(); ++i) {
    const trace::CycleView cycle = log.at(i);
    if (!policy_ran(log, cycle.record)) continue;
    const auto signals = signals_of(cycle.frame, *fields);
    // Before the first datagram there is nothing to see.
    const auto finite = [](float v) { return std::isfinite(v); };
    if (!std::ranges::all_of(signals, finite)) continue;
    observer->observe(signals);
    for (std::size_t k = 0; k < model.inputs.size(); ++k) {
      const float* from = observer->inputs()[k].data;
      rows.inputs[k].insert(rows.inputs[k].end(), from,
                            from + model.inputs[k].size);
    }
    observer->advance();
    ++rows.count;
  }
  if (rows.count > 0) return rows;
  return bad_input("log {}: its policy never ran: take a longer one",
                   log.name());
}

}  // namespace tactus::config
