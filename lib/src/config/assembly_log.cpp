// SPDX-License-Identifier: MIT
// What a log says before its first cycle: everything granted, every
// assumption, and what replay needs to run it again.
#include <fmt/format.h>
#include <sys/utsname.h>

#include "config/assembly.hpp"
#include "config/explain.hpp"
#include "config/granted.hpp"
#include "config/replay_recipe.hpp"
#include "rt/cpu.hpp"

namespace tactus::config {
namespace {

std::vector<trace::Fact> machine_facts() {
  utsname u{};
  uname(&u);
  std::vector<trace::Fact> facts = {{"kernel", u.release},
                                    {"kernel build", u.version},
                                    {"machine", u.machine},
                                    {"compiler", __VERSION__}};
  const std::string cpu = rt::cpu_name();
  if (!cpu.empty()) facts.push_back({"cpu", cpu});
  return facts;
}

std::vector<trace::StageInfo> stage_infos(const rt::LoopSpec& spec) {
  std::vector<trace::StageInfo> infos;
  for (const tactus_stage& s : spec.stages) {
    infos.push_back(
        {s.name, s.kind, s.deadline_ns, s.budget_ns, s.on_late, s.keep_last});
  }
  return infos;
}

trace::SceneInfo scene_of(const Blueprint& b) {
  trace::SceneInfo scene;
  const safety::Image& image = *b.image;
  if (image.q_signal != safety::kNoIndex) {
    scene.q = image.signal[image.q_signal].name;
  }
  if (b.frame.find("target")) scene.target = "target";
  for (uint32_t i = 0; i < image.humans; ++i) {
    const safety::Human& h = image.human[i];
    scene.humans.emplace_back(image.signal[h.signal].name);
    scene.human_radius_m.push_back(image.signal[h.signal].radius);
    scene.d_min_m = std::max(scene.d_min_m, h.d_min);
  }
  return scene;
}

std::string bytes_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

trace::LogHead Assembly::log_head(const Blueprint& b) const {
  trace::LogHead head;
  head.frame_size = b.frame.size();
  head.action_offset = policy_->output_offset();
  head.action_size = policy_->output_size();
  head.keyframe_size = static_cast<uint32_t>(loop_->keyframe_size());
  head.keyframe_every = b.spec.keyframe_cycles;
  head.period_ns = b.spec.period_ns;
  trace::LogInfo& info = head.info;
  info.tactus_version = TACTUS_VERSION;
  info.loop = b.file.name;
  info.command = b.command;
  info.limit = b.image->ladder.limit_none ? "none" : "";
  info.machine = machine_facts();
  info.granted = granted_facts(grants());
  info.assumptions = assumptions_of(*b.image);
  const policy::Description& d = b.plan->describe();
  info.model = {
      {"file", d.label},
      {"hash", fmt::format("0x{:016x}", d.hash)},
      {"backend", d.backend},
      {"kernels", d.kernels},
      {"tier", policy::name_of(d.tier)},
      {"checked", d.self_checked ? "self-checked" : "golden vectors"}};
  if (!d.storage.sections.empty()) {
    info.model.push_back({"packed", d.storage.used_packed
                                        ? "as the .tmodel has it"
                                        : "anew: " + d.storage.packed_anew});
  }
  for (const Origin& o : b.file.origins) {
    info.config.push_back({o.key, o.value, o.origin});
  }
  info.stages = stage_infos(loop_->spec());
  for (const FrameField& f : b.frame.fields()) {
    info.fields.push_back({f.name, f.unit, f.type, f.count, f.offset});
  }
  info.rows = rows_of(*b.image);
  info.scene = scene_of(b);
  using Kind = layout::LogSectionKind;
  head.sections = {
      {Kind::kModel, bytes_text(b.plan->image())},
      {Kind::kLimits, b.limits.limits},
      {Kind::kUrdf, b.limits.urdf},
      {Kind::kImageHash, fmt::format("0x{:016x}", b.image->header.hash)},
      {Kind::kModelPlan, replay_text(b)}};
  if (!b.limits.srdf.empty())
    head.sections.push_back({Kind::kSrdf, b.limits.srdf});
  if (auto parts = parts_text(b.limits.parts); !parts.empty())
    head.sections.push_back({Kind::kLimitParts, std::move(parts)});
  return head;
}

}  // namespace tactus::config
