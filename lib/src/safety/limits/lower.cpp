// SPDX-License-Identifier: MIT
// IR to Image: rows, tables, constants, seal.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "safety/limits/compile.hpp"
#include "safety/limits/edits.hpp"
#include "safety/limits/ir.hpp"
#include "safety/redundancy.hpp"
#include "safety/seal.hpp"

namespace tactus::safety::limits {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
// How finely a motion is looked at; what lies between is covered by
// inflation, so these cost time or reach, never safety.
constexpr uint32_t kBisections = 4;
constexpr uint32_t kSamples = 32;

void set_open(Image& image) {
  std::fill_n(image.action_lo, kMaxJoints, -kInf);
  std::fill_n(image.action_hi, kMaxJoints, kInf);
  std::fill_n(image.action_rate, kMaxJoints, kInf);
  std::fill_n(image.position_lo, kMaxJoints, -kInf);
  std::fill_n(image.position_hi, kMaxJoints, kInf);
  std::fill_n(image.velocity, kMaxJoints, kInf);
}

void lower_signals(const std::vector<Signal>& from, Image& to) {
  to.q_signal = to.dq_signal = kNoIndex;
  for (const Signal& signal : from) {
    const std::string_view name = signal.name;
    if (name == "q") to.q_signal = to.signals;
    if (name == "dq") to.dq_signal = to.signals;
    to.signal[to.signals++] = signal;
  }
}

void lower_commit(const RobotIr& robot, const Timing& timing, Commit& to) {
  to.period_ns = timing.period_ns;
  to.commit_ns = timing.commit_ns;
  to.guardian_bound_ns = timing.guardian_bound_ns;
  to.repeat_ns = timing.repeat_ns;
  to.misses = timing.misses;
  to.standstill_speed = timing.standstill_speed;
  to.standstill_ns = timing.standstill_ns;
  to.actuator_delay_ns = robot.actuator_delay_ns;
  to.lag_ns = robot.lag_ns;
  to.robot_timeout_ns = robot.timeout_ns;
  to.model_error = robot.model_error;
  std::copy(robot.decel.begin(), robot.decel.end(), to.decel);
  std::copy(robot.jerk.begin(), robot.jerk.end(), to.jerk);
}

// With nobody to play a stop, the robot's own time-out is the stop.
void check_timeout(const Scope& scope, const RobotIr& robot,
                   const Timing& timing) {
  if (timing.misses == 0 && robot.timeout_ns == 0)
    scope.document.root().table("robot")["timeout"].fail(
        "the robot's own time-out, because guard = \"none\"");
}

// Rows that the program disables; with none left it is as if there was none.
Result<void> take_out(const toml::Document& document, const Options& options,
                      Image& image) {
  if (options.edits == nullptr || options.edits->disable.empty()) return {};
  if (auto ok = disable_rows(*options.edits, image); !ok)
    return bad_input("{}: {}", document.name(), ok.error().text());
  const bool acts =
      std::any_of(image.row, image.row + image.rows,
                  [](const Row& row) { return row.kind == RowKind::kHard; });
  if (!acts)
    document.root()["limit"].fail("no limit in it",
                                  "at least one, or limit = \"none\"");
  return document.status();
}

// What nothing satisfies is a slip in the file, not a limit.
Result<void> check_contradictions(const toml::Document& document,
                                  const Image& image) {
  for (const Finding& f : find_redundancy(image).contradictions)
    document.root().table("limit")[f.row].fail(
        fmt::format("{} ({})", f.because, f.proof),
        "limits that some motion keeps");
  return document.status();
}

}  // namespace

Result<std::unique_ptr<Image>> compile(const toml::Document& document,
                                       const kin::Chain& chain,
                                       const Options& options) {
  const OutputKind kind = options.kind == OutputKind::kNone
                              ? read_output_kind(document)
                              : options.kind;
  const Scope scope{document, chain, kind, options.timing.period_ns};
  const RobotIr robot = read_robot(scope);
  check_timeout(scope, robot, options.timing);
  const auto signals = read_signals(scope);
  const auto read = read_limits(scope, signals, options);
  if (auto ok = document.status(); !ok) return ok.error();
  if (!read) return read.error();
  const LimitsIr& limits = *read;

  auto image = std::make_unique<Image>();
  copy_text(document.root().text("name", chain.name), image->header.name,
            kName);
  image->kind = kind;
  image->joints = chain.joints;
  image->chain = chain;
  lower_signals(signals, *image);
  set_open(*image);
  image->ladder = {limits.rungs,          kBisections,        kSamples,
                   limits.none ? 1u : 0u, limits.exact_every, 0,
                   limits.horizon_ns};
  if (auto lowered = lower_limits(limits, *image); !lowered)
    return bad_input("{}: {}", document.name(), lowered.error().text());
  if (auto ok = take_out(document, options, *image); !ok) return ok.error();
  lower_commit(robot, options.timing, image->commit);
  if (auto sealed = seal(*image); !sealed)
    return bad_input("{}: {}", document.name(), sealed.error().text());
  if (auto ok = check_contradictions(document, *image); !ok) return ok.error();
  return image;
}

Result<std::unique_ptr<Image>> compile_whole(const toml::Document& document) {
  auto texts = read_robot_texts(document);
  if (!texts) return texts.error();
  auto chain = make_chain(document, *texts);
  if (!chain) return chain.error();
  Options options;
  auto timing = read_timing(document);
  if (!timing) return timing.error();
  options.timing = *timing;
  const auto root = document.root();
  if (!root.has("policy")) options.kind = OutputKind::kJointVelocity;
  auto image = compile(document, *chain, options);
  if (!image) return image;
  for (const char* key : {"name", "io", "stage", "record"}) root.skip(key);
  root.table("loop").skip_all();
  for (const char* key : {"policy", "guard"})
    if (root[key].kind() == toml::Kind::kTable) root.table(key).skip_all();
  if (root.has("policy")) root.table("policy").table("output").skip_all();
  if (auto done = document.finish(); !done) return done.error();
  return image;
}

Result<std::unique_ptr<Image>> load(const std::string& path) {
  auto document = toml::Document::load(path);
  if (!document) return document.error();
  return compile_whole(*document);
}

}  // namespace tactus::safety::limits
