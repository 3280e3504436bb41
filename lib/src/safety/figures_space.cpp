// SPDX-License-Identifier: MIT
// Figures of the tables in space.hpp.
#include <limits>

#include "safety/figures.hpp"

namespace tactus::safety {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// Which way a size goes when the shape grows: who is kept in has more room.
enum class Keep : uint8_t { kIn, kOut };
Looser if_higher(Keep keep) {
  return keep == Keep::kIn ? Looser::kHigher : Looser::kLower;
}
Looser if_lower(Keep keep) {
  return keep == Keep::kIn ? Looser::kLower : Looser::kHigher;
}

// Of every part of the robot, so that one that is spared is a number that
// fell; without a window, one that never opens.
void binds_figures(const Image& image, const Binds& binds, Lines& to) {
  const auto parts = [&](const char* name, uint32_t not_bound) {
    for (uint32_t b = 0; b < image.chain.bodies; ++b)
      to.part(name, image.chain.body_name[b],
              (not_bound >> b & 1u) != 0 ? 0 : 1, "", Looser::kLower);
  };
  const bool windowed = binds.window != 0 && binds.window <= image.windows;
  parts("binds", binds.spared);
  parts("binds in its window", binds.spared | (windowed ? binds.allowed : 0u));
  const Window none = {0, 0, 0, 0, kInf, 0};
  const Window& w = windowed ? image.window[binds.window - 1] : none;
  const bool below = w.below != 0;
  to.number("opens above", below ? kInf : w.level, "", Looser::kLower);
  to.number("opens below", below ? w.level : -kInf, "", Looser::kHigher);
  to.number("open at most", static_cast<double>(w.longest_ns) * 1e-9, "s",
            Looser::kHigher);
  if (!windowed) return;
  to.note("opened by",
          fmt::format("{}[{}]", image.signal[w.signal].name, w.element));
}

void sides(const double* lo, const double* hi, Keep keep, Lines& to) {
  for (int a = 0; a < 3; ++a) {
    to.part("from", kAxes[a], lo[a], "m", if_lower(keep));
    to.part("to", kAxes[a], hi[a], "m", if_higher(keep));
  }
}

void box_figures(const Image& image, const Box& box, Keep keep, Lines& to) {
  sides(box.lo, box.hi, keep, to);
  binds_figures(image, box.binds, to);
}

void turned_figures(const Image& image, const TurnedBox& box, Keep keep,
                    Lines& to) {
  sides(box.lo, box.hi, keep, to);
  to.vector("at", box.at, "m");
  for (int a = 0; a < 3; ++a)
    to.vector("axis", box.axis[a], "", std::string(kAxes[a]) + "-");
  binds_figures(image, box.binds, to);
}

void capsule_figures(const Image& image, const Capsule& c, Keep keep,
                     Lines& to) {
  to.number("radius", c.radius, "m", if_higher(keep));
  to.vector("from", c.from, "m");
  to.vector("to", c.to, "m");
  binds_figures(image, c.binds, to);
}

// One face more makes the body smaller.
void hull_figures(const Image& image, const Hull& hull, Keep keep, Lines& to) {
  to.number("faces", double(hull.faces), "", if_lower(keep));
  for (uint32_t f = 0; f < hull.faces; ++f) {
    const Face& face = image.face[hull.first + f];
    const std::string part = hull.faces == 1 ? "" : fmt::format("[{}]", f);
    to.vector("normal", face.normal, "", part.empty() ? "" : part + " ");
    to.part("offset", part, face.offset, "m", if_higher(keep));
  }
  binds_figures(image, hull.binds, to);
}

}  // namespace

void shape_figures(const Image& image, const Row& row, Lines& to) {
  const uint32_t i = row.index;
  if (row.kernel == RowKernel::kKeepIn)
    box_figures(image, image.box[i], Keep::kIn, to);
  if (row.kernel == RowKernel::kKeepOut)
    box_figures(image, image.box[i], Keep::kOut, to);
  if (row.kernel == RowKernel::kTurnedIn)
    turned_figures(image, image.turned_box[i], Keep::kIn, to);
  if (row.kernel == RowKernel::kTurnedOut)
    turned_figures(image, image.turned_box[i], Keep::kOut, to);
  if (row.kernel == RowKernel::kCapsuleIn)
    capsule_figures(image, image.capsule[i], Keep::kIn, to);
  if (row.kernel == RowKernel::kCapsuleOut)
    capsule_figures(image, image.capsule[i], Keep::kOut, to);
  if (row.kernel == RowKernel::kHullIn)
    hull_figures(image, image.hull[i], Keep::kIn, to);
  if (row.kernel == RowKernel::kHullOut)
    hull_figures(image, image.hull[i], Keep::kOut, to);
  // Which they are is the robot's description.
  if (row.kernel == RowKernel::kSelf)
    to.number("pairs", double(image.pairs), "", Looser::kLower);
}

}  // namespace tactus::safety
