// SPDX-License-Identifier: MIT
// Robot description (URDF) to serial chain. Set-up only. urdfdom's own
// messages go to the log callback.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kin/chain.hpp"
#include "tactus/result.hpp"

namespace tactus::kin {

struct SrdfText {
  std::string name;  // of the file, for errors
  std::string text;
};

struct ChainOptions {
  std::string tip;               // link name
  std::string base;              // empty: the root link
  double overshoot = 0.02;       // m, how far a cover may stick out (cover.hpp)
  std::optional<SrdfText> srdf;  // Chain::disabled (srdf.hpp)
};

// Errors are one line `file: joint or link "name": seen: remedy`: loop,
// unknown tip, mesh, missing limits, NaN, mimic, non-unit axis, floating or
// planar joint, more than kMaxJoints joints or kMaxSpheres spheres; or
// srdf.hpp's.
Result<Chain> parse_urdf(std::string_view text, const std::string& name,
                         const ChainOptions& options);

}  // namespace tactus::kin
