// SPDX-License-Identifier: MIT
#include "capi/compose.hpp"

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
      {b.blueprint.plan != nullptr, "no infer stage"},
      {b.shield != nullptr, "no check stage: nothing would be checked"},
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

// A time that the limits file gives too must be the program's.
Result<void> same(const toml::Table& table, const char* key, int64_t ns) {
  if (!table.has(key)) return {};
  const int64_t said = table.duration(key);
  if (said == ns) return {};
  return bad_input(
      "{}.{}: the file says {} ns, the program {} ns: make them "
      "agree, or leave it out of the file",
      table.where(), key, said, ns);
}

Result<void> check_file(const toml::Document& document, const Blueprint& b) {
  const toml::Table root = document.root();
  // Tables of other rooms belong to `rtctl run` with the same file.
  for (const char* key : {"name", "io", "stage", "record", "policy"}) {
    root.skip(key);
  }
  if (auto ok = same(root.table("loop"), "period", b.file.loop.period_ns); !ok)
    return ok;
  for (const std::string& key : root.table("loop").keys()) {
    root.table("loop").skip(key);
  }
  if (!root.has("guard")) return {};
  if (root["guard"].kind() != toml::Kind::kTable) return {};
  const toml::Table guard = root.table("guard");
  const config::GuardTable& g = b.file.guard;
  if (auto ok = same(guard, "commit", g.commit_ns); !ok) return ok;
  if (auto ok = same(guard, "bound", g.bound_ns); !ok) return ok;
  for (const std::string& key : guard.keys()) guard.skip(key);
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

Result<void> load_limits(const tactus_builder& builder, Blueprint& b) {
  auto document = toml::Document::load(builder.shield->path);
  if (!document) return document.error();
  auto kind = output_kind(*document, b);
  if (!kind) return kind.error();
  config::Timing timing = config::timing_of(b.file);
  timing.robot_timeout_ns = builder.robot_timeout_ns;
  timing.kind = *kind;
  auto shield = config::load_shield(*document, timing);
  if (!shield) return shield.error();
  if (auto ok = check_file(*document, b); !ok) return ok;
  if (auto ok = document->finish(); !ok) return ok;
  b.file.path = document->name();
  b.file.signal = config::read_signals(*document, b.file.origins);
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
  return document->status();
}

void name_stages(const tactus_builder& builder, Blueprint& b) {
  std::size_t next = 0;
  for (tactus_stage& stage : b.sense) {
    stage.name = builder.names[next++].c_str();
  }
  b.infer.name = "infer";
  b.check.name = "check";
  b.act.name = "act";
}

}  // namespace

Result<Blueprint> compose(const tactus_builder& builder) {
  if (auto ok = check_whole(builder); !ok) return ok.error();
  Blueprint b = builder.blueprint;
  if (auto ok = load_limits(builder, b); !ok) return ok.error();
  config::RunAsk ask;
  ask.engage = false;  // the program asks
  b.spec = config::loop_spec_of(b.file, ask);
  b.command = "libtactus: loop " + b.file.name;
  name_stages(builder, b);
  return b;
}

}  // namespace tactus::capi
