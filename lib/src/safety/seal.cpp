// SPDX-License-Identifier: MIT
#include "safety/seal.hpp"

#include <cmath>
#include <cstddef>
#include <string>

#include "core/error.hpp"
#include "safety/shield.hpp"

namespace tactus::safety {
namespace {

using Check = Result<void>;

bool positive(double x) { return x > 0 && x - x == 0; }
bool not_negative(double x) { return x >= 0 && x - x == 0; }

Check check_commit(const Image& image) {
  const Commit& c = image.commit;
  const int64_t longest = 10'000'000'000;
  const auto time_ok = [&](int64_t ns) { return ns >= 0 && ns <= longest; };
  if (c.period_ns <= 0 || !time_ok(c.period_ns)) {
    return bad_input("limits image: period {} ns: must be positive",
                     c.period_ns);
  }
  if (!time_ok(c.commit_ns) || !time_ok(c.guardian_bound_ns) ||
      !time_ok(c.actuator_delay_ns) || !time_ok(c.lag_ns) ||
      !time_ok(c.robot_timeout_ns) || !time_ok(hold_ns(c)) || c.repeat_ns < 1 ||
      !time_ok(c.repeat_ns)) {
    return bad_input(
        "limits image: commit-rule times: each must lie in 0 .. 10 s, repeat "
        "above 0");
  }
  if (c.misses == 0 && c.robot_timeout_ns == 0) {
    return bad_input(
        "limits image: guard = \"none\" without the robot's own time-out: "
        "declare it");
  }
  if (c.misses > 0 && (c.commit_ns == 0 || c.guardian_bound_ns == 0)) {
    return bad_input("limits image: guard without commit deadline or bound");
  }
  if (!not_negative(c.model_error) || !positive(c.standstill_speed) ||
      c.standstill_ns <= 0) {
    return bad_input(
        "limits image: model_error, standstill: missing, negative or not "
        "finite");
  }
  for (uint32_t j = 0; j < image.joints; ++j) {
    if (!positive(c.decel[j]) || !positive(c.jerk[j])) {
      return bad_input("limits image: joint {}: decel and jerk must be > 0", j);
    }
  }
  return {};
}

Check check_signal(const Image& image, uint32_t i) {
  const Signal& s = image.signal[i];
  const std::string name(s.name, strnlen(s.name, kName));
  if (s.count == 0 || s.count > kMaxSignalValues || s.max_age_ns <= 0) {
    return bad_input("limits image: signal \"{}\": no values or no max_age",
                     name);
  }
  if (s.stale < StaleRule::kStop || s.stale > StaleRule::kFallback) {
    return bad_input("limits image: signal \"{}\": no stale rule", name);
  }
  if (s.sphere != 0 && (s.count % 3 != 0 || !positive(s.radius))) {
    return bad_input(
        "limits image: signal \"{}\": spheres need 3 values each and a radius",
        name);
  }
  for (uint32_t k = 0; k < s.count; ++k) {
    if (!(s.lo[k] <= s.hi[k])) {
      return bad_input(
          "limits image: signal \"{}\": range of value {} is empty", name, k);
    }
  }
  return {};
}

Check check_robot_signals(const Image& image) {
  if (image.q_signal >= image.signals || image.dq_signal >= image.signals) {
    return bad_input(
        "limits image: joint position or velocity signal is missing");
  }
  for (const uint32_t i : {image.q_signal, image.dq_signal}) {
    const Signal& s = image.signal[i];
    if (s.count != image.joints || s.stale != StaleRule::kStop) {
      return bad_input(
          "limits image: signal {}: a joint signal has one value per joint "
          "and stale = \"stop\"",
          i);
    }
  }
  const Commit& c = image.commit;
  const int64_t q = image.signal[image.q_signal].max_age_ns;
  const int64_t dq = image.signal[image.dq_signal].max_age_ns;
  const int64_t span = (q > dq ? q : dq) + c.actuator_delay_ns;
  if (span / c.period_ns + 2 > int64_t{kHistory}) {
    return bad_input(
        "limits image: max_age + actuator_delay = {} ns spans more than {} "
        "commands: shorten max_age",
        span, kHistory - 2);
  }
  return {};
}

Check check_human(const Image& image, uint32_t i) {
  const Human& h = image.human[i];
  const bool signal_ok = h.signal < image.signals &&
                         image.signal[h.signal].sphere == 1 &&
                         image.signal[h.signal].stale != StaleRule::kFallback;
  if (!signal_ok) {
    return bad_input(
        "limits image: human {}: its signal is missing, is no sphere, or has "
        "a fallback",
        i);
  }
  if (!positive(h.d_min) || !not_negative(h.speed) ||
      !not_negative(h.intrusion) || !not_negative(h.sensor) ||
      !not_negative(h.robot)) {
    return bad_input("limits image: human {}: missing or negative figure", i);
  }
  return {};
}

uint32_t moving_spheres(const Image& image) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    n += image.chain.sphere[i].link > 0 ? 1 : 0;
  }
  return n;
}

Check check_geometry(const Image& image) {
  const bool needs = image.boxes > 0 || image.humans > 0;
  if (needs && moving_spheres(image) == 0) {
    return bad_input("limits image: no robot sphere moves: cover the robot");
  }
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const kin::Sphere& s = image.chain.sphere[i];
    if (s.link > image.joints || !positive(s.radius)) {
      return bad_input("limits image: robot sphere {}: bad link or radius", i);
    }
  }
  for (uint32_t i = 0; i < image.boxes; ++i) {
    for (int a = 0; a < 3; ++a) {
      if (!(image.box[i].lo[a] < image.box[i].hi[a])) {
        return bad_input("limits image: box {}: empty on axis {}", i, a);
      }
    }
  }
  return {};
}

Check check_zero(const Image& image) {
  for (uint32_t j = 0; j < image.joints; ++j) {
    if (!(image.action_lo[j] <= 0 && image.action_hi[j] >= 0) ||
        !(image.action_rate[j] > 0)) {
      return bad_input(
          "limits image: joint {}: the action box must hold 0 and the rate be "
          "above 0, or no stop could be sent",
          j);
    }
    if (!(image.position_lo[j] <= image.position_hi[j]) ||
        !(image.velocity[j] > 0)) {
      return bad_input("limits image: joint {}: empty position or velocity", j);
    }
  }
  for (uint32_t i = 0; i < image.linears; ++i) {
    if (!not_negative(image.linear[i].b)) {
      return bad_input("limits image: linear row {}: bound below 0: no stop",
                       i);
    }
  }
  return {};
}

// Entries of a kernel's table; 1 for families that have none.
uint32_t entries(const Image& image, RowKernel kernel) {
  switch (kernel) {
    case RowKernel::kNone:
      return 0;
    case RowKernel::kActionBox:
    case RowKernel::kActionRate:
    case RowKernel::kJointPosition:
    case RowKernel::kJointVelocity:
      return 1;
    case RowKernel::kKeepIn:
      return image.boxes_in;
    case RowKernel::kKeepOut:
      return image.boxes;
    case RowKernel::kSeparation:
    case RowKernel::kSeparationNow:
      return image.humans;
    case RowKernel::kLinear:
      return image.linears;
    case RowKernel::kExpression:
      return image.expressions.count;
  }
  return 0;
}

Check check_row(const Image& image, uint32_t r) {
  const Row& row = image.row[r];
  const std::string id(row.id, strnlen(row.id, kName));
  if (row.index >= entries(image, row.kernel) ||
      (row.kernel == RowKernel::kKeepOut && row.index < image.boxes_in)) {
    return bad_input("limits image: row \"{}\": kernel {} has no entry {}", id,
                     static_cast<uint32_t>(row.kernel), row.index);
  }
  if (!positive(row.scale) || !not_negative(row.margin)) {
    return bad_input("limits image: row \"{}\": scale or margin", id);
  }
  if (row.kind != RowKind::kHard && row.kind != RowKind::kSoft) {
    return bad_input("limits image: row \"{}\": neither hard nor soft", id);
  }
  return {};
}

bool has_row(const Image& image, RowKernel kernel, uint32_t index) {
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    if (row.kernel == kernel && row.index == index) return true;
  }
  return false;
}

bool limited(const Image& image, RowKernel kernel) {
  bool any = false;
  for (uint32_t j = 0; j < image.joints; ++j) {
    const bool action =
        std::isfinite(image.action_lo[j]) || std::isfinite(image.action_hi[j]);
    const bool position = std::isfinite(image.position_lo[j]) ||
                          std::isfinite(image.position_hi[j]);
    any |= kernel == RowKernel::kActionBox && action;
    any |=
        kernel == RowKernel::kActionRate && std::isfinite(image.action_rate[j]);
    any |= kernel == RowKernel::kJointPosition && position;
    any |=
        kernel == RowKernel::kJointVelocity && std::isfinite(image.velocity[j]);
  }
  return any;
}

// A limit that is configured and enforced by no row is an error.
Check check_enforced(const Image& image) {
  for (uint32_t k = 1; k <= 4; ++k) {
    const auto kernel = static_cast<RowKernel>(k);
    if (limited(image, kernel) && !has_row(image, kernel, 0)) {
      return bad_input("limits image: limit of kernel {} has no row", k);
    }
  }
  for (uint32_t i = 0; i < image.boxes; ++i) {
    const RowKernel kernel =
        i < image.boxes_in ? RowKernel::kKeepIn : RowKernel::kKeepOut;
    if (!has_row(image, kernel, i)) {
      return bad_input("limits image: box {} has no row", i);
    }
  }
  for (uint32_t i = 0; i < image.humans; ++i) {
    if (!has_row(image, RowKernel::kSeparation, i) ||
        !has_row(image, RowKernel::kSeparationNow, i)) {
      return bad_input("limits image: human {} has no row", i);
    }
  }
  for (uint32_t i = 0; i < image.linears; ++i) {
    if (!has_row(image, RowKernel::kLinear, i)) {
      return bad_input("limits image: linear {} has no row", i);
    }
  }
  for (uint32_t i = 0; i < image.expressions.count; ++i) {
    if (!has_row(image, RowKernel::kExpression, i)) {
      return bad_input("limits image: expression {} has no row", i);
    }
  }
  return {};
}

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
      image.boxes > kMaxBoxes || image.boxes_in > image.boxes ||
      image.humans > kMaxHumans || image.linears > kMaxLinear ||
      image.chain.spheres > kin::kMaxSpheres) {
    return bad_input("limits image: a table is over its size");
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
  const uint32_t known = kRungPass | kRungScale | kRungStop;
  if ((ladder.rungs & ~known) != 0 || (ladder.rungs & kRungStop) == 0) {
    return bad_input("limits image: ladder: rung stop is missing");
  }
  return {};
}

bool expressions_valid(const Image& image) noexcept {
  uint32_t values[kMaxSignals];
  const uint32_t signals =
      image.signals < kMaxSignals ? image.signals : kMaxSignals;
  for (uint32_t i = 0; i < signals; ++i) values[i] = image.signal[i].count;
  const uint32_t joints = image.joints < kMaxJoints ? image.joints : kMaxJoints;
  return valid(image.expressions, {joints, signals, values});
}

double length(const double* p) {
  return std::sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
}

double travel(const kin::Joint& joint) {
  if (kin::is_angular(joint.type)) return 0;
  const double lo = std::fabs(joint.lo), hi = std::fabs(joint.hi);
  return lo > hi ? lo : hi;
}

// Lengths are rounded up by one part in 1e9, far above what the sums lose.
void derive(Image& image) {
  constexpr double kUp = 1 + 1e-9;
  image.derived = Derived{};
  for (uint32_t j = 0; j < image.joints; ++j) {
    const bool turns = kin::is_angular(image.chain.joint[j].type);
    image.derived.turn[j] = turns ? kUp : 0;
    double reach = 0;  // of frame j + 1's origin from joint j's axis
    for (uint32_t f = j + 1; f <= image.joints; ++f) {
      if (f > j + 1) {
        const kin::Joint& link = image.chain.joint[f - 1];
        reach += length(link.origin.p) + travel(link);
      }
      image.derived.reach[f][j] = turns ? reach * kUp : kUp;
    }
  }
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    image.derived.arm[i] = length(image.chain.sphere[i].center) * kUp;
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

}  // namespace

Result<void> seal(Image& image) {
  image.header.magic = 0;
  if (Check r = check_counts(image); !r) return r;
  if (Check r = check_commit(image); !r) return r;
  for (uint32_t i = 0; i < image.signals; ++i) {
    if (Check r = check_signal(image, i); !r) return r;
  }
  if (Check r = check_robot_signals(image); !r) return r;
  for (uint32_t i = 0; i < image.humans; ++i) {
    if (Check r = check_human(image, i); !r) return r;
  }
  if (Check r = check_geometry(image); !r) return r;
  if (Check r = check_zero(image); !r) return r;
  if (!expressions_valid(image)) {
    return bad_input("limits image: a program of an expression is damaged");
  }
  for (uint32_t r = 0; r < image.rows; ++r) {
    if (Check checked = check_row(image, r); !checked) return checked;
  }
  if (Check r = check_enforced(image); !r) return r;
  derive(image);
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
