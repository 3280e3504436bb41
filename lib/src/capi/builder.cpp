// SPDX-License-Identifier: MIT
#include <cstring>
#include <span>

#include "capi/compose.hpp"
#include "capi/guard.hpp"
#include "capi/objects.hpp"
#include "rt/lead.hpp"

using namespace tactus;

namespace {

constexpr int64_t kEngageTime = 500'000'000;
constexpr int64_t kKeyframe = 1'000'000'000;
constexpr uint32_t kMaxMisses = 1000;

Result<void> check_loop(const tactus_loop_options& o) {
  if (!o.name) return bad_input("tactus_loop_options: name is null");
  if (o.period_ns <= 0) {
    return bad_input("loop {}: period {} ns: must be above 0", o.name,
                     o.period_ns);
  }
  if (o.wake && std::strcmp(o.wake, "auto") != 0 &&
      std::strcmp(o.wake, "nanosleep") != 0) {
    return bad_input("loop {}: wake \"{}\": expected \"auto\" or \"nanosleep\"",
                     o.name, o.wake);
  }
  if (o.prewarm_max_ns > o.period_ns / 2) {
    return bad_input(
        "loop {}: prewarm_max {} ns: at most half the period of {} ns", o.name,
        o.prewarm_max_ns, o.period_ns);
  }
  const int32_t overrun = capi::number_of(o.overrun);
  if (overrun != TACTUS_SKIP && overrun != TACTUS_REPHASE) {
    return bad_input("loop {}: overrun {}: expected TACTUS_SKIP or _REPHASE",
                     o.name, overrun);
  }
  if (o.cpu < -1 || o.cpu > 4095 || o.priority < 0 || o.priority > 98) {
    return bad_input(
        "loop {}: cpu {}, priority {}: expected -1 .. 4095 and 0 .. 98", o.name,
        o.cpu, o.priority);
  }
  if (o.lead_max_ns < 0 || o.engage_time_ns < 0 || o.commit_ns < 0) {
    return bad_input(
        "loop {}: lead_max, engage_time and commit may not be negative",
        o.name);
  }
  return {};
}

Result<void> set_loop(const tactus_loop_options& from, config::File& file) {
  if (auto ok = check_loop(from); !ok) return ok;
  auto require = capi::names_of(from.require, from.require_count, "require");
  if (!require) return require.error();
  file.name = from.name;
  file.loop.period_ns = from.period_ns;
  file.loop.commit_ns =
      from.commit_ns > 0 ? from.commit_ns : from.period_ns / 10 * 9;
  file.loop.cpu = from.cpu;
  file.loop.priority = from.priority;
  file.loop.overrun = from.overrun == TACTUS_REPHASE ? rt::Overrun::kRephase
                                                     : rt::Overrun::kSkip;
  file.loop.wake = from.wake ? from.wake : "auto";
  file.loop.lead_max_ns =
      from.lead_max_ns > 0 ? from.lead_max_ns : rt::kDefaultLeadMax;
  file.loop.prewarm_max_ns = from.prewarm_max_ns;
  if (from.prewarm_max_ns == 0)
    file.loop.prewarm_max_ns = config::default_prewarm_max(from.period_ns);
  if (from.prewarm_max_ns < 0) file.loop.prewarm_max_ns = 0;
  if (from.trip_bad > 0) file.loop.trip.bad = from.trip_bad;
  if (from.trip_of > 0) file.loop.trip.of = from.trip_of;
  file.loop.engage_time_ns =
      from.engage_time_ns > 0 ? from.engage_time_ns : kEngageTime;
  for (const std::string& name : *require) {
    if (auto ok = rt::check_name(name); !ok) {
      return bad_input("loop {}: {}", from.name, ok.error().text());
    }
  }
  file.loop.require = std::move(*require);
  return {};
}

Result<void> once(bool given, const char* what) {
  if (!given) return {};
  return bad_input("{}: given twice: a loop has one", what);
}

Result<void> check_stage(const tactus_stage* stage) {
  if (auto ok = capi::check_size(stage, "tactus_stage"); !ok) return ok;
  const char* name = stage->name ? stage->name : "?";
  const int32_t on_late = capi::number_of(stage->on_late);
  if (on_late < TACTUS_KEEP_LAST || on_late > TACTUS_TRIP) {
    return bad_input("stage {}: on_late {}: expected a tactus_on_late", name,
                     on_late);
  }
  if (stage->fallback && stage->output_size == 0) {
    return bad_input("stage {}: fallback of 0 bytes: set output_size", name);
  }
  return {};
}

// The stage with its name and bytes owned by the builder.
tactus_stage keep(tactus_builder& builder, const tactus_stage& from,
                  const char* name) {
  tactus_stage stage = from;
  stage.name = builder.names.emplace_back(from.name ? from.name : name).c_str();
  if (!from.fallback) return stage;
  const auto* bytes = static_cast<const std::byte*>(from.fallback);
  builder.fallbacks.emplace_back(bytes, bytes + from.output_size);
  stage.fallback = builder.fallbacks.back().data();
  return stage;
}

Result<void> add_stage(tactus_builder& builder, const tactus_stage& stage) {
  const char* name = stage.name ? stage.name : "?";
  if (!stage.fn) return bad_input("stage {}: fn is null", name);
  config::Blueprint& b = builder.blueprint;
  if (stage.kind == TACTUS_SENSE) {
    b.sense.push_back(keep(builder, stage, "sense"));
    return {};
  }
  if (stage.kind != TACTUS_ACT || builder.has_act) {
    return bad_input(
        "stage {}: expected sense stages and one act stage here (infer and "
        "check have calls of their own)",
        name);
  }
  b.act = keep(builder, stage, "act");
  builder.has_act = true;
  return {};
}

Result<void> check_guard(const tactus_guard_options& o, int64_t period_ns) {
  if (!o.sender || o.commit_ns <= 0 || o.misses == 0 || o.bound_ns <= 0) {
    return bad_input(
        "guard: sender, commit, misses and bound are all required");
  }
  if (o.commit_ns > period_ns) {
    return bad_input(
        "guard: commit {} ns: after the period of {} ns: it counts from the "
        "release",
        o.commit_ns, period_ns);
  }
  if (o.misses > kMaxMisses || o.repeat_ns < 0 || o.cpu < -1) {
    return bad_input(
        "guard: misses {}, repeat {} ns, cpu {}: expected 1 .. {}, 0 or more, "
        "-1 or more",
        o.misses, o.repeat_ns, o.cpu, kMaxMisses);
  }
  return {};
}

}  // namespace

tactus_builder* tactus_builder_new(const tactus_loop_options* options,
                                   tactus_error* error) {
  return capi::make<tactus_builder>(error, [&]() -> Result<tactus_builder*> {
    auto ok = capi::check_size(options, "tactus_loop_options");
    if (!ok) return ok.error();
    auto builder = std::make_unique<tactus_builder>();
    ok = set_loop(*options, builder->blueprint.file);
    if (!ok) return ok.error();
    return builder.release();
  });
}

void tactus_builder_free(tactus_builder* builder) { delete builder; }

int32_t tactus_builder_frame(tactus_builder* builder,
                             const tactus_field* fields, size_t count,
                             size_t size, tactus_error* error) {
  return capi::call_on(builder, __func__, error, [&]() -> Result<void> {
    if (auto ok = once(builder->has_frame, "frame"); !ok) return ok;
    if (!fields) return bad_input("frame: fields is null");
    if (size > UINT32_MAX) return bad_input("frame: {} bytes: too many", size);
    auto frame = config::FrameLayout::of(std::span(fields, count),
                                         static_cast<uint32_t>(size));
    if (!frame) return frame.error();
    builder->blueprint.frame = std::move(*frame);
    builder->has_frame = true;
    return {};
  });
}

int32_t tactus_builder_stage(tactus_builder* builder, const tactus_stage* stage,
                             tactus_error* error) {
  return capi::call_on(builder, __func__, error, [&]() -> Result<void> {
    if (auto ok = check_stage(stage); !ok) return ok;
    return add_stage(*builder, *stage);
  });
}

int32_t tactus_builder_infer(tactus_builder* builder,
                             const tactus_stage* timing,
                             const tactus_policy* policy,
                             const char* const* inputs, size_t input_count,
                             const char* output, tactus_error* error) {
  return capi::call_on(builder, __func__, error, [&]() -> Result<void> {
    if (auto ok = once(builder->has_infer, "infer"); !ok) return ok;
    if (auto ok = check_stage(timing); !ok) return ok;
    if (!policy || !output) return bad_input("infer: policy or output is null");
    auto names = capi::names_of(inputs, input_count, "infer: inputs");
    if (!names) return names.error();
    config::Blueprint& b = builder->blueprint;
    b.infer = keep(*builder, *timing, "infer");
    b.infer.kind = TACTUS_INFER;
    b.plan = policy->plan;
    b.policy.slow = policy->slow;
    b.policy.state = policy->state;
    b.policy.input = std::move(*names);
    b.policy.output = output;
    b.policy.where = "loop " + b.file.name;
    b.policy.rate_hz = config::rate_of(b.file);
    b.file.policy.present = true;
    b.file.policy.output = output;
    b.file.policy.input = b.policy.input;
    builder->has_infer = true;
    return {};
  });
}

int32_t tactus_builder_check(tactus_builder* builder,
                             const tactus_stage* timing,
                             const tactus_shield* shield, tactus_error* error) {
  return capi::call_on(builder, __func__, error, [&]() -> Result<void> {
    if (auto ok = once(builder->has_check, "check"); !ok) return ok;
    if (auto ok = check_stage(timing); !ok) return ok;
    if (!shield) return bad_input("check: shield is null");
    builder->blueprint.check = keep(*builder, *timing, "check");
    builder->blueprint.check.kind = TACTUS_CHECK;
    builder->shield = *shield;
    builder->has_check = true;
    return {};
  });
}

int32_t tactus_builder_guard(tactus_builder* builder,
                             const tactus_guard_options* options,
                             tactus_error* error) {
  return capi::call_on(builder, __func__, error, [&]() -> Result<void> {
    if (auto ok = once(builder->has_guard, "guard or no_guard"); !ok) return ok;
    auto ok = capi::check_size(options, "tactus_guard_options");
    if (!ok) return ok;
    config::File& file = builder->blueprint.file;
    ok = check_guard(*options, file.loop.period_ns);
    if (!ok) return ok;
    file.guard.commit_ns = options->commit_ns;
    file.guard.misses = options->misses;
    file.guard.bound_ns = options->bound_ns;
    file.guard.repeat_ns =
        options->repeat_ns > 0 ? options->repeat_ns : file.loop.period_ns;
    file.guard.cpu = options->cpu;
    builder->blueprint.sender = options->sender;
    builder->has_guard = true;
    return {};
  });
}

int32_t tactus_builder_no_guard(tactus_builder* builder,
                                int64_t robot_timeout_ns, tactus_error* error) {
  return capi::call_on(builder, __func__, error, [&]() -> Result<void> {
    if (auto ok = once(builder->has_guard, "guard or no_guard"); !ok) return ok;
    if (robot_timeout_ns <= 0) {
      return bad_input(
          "no guard: the robot's own time-out is {} ns: declare after what "
          "silence it stops",
          robot_timeout_ns);
    }
    builder->blueprint.file.guard.none = true;
    builder->robot_timeout_ns = robot_timeout_ns;
    builder->has_guard = true;
    return {};
  });
}

int32_t tactus_builder_record(tactus_builder* builder, const char* path,
                              tactus_error* error) {
  return capi::call_on(builder, __func__, error, [&]() -> Result<void> {
    if (auto ok = once(builder->has_record, "record"); !ok) return ok;
    if (!path || !*path) return bad_input("record: no path");
    builder->blueprint.file.record.path = path;
    builder->blueprint.file.record.keyframe_ns = kKeyframe;
    builder->has_record = true;
    return {};
  });
}

tactus_loop* tactus_builder_build(tactus_builder* builder,
                                  tactus_error* error) {
  return capi::make<tactus_loop>(error, [&]() -> Result<tactus_loop*> {
    if (!builder) return bad_input("tactus_builder_build: the handle is null");
    auto blueprint = capi::compose(*builder);
    if (!blueprint) return blueprint.error();
    auto assembly = config::Assembly::build(std::move(*blueprint));
    if (!assembly) return assembly.error();
    return new tactus_loop{.assembly = std::move(*assembly)};
  });
}
