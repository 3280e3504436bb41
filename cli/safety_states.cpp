// SPDX-License-Identifier: MIT
// rtctl safety check FILE --states F.npy: one verdict for each recorded or
// made-up state, offline.
#include <fmt/ranges.h>

#include <algorithm>

#include "config/limits_file.hpp"
#include "core/error.hpp"
#include "core/npy.hpp"
#include "safety/batch.hpp"
#include "safety/expr/jit.hpp"
#include "safety_tools.hpp"

namespace tactus::cli {
namespace {

// Two axes: rows, and `columns` of each.
Result<std::vector<float>> read_table(const std::string& path,
                                      std::size_t columns,
                                      const std::string& what) {
  auto array = read_npy(path);
  if (!array) return array.error();
  const auto& shape = array->shape;
  if (shape.size() != 2 || shape[0] < 1 ||
      static_cast<std::size_t>(shape[1]) != columns)
    return bad_input("{}: shape [{}], not [rows,{}]: a row is {}", path,
                     fmt::join(shape, ","), columns, what);
  std::vector<float> values(array->data.size());
  std::ranges::transform(array->data, values.begin(),
                         [](double v) { return static_cast<float>(v); });
  return values;
}

Result<void> write_margins(const std::string& path,
                           const std::vector<safety::BatchVerdict>& verdicts) {
  Npy array;
  array.shape = {static_cast<int64_t>(verdicts.size())};
  for (const auto& v : verdicts)
    array.data.push_back(static_cast<double>(v.margin));
  return write_npy(path, array);
}

}  // namespace

int safety_states(const SafetyOptions& o, const Output& out) {
  const auto loaded = config::load_limits(o.file);
  if (!loaded) return out.error(loaded.error());
  const safety::Image& image = *loaded->shield.image;
  const auto isa = rt::choose_isa();
  if (!isa) return out.error(isa.error());
  auto states = read_table(o.states, safety::state_values(image),
                           safety::state_columns(image));
  if (!states) return out.error(states.error());
  Result<std::vector<float>> actions = std::vector<float>{};
  if (!o.actions.empty())
    actions = read_table(o.actions, image.joints, "one action");
  if (!actions) return out.error(actions.error());
  const auto runner = safety::make_runner(image.expressions, *isa);
  safety::BatchAsk ask;
  ask.states = *states;
  ask.actions = *actions;
  ask.states_name = o.states;
  ask.actions_name = o.actions;
  ask.native = runner.get();
  ask.instant = o.instant;
  ask.progress = [&](std::size_t done) {
    out.live(fmt::format("safety check: {} states", done));
  };
  const auto verdicts =
      safety::check_batch(image, safety::kernel_for(*isa), ask);
  if (!verdicts) return out.error(verdicts.error());
  if (!o.output.empty())
    if (auto ok = write_margins(o.output, *verdicts); !ok)
      return out.error(ok.error());
  const auto sum = safety::summarize(image, *verdicts);
  const Value head =
      Value()
          .add("schema", "tactus/safety-check-states/1")
          .add("file", o.file)
          .add("states", o.states)
          .add("hash", fmt::format("{:016x}", image.header.hash));
  out.result(Value::raw(joined(
                 head, safety::to_value(image, sum, *verdicts, o.instant))),
             safety::to_text(image, sum, *verdicts, o.instant));
  return sum.safe == sum.rows ? 0 : 1;
}

}  // namespace tactus::cli
