// SPDX-License-Identifier: MIT
// Rung project beside everything in space that binds: it goes on along what
// scaling stops at. The walls are one wall, at y = 0.25 m in front of the arm,
// made of each kind of shape.
#include <criterion/criterion.h>

#include <functional>

#include "reach.hpp"
#include "space_contracts.hpp"

using namespace slide;

namespace {

constexpr plant::Vec kTip{0.634, 0, 0.682};  // of the arm at rest
constexpr double kWall = 0.25;

struct Wall {
  const char* name;
  std::function<void(Image&)> build;
  double beyond = 0;  // m, by which it is not straight
};

void keep(Image& image, RowKernel kernel) {
  add_row(image, "wall", kernel, 0, 1);
}

void add_face(Image& image, double way) {
  image.face[image.faces++] = {{0, way, 0}, way * kWall};
  image.hull[image.hulls++] = {"wall", 0, 1};
}
// Local x is the world's y.
void add_turned(Image& image, double lo, double hi) {
  TurnedBox& box = image.turned_box[image.turned++];
  box = {"wall",
         {lo, -3, -3},
         {hi, 3, 3},
         {0, 0, 0},
         {{0, 1, 0}, {-1, 0, 0}, {0, 0, 1}}};
}
void add_post(Image& image, double x, double y, double radius) {
  image.capsule[image.capsules++] = {"wall", {x, y, -1}, {x, y, 3}, radius};
}

const Wall kWalls[] = {
    {"face to stay behind",
     [](Image& image) {
       add_face(image, 1);
       image.hulls_in = 1;
       keep(image, RowKernel::kHullIn);
     }},
    {"half-space",
     [](Image& image) {
       add_face(image, -1);
       keep(image, RowKernel::kHullOut);
     }},
    {"posed box to stay in",
     [](Image& image) {
       add_turned(image, -3, kWall);
       image.turned_in = 1;
       keep(image, RowKernel::kTurnedIn);
     }},
    {"posed box",
     [](Image& image) {
       add_turned(image, kWall, 3);
       keep(image, RowKernel::kTurnedOut);
     }},
    {"column to stay in",
     [](Image& image) {
       add_post(image, kTip.x, kWall - 6, 6);
       image.capsules_in = 1;
       keep(image, RowKernel::kCapsuleIn);
     }},
    {"column",
     [](Image& image) {
       add_post(image, kTip.x, kWall + 6, 6);
       keep(image, RowKernel::kCapsuleOut);
     },
     0.06},
    {"fence",
     [](Image& image) {
       for (uint32_t k = 0; k < 40; ++k) {
         add_post(image, -0.2 + 0.035 * k, kWall + 0.05, 0.05);
         add_row(image, "post", RowKernel::kCapsuleOut, k, 1);
       }
     },
     0.01},
};

struct Walk {
  double left;
  const uint64_t* rungs;
};

void report(const char* name, const char* how, const reach::Run& r) {
  const uint64_t* n = r.loop.rungs;
  std::printf(
      "%s, %s: %.3f m left aside; pass %lu scale %lu project %lu stop "
      "%lu (%lu unverified); farthest %.4f m\n",
      name, how, r.aside(), n[1], n[2], n[3], n[4], r.loop.unverified,
      r.farthest_y);
}

// The goal is 30 cm behind the wall, and 32 cm along it.
double walk(const Wall& wall, uint32_t rungs) {
  auto image = draft();
  image->ladder.rungs = rungs;
  wall.build(*image);
  const auto done = seal(*image);
  cr_assert(static_cast<bool>(done), "%s: %s", wall.name,
            done ? "" : done.error().text());
  reach::Run run(*image, {kTip.x - 0.1, 0.5, kTip.z + 0.3});
  for (int i = 0; i < 3000; ++i) run.step();
  const bool projects = rungs == kAllRungs;
  report(wall.name, projects ? "projected" : "scaled", run);
  cr_assert(run.farthest_y < kWall + wall.beyond, "%s", wall.name);
  cr_assert(run.loop.rungs[TACTUS_RUNG_STOP] < 150, "%s", wall.name);
  cr_assert(run.loop.unverified == 0);
  if (projects) cr_assert(run.loop.rungs[TACTUS_RUNG_PROJECT] > 1500);
  return run.aside();
}

}  // namespace

Test(project_shapes, goes_on_along_a_wall_of_any_shape, .timeout = 600) {
  for (const Wall& wall : kWalls) {
    const double scaled = walk(wall, kNoProject);
    const double projected = walk(wall, kAllRungs);
    cr_assert(projected < 0.6 * scaled, "%s: %.3f m, %.3f m", wall.name,
              projected, scaled);
  }
}

namespace {

// Of the robot's own pairs those with link 2, whose distance joints 0 and 1 do
// not change.
std::unique_ptr<Image> against_its_upper_arm(uint32_t rungs) {
  auto image = contracts::against_itself();
  image->ladder.rungs = rungs;
  const Image all = *image;
  image->pairs = image->pair_groups = 0;
  for (uint32_t g = 0; g < all.pair_groups; ++g) {
    PairGroup group = all.pair_group[g];
    if (group.from != 2) continue;
    const Pair* first = all.pair + group.first;
    std::copy_n(first, group.count, image->pair + image->pairs);
    group.first = image->pairs;
    image->pairs += group.count;
    image->pair_group[image->pair_groups++] = group;
  }
  const auto done = seal(*image);
  cr_assert(static_cast<bool>(done), "%s", done ? "" : done.error().text());
  return image;
}

}  // namespace

// The elbow is to fold until the hand is at the upper arm, while joint 0 turns.
Test(project_shapes, folds_no_farther_than_it_may_and_turns_on,
     .timeout = 600) {
  double turned[2];
  for (int projects = 0; projects < 2; ++projects) {
    const auto image = against_its_upper_arm(projects ? kAllRungs : kNoProject);
    Run run(*image, reference(), 0);
    oracle::Real nearest = 1;
    for (int i = 0; i < 6000; ++i) {
      run.step_with([](Cycle& c, const plant::Robot& robot) {
        c.u[0] = 0.2F;
        c.u[3] = -0.4F;
        c.u[5] = robot.q[5] > -1.8 ? -0.8F : 0;
      });
      nearest = std::min(nearest, oracle::self_gap(run.robot().q));
    }
    turned[projects] = run.along();
    std::printf(
        "itself: turned %.3f rad; pass %lu scale %lu project %lu stop %lu; "
        "nearest %.4f m, elbow %.3f\n",
        run.along(), run.rungs[1], run.rungs[2], run.rungs[3], run.rungs[4],
        static_cast<double>(nearest), run.robot().q[3]);
    cr_assert(run.unverified == 0);
  }
  cr_assert(turned[1] > turned[0] + 0.2, "%.3f %.3f", turned[0], turned[1]);
}
