// SPDX-License-Identifier: MIT
#include "config/scene.hpp"

#include <memory>

#include "config/explain.hpp"
#include "config/replay_limits.hpp"
#include "config/replay_recipe.hpp"
#include "core/toml.hpp"
#include "kin/fk.hpp"
#include "kin/urdf.hpp"
#include "safety/violations.hpp"

namespace tactus::config {
namespace {

std::string section_text(const trace::LogReader& log,
                         layout::LogSectionKind kind) {
  const auto bytes = log.section(kind);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<trace::Point> links_of(const kin::Chain& chain, const float* q) {
  double angles[kin::kMaxJoints] = {};
  for (uint32_t j = 0; j < chain.joints; ++j) angles[j] = double{q[j]};
  kin::Frames frames;
  kin::forward(chain, angles, frames);
  std::vector<trace::Point> points;
  for (uint32_t i = 0; i <= chain.joints; ++i) {
    points.push_back({frames.p[i][0], frames.p[i][1], frames.p[i][2]});
  }
  double tip[3];
  kin::point(frames, chain.joints, chain.tip.p, tip);
  points.push_back({tip[0], tip[1], tip[2]});
  return points;
}

// Empty when the log's limits do not compile here to what they were.
std::function<std::string(uint32_t, uint32_t)> places_of(
    const trace::LogReader& log) {
  const auto recipe = read_recipe(log);
  if (!recipe) return {};
  const auto limits = own_limits(log, recipe->basis);
  if (!limits) return {};
  return [image = limits->shield.image](uint32_t row, uint32_t link) {
    return safety::place_of(*image, row, link);
  };
}

}  // namespace

trace::ReportOptions report_options(const trace::LogReader& log) {
  using Kind = layout::LogSectionKind;
  trace::ReportOptions options;
  options.reasons = reasons_text;
  options.inputs = policy_inputs(log);
  options.places = places_of(log);
  auto document = toml::Document::parse(section_text(log, Kind::kLimits),
                                        log.name() + " (limits)");
  if (!document) return options;
  const auto robot = document->root().table("robot");
  kin::ChainOptions chain_options;
  chain_options.tip = robot.text("tip");
  chain_options.base = robot.text("base", "");
  if (!document->status()) return options;
  auto chain = kin::parse_urdf(section_text(log, Kind::kUrdf),
                               log.name() + " (urdf)", chain_options);
  if (!chain) return options;
  options.links = [shared = std::make_shared<kin::Chain>(*chain)](
                      const float* q) { return links_of(*shared, q); };
  return options;
}

}  // namespace tactus::config
