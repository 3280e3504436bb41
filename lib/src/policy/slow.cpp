// SPDX-License-Identifier: MIT
#include "policy/slow.hpp"

#include <algorithm>
#include <cstring>

#include "core/error.hpp"

namespace tactus::policy {

std::vector<Columns> columns_of(const Observation& item) {
  std::vector<Columns> list;
  for (std::size_t slot = 0; slot < item.history.length; ++slot)
    list.push_back({item.first + slot * item.stride, item.size});
  return list;
}

std::vector<Columns> joined(std::vector<Columns> list) {
  std::ranges::sort(list, {}, &Columns::first);
  std::vector<Columns> out;
  for (const Columns& c : list) {
    if (c.count == 0) continue;
    if (out.empty() || c.first > out.back().first + out.back().count) {
      out.push_back(c);
      continue;
    }
    Columns& last = out.back();
    last.count =
        std::max(last.first + last.count, c.first + c.count) - last.first;
  }
  return out;
}

namespace {

std::string known_names(const Description& model) {
  std::string names;
  for (const auto& o : model.contract.observations) names += " " + o.name;
  for (const auto& i : model.inputs) names += " " + i.name;
  return names;
}

}  // namespace

Result<std::vector<Columns>> resolve_slow(const Description& model,
                                          const SlowInput& asked) {
  std::vector<Columns> list;
  for (const auto& o : model.contract.observations) {
    if (o.name != asked.name) continue;
    for (const Columns& c : columns_of(o)) list.push_back(c);
  }
  if (!list.empty()) return list;
  std::size_t total = 0;
  for (const auto& i : model.inputs) {
    if (i.name == asked.name) list.push_back({total, i.size});
    total += i.size;
  }
  if (!list.empty()) return list;
  if (asked.columns.empty()) {
    return bad_input(
        "{}: slow input '{}': neither an observation nor an input: it has{}",
        model.label, asked.name, known_names(model));
  }
  for (const Columns& c : asked.columns) {
    if (c.first < total && c.count <= total - c.first) continue;
    return bad_input("{}: slow columns {} .. {}: the inputs have {}",
                     model.label, c.first, c.first + c.count, total);
  }
  return asked.columns;
}

Result<std::vector<Columns>> resolve_slow(const Description& model,
                                          std::span<const SlowInput> asked) {
  std::vector<Columns> all;
  for (const auto& o : model.contract.observations) {
    if (!o.slow) continue;
    for (const Columns& c : columns_of(o)) all.push_back(c);
  }
  for (const SlowInput& one : asked) {
    auto list = resolve_slow(model, one);
    if (!list) return list.error();
    all.insert(all.end(), list->begin(), list->end());
  }
  return joined(std::move(all));
}

namespace {

ChangeCount count_changes(const Description& model, const Rows& rows) {
  std::size_t total = 0;
  for (const auto& i : model.inputs) total += i.size;
  ChangeCount count(total);
  std::vector<float> row;
  for (std::size_t r = 0; r < rows.count; ++r) {
    row.clear();
    for (std::size_t i = 0; i < rows.inputs.size(); ++i) {
      const std::size_t n = model.inputs[i].size;
      const float* from = rows.inputs[i].data() + r * n;
      row.insert(row.end(), from, from + n);
    }
    count.add(row);
  }
  return count;
}

}  // namespace

Result<SlowReport> slow_report(const std::string& model,
                               const std::vector<NamedFile>& files,
                               double most) {
  auto plan = ModelPlan::load(model, {});
  if (!plan) return plan.error();
  const Description& d = (*plan)->describe();
  auto rows = read_rows(d, files);
  if (!rows) return rows.error();
  const ChangeCount count = count_changes(d, *rows);
  SlowReport report{rows->count, {}, count.slow(most)};
  std::vector<std::string> names;
  for (const auto& o : d.contract.observations) names.push_back(o.name);
  for (const auto& i : d.inputs)
    if (!d.contract.present) names.push_back(i.name);
  for (const std::string& name : names) {
    const auto columns = resolve_slow(d, SlowInput{name});
    if (!columns) return columns.error();
    double share = 0;
    for (const Columns& c : *columns) share = std::max(share, count.share(c));
    report.items.push_back({name, share, share <= most});
  }
  return report;
}

void ChangeCount::add(std::span<const float> row) {
  for (std::size_t i = 0; i < last_.size(); ++i) {
    const bool same = std::memcmp(&last_[i], &row[i], sizeof(float)) == 0;
    changes_[i] += rows_ > 0 && !same ? 1 : 0;
    last_[i] = row[i];
  }
  ++rows_;
}

double ChangeCount::share(const Columns& of) const {
  if (rows_ < 2) return 1;
  std::size_t most = 0;
  for (std::size_t i = of.first; i < of.first + of.count; ++i)
    most = std::max(most, changes_[i]);
  return static_cast<double>(most) / static_cast<double>(rows_ - 1);
}

std::vector<Columns> ChangeCount::slow(double most) const {
  std::vector<Columns> list;
  for (std::size_t i = 0; i < last_.size(); ++i) {
    if (share({i, 1}) <= most) list.push_back({i, 1});
  }
  return joined(std::move(list));
}

}  // namespace tactus::policy
