// SPDX-License-Identifier: MIT
#include "config/shield_load.hpp"

#include <utility>

#include "core/error.hpp"
#include "safety/limits/compile.hpp"

namespace tactus::config {
namespace {

// Of the files that [robot] names, or of what a log has in their place.
Result<safety::limits::RobotTexts> robot_texts(const toml::Document& document,
                                               const Recorded* recorded) {
  if (recorded == nullptr) return safety::limits::read_robot_texts(document);
  return safety::limits::RobotTexts{recorded->urdf, recorded->srdf};
}

safety::limits::Timing lower(const Timing& t, const Sustained& standstill) {
  return {.period_ns = t.period_ns,
          .standstill_ns = standstill.duration_ns,
          .standstill_speed = standstill.value,
          .commit_ns = t.commit_ns,
          .guardian_bound_ns = t.bound_ns,
          .repeat_ns = t.repeat_ns,
          .misses = t.misses};
}

}  // namespace

Timing timing_of(const File& file) {
  Timing t;
  t.period_ns = file.loop.period_ns;
  t.repeat_ns = file.loop.period_ns;
  if (file.guard.none) return t;
  t.commit_ns = file.guard.commit_ns;
  t.misses = file.guard.misses;
  t.bound_ns = file.guard.bound_ns;
  t.repeat_ns = file.guard.repeat_ns;
  return t;
}

namespace {

Result<LoadedShield> load(const toml::Document& document, const Timing& timing,
                          const Recorded* recorded, LimitParts parts) {
  const Sustained standstill =
      document.root().table("loop")["standstill"].sustained(kAngularSpeed);
  if (auto ok = document.status(); !ok) return ok.error();

  auto texts = robot_texts(document, recorded);
  if (!texts) return texts.error();
  auto chain = safety::limits::make_chain(document, *texts);
  if (!chain) return chain.error();
  LoadedShield loaded;
  loaded.source = {document.name(), document.source(), std::move(texts->urdf),
                   std::move(texts->srdf), std::move(parts)};
  auto image = safety::limits::compile(document, *chain,
                                       {.timing = lower(timing, standstill),
                                        .kind = timing.kind,
                                        .edits = &loaded.source.parts.edits,
                                        .used = &loaded.source.parts.used});
  if (!image) return image.error();
  loaded.budget_ns = safety::limits::read_budget(document);
  loaded.image = std::move(*image);
  return loaded;
}

}  // namespace

Result<LoadedShield> load_shield(const toml::Document& document,
                                 const Timing& timing,
                                 const Recorded* recorded) {
  return load(document, timing, recorded,
              recorded != nullptr ? recorded->parts : LimitParts{});
}

Result<LoadedShield> load_shield(const toml::Document& document,
                                 const Timing& timing,
                                 const safety::limits::Edits& edits) {
  return load(document, timing, nullptr, {{}, edits});
}

}  // namespace tactus::config
