// SPDX-License-Identifier: MIT
#include "capi/compose.hpp"

#include "config/budget.hpp"
#include "config/program_file.hpp"
#include "core/error.hpp"

namespace tactus::capi {
namespace {

using config::Blueprint;

Result<void> check_whole(const tactus_builder& b) {
  const struct {
    bool there;
    const char* what;
  } parts[] = {
      {b.has_frame, "no frame: tactus_builder_frame, TACTUS_FIELDS"},
      {!b.blueprint.sense.empty(), "no sense stage: nothing fills the frame"},
      {b.has_infer, "no infer stage"},
      {b.has_check, "no check stage: nothing would be checked"},
      {b.has_act, "no act stage"},
      {b.has_guard,
       "no guard: add one, or say no_guard with the robot's own time-out"},
  };
  for (const auto& part : parts) {
    if (!part.there) {
      return bad_input("loop {}: {}", b.blueprint.file.name, part.what);
    }
  }
  return {};
}

// A user's own fallback stands in for the whole output.
Result<void> check_fallback(const Blueprint& b) {
  const tactus_stage& infer = b.infer;
  const config::FrameField* u = b.frame.find(b.policy.output);
  if (!infer.fallback || !u) return {};
  const uint32_t size = u->count * config::size_of(u->type);
  if (infer.output_size == size) return {};
  return bad_input(
      "infer: fallback of {} bytes (output_size), {} has {}: give all of them",
      infer.output_size, u->name, size);
}

// A field that says its unit must say the signal's.
Result<void> check_units(const Blueprint& b) {
  for (const config::SignalEntry& s : b.file.signal) {
    const config::FrameField* field = b.frame.find(s.name);
    if (!field || field->unit.empty() || field->unit == s.unit) continue;
    return bad_input(
        "frame field {}: unit \"{}\", {} [signal] says \"{}\": make them "
        "agree",
        s.name, field->unit, b.file.path, s.unit);
  }
  return {};
}

// Only joint velocities can be checked; who says that these are some?
Result<safety::OutputKind> output_kind(const toml::Document& document,
                                       const Blueprint& b) {
  if (document.root().has("policy")) return safety::OutputKind::kNone;
  const std::string& kind = b.plan->describe().contract.action.kind;
  if (kind == "joint_velocity") return safety::OutputKind::kJointVelocity;
  return bad_input(
      "{}: output kind \"{}\": the model's contract or [policy] output.kind "
      "must say joint_velocity",
      document.name(), kind);
}

// The action's unit, said by the frame and by the file: to be compared with
// the contract's.
Result<std::string> action_unit(const toml::Document& document,
                                const Blueprint& b) {
  const config::FrameField* field = b.frame.find(b.policy.output);
  const std::string program = field ? field->unit : "";
  const toml::Table root = document.root();
  if (!root.has("policy")) return program;
  const toml::Table output = root.table("policy").table("output");
  if (!output.has("unit")) return program;
  std::string unit = output.text("unit");
  if (program.empty() || program == unit) return unit;
  return config::differs(output["unit"], unit, program);
}

Result<void> load_limits(const tactus_builder& builder, Blueprint& b) {
  const auto document =
      toml::Document::parse(builder.shield.text, builder.shield.path);
  if (!document) return document.error();
  auto kind = output_kind(*document, b);
  if (!kind) return kind.error();
  auto unit = action_unit(*document, b);
  if (!unit) return unit.error();
  b.policy.unit = std::move(*unit);
  config::Timing timing = config::timing_of(b.file);
  timing.robot_timeout_ns = builder.robot_timeout_ns;
  timing.kind = *kind;
  auto shield = config::load_shield(*document, timing, builder.shield.edits);
  if (!shield) return shield.error();
  b.file.path = document->name();
  b.file.signal = config::read_signals(*document, b.file.origins);
  const config::Said said = config::said_by_program(b);
  if (auto ok = config::check_program_file(*document, said); !ok) return ok;
  if (auto ok = document->finish(); !ok) return ok;
  if (auto ok = check_units(b); !ok) return ok;
  b.file.limit_none = shield->image->ladder.limit_none != 0;
  const int64_t robot_ns = shield->image->commit.robot_timeout_ns;
  if (b.file.guard.none && robot_ns != builder.robot_timeout_ns) {
    return bad_input(
        "{}: robot.timeout is {} ns, the program's no_guard says {} ns: make "
        "them agree",
        document->name(), robot_ns, builder.robot_timeout_ns);
  }
  b.budget = config::budget_of(*shield, {.infer_ns = b.infer.deadline_ns,
                                         .check_ns = b.check.deadline_ns,
                                         .budget_ns = b.check.budget_ns});
  if (auto ok = config::check_budget(*shield, b.budget); !ok) return ok;
  for (const auto& [key, value] : said)
    b.file.origins.push_back({key, value, "program"});
  b.image = shield->image;
  b.limits = std::move(shield->source);
  b.callbacks = builder.shield.callbacks;
  return {};
}

}  // namespace

Result<Blueprint> compose(const tactus_builder& builder) {
  if (auto ok = check_whole(builder); !ok) return ok.error();
  Blueprint b = builder.blueprint;
  if (auto ok = check_fallback(b); !ok) return ok.error();
  if (auto ok = load_limits(builder, b); !ok) return ok.error();
  config::RunAsk ask;
  ask.engage = false;  // the program asks
  b.spec = config::loop_spec_of(b.file, ask);
  b.command = "libtactus: loop " + b.file.name;
  return b;
}

}  // namespace tactus::capi
