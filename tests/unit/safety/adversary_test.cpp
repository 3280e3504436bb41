// SPDX-License-Identifier: MIT
// Whatever the shield accepts, the stop that follows keeps every promise,
// measured by a plant that shares no code with it. TACTUS_ADVERSARY: how many
// accepted cases instead of 10000; TACTUS_PROVE=1: a million.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cstdlib>

#include "adversary.hpp"

using namespace adversary;

namespace {

struct Tally {
  uint64_t tried = 0, accepted = 0, scaled = 0, projected = 0;
  uint64_t human = 0, position = 0, box = 0, moving = 0;
  double worst_speed = 0;
};

Tally attack(uint64_t wanted, uint32_t rungs) {
  auto image = draft();
  image->ladder.rungs = rungs;
  cr_assert(bool(seal(*image)));
  Tally sum;
  while (sum.accepted < wanted && sum.tried < 4 * wanted) {
    Case one(*image, ++sum.tried);
    const Outcome out = one.run<NoFault>();
    sum.accepted += out.accepted;
    sum.scaled += out.scaled;
    sum.projected += out.projected;
    sum.human += out.worst_speed > 0.010;
    sum.position += out.position_over > 1e-6;
    sum.box += out.box_over > 1e-6;
    sum.moving += out.rest_speed > 1e-3;
    sum.worst_speed = std::max(sum.worst_speed, out.worst_speed);
  }
  std::printf(
      "tried %lu accepted %lu scaled %lu projected %lu human %lu position %lu "
      "box %lu moving %lu worst %.4f m/s\n",
      sum.tried, sum.accepted, sum.scaled, sum.projected, sum.human,
      sum.position, sum.box, sum.moving, sum.worst_speed);
  return sum;
}

void no_violation(Tally& sum, uint64_t wanted) {
  cr_assert(eq(u64, sum.accepted, wanted));
  cr_assert(eq(u64, sum.human, 0));
  cr_assert(eq(u64, sum.position, 0));
  cr_assert(eq(u64, sum.box, 0));
  cr_assert(eq(u64, sum.moving, 0));
}

}  // namespace

Test(adversary, no_accepted_action_leads_to_a_violation, .timeout = 36000) {
  uint64_t wanted = std::getenv("TACTUS_PROVE") ? 1'000'000 : 10'000;
  if (const char* count = std::getenv("TACTUS_ADVERSARY"))
    wanted = std::strtoull(count, nullptr, 10);
  Tally sum = attack(wanted, kRungPass | kRungScale | kRungStop);
  no_violation(sum, wanted);
  cr_assert(sum.scaled > wanted / 20);
}

// Without rung scale, so that the projection has them all.
Test(adversary, nor_does_one_that_was_projected, .timeout = 36000) {
  uint64_t wanted = std::getenv("TACTUS_PROVE") ? 250'000 : 2'500;
  if (const char* count = std::getenv("TACTUS_ADVERSARY"))
    wanted = std::strtoull(count, nullptr, 10) / 4 + 1;
  Tally sum = attack(wanted, kRungPass | kRungProject | kRungStop);
  no_violation(sum, wanted);
  cr_assert(sum.projected > wanted / 20);
}
