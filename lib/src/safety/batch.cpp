// SPDX-License-Identifier: MIT
#include "safety/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/error.hpp"
#include "core/npy.hpp"
#include "rt/life.hpp"
#include "safety/planner.hpp"

namespace tactus::safety {
namespace {

constexpr int64_t kNow_ns = 1'000'000'000'000;

// As it stands in a long steady motion: dq was commanded, and is in effect.
struct Steady {
  std::unique_ptr<ShieldState> state = std::make_unique<ShieldState>();
  ShieldInput in;
  float action[kMaxJoints] = {};

  Steady(const Image& image, const BatchAsk& ask) {
    in.native = ask.native;
    in.action = action;
    in.action_valid = true;
    in.now_ns = in.release_ns = kNow_ns;
    in.cycle = static_cast<uint64_t>(kNow_ns / image.commit.period_ns);
    in.life = TACTUS_STATE_ENGAGED;
    in.blend = 1;
    in.guardian_stale = false;
  }
  void row(const Image& image, const float* values, const float* asked) {
    for (uint32_t i = 0; i < image.signals; ++i) {
      in.value[i] = values;
      in.stamp_ns[i] = kNow_ns;
      values += image.signal[i].count;
    }
    reset(*state);
    state->last_life = TACTUS_STATE_ENGAGED;
    state->before_known = 1;
    const float* dq = in.value[image.dq_signal];
    std::copy_n(dq, image.joints, state->before);
    commit_before(image);
    std::copy_n(asked ? asked : dq, image.joints, action);
  }
  // The plan of a cycle ago, which goes on if the loop dies before it commits.
  void commit_before(const Image& image) {
    double held[kMaxJoints] = {};
    for (uint32_t j = 0; j < image.joints; ++j)
      held[j] = static_cast<double>(state->before[j]);
    StopShape shape;
    if (!shape_stop(image, held, shape)) return;
    const Commit& c = image.commit;
    state->plan.plan_id = 1;
    state->plan.origin_ns =
        kNow_ns - c.period_ns + hold_ns(c) - c.actuator_delay_ns;
    write_plan(image, held, shape, state->plan);
  }
};

// What a state alone does not tell: the time before it, and what somebody
// else's function would say.
Result<void> stands_alone(const Image& image) {
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    const bool needs_run =
        row.kernel == RowKernel::kMemory || row.kernel == RowKernel::kCallback;
    if (needs_run && row.kind != RowKind::kOff)
      return bad_input(
          "row {}: past-time rows and callbacks are judged in a run, not of a "
          "state on its own: leave them out here",
          row.id);
  }
  return {};
}

Result<void> fits(const Image& image, const BatchAsk& ask) {
  if (image.ladder.limit_none != 0)
    return bad_input("limit = \"none\": there is nothing to check");
  if (image.q_signal >= image.signals || image.dq_signal >= image.signals)
    return bad_input("these limits read no q and dq: no state can be judged");
  if (auto ok = stands_alone(image); !ok) return ok;
  const std::size_t columns = state_values(image);
  if (ask.states.empty() || ask.states.size() % columns != 0)
    return bad_input("{}: {} values are no rows of {} ({})", ask.states_name,
                     ask.states.size(), columns, state_columns(image));
  const std::size_t rows = ask.states.size() / columns;
  if (!ask.actions.empty() && ask.actions.size() != rows * image.joints)
    return bad_input("{}: {} rows of {} joints, {} states: one for each",
                     ask.actions_name, ask.actions.size() / image.joints,
                     image.joints, rows);
  if (auto ok = check_finite(ask.states, columns, ask.states_name); !ok)
    return ok;
  return check_finite(ask.actions, image.joints, ask.actions_name);
}

const char* name_of_row(const Image& image, uint16_t row) {
  return row < image.rows ? image.row[row].id : "none (not judged)";
}

std::string rungs_text(const BatchSummary& sum) {
  std::string text;
  const char* comma = "; rungs";
  for (const auto rung : {TACTUS_RUNG_PASS, TACTUS_RUNG_SCALE,
                          TACTUS_RUNG_PROJECT, TACTUS_RUNG_STOP}) {
    text +=
        fmt::format("{} {} {}", comma, rt::kRungNames[rung], sum.rung[rung]);
    comma = ",";
  }
  return text;
}

}  // namespace

std::size_t state_values(const Image& image) {
  std::size_t sum = 0;
  for (uint32_t i = 0; i < image.signals; ++i) sum += image.signal[i].count;
  return sum;
}

std::string state_columns(const Image& image) {
  std::string text;
  for (uint32_t i = 0; i < image.signals; ++i)
    text += fmt::format("{}{} {}", i > 0 ? ", " : "", image.signal[i].name,
                        image.signal[i].count);
  return text;
}

Result<std::vector<BatchVerdict>> check_batch(const Image& image,
                                              const Kernel& kernel,
                                              const BatchAsk& ask) {
  if (auto ok = fits(image, ask); !ok) return ok.error();
  const std::size_t columns = state_values(image);
  const std::size_t rows = ask.states.size() / columns;
  Steady steady(image, ask);
  ShieldOutput out;
  std::vector<BatchVerdict> verdicts;
  verdicts.reserve(rows);
  for (std::size_t r = 0; r < rows; ++r) {
    const float* asked =
        ask.actions.empty() ? nullptr : &ask.actions[r * image.joints];
    steady.row(image, &ask.states[r * columns], asked);
    if (ask.instant)
      kernel.check_instant(image, *steady.state, steady.in, out);
    else
      kernel.check(image, *steady.state, steady.in, out);
    verdicts.push_back(
        {out.margin, out.worst_row, out.worst_link, out.rung, out.reasons});
    if (ask.progress && (r + 1) % 1000 == 0) ask.progress(r + 1);
  }
  return verdicts;
}

BatchSummary summarize(const Image& image,
                       std::span<const BatchVerdict> verdicts) {
  BatchSummary sum;
  sum.rows = verdicts.size();
  sum.blamed.resize(image.rows);
  for (std::size_t r = 0; r < verdicts.size(); ++r) {
    const BatchVerdict& v = verdicts[r];
    ++sum.rung[v.rung];
    sum.safe += v.safe();
    if (v.margin < verdicts[sum.worst].margin) sum.worst = r;
    if (v.safe()) continue;
    if (v.worst_row < image.rows)
      ++sum.blamed[v.worst_row];
    else
      ++sum.unjudged;
  }
  return sum;
}

json::Value to_value(const Image& image, const BatchSummary& sum,
                     std::span<const BatchVerdict> verdicts, bool instant) {
  json::Value rungs, blamed;
  for (const auto rung : {TACTUS_RUNG_PASS, TACTUS_RUNG_SCALE,
                          TACTUS_RUNG_PROJECT, TACTUS_RUNG_STOP})
    rungs.add(std::string(rt::kRungNames[rung]), sum.rung[rung]);
  for (uint32_t r = 0; r < image.rows; ++r)
    if (sum.blamed[r] > 0) blamed.add(image.row[r].id, sum.blamed[r]);
  const BatchVerdict& worst = verdicts[sum.worst];
  json::Value out;
  out.add("instant", instant).add("rows", sum.rows).add("safe", sum.safe);
  if (!instant) out.add("rungs", rungs);
  return out.add("violated", blamed)
      .add("unjudged", sum.unjudged)
      .add("worst", json::Value()
                        .add("index", sum.worst)
                        .add("row", name_of_row(image, worst.worst_row))
                        .add("margin", worst.margin));
}

std::string to_text(const Image& image, const BatchSummary& sum,
                    std::span<const BatchVerdict> verdicts, bool instant) {
  std::string text = fmt::format(
      "{} of {} states {}", sum.safe, sum.rows,
      instant ? "within all limits at that instant" : "safe as asked");
  if (!instant) text += rungs_text(sum);
  text += '\n';
  for (uint32_t r = 0; r < image.rows; ++r)
    if (sum.blamed[r] > 0)
      text += fmt::format("  {:<24} {:>9}\n", image.row[r].id, sum.blamed[r]);
  if (sum.unjudged > 0)
    text += fmt::format("  {:<24} {:>9}\n", "not judged (range)", sum.unjudged);
  const BatchVerdict& worst = verdicts[sum.worst];
  return text + fmt::format("worst: state {} (from 0), margin {:.4f}, row {}\n",
                            sum.worst, worst.margin,
                            name_of_row(image, worst.worst_row));
}

}  // namespace tactus::safety
