// SPDX-License-Identifier: MIT
#include "policy/rows.hpp"

#include <fmt/ranges.h>

#include "core/error.hpp"
#include "core/npy.hpp"

namespace tactus::policy {
namespace {

class Reader {
 public:
  explicit Reader(const Description& model) : model_(model) {
    rows_.inputs.resize(model.inputs.size());
  }
  Result<void> take(const NamedFile& file);
  Result<Rows> finish();

 private:
  Result<std::size_t> place(const NamedFile& file) const;
  Result<void> check(const Npy& array, std::size_t at,
                     const std::string& path) const;

  const Description& model_;
  Rows rows_;
};

Result<std::size_t> Reader::place(const NamedFile& file) const {
  std::string known;
  for (std::size_t i = 0; i < model_.inputs.size(); ++i) {
    const std::string& name = model_.inputs[i].name;
    if (rows_.inputs[i].empty() && (file.name.empty() || file.name == name)) {
      return i;
    }
    known += " '" + name + "'";
  }
  return bad_input("{}: no input '{}' is left for it: the model has{}",
                   file.path, file.name, known);
}

Result<void> Reader::check(const Npy& array, std::size_t at,
                           const std::string& path) const {
  const TensorInfo& input = model_.inputs[at];
  std::vector<int64_t> want = input.shape, have = array.shape;
  if (!have.empty()) have.erase(have.begin());
  const bool batch = !want.empty() && want[0] == 1;
  const std::vector<int64_t> bare(want.begin() + (batch ? 1 : 0), want.end());
  const bool fits = !array.shape.empty() && (have == want || have == bare);
  if (!fits) {
    return bad_input(
        "{}: shape [{}] does not fit input '{}' [{}]: the first axis counts "
        "rows",
        path, fmt::join(array.shape, ","), input.name, fmt::join(want, ","));
  }
  const auto count = static_cast<std::size_t>(array.shape[0]);
  if (count == 0) return bad_input("{}: no rows in it", path);
  if (rows_.count == 0 || rows_.count == count) return {};
  return bad_input("{}: {} rows, another input has {}: record them together",
                   path, count, rows_.count);
}

Result<void> Reader::take(const NamedFile& file) {
  auto at = place(file);
  if (!at) return at.error();
  auto array = read_npy(file.path);
  if (!array) return array.error();
  if (auto ok = check(*array, *at, file.path); !ok) return ok;
  rows_.count = static_cast<std::size_t>(array->shape[0]);
  rows_.source += (rows_.source.empty() ? "" : ", ") + file.path;
  auto& to = rows_.inputs[*at];
  to.reserve(array->data.size());
  for (const double v : array->data) to.push_back(static_cast<float>(v));
  return check_finite(to, model_.inputs[*at].size, file.path, array->data);
}

Result<Rows> Reader::finish() {
  for (std::size_t i = 0; i < rows_.inputs.size(); ++i) {
    if (!rows_.inputs[i].empty()) continue;
    return bad_input("no rows for input '{}': add --calibrate {}=FILE.npy",
                     model_.inputs[i].name, model_.inputs[i].name);
  }
  return std::move(rows_);
}

}  // namespace

Result<Rows> read_rows(const Description& model,
                       const std::vector<NamedFile>& files) {
  Reader reader(model);
  for (const NamedFile& file : files) {
    if (auto ok = reader.take(file); !ok) return ok.error();
  }
  return reader.finish();
}

NamedFile named_file(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos || argument.find('/') < equals) {
    return {"", argument};
  }
  return {argument.substr(0, equals), argument.substr(equals + 1)};
}

}  // namespace tactus::policy
