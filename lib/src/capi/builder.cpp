// SPDX-License-Identifier: MIT
#include <cstring>

#include "capi/compose.hpp"
#include "capi/guard.hpp"
#include "capi/objects.hpp"

using namespace tactus;

namespace {

constexpr int64_t kLeadMax = 60'000;
constexpr int64_t kEngageTime = 500'000'000;
constexpr int64_t kKeyframe = 1'000'000'000;

Result<void> set_loop(const tactus_loop_options& from, config::File& file) {
  if (!from.name) return bad_input("tactus_loop_options: name is null");
  if (from.period_ns <= 0) {
    return bad_input("loop {}: period {} ns: must be above 0", from.name,
                     from.period_ns);
  }
  if (from.wake && std::strcmp(from.wake, "auto") != 0 &&
      std::strcmp(from.wake, "nanosleep") != 0) {
    return bad_input("loop {}: wake \"{}\": expected \"auto\" or \"nanosleep\"",
                     from.name, from.wake);
  }
  file.name = from.name;
  file.loop.period_ns = from.period_ns;
  file.loop.commit_ns =
      from.commit_ns > 0 ? from.commit_ns : from.period_ns / 10 * 9;
  file.loop.cpu = from.cpu;
  file.loop.priority = from.priority;
  file.loop.overrun = from.overrun == TACTUS_REPHASE ? rt::Overrun::kRephase
                                                     : rt::Overrun::kSkip;
  file.loop.wake = from.wake ? from.wake : "auto";
  file.loop.lead_max_ns = from.lead_max_ns > 0 ? from.lead_max_ns : kLeadMax;
  if (from.trip_bad > 0) file.loop.trip = {from.trip_bad, from.trip_of};
  file.loop.engage_time_ns =
      from.engage_time_ns > 0 ? from.engage_time_ns : kEngageTime;
  for (size_t i = 0; i < from.require_count; ++i) {
    const char* name = from.require && from.require[i] ? from.require[i] : "";
    if (auto ok = rt::check_name(name); !ok) {
      return bad_input("loop {}: {}", from.name, ok.error().text());
    }
    file.loop.require.emplace_back(name);
  }
  return {};
}

// The stage with its bytes owned by the builder; names are set at build.
tactus_stage keep(tactus_builder& builder, const tactus_stage& from) {
  tactus_stage stage = from;
  stage.name = nullptr;
  if (from.fallback && from.output_size > 0) {
    const auto* bytes = static_cast<const std::byte*>(from.fallback);
    builder.fallbacks.emplace_back(bytes, bytes + from.output_size);
    stage.fallback = builder.fallbacks.back().data();
  }
  return stage;
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
  return capi::call(error, [&]() -> Result<void> {
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
  return capi::call(error, [&]() -> Result<void> {
    auto ok = capi::check_size(stage, "tactus_stage");
    if (!ok) return ok;
    if (!stage->fn) return bad_input("stage: fn is null");
    config::Blueprint& b = builder->blueprint;
    if (stage->kind == TACTUS_SENSE) {
      builder->names.emplace_back(stage->name ? stage->name : "sense");
      b.sense.push_back(keep(*builder, *stage));
      return {};
    }
    if (stage->kind != TACTUS_ACT || builder->has_act) {
      return bad_input(
          "stage {}: expected sense stages and one act stage here (infer and "
          "check have calls of their own)",
          stage->name ? stage->name : "?");
    }
    b.act = keep(*builder, *stage);
    builder->has_act = true;
    return {};
  });
}

int32_t tactus_builder_infer(tactus_builder* builder,
                             const tactus_stage* timing,
                             const tactus_policy* policy,
                             const char* const* inputs, size_t input_count,
                             const char* output, tactus_error* error) {
  return capi::call(error, [&]() -> Result<void> {
    auto ok = capi::check_size(timing, "tactus_stage");
    if (!ok) return ok;
    if (!policy || !output) return bad_input("infer: policy or output is null");
    config::Blueprint& b = builder->blueprint;
    b.infer = keep(*builder, *timing);
    b.infer.kind = TACTUS_INFER;
    b.plan = policy->plan;
    b.policy.input.assign(inputs, inputs + input_count);
    b.policy.output = output;
    b.policy.where = "loop " + b.file.name;
    b.file.policy.present = true;
    b.file.policy.output = output;
    b.file.policy.input = b.policy.input;
    return {};
  });
}

int32_t tactus_builder_check(tactus_builder* builder,
                             const tactus_stage* timing,
                             const tactus_shield* shield, tactus_error* error) {
  return capi::call(error, [&]() -> Result<void> {
    auto ok = capi::check_size(timing, "tactus_stage");
    if (!ok) return ok;
    if (!shield) return bad_input("check: shield is null");
    builder->blueprint.check = keep(*builder, *timing);
    builder->blueprint.check.kind = TACTUS_CHECK;
    builder->shield = shield;
    return {};
  });
}

int32_t tactus_builder_guard(tactus_builder* builder,
                             const tactus_guard_options* options,
                             tactus_error* error) {
  return capi::call(error, [&]() -> Result<void> {
    auto ok = capi::check_size(options, "tactus_guard_options");
    if (!ok) return ok;
    if (!options->sender || options->commit_ns <= 0 || options->misses == 0 ||
        options->bound_ns <= 0) {
      return bad_input(
          "guard: sender, commit, misses and bound are all required");
    }
    config::GuardTable& g = builder->blueprint.file.guard;
    g.commit_ns = options->commit_ns;
    g.misses = options->misses;
    g.bound_ns = options->bound_ns;
    g.repeat_ns = options->repeat_ns > 0
                      ? options->repeat_ns
                      : builder->blueprint.file.loop.period_ns;
    g.cpu = options->cpu;
    builder->blueprint.sender = options->sender;
    builder->has_guard = true;
    return {};
  });
}

int32_t tactus_builder_no_guard(tactus_builder* builder,
                                int64_t robot_timeout_ns, tactus_error* error) {
  return capi::call(error, [&]() -> Result<void> {
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
  return capi::call(error, [&]() -> Result<void> {
    if (!path || !*path) return bad_input("record: no path");
    builder->blueprint.file.record.path = path;
    builder->blueprint.file.record.keyframe_ns = kKeyframe;
    return {};
  });
}

tactus_loop* tactus_builder_build(tactus_builder* builder,
                                  tactus_error* error) {
  return capi::make<tactus_loop>(error, [&]() -> Result<tactus_loop*> {
    auto blueprint = capi::compose(*builder);
    if (!blueprint) return blueprint.error();
    auto assembly = config::Assembly::build(std::move(*blueprint));
    if (!assembly) return assembly.error();
    return new tactus_loop{std::move(*assembly)};
  });
}
