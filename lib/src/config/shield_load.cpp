// SPDX-License-Identifier: MIT
#include "config/shield_load.hpp"

#include <fstream>
#include <iterator>

#include "core/error.hpp"
#include "kin/srdf.hpp"
#include "safety/limits/compile.hpp"

namespace tactus::config {
namespace {

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return file_error(path, errno, "robot.urdf names it");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

kin::ChainOptions chain_options(const toml::Table& robot) {
  kin::ChainOptions options;
  options.tip = robot.text("tip");
  options.base = robot.text("base", "");
  (void)robot.choice("spheres", {"collision"});
  options.overshoot = robot.quantity("overshoot", kLength, options.overshoot);
  return options;
}

// Text of the files that [robot] names; the SRDF's for the chain, too.
Result<void> read_files(const toml::Table& robot,
                        const toml::Document& document,
                        const Recorded* recorded, ShieldSource& source,
                        kin::ChainOptions& options) {
  if (recorded != nullptr) {
    source.urdf = recorded->urdf;
    source.srdf = recorded->srdf;
  } else {
    auto text = read_text(document.resolve(robot.text("urdf")));
    if (!text) return text.error();
    source.urdf = std::move(*text);
  }
  if (!robot.has("srdf")) return {};
  const std::string path = document.resolve(robot.text("srdf"));
  options.srdf = kin::SrdfText{path, source.srdf};
  if (recorded != nullptr) return {};
  auto srdf = kin::load_srdf(path);
  if (!srdf) return srdf.error();
  source.srdf = srdf->text;
  options.srdf = std::move(*srdf);
  return {};
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
  const auto robot = document.root().table("robot");
  const std::string path = document.resolve(robot.text("urdf"));
  kin::ChainOptions options = chain_options(robot);
  const Sustained standstill =
      document.root().table("loop")["standstill"].sustained(kAngularSpeed);
  if (auto ok = document.status(); !ok) return ok.error();

  LoadedShield loaded;
  loaded.source.name = document.name();
  loaded.source.limits = document.source();
  loaded.source.parts = std::move(parts);
  if (auto ok = read_files(robot, document, recorded, loaded.source, options);
      !ok)
    return ok.error();
  auto chain = kin::parse_urdf(loaded.source.urdf, path, options);
  if (!chain) return chain.error();
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
