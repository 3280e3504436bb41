// SPDX-License-Identifier: MIT
#include "safety/seal.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "safety/seal/family.hpp"

namespace tactus::safety {

using namespace sealing;

namespace {

Check check_counts(const Image& image) {
  if (image.kind != OutputKind::kJointVelocity) {
    return bad_input("limits image: output kind {}: only joint_velocity",
                     static_cast<uint32_t>(image.kind));
  }
  if (image.joints == 0 || image.joints > kMaxJoints ||
      image.chain.joints != image.joints) {
    return bad_input("limits image: {} joints, chain has {}", image.joints,
                     image.chain.joints);
  }
  if (image.rows > kMaxRows || image.signals > kMaxSignals ||
      image.chain.spheres > kin::kMaxSpheres) {
    return over_size();
  }
  if ((image.rows == 0) != (image.ladder.limit_none == 1)) {
    return bad_input(
        "limits image: no limit at all: write limit = \"none\" if that is "
        "meant");
  }
  const Ladder& ladder = image.ladder;
  if (ladder.samples % 8 != 0 || ladder.samples < 16 ||
      ladder.samples > kMaxSamples || ladder.bisections < 1 ||
      ladder.bisections > 16) {
    return bad_input("limits image: ladder: samples {} bisections {}",
                     ladder.samples, ladder.bisections);
  }
  if (ladder.exact_every != 0 && ladder.samples > kScreenSamples) {
    return bad_input("limits image: ladder: a memory needs at most {} samples",
                     kScreenSamples);
  }
  if (ladder.horizon_ns < 0 || ladder.horizon_ns > 10'000'000'000) {
    return bad_input("limits image: ladder: horizon {} ns", ladder.horizon_ns);
  }
  const uint32_t known = kRungPass | kRungScale | kRungProject | kRungStop;
  if ((ladder.rungs & ~known) != 0 || (ladder.rungs & kRungStop) == 0) {
    return bad_input("limits image: ladder: rung stop is missing");
  }
  return {};
}

double length(const double* p) {
  return std::sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
}

// How far a joint takes what follows it along its axis, as the position row
// keeps it (check_travel).
double travel(const Image& image, uint32_t joint) {
  if (kin::is_angular(image.chain.joint[joint].type)) return 0;
  const double lo = std::fabs(image.position_lo[joint]);
  const double hi = std::fabs(image.position_hi[joint]);
  return lo > hi ? lo : hi;
}

// A joint that slides lengthens the arm of those that turn before it.
Check check_travel(const Image& image) {
  const bool kept = hard_row(image, RowKernel::kJointPosition) != nullptr;
  bool turns = false;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const bool angular = kin::is_angular(image.chain.joint[j].type);
    const bool limited = kept && std::isfinite(image.position_lo[j]) &&
                         std::isfinite(image.position_hi[j]);
    if (!angular && turns && !limited)
      return bad_input(
          "limits image: joint {} slides: how far it lengthens the arm must be "
          "limited: limit.joint.position for it, hard and not disabled",
          image.chain.joint_name[j]);
    turns = turns || angular;
  }
  return {};
}

// Of the sphere that a joint moves most.
void derive_slopes(Image& image) {
  Derived& d = image.derived;
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const kin::Sphere& s = image.chain.sphere[i];
    for (uint32_t j = 0; j < s.link; ++j) {
      const double centre = d.reach[s.link][j] + d.turn[j] * d.arm[i];
      const double surface = centre + d.turn[j] * s.radius;
      if (centre > d.lipschitz[j]) d.lipschitz[j] = centre;
      if (surface > d.surface[j]) d.surface[j] = surface;
    }
  }
}

// Lengths are rounded up by one part in 1e9, far above what the sums lose.
void derive(Image& image) {
  constexpr double kUp = 1 + 1e-9;
  image.derived = Derived{};
  derive_contacts(image);
  const bool boxed = hard_row(image, RowKernel::kActionBox) != nullptr;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const bool turns = kin::is_angular(image.chain.joint[j].type);
    image.derived.turn[j] = turns ? kUp : 0;
    image.derived.most[j] =
        boxed ? std::fmax(-image.action_lo[j], image.action_hi[j])
              : std::numeric_limits<double>::infinity();
    double reach = 0;  // of frame j + 1's origin from joint j's axis
    for (uint32_t f = j + 1; f <= image.joints; ++f) {
      if (f > j + 1) {
        const kin::Joint& link = image.chain.joint[f - 1];
        reach += length(link.origin.p) + travel(image, f - 1);
      }
      image.derived.reach[f][j] = turns ? reach * kUp : kUp;
    }
  }
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    image.derived.arm[i] = length(image.chain.sphere[i].center) * kUp;
  }
  derive_slopes(image);
  for (uint32_t i = 0; i < image.capsules; ++i) {
    const Capsule& c = image.capsule[i];
    double* along = image.derived.along[i];
    for (int a = 0; a < 3; ++a) along[a] = c.to[a] - c.from[a];
    const double square =
        along[0] * along[0] + along[1] * along[1] + along[2] * along[2];
    image.derived.inverse[i] = square > 0 ? 1 / square : 0;
  }
  for (uint32_t i = 0; i < image.linears; ++i) {
    for (uint32_t j = 0; j < image.joints; ++j)
      image.derived.slope[j][i] = image.linear[i].a[j];
    image.derived.bound[i] = image.linear[i].b;
    if (image.linear[i].of == LinearOf::kAction) continue;
    // Violated, should anything not judge it by the motion.
    image.derived.bound[i] = std::numeric_limits<double>::quiet_NaN();
    image.derived.of_motion[image.derived.of_motions++] =
        static_cast<uint16_t>(i);
  }
}

void set_section(ImageHeader& header, SectionId id, std::size_t offset,
                 uint32_t count, std::size_t stride) {
  Section& s = header.section[header.sections++];
  s.id = id;
  s.offset = static_cast<uint32_t>(offset);
  s.count = count;
  s.stride = static_cast<uint32_t>(stride);
}

void set_space_sections(Image& image) {
  ImageHeader& h = image.header;
  set_section(h, kSectionTurned, offsetof(Image, turned_box), image.turned,
              sizeof(TurnedBox));
  set_section(h, kSectionCapsules, offsetof(Image, capsule), image.capsules,
              sizeof(Capsule));
  set_section(h, kSectionHulls, offsetof(Image, hull), image.hulls,
              sizeof(Hull));
  set_section(h, kSectionFaces, offsetof(Image, face), image.faces,
              sizeof(Face));
  set_section(h, kSectionWindows, offsetof(Image, window), image.windows,
              sizeof(Window));
  set_section(h, kSectionPairGroups, offsetof(Image, pair_group),
              image.pair_groups, sizeof(PairGroup));
  set_section(h, kSectionPairs, offsetof(Image, pair), image.pairs,
              sizeof(Pair));
}

void set_header(Image& image) {
  ImageHeader& h = image.header;
  h.magic = kImageMagic;
  h.version = kImageVersion;
  h.size = sizeof(Image);
  h.sections = 0;
  set_section(h, kSectionChain, offsetof(Image, chain), 1, sizeof(kin::Chain));
  set_section(h, kSectionRows, offsetof(Image, row), image.rows, sizeof(Row));
  set_section(h, kSectionSignals, offsetof(Image, signal), image.signals,
              sizeof(Signal));
  set_section(h, kSectionBoxes, offsetof(Image, box), image.boxes, sizeof(Box));
  set_section(h, kSectionHumans, offsetof(Image, human), image.humans,
              sizeof(Human));
  set_section(h, kSectionLinear, offsetof(Image, linear), image.linears,
              sizeof(Linear));
  set_section(h, kSectionCommit, offsetof(Image, commit), 1, sizeof(Commit));
  set_section(h, kSectionLadder, offsetof(Image, ladder), 1, sizeof(Ladder));
  set_section(h, kSectionExpressions, offsetof(Image, expressions), 1,
              sizeof(Expressions));
  set_space_sections(image);
  set_section(h, kSectionMemories, offsetof(Image, memory), image.memories,
              sizeof(Memory));
  set_section(h, kSectionCallbacks, offsetof(Image, callback), image.callbacks,
              sizeof(Callback));
  set_section(h, kSectionDynamics, offsetof(Image, dynamics), 1,
              sizeof(Dynamics));
}

// FNV-1a over 8-byte words of everything after the header. It tells images
// apart; it is no signature.
uint64_t hash_of(const Image& image) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(&image);
  uint64_t hash = 0xCBF29CE484222325;
  for (std::size_t i = sizeof(ImageHeader); i < sizeof(Image); ++i) {
    hash = (hash ^ bytes[i]) * 0x100000001B3;
  }
  return hash;
}

void derive_rows(Image& image) {
  Derived& derived = image.derived;
  std::fill_n(derived.scale, kMaxRows, 1);
  std::fill_n(derived.at, kMaxRows, RowAt{RowKernel::kNone, 0, 1});
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    derived.rounding[r] = rounding_of(image, row);
    derived.margin[r] = row.margin;
    derived.scale[r] = row.scale;
    derived.warn[r] = row.warn;
    derived.priority[r] = row.priority;
    derived.hard[r] = row.kind == RowKind::kHard ? -1 : 0;
    derived.at[r] = {row.kernel, static_cast<uint16_t>(row.index),
                     static_cast<uint16_t>(row.kind == RowKind::kOff ? 1 : 0)};
    derived.judged += row.kind != RowKind::kOff ? 1 : 0;
  }
}

}  // namespace

Result<void> seal(Image& image) {
  image.header.magic = 0;
  for (const auto check :
       {check_counts, check_commit, check_signals, check_spheres,
        check_families, check_rows, check_travel}) {
    if (Check r = check(image); !r) return r;
  }
  derive(image);
  derive_rows(image);
  derive_memories(image);
  derive_screen(image);
  set_header(image);
  image.header.hash = hash_of(image);
  return {};
}

bool intact(const Image& image) noexcept {
  return image.header.magic == kImageMagic &&
         image.header.version == kImageVersion &&
         image.header.size == sizeof(Image) &&
         image.header.hash == hash_of(image) && expressions_valid(image);
}

}  // namespace tactus::safety
