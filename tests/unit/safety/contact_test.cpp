// SPDX-License-Identifier: MIT
// Power and force limiting: the speed of a profile by its formula, and a
// plant that never touches the human faster.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "adversary.hpp"

using namespace rig;

namespace {

// Figures of this test, of no body.
constexpr Contact kProfile = {kHand, 0,   0,   100,   50e3,  1.5,
                              12,    0.1, 1.6, 0.002, 0.015, 0.005};

// Separation off, contact on: nothing else looks at the hand.
std::unique_ptr<Image> with_contact(const Contact& profile) {
  auto image = draft();
  image->rows -= 2;
  image->humans = 0;
  image->dynamics.contacts = 1;
  image->dynamics.contact[0] = profile;
  add_row(*image, "touch", RowKernel::kContact, 0, 1);
  const auto done = seal(*image);
  cr_assert(static_cast<bool>(done), "%s", done ? "" : done.error().text());
  return image;
}

// The arm's whole speed about its first axis with the hand at its elbow.
bool may_touch(const Image& image, float speed) {
  Cycle c;
  c.moving(speed, 0);
  c.hand[0] = 0.45F;
  c.hand[1] = 0;
  c.hand[2] = 0.75F;
  return c.run(image) == TACTUS_RUNG_PASS;
}

}  // namespace

Test(contact, the_speed_is_that_of_the_technical_specification) {
  const auto image = with_contact(kProfile);
  const long double mu = 1 / (1 / 1.5L + 1 / 12.0L);
  const long double v = 100 / std::sqrt(mu * 50e3L) - 0.1L;
  const long double most = image->dynamics.contact[0].most;
  cr_assert(most <= v && most > v * (1 - 1e-8L), "%Lf %Lf", most, v);
}

Test(contact, a_human_may_be_touched_slowly) {
  const auto image = with_contact(kProfile);
  cr_assert(may_touch(*image, 0.1F));
  cr_assert(not(may_touch(*image, 0.9F)));
}

Test(contact, a_stiffer_region_is_met_more_slowly) {
  Contact stiff = kProfile;
  stiff.stiffness *= 4;
  float soft_speed = 0, stiff_speed = 0;
  for (float v = 0.02F; v < 0.9F; v += 0.02F) {
    if (may_touch(*with_contact(kProfile), v)) soft_speed = v;
    if (may_touch(*with_contact(stiff), v)) stiff_speed = v;
  }
  cr_assert(soft_speed > stiff_speed && stiff_speed > 0, "%f %f", soft_speed,
            stiff_speed);
}

Test(contact, seal_refuses_a_profile_with_a_hole) {
  for (int field = 0; field < 4; ++field) {
    for (const double bad : {0.0, -1.0, kInf, std::nan("")}) {
      auto image = draft();
      image->dynamics.contacts = 1;
      Contact& c = image->dynamics.contact[0] = kProfile;
      double* at[] = {&c.force, &c.stiffness, &c.body_mass, &c.robot_mass};
      *at[field] = bad;
      add_row(*image, "touch", RowKernel::kContact, 0, 1);
      cr_assert(not(static_cast<bool>(seal(*image))));
    }
  }
  auto fast = draft();
  fast->dynamics.contacts = 1;
  fast->dynamics.contact[0] = kProfile;
  fast->dynamics.contact[0].approach = 1;
  add_row(*fast, "touch", RowKernel::kContact, 0, 1);
  cr_assert(not(static_cast<bool>(seal(*fast))));
}

Test(contact, a_lost_human_stops) {
  const auto image = with_contact(kProfile);
  Cycle c;
  c.in.stamp_ns[kHand] = c.in.now_ns - 100 * kMs - 1;
  cr_assert(eq(u32, c.run(*image), TACTUS_RUNG_STOP));
  cr_assert(ne(u32, c.out.reasons & kReasonHumanLost, 0));
}

// The adversary of adversary_test.cpp; its human has no distance to keep but
// contact.
Test(contact, no_accepted_action_touches_faster, .timeout = 600) {
  const auto image = with_contact(kProfile);
  image->human[0] = {kHand, 0, 1e-9, 1.6, 0.002, 0.015, 0.005};
  const double most = image->dynamics.contact[0].most;
  uint64_t accepted = 0, wrong = 0, touched = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    adversary::Case one(*image, seed);
    const auto out = one.run<NoFault>();
    accepted += out.accepted;
    touched += out.worst_speed > 0.2 * most;
    wrong += out.worst_speed > most + 1e-4;
  }
  cr_assert(eq(u64, wrong, 0));
  cr_assert(accepted > 100 && touched > 10, "%lu %lu", accepted, touched);
}
