// SPDX-License-Identifier: MIT
// A verdict on space that is bounded by the last one instead of computed
// (rows/memory_impl.hpp) changes no command, on any kernel.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cstdlib>

#include "memory_contracts.hpp"
#include "space_rig.hpp"

using namespace space_rig;
using twins::run_twins;
using twins::Tally;

namespace {

void print(const char* what, const Tally& t) {
  std::printf(
      "%s: %lu cycles, passed %lu, recalled %lu, at most %u in a row; another "
      "command %lu, better figures %lu\n",
      what, t.cycles, t.passed, t.recalled, t.longest, t.apart, t.better);
}

// A policy and a hand that wander; both images get the same draws.
twins::Act wander(uint64_t seed, float vigour) {
  return [seed, vigour](Cycle& c, uint64_t cycle) {
    std::mt19937_64 rng(seed * 7919 + cycle / 40);
    std::uniform_real_distribution<float> share(-1, 1);
    for (float& u : c.u) u = vigour * share(rng);
    for (int j = 0; j < 7; ++j)
      c.u[j] = std::clamp(c.u[j], c.dq[j] - 0.01F, c.dq[j] + 0.01F);
    const auto t = static_cast<float>(cycle) * 1e-3F;
    c.hand[0] = 1 + 0.5F * std::sin(t + static_cast<float>(seed));
    c.hand[1] = 0.6F * std::cos(1.3F * t);
    c.hand[2] = 0.6F;
  };
}

std::unique_ptr<Image> furnished() {
  auto image = draft();
  add_self(*image);
  Draw draw(3);
  for (int k = 0; k < 4; ++k) {
    const Shape shape = draw.shape(Kind::kCapsule, false);
    Capsule& post = image->capsule[image->capsules];
    post = shape.capsule;
    for (int a = 0; a < 2; ++a) {
      const double aside = draw.uniform(0.9, 1.2) * (k % 2 == 0 ? 1 : -1);
      post.from[a] += aside;
      post.to[a] += aside;
    }
    add_row(*image, "post", RowKernel::kCapsuleOut, image->capsules++, 1);
  }
  if (!seal(*image)) image->header.magic = 0;
  return image;
}

}  // namespace

Test(memory, changes_no_command) {
  const uint64_t cycles = std::getenv("TACTUS_PROVE") ? 200'000 : 4'000;
  const auto image = furnished();
  Tally sum;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const float vigour = 0.1F * static_cast<float>(seed);
    Tally t = run_twins<NoFault>(*image, 50, cycles, wander(seed, vigour));
    print("wandering", t);
    cr_assert(eq(u64, t.apart, 0));
    cr_assert(eq(u64, t.better, 0));
    sum.passed += t.passed;
    sum.cycles += t.cycles;
    sum.recalled += t.recalled;
  }
  cr_assert(sum.recalled > sum.cycles / 10);
  cr_assert(sum.passed < sum.cycles);
}

Test(memory, one_in_so_many_is_computed) {
  const auto image = draft();
  cr_assert(bool(seal(*image)));
  Tally t = run_twins<NoFault>(*image, 8, 200, [](Cycle&, uint64_t) {});
  print("at rest", t);
  cr_assert(eq(u32, t.longest, 7));
  cr_assert(eq(u64, t.recalled, 175));
}

Test(memory, another_image_is_computed_anew) {
  const auto image = draft();
  cr_assert(bool(seal(*image)));
  const auto first = twins::with_memory(*image, 100);
  const auto second = twins::with_memory(*image, 101);
  Cycle c;
  c.run(*first);
  cr_assert(not(c.out.recalled));
  c.at(101);
  c.run(*first);
  cr_assert(c.out.recalled);
  c.at(102);
  c.run(*second);
  cr_assert(not(c.out.recalled));
}

// What is remembered as violated, or not finite, tells nothing.
Test(memory, nan_tells_nothing) {
  const auto image = draft();
  cr_assert(bool(seal(*image)));
  const auto memory = twins::with_memory(*image, 100);
  Cycle c;
  c.run(*memory);
  const auto kept = c.state.memory;
  c.at(101);
  double* const fields[] = {&c.state.memory.q[3][5],
                            &c.state.memory.wide[0][0],
                            &c.state.memory.speed[6][31],
                            &c.state.memory.until[7],
                            &c.state.memory.age_s[kHand],
                            &c.state.memory.slack.box[0].slack,
                            &c.state.memory.slack.human[0].slack};
  for (double* field : fields) {
    c.state.memory = kept;
    c.run(*memory);
    cr_assert(c.out.recalled);
    c.state.memory = kept;
    *field = std::nan("");
    c.run(*memory);
    cr_assert(not(c.out.recalled));
    cr_assert(eq(int, c.out.rung, TACTUS_RUNG_PASS));
  }
}

Test(memory, needs_no_more_samples_than_it_has_room_for) {
  auto image = draft();
  image->ladder.exact_every = 10;
  image->ladder.samples = 64;
  cr_assert(not(bool(seal(*image))));
  image->ladder.samples = 32;
  cr_assert(bool(seal(*image)));
}
