// SPDX-License-Identifier: MIT
// A whole limits file for the planar arm, to be spoilt line by line.
#pragma once

#include <criterion/criterion.h>

#include <memory>
#include <string>

#include "kin/urdf.hpp"
#include "safety/limits/compile.hpp"

namespace limits_rig {

inline const std::string kGood = R"(name = "arm"
loop = {period="1 ms", standstill="2 mrad/s for 50 ms", cpu=1}
robot = {urdf="a.urdf", tip="flange", spheres="collision", decel="6 rad/s2", jerk="300 rad/s3", actuator_delay="4 ms", lag="20 ms", model_error="2 mm"}
guard = {commit="900 us", misses=3, bound="1 ms", repeat="1 ms", then="hold"}
[signal]
q = {from="io", shape=2, unit="rad", range="urdf", max_age="3 ms", stale="stop"}
dq = {from="io", shape=2, unit="rad/s", range="urdf", max_age="3 ms", stale="stop"}
target = {from="io", shape=3, unit="m", max_age="500 ms", stale="stop"}
hand = {from="io", kind="sphere", radius="80 mm", unit="m", max_age="100 ms", stale="grow", lost="stop"}
[limit]
action = {max="1 rad/s", rate="12 rad/s2"}
joint = {position="urdf - 2 deg", velocity="80 % urdf"}
cell = {keep="in", box=["-0.8 m .. 0.9 m", "-0.8 m .. 0.8 m", "-1 m .. 1.3 m"]}
post = {keep="out", box=["0.5 m .. 0.6 m", "0.5 m .. 0.6 m", "0 m .. 1 m"]}
human = {kind="ssm", of="hand", d_min="50 mm", speed="1.6 m/s", intrusion="0 m", sensor="15 mm", robot="5 mm"}
pair = {kind="linear", of="u", a=[1, -0.5], b="0.5 rad/s"}
ladder = ["pass", "scale", "stop"]
)";

inline const std::string kUrdf = R"(<robot name="planar">
<link name="base"/>
<link name="upper"><collision><geometry><sphere radius="0.05"/></geometry></collision></link>
<link name="lower"><collision><geometry><sphere radius="0.04"/></geometry></collision></link>
<link name="flange"/>
<joint name="j1" type="revolute"><parent link="base"/><child link="upper"/><axis xyz="0 0 1"/><limit lower="-2" upper="2" velocity="2" effort="1"/></joint>
<joint name="j2" type="revolute"><parent link="upper"/><child link="lower"/><origin xyz="0.5 0 0"/><axis xyz="0 0 1"/><limit lower="-1" upper="2" velocity="1" effort="1"/></joint>
<joint name="tip" type="fixed"><parent link="lower"/><child link="flange"/><origin xyz="0.3 0 0"/></joint>
</robot>)";

inline std::string with(const std::string& what, const std::string& by,
                        std::string text = kGood) {
  const auto at = text.find(what);
  cr_assert(at != std::string::npos, "no %s in the file", what.c_str());
  return text.replace(at, what.size(), by);
}

inline std::string without_line(const std::string& begin) {
  const auto at = kGood.find("\n" + begin);
  cr_assert(at != std::string::npos, "no line %s", begin.c_str());
  std::string text = kGood;
  return text.erase(at + 1, text.find('\n', at + 1) - at);
}

inline tactus::Result<std::unique_ptr<tactus::safety::Image>> compiled(
    const std::string& text, const std::string& urdf = kUrdf) {
  using namespace tactus;
  const auto document = toml::Document::parse(text, "a.toml");
  if (!document) return document.error();
  kin::ChainOptions options;
  options.tip = "flange";
  const auto chain = kin::parse_urdf(urdf, "a.urdf", options);
  if (!chain) return chain.error();
  const auto timing = safety::limits::read_timing(*document);
  if (!timing) return timing.error();
  safety::limits::Options rest;
  rest.timing = *timing;
  rest.kind = document->root().has("policy")
                  ? safety::OutputKind::kNone
                  : safety::OutputKind::kJointVelocity;
  auto image = safety::limits::compile(*document, *chain, rest);
  if (!image) return image;
  for (const char* key : {"name", "loop", "guard"}) {
    document->root().skip(key);
    if (document->root()[key].kind() == toml::Kind::kTable)
      document->root().table(key).skip_all();
  }
  const auto done = document->finish();
  if (!done) return done.error();
  return image;
}

inline std::string refusal(const std::string& text,
                           const std::string& urdf = kUrdf) {
  const auto image = compiled(text, urdf);
  return image ? "accepted" : image.error().text();
}

}  // namespace limits_rig
