// SPDX-License-Identifier: MIT
#include "config/shield_load.hpp"

#include <fstream>
#include <iterator>

#include "core/error.hpp"
#include "kin/urdf.hpp"
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

Result<LoadedShield> load_shield(const toml::Document& document,
                                 const Timing& timing,
                                 const std::string& urdf_text) {
  const auto robot = document.root().table("robot");
  const std::string path = document.resolve(robot.text("urdf"));
  const kin::ChainOptions options = chain_options(robot);
  const Sustained standstill =
      document.root().table("loop")["standstill"].sustained(kAngularSpeed);
  if (auto ok = document.status(); !ok) return ok.error();

  LoadedShield loaded;
  loaded.source.name = document.name();
  loaded.source.limits = document.source();
  loaded.source.urdf = urdf_text;
  if (urdf_text.empty()) {
    auto text = read_text(path);
    if (!text) return text.error();
    loaded.source.urdf = std::move(*text);
  }
  auto chain = kin::parse_urdf(loaded.source.urdf, path, options);
  if (!chain) return chain.error();
  auto image = safety::limits::compile(
      document, *chain,
      {.timing = lower(timing, standstill), .kind = timing.kind});
  if (!image) return image.error();
  loaded.image = std::move(*image);
  return loaded;
}

}  // namespace tactus::config
