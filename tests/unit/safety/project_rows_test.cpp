// SPDX-License-Identifier: MIT
// Rung project beside rows that are not in space: expressions of the action,
// and linear rows on q and dq. Joint 6 is asked for more than they allow while
// joint 0 has a way to go, which scaling would take from it.
#include <criterion/criterion.h>

#include <functional>

#include "expr_rows.hpp"
#include "slide.hpp"

using namespace slide;

namespace {

struct Case {
  const char* name;
  std::function<bool(Image&)> build;
};

bool add_linear(Image& image, LinearOf of, double bound) {
  image.linears = 1;
  image.linear[0] = {"wall", {0, 0, 0, 0, 0, 0, 1}, bound};
  image.linear[0].of = of;
  add_row(image, "wall", RowKernel::kLinear, 0, 1);
  return static_cast<bool>(seal(image));
}

const Case kCases[] = {
    {"root of squares",
     [](Image& image) {
       return add_expressions(image, {{"sqrt(u[6]*u[6] + 0.0001)", 0.051}});
     }},
    {"product with another joint",
     [](Image& image) {
       return add_expressions(image, {{"u[6] * (1 + u[5]*u[5])", 0.05}});
     }},
    {"largest of two",
     [](Image& image) {
       return add_expressions(image, {{"max(abs(u[6]), abs(u[5]))", 0.05}});
     }},
    {"position",
     [](Image& image) { return add_linear(image, LinearOf::kPosition, 2.65); }},
    {"speed",
     [](Image& image) { return add_linear(image, LinearOf::kVelocity, 0.06); }},
};

double went(const Case& one, uint32_t rungs) {
  auto image = draft();
  image->ladder.rungs = rungs;
  cr_assert(one.build(*image), "%s", one.name);
  Run run(*image);
  for (int i = 0; i < 3000; ++i) run.step();
  const uint64_t* n = run.rungs;
  std::printf(
      "%s: joint 0 went %.3f rad; pass %lu scale %lu project %lu stop "
      "%lu (%lu unverified)\n",
      one.name, run.along(), n[1], n[2], n[3], n[4], run.unverified);
  cr_assert(run.unverified == 0, "%s", one.name);
  return run.along();
}

}  // namespace

Test(project_rows, the_other_joint_goes_on, .timeout = 600) {
  for (const Case& one : kCases) {
    const double scaled = went(one, kNoProject);
    const double projected = went(one, kAllRungs);
    cr_assert(projected > 1.5 * scaled, "%s: %.3f, %.3f", one.name, projected,
              scaled);
  }
}
