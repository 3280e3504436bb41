// SPDX-License-Identifier: MIT
// Rows in space against an oracle that shares nothing with them
// (space_oracle.hpp): at rest to the ulp, in motion with whatever may happen,
// and with NaN in every field. TACTUS_PROVE=1 runs a hundred times as many.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cstdlib>

#include "screen_contracts.hpp"
#include "space_adversary.hpp"

using namespace space_rig;

namespace {

// TACTUS_SPACE=PERCENT of them, for tests/mutation.
uint64_t times(uint64_t count) {
  if (const char* percent = std::getenv("TACTUS_SPACE"))
    return std::max<uint64_t>(count * std::strtoull(percent, nullptr, 10) / 100,
                              1);
  return std::getenv("TACTUS_PROVE") ? 100 * count : count;
}

struct Tally {
  uint64_t tried = 0, found = 0, unsafe = 0, wide = 0;
  Real least = INFINITY;
};

Tally rest(Kind kind, bool inside, uint64_t count) {
  Tally sum;
  for (uint64_t seed = 1; seed <= count; ++seed) {
    Draw draw(seed * 131 + static_cast<uint64_t>(kind));
    const Shape shape = draw.shape(kind, inside);
    auto image = bare();
    add(*image, shape);
    const auto sealed = seal(*image);
    cr_assert(bool(sealed), "%s", sealed ? "" : sealed.error().text());
    const Trial t = trial(draw, shape);
    const Edge e = edge(*image, shape, t.q, t.free, t.hit);
    ++sum.tried;
    if (!e.found) continue;
    ++sum.found;
    sum.unsafe += !(e.left >= 0);
    sum.wide += !(e.left < 4e-9L);
    sum.least = std::min(sum.least, e.left);
  }
  return sum;
}

Tally moving(Kind kind, bool inside, uint64_t count) {
  Tally sum;
  for (uint64_t seed = 1; seed <= count; ++seed) {
    Draw draw(seed * 977 + static_cast<uint64_t>(kind));
    const Shape shape = draw.shape(kind, inside);
    auto image = bare();
    add(*image, shape);
    cr_assert(bool(seal(*image)));
    const auto end = adversary::ShapeCase(*image, shape, seed).run<NoFault>();
    ++sum.tried;
    sum.found += end.accepted;
    sum.unsafe += end.accepted && !(end.least > 0);
    sum.least = std::min(sum.least, end.least);
  }
  return sum;
}

void print(const char* what, const Tally& sum) {
  std::printf("%s: tried %lu found %lu unsafe %lu least %.3Le m\n", what,
              sum.tried, sum.found, sum.unsafe, sum.least);
}

// Kernels that are exact: what is refused next to what is accepted is unsafe.
bool is_exact(Kind kind, bool inside) { return kind != Kind::kHull || inside; }

}  // namespace

Test(space, at_rest_the_edge_is_where_the_oracle_has_it, .timeout = 36000) {
  for (const Kind kind : kKinds) {
    for (const bool inside : {false, true}) {
      const uint64_t count = times(40);
      Tally sum = rest(kind, inside, count);
      print(inside ? "rest, keep in" : "rest, keep out", sum);
      cr_assert(sum.found >= count / 2, "kind %d in %d: %lu of %lu",
                static_cast<int>(kind), inside, sum.found, sum.tried);
      cr_assert(eq(u64, sum.unsafe, 0));
      if (is_exact(kind, inside)) cr_assert(eq(u64, sum.wide, 0));
    }
  }
}

Test(space, what_is_accepted_in_motion_never_touches, .timeout = 36000) {
  for (const Kind kind : kKinds) {
    for (const bool inside : {false, true}) {
      const uint64_t count = times(40);
      Tally sum = moving(kind, inside, count);
      print(inside ? "moving, keep in" : "moving, keep out", sum);
      cr_assert(sum.found >= count / 4);
      cr_assert(eq(u64, sum.unsafe, 0));
    }
  }
}

// A crowd of shapes all over the cell: screened and looked at one by one, the
// same commands are sent, and the figures are never better.
Test(space, screening_changes_no_verdict, .timeout = 36000) {
  uint64_t passed = 0, refused = 0;
  for (uint64_t seed = 1; seed <= times(400); ++seed) {
    Draw draw(seed);
    auto image = bare();
    for (uint32_t k = 0; k < 40; ++k) {
      Capsule& post = image->capsule[image->capsules];
      for (int a = 0; a < 3; ++a) post.from[a] = draw.uniform(-1.2, 1.2);
      std::copy_n(post.from, 3, post.to);
      post.to[2] += draw.uniform(0, 0.5);
      post.radius = draw.uniform(0.01, 0.03);
      add_row(*image, "post", RowKernel::kCapsuleOut, image->capsules++, 1);
    }
    cr_assert(bool(seal(*image)));
    cr_assert(eq(u32, image->derived.screened, 1));
    Cycle a;
    for (float& angle : a.q) angle = static_cast<float>(draw.uniform(-1, 1));
    a.moving(static_cast<float>(draw.uniform(-0.4, 0.4)), seed % 7);
    Cycle b = a;
    const bool passes = a.run<NoFault>(*image) == TACTUS_RUNG_PASS;
    image->derived.screened = 0;
    b.run<NoFault>(*image);
    (passes ? passed : refused) += 1;
    cr_assert(eq(int, a.out.rung, b.out.rung), "seed %lu", seed);
    cr_assert(a.out.margin <= b.out.margin, "seed %lu", seed);
    cr_assert(std::memcmp(a.out.action, b.out.action, sizeof a.out.action) == 0,
              "seed %lu", seed);
    for (uint32_t r = 0; r < image->rows; ++r)
      cr_assert(a.out.row[r].margin <= b.out.row[r].margin,
                "seed %lu row %u: %.9g, looked at %.9g", seed, r,
                static_cast<double>(a.out.row[r].margin),
                static_cast<double>(b.out.row[r].margin));
  }
  std::printf("screened: passed %lu refused %lu\n", passed, refused);
  cr_assert(passed > times(40));
  cr_assert(refused > times(40));
}

Test(space, a_crowd_is_never_touched_in_motion, .timeout = 36000) {
  Tally sum;
  for (uint64_t seed = 1; seed <= times(60); ++seed) {
    auto image = bare();
    const auto end = adversary::CrowdCase(*image, seed).run<NoFault>();
    ++sum.tried;
    sum.found += end.accepted;
    sum.unsafe += end.accepted && !(end.least > 0);
    sum.least = std::min(sum.least, end.least);
  }
  print("crowd", sum);
  cr_assert(sum.found > sum.tried / 4);
  cr_assert(eq(u64, sum.unsafe, 0));
}

namespace {

template <class Case>
Tally against_itself(uint64_t count) {
  Tally sum;
  for (uint64_t seed = 1; seed <= count; ++seed) {
    const auto end = Case(seed).template run<NoFault>();
    ++sum.tried;
    sum.found += end.accepted;
    sum.unsafe += end.accepted && !(end.least > -1e-6L);
    sum.least = std::min(sum.least, end.least);
  }
  return sum;
}

}  // namespace

Test(space, what_is_accepted_in_motion_never_meets_itself, .timeout = 36000) {
  Tally sum = against_itself<adversary::SelfCase>(times(300));
  print("self", sum);
  cr_assert(sum.found > sum.tried / 4);
  cr_assert(eq(u64, sum.unsafe, 0));
}

Test(space, a_hand_turned_by_the_wrist_alone_never_meets_the_arm) {
  Tally sum = against_itself<adversary::WristCase>(20);
  print("wrist", sum);
  cr_assert(eq(u64, sum.found, 20));
  cr_assert(eq(u64, sum.unsafe, 0));
}

namespace {

// Each double of a plain struct in turn.
template <class T, class Spoilt>
void each_double(T& value, uint32_t doubles, const double* first,
                 const Spoilt& spoilt) {
  (void)value;
  for (uint32_t i = 0; i < doubles; ++i) {
    double& field = const_cast<double&>(first[i]);
    const double was = field;
    for (const double bad : {double(NAN), -double(NAN)}) {
      field = bad;
      spoilt(i);
    }
    field = was;
  }
}

}  // namespace

Test(space, nan_in_any_figure_of_a_shape_is_a_violation) {
  for (const Kind kind : kKinds) {
    for (const int which : {0, 1, 2, 3}) {
      const bool inside = which % 2 == 1, screened = which >= 2;
      Draw draw(7);
      const Shape shape = draw.shape(kind, inside);
      auto image = bare();
      add(*image, shape);
      if (screened) contracts::crowd(*image);
      cr_assert(bool(seal(*image)));
      cr_assert(eq(int, image->derived.screened != 0, screened));
      const double far[3] = {0, 0, inside ? 0 : 9.0};
      put(*image, shape,
          kind == Kind::kHalf ? draw.shape(kind, inside).faces[0].normal : far);
      const double q[7] = {0, 0.4, 0, -1.2, 0, 1.2, 0};
      const auto refused = [&](uint32_t i) {
        sealing::derive_capsules(*image);
        cr_assert(not(rests(*image, q)), "kind %d in %d figure %u",
                  static_cast<int>(kind), inside, i);
      };
      const bool rod = kind == Kind::kSphere || kind == Kind::kCapsule;
      Capsule& c = image->capsule[0];
      TurnedBox& b = image->turned_box[0];
      if (rod) {
        each_double(c, 3, c.from, refused);
        each_double(c, 1, &c.radius, refused);
        each_double(c, 3, image->derived.along[0], refused);
        each_double(c, 1, &image->derived.inverse[0], refused);
      } else if (kind == Kind::kBox) {
        each_double(b, 3, b.at, refused);
        if (!inside) each_double(b, 9, b.axis[0], refused);
      } else {
        each_double(b, 4 * image->faces, image->face[0].normal, refused);
      }
    }
  }
}

// A bound that is none leaves the pair to be looked at: no verdict turns.
Test(space, nan_in_a_capsule_in_lanes_leaves_it_to_be_looked_at) {
  for (const bool hit : {false, true}) {
    Draw draw(7);
    const Shape shape = draw.shape(Kind::kCapsule, false);
    auto image = bare();
    add(*image, shape);
    contracts::crowd(*image);
    cr_assert(bool(seal(*image)));
    const double q[7] = {0, 0.4, 0, -1.2, 0, 1.2, 0};
    const oracle::Vec hand = oracle::centres(q)[8];
    const double far[3] = {0, 0, 9.0};
    const double here[3] = {static_cast<double>(hand.x),
                            static_cast<double>(hand.y),
                            static_cast<double>(hand.z)};
    put(*image, shape, hit ? here : far);
    cr_assert(rests(*image, q) != hit);
    CapsuleLanes& lanes = image->derived.capsule;
    for (float* figure :
         {lanes.from[0], lanes.from[1], lanes.from[2], lanes.along[0],
          lanes.along[1], lanes.along[2], lanes.inverse, lanes.radius,
          image->derived.need + kFirstCapsule}) {
      const float was = figure[0];
      figure[0] = NAN;
      cr_assert(rests(*image, q) != hit);
      figure[0] = was;
    }
  }
}

Test(space, a_row_that_binds_no_part_is_refused) {
  Draw draw(3);
  const Shape shape = draw.shape(Kind::kSphere, false);
  auto image = bare();
  add(*image, shape);
  image->capsule[0].binds.spared = ~1u;
  cr_assert(not(bool(seal(*image))));
}

Test(space, the_self_row_names_the_outer_sphere) {
  Image& image = adversary::itself();
  Cycle c;
  c.q[3] = -2.9f;
  c.q[5] = 1.5f;
  c.run(image);
  cr_assert(ne(u32, c.out.reasons & kReasonRowSelf, 0));
  cr_assert(kBalls[c.out.worst_link].link >= 4);
}

namespace {

// The same image with one figure spoilt: seal must say so.
template <class Spoil>
void refuses(const Spoil& spoil) {
  auto image = bare();
  add_self(*image);
  Draw draw(5);
  for (const Kind kind : {Kind::kCapsule, Kind::kHull, Kind::kBox})
    add(*image, draw.shape(kind, false));
  image->windows = 1;
  image->window[0] = {kTarget, 1, 0, 0, 0.5, kMs};
  spoil(*image);
  cr_assert(not(bool(seal(*image))));
}

}  // namespace

// What slides lengthens the arm of what turns before it: by how much is kept by
// a row, or nothing could be bounded.
Test(space, a_sliding_joint_needs_its_limit) {
  const auto sliding = [](auto&& change) {
    auto image = draft();
    image->chain.joint[6].type = kin::JointType::kPrismatic;
    image->position_hi[6] = 0.4;
    image->position_lo[6] = -0.1;
    change(*image);
    const auto done = seal(*image);
    if (!done) return std::string(done.error().text());
    return std::to_string(image->derived.reach[7][5]);
  };
  const auto position = [](Image& i) -> Row& {
    return *std::find_if(i.row, i.row + i.rows, [](const Row& row) {
      return row.kernel == RowKernel::kJointPosition;
    });
  };
  // 0.08 m from the joint before it, and what it slides.
  cr_assert(eq(str, sliding([](Image&) {}), std::to_string(0.48)));
  const auto refused = [&](auto&& change) {
    return sliding(change).find("slides: how far") != std::string::npos;
  };
  cr_assert(refused([&](Image& i) { position(i).kind = RowKind::kOff; }));
  cr_assert(refused([&](Image& i) { position(i).kind = RowKind::kSoft; }));
  cr_assert(refused([](Image& i) { i.position_hi[6] = kInf; }));
}

Test(space, seal_refuses_what_could_not_be_judged) {
  auto good = bare();
  add_self(*good);
  cr_assert(bool(seal(*good)));
  refuses([](Image& i) { i.capsule[0].radius = 0; });
  refuses([](Image& i) { i.capsule[0].to[1] = kInf; });
  refuses([](Image& i) { i.face[1].normal[0] *= 1.01; });
  refuses([](Image& i) { i.face[0].offset = double(NAN); });
  refuses([](Image& i) { i.hull[0].faces = 200; });
  refuses([](Image& i) { i.hull[0].faces = 0; });
  refuses([](Image& i) { i.turned_box[0].axis[0][0] += 1e-6; });
  refuses([](Image& i) { i.turned_box[0].lo[2] = 9; });
  refuses([](Image& i) { i.turned_box[0].lo[1] = double(NAN); });
  refuses([](Image& i) { i.turned_box[0].at[1] = double(NAN); });
  refuses([](Image& i) { i.capsule[0].binds.window = 2; });
  refuses([](Image& i) { i.window[0].signal = 9; });
  refuses([](Image& i) { i.window[0].element = 3; });
  refuses([](Image& i) { i.window[0].longest_ns = 0; });
  refuses([](Image& i) { i.pair[0].b = 250; });
  refuses([](Image& i) { i.pair_group[0].count -= 1; });
  refuses([](Image& i) { i.pair_group[0].to = i.pair_group[0].from; });
  refuses([](Image& i) { i.selves = 0; });
  refuses([](Image& i) { i.capsules = kMaxCapsules + 1; });
  refuses([](Image& i) { i.chain.sphere[3].body = 32; });
  refuses([](Image& i) { --i.rows; });  // a hull without a row
}
