// SPDX-License-Identifier: MIT
// An instant is judged as one sample: to the bit what eight equal ones give.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cstring>
#include <memory>

#include "crowd.hpp"
#include "safety/check.hpp"

using namespace space_rig;
namespace kernel = tactus::safety::detail;

namespace {

enum class As { kOne, kEight };

void judge_instant(const Image& image, const Cycle& c, As as,
                   ShieldOutput& out) {
  Past past;
  past.windows = Windows{};
  kernel::stand(image, c.state, c.in, past);
  kernel::Bench bench(image, c.state, c.in, past);
  Intent intent{};
  cr_assert(kernel::aim_now<NoFault>(bench, intent));
  kernel::freeze(image, past, intent, bench.motion);
  if (as == As::kEight) bench.motion.still = nullptr;
  Verdict verdict;
  verdict.rows = out.row;
  judge<NoFault>(image, c.in, past, intent, bench.motion, Effort::kFull,
                 verdict);
  kernel::report(verdict, out);
}

// A robot of many spheres that may meet itself and a hand, among shapes.
std::unique_ptr<Image> among(uint32_t shapes, uint32_t spheres, Draw& draw) {
  auto image = draft();
  crowd::gather(*image, spheres, shapes, draw);
  add_self(*image);
  image->dynamics.contacts = 1;
  image->dynamics.contact[0] = {kHand, 0,   0,   100,   50e3,  1.5,
                                12,    0.1, 1.6, 0.002, 0.015, 0.005};
  add_row(*image, "touch", RowKernel::kContact, 0, 1);
  cr_assert(static_cast<bool>(seal(*image)));
  return image;
}

// The robot and the hand anywhere; now and then not to be told where.
Cycle somewhere(Draw& draw) {
  Cycle c;
  for (uint32_t j = 0; j < 7; ++j) {
    c.q[j] += static_cast<float>(draw.uniform(-0.5, 0.5));
    c.moving(static_cast<float>(draw.uniform(-0.3, 0.3)), j);
  }
  for (float& x : c.hand) x = static_cast<float>(draw.uniform(-0.5, 1.5));
  if (draw.uniform(0, 1) < 0.1) c.hand[1] = NAN;
  if (draw.uniform(0, 1) < 0.1) c.q[3] = NAN;
  return c;
}

void compare(const Image& image, Draw& draw, uint32_t& safe, uint32_t& unsafe) {
  for (int i = 0; i < 30; ++i) {
    const Cycle c = somewhere(draw);
    ShieldOutput one, eight;
    judge_instant(image, c, As::kOne, one);
    judge_instant(image, c, As::kEight, eight);
    cr_assert(eq(int, std::memcmp(one.row, eight.row, sizeof one.row), 0));
    cr_assert(one.margin == eight.margin && one.violated == eight.violated &&
              one.mean_score == eight.mean_score &&
              one.worst_row == eight.worst_row &&
              one.worst_link == eight.worst_link &&
              one.reasons == eight.reasons);
    (one.margin >= 0 ? safe : unsafe) += 1;
  }
}

// Images enough that shapes of every kind are among them.
void one_is_as_eight(uint32_t shapes, uint32_t spheres, uint32_t screened) {
  uint32_t safe = 0, unsafe = 0, turned = 0, hulls = 0, capsules = 0;
  for (int i = 0; i < 20; ++i) {
    Draw draw(100 * shapes + static_cast<uint64_t>(i));
    const auto image = among(shapes, spheres, draw);
    cr_assert(eq(u32, image->derived.screened, screened));
    turned += image->turned;
    hulls += image->hulls;
    capsules += image->capsules;
    compare(*image, draw, safe, unsafe);
  }
  cr_assert(safe > 20 && unsafe > 20, "%u safe, %u not", safe, unsafe);
  cr_assert(turned > 5 && hulls > 5 && capsules > 5);
}

}  // namespace

Test(instant, is_what_eight_equal_samples_give) { one_is_as_eight(8, 9, 0); }

Test(instant, is_what_eight_equal_samples_give_among_many_shapes) {
  one_is_as_eight(40, 40, 1);
}
