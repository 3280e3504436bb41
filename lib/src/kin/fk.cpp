// SPDX-License-Identifier: MIT
#include "kin/fk_impl.hpp"

namespace tactus::kin {

void finish_joint(Joint& joint) {
  using detail::multiply;
  using detail::rotate;
  const double* a = joint.axis;
  const double* r = joint.origin.r;
  const double cross_a[9] = {0, -a[2], a[1], a[2], 0, -a[0], -a[1], a[0], 0};
  double outer[9], rest[9];
  for (int i = 0; i < 9; ++i) {
    outer[i] = a[i / 3] * a[i % 3];
    rest[i] = (i % 4 == 0 ? 1.0 : 0.0) - outer[i];
  }
  const bool angular = is_angular(joint.type);
  const double zero[3] = {};
  multiply(r, outer, joint.fixed);
  multiply(r, rest, joint.cosine);
  multiply(r, cross_a, joint.sine);
  rotate(r, angular ? a : zero, joint.turn);
  rotate(r, angular ? zero : a, joint.slide);
  if (angular) return;
  for (int i = 0; i < 9; ++i) {
    joint.fixed[i] = r[i];
    joint.cosine[i] = joint.sine[i] = 0;
  }
}

void forward(const Chain& chain, const double* q, Frames& out) noexcept {
  frames_of(chain, q, out);
}

void twists(const Chain& chain, const Frames& frames, const double* dq,
            Twists& out) noexcept {
  twists_of(chain, frames, dq, out);
}

}  // namespace tactus::kin
