// SPDX-License-Identifier: MIT
// The planar arm with rows of every family there is.
#pragma once

#include "limits_rig.hpp"
#include "safety/seal.hpp"

namespace limits_rig {

inline const std::string kEverySignal =
    R"(tau = {from="io", shape=2, unit="Nm", max_age="3 ms", stale="stop"}
tool = {from="io", shape=3, unit="N", max_age="3 ms", stale="stop"}
)";
inline const std::string kEveryRow =
    R"toml(crate = {keep="out", box=["5 m .. 6 m", "0 m .. 1 m", "0 m .. 1 m"], pose={xyz=["0 m","0 m","0 m"], rpy=["0 deg","0 deg","30 deg"]}}
room = {keep="in", box=["-9 m .. 9 m", "-9 m .. 9 m", "-9 m .. 9 m"], pose={xyz=["0 m","0 m","0 m"], rpy=["0 deg","0 deg","5 deg"]}}
pole = {keep="out", capsule={from=["5 m","0 m","0 m"], to=["5 m","0 m","1 m"], radius="80 mm"}}
dome = {keep="in", sphere={center=["0 m","0 m","0 m"], radius="4 m"}}
table = {keep="out", halfspace={normal=[0,0,1], offset="-1 m"}, except=["upper"], allow={links=["lower"], when="target[1] > 0.5", for="2 s"}}
tent = {keep="in", hull={faces=[{normal=[0,0,1], offset="2 m"},{normal=[0,1,1], offset="4 m"}]}}
torque = {kind="torque", of="tau", max="0.8 Nm"}
force = {kind="force", of="tool", max="50 N"}
power = {kind="power", of="tau", max="20 W"}
kinetic = {kind="energy", max="50 J", masses={upper="1 kg", lower="1 kg"}}
touch = {kind="pfl", of="hand", force="100 N", stiffness="50 N/mm", body_mass="1.5 kg", moving_mass="20 kg", payload="2 kg", approach="0 m/s", speed="1.6 m/s", intrusion="0 m", sensor="15 mm", robot="5 mm"}
by_box = {kind="cbf", on="post", alpha="2 1/s"}
by_human = {kind="cbf", on="human", alpha=["2 1/s", "5 1/s"]}
by_joint = {kind="cbf", on="joint", alpha="2 1/s"}
apart = {kind="expr", expr="norm(hand[0] - target)", min="0.1 m", moves={hand="1.6 m/s"}, uncertain={hand="15 mm"}}
clear = {kind="expr", expr="norm(hand[0] - target)", min="0.1 m", moves={hand="1.6 m/s"}, uncertain={hand="15 mm"}, past="historically 2 s"}
seen = {kind="expr", expr="target[0]", max="0.5 m", past="once 2 s"}
duty = {kind="expr", expr="abs(dq[0])", max="0.5 rad/s", at_most="0.5 s in 2 s"}
door = {kind="callback", unit="m", min="50 mm", budget="20 us", module="door.so", symbol="door_row"}
)toml";

inline std::unique_ptr<tactus::safety::Image> every_family() {
  using namespace tactus::safety;
  std::string text = with("hand = {", kEverySignal + "hand = {");
  text = with("ladder", kEveryRow + "ladder", text);
  text = with("max_age=\"500 ms\"", "range=\"-2 m .. 2 m\", max_age=\"500 ms\"",
              text);
  text = with("max_age=\"100 ms\"", "range=\"-3 m .. 3 m\", max_age=\"100 ms\"",
              text);
  text =
      with("joint = {",
           "joint = {acceleration=\"15 rad/s2\", jerk=\"500 rad/s3\", ", text);
  auto made = compiled(text);
  cr_assert(static_cast<bool>(made), "%s", made ? "" : made.error().text());
  auto image = std::move(*made);
  // This arm is too short to meet itself: spheres 0 and 1, which a joint
  // connects, stand for two that are apart.
  image->selves = image->pair_groups = image->pairs = 1;
  image->pair[0] = {0, 1};
  image->pair_group[0] = {1, 2, 0, 1};
  image->row[image->rows] = {
      "self", RowKernel::kSelf, RowKind::kHard, image->rows, 0, 0, 1};
  ++image->rows;
  return image;
}

inline const tactus::safety::Row& row_named(const tactus::safety::Image& image,
                                            const std::string& id) {
  for (uint32_t r = 0; r < image.rows; ++r)
    if (id == image.row[r].id) return image.row[r];
  cr_assert(false, "no row %s", id.c_str());
  return image.row[0];
}

}  // namespace limits_rig
