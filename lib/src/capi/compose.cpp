// SPDX-License-Identifier: MIT
#include "capi/compose.hpp"

#include <fmt/ranges.h>

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

Error differs(const toml::Value& value, const std::string& file,
              const std::string& program) {
  return bad_input(
      "{}: the file says {}, the program {}: make them agree, or leave it out "
      "of the file",
      value.where(), file, program);
}

// What the file and the program both say must be the same.
Result<void> same_time(const toml::Table& table, const char* key, int64_t ns) {
  if (!table.has(key)) return {};
  const int64_t said = table.duration(key);
  if (said == ns) return {};
  return differs(table[key], fmt::format("{} ns", said),
                 fmt::format("{} ns", ns));
}

template <class T>
Result<void> same(const toml::Value& value, const T& file, const T& program) {
  if (file == program) return {};
  return differs(value, fmt::format("{}", file), fmt::format("{}", program));
}

Result<void> check_loop(const toml::Table& loop, const Blueprint& b) {
  const config::LoopTable& said = b.file.loop;
  if (auto ok = same_time(loop, "period", said.period_ns); !ok) return ok;
  if (auto ok = same_time(loop, "engage_time", said.engage_time_ns); !ok)
    return ok;
  if (loop.has("trip")) {
    const CountOf trip = loop["trip"].count_of();
    const auto text = [](uint32_t bad, uint32_t of) {
      return fmt::format("{} of {}", bad, of);
    };
    if (auto ok = same(loop["trip"], text(trip.count, trip.of),
                       text(said.trip.bad, said.trip.of));
        !ok)
      return ok;
  }
  // Where the thread runs is the program's.
  loop.skip_all();
  return {};
}

Result<void> check_guard(const toml::Value& value, const Blueprint& b) {
  const config::GuardTable& said = b.file.guard;
  const bool none = value.kind() == toml::Kind::kText;
  if (none != said.none) {
    return differs(value, none ? "\"none\"" : "a guard",
                   said.none ? "no_guard" : "guard");
  }
  if (none) return same(value, value.text(), std::string("none"));
  const toml::Table guard = value.table();
  if (auto ok = same_time(guard, "commit", said.commit_ns); !ok) return ok;
  if (auto ok = same_time(guard, "bound", said.bound_ns); !ok) return ok;
  if (auto ok = same_time(guard, "repeat", said.repeat_ns); !ok) return ok;
  if (guard.has("misses")) {
    const auto misses = guard.integer("misses", 1, 1000);
    if (auto ok = same(guard["misses"], misses, int64_t{said.misses}); !ok)
      return ok;
  }
  if (guard.has("then")) {
    const std::string then = guard.text("then");
    if (auto ok = same(guard["then"], then, std::string("hold")); !ok)
      return ok;
  }
  guard.skip_all();
  return {};
}

Result<void> check_policy(const toml::Table& policy, const Blueprint& b) {
  if (policy.has("input")) {
    const auto join = [](const std::vector<std::string>& names) {
      return fmt::format("{}", fmt::join(names, ", "));
    };
    if (auto ok = same(policy["input"], join(policy.texts("input")),
                       join(b.policy.input));
        !ok)
      return ok;
  }
  const toml::Table output = policy.table("output");
  if (output.has("name")) {
    if (auto ok = same(output["name"], output.text("name"), b.policy.output);
        !ok)
      return ok;
  }
  if (output.integer("every", 1, INT64_MAX, 1) != 1) {
    return differs(output["every"], "another rate", "every = 1");
  }
  output.skip_all();
  policy.skip_all();
  return {};
}

Result<void> check_file(const toml::Document& document, const Blueprint& b) {
  const toml::Table root = document.root();
  // Tables of other rooms belong to `rtctl run` with the same file.
  for (const char* key : {"name", "io", "stage", "record"}) root.skip(key);
  if (auto ok = check_loop(root.table("loop"), b); !ok) return ok;
  if (root.has("guard")) {
    if (auto ok = check_guard(root["guard"], b); !ok) return ok;
  }
  if (!root.has("policy")) return {};
  return check_policy(root.table("policy"), b);
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
  return differs(output["unit"], unit, program);
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
  auto shield = config::load_shield(*document, timing);
  if (!shield) return shield.error();
  b.file.path = document->name();
  b.file.signal = config::read_signals(*document, b.file.origins);
  if (auto ok = check_file(*document, b); !ok) return ok;
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
  b.image = shield->image;
  b.limits = std::move(shield->source);
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
