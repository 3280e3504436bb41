// SPDX-License-Identifier: MIT
// The action nearest to a refused one that the same check lets pass, by an
// off-line search: bisection from what was asked towards anchors that pass,
// then joint by joint. Every candidate is judged by the whole check, so what
// comes out passes; that nothing nearer does is not proven.
#pragma once

#include <memory>

#include "safety/ladder_story.hpp"

namespace tactus::safety {

// `asked`: image.joints values, finite. `left`: what the ladder let out, one
// of the anchors.
[[nodiscard]] NearestAction find_nearest(const Checked& checked,
                                         const std::vector<float>& asked,
                                         const std::vector<float>& left);

// Next sample of a stop that begins now, and the command before; empty when
// the commands in flight are not known.
struct Anchors {
  std::vector<float> brake;
  std::vector<float> last;
};
[[nodiscard]] Anchors anchors_of(const Checked& checked);

// The check of an action as it stands: no blend, and rung pass alone.
class Alone {
 public:
  explicit Alone(const Checked& checked);
  [[nodiscard]] ShieldOutput judge(const std::vector<float>& action) const;

 private:
  std::unique_ptr<Image> image_;
  Checked checked_;
};

}  // namespace tactus::safety
