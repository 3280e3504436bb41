// SPDX-License-Identifier: MIT
// The limits image: everything the check stage decides by, compiled from the
// robot description and the limits file by safety/limits. Immutable plain
// data, no pointers, no allocation: copying the bytes copies the limits. SI
// throughout: m, rad, s, ns where the name says so.
//
// Seam: readers outside this room take `const Image&` as a handle and go
// through the accessors and the section table below; the kernels that will
// replace these loops get their own packed sections behind the same header.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "core/layout/stop_page.hpp"
#include "kin/chain.hpp"
#include "safety/dynamics.hpp"
#include "safety/expr/code.hpp"
#include "safety/past_time.hpp"
#include "safety/space.hpp"

namespace tactus::safety {

inline constexpr uint32_t kImageMagic = 0x4D494354;  // "TCIM"
inline constexpr uint32_t kImageVersion = 6;
inline constexpr uint32_t kMaxJoints = layout::kMaxJoints;
inline constexpr uint32_t kMaxSignals = 32;
inline constexpr uint32_t kMaxSignalValues = 64;
inline constexpr uint32_t kMaxHumans = 8;
inline constexpr uint32_t kMaxLinear = 256;
inline constexpr uint32_t kMaxRows = 384;
inline constexpr uint32_t kMaxSamples = 128;
inline constexpr uint32_t kMaxLimitFiles = 16;  // limit.use, all together
inline constexpr uint16_t kNoIndex = 0xFFFF;
static_assert(kMaxJoints == kin::kMaxJoints);

enum class OutputKind : uint32_t { kNone = 0, kJointVelocity = 1 };

// One per family; a new family adds a value here, its rows in the compiler
// and its slack in rows/ (README.md).
enum class RowKernel : uint32_t {
  kNone = 0,  // an unknown row is a stop
  kActionBox = 1,
  kActionRate = 2,
  kJointPosition = 3,
  kJointVelocity = 4,
  kKeepIn = 5,
  kKeepOut = 6,
  kSeparation = 7,     // commit rule: human separation over the motion
  kSeparationNow = 8,  // closed-form v_max(d) on the present command
  kLinear = 9,
  kExpression = 10,
  kTurnedIn = 11,  // boxes with a pose
  kTurnedOut = 12,
  kCapsuleIn = 13,
  kCapsuleOut = 14,
  kHullIn = 15,
  kHullOut = 16,
  kSelf = 17,  // the robot's own spheres against each other
  kJointAcceleration = 32,
  kJointJerk = 33,
  kJointViable = 34,  // what the jerk allows can still end within velocity
  kTorque = 35,
  kForce = 36,
  kPower = 37,
  kEnergy = 38,
  kContact = 39,  // power and force limiting
  kBarrier = 40,
  kMemory = 41,    // past-time rows
  kCallback = 42,  // judged by somebody else's function
};

// kOff: the program that loaded the limits took it out; it is not judged.
enum class RowKind : uint32_t { kHard = 1, kSoft = 2, kOff = 3 };

// How severe a violation is. kByRung: as severe as what the ladder made of it
// (violations.hpp).
enum class RowSeverity : uint32_t {
  kByRung = 0,
  kLow = 1,
  kMedium = 2,
  kHigh = 3,
  kCritical = 4,
};

// What answers an asked-for action that violates a row.
enum class Response : uint32_t {
  kLadder = 1,  // any rung
  kStop = 2,    // rung stop at once: neither scaled nor projected
  kLatch = 3,   // the same, and the loop trips
  kWarn = 4,    // nothing but a record: a soft row
};

// What one verdict bit stands for. `margin` (unit of the kernel) is what the
// row wants beyond its limit; the verdict is (slack - margin) / scale.
struct Row {
  char id[kName];  // "joint.velocity", "human.separation"
  RowKernel kernel;
  RowKind kind;
  uint32_t priority;  // 0 first; names the row on equal margins
  uint32_t index;     // into the kernel's own table (box, human, linear)
  double margin;
  double scale;  // > 0
  RowSeverity severity = RowSeverity::kByRung;
  Response response = Response::kLadder;
  // Slack beyond the margin below which a warning is recorded; 0: none.
  double warn = 0;
  // By how much the margin is larger for asked-for actions once the row
  // refused one, until one keeps that, too; 0: not at all.
  double hysteresis = 0;
  uint64_t files = 0;  // bit per Image::file: whose values are the tightest
};

// Of a row's shape among all; kMaxShapes: it has none.
[[gnu::always_inline]] constexpr uint32_t shape_number(const Row& row) {
  switch (row.kernel) {
    case RowKernel::kKeepIn:
    case RowKernel::kKeepOut:
      return row.index;
    case RowKernel::kTurnedIn:
    case RowKernel::kTurnedOut:
      return kFirstTurned + row.index;
    case RowKernel::kCapsuleIn:
    case RowKernel::kCapsuleOut:
      return kFirstCapsule + row.index;
    case RowKernel::kHullIn:
    case RowKernel::kHullOut:
      return kFirstHull + row.index;
    default:
      return kMaxShapes;
  }
}
static_assert(sizeof(Row) == 96);

enum class StaleRule : uint32_t { kStop = 1, kGrow = 2, kFallback = 3 };

// One bound input. Values arrive as f32 with a receive stamp.
struct Signal {
  char name[kName];
  char unit[16];
  uint32_t count;  // values, 1..kMaxSignalValues
  StaleRule stale;
  int64_t max_age_ns;  // age == max_age is still fresh
  uint32_t sphere;     // 1: count / 3 sphere centres
  uint32_t reserved;
  double radius;  // m, of its spheres
  // A value outside [lo, hi] is out of range: stop (kFallback: fallback).
  float lo[kMaxSignalValues];
  float hi[kMaxSignalValues];
  float fallback[kMaxSignalValues];
};

// Speed and separation monitoring of one sphere signal.
struct Human {
  uint32_t signal;
  uint32_t reserved;
  double d_min;      // m, surface to surface
  double speed;      // m/s, v_h: the reach set grows by it
  double intrusion;  // m, C of ISO 13855
  double sensor;     // m, Z_d
  double robot;      // m, Z_r
};

enum class LinearOf : uint32_t { kAction = 0, kPosition = 1, kVelocity = 2 };

// sum_j a[j] x[j] <= b: over the action, or over the whole motion.
struct Linear {
  char name[kName];
  double a[kMaxJoints];
  double b;
  LinearOf of = LinearOf::kAction;
  uint32_t reserved = 0;
};

// Where the program ticks the loop, a cycle may come sooner than the period,
// down to this part of it: sooner yet, and what is divided by that time (limits
// on acceleration and jerk, dt) is violated.
inline constexpr int64_t kSoonest = 64;

// Every constant of the commit rule; printed by `rtctl safety explain`.
struct Commit {
  int64_t period_ns;          // T (a declared maximum with rephase)
  int64_t commit_ns;          // commit deadline, from release
  int64_t guardian_bound_ns;  // late wake-up the guardian may have
  int64_t repeat_ns;          // guardian's frames; >= 1
  int64_t actuator_delay_ns;  // at most: send to effect
  int64_t lag_ns;             // first-order lag of the joint velocity
  int64_t robot_timeout_ns;   // guard = none: the robot's own time-out
  uint32_t misses;            // 0 exactly with guard = none
  uint32_t reserved;
  double model_error;        // m, added to every robot sphere
  double standstill_speed;   // rad/s, measured
  int64_t standstill_ns;     // for this long
  double decel[kMaxJoints];  // rad/s^2
  double jerk[kMaxJoints];   // rad/s^3
};

enum RungBit : uint32_t {
  kRungPass = 1,
  kRungScale = 2,
  kRungProject = 4,
  kRungStop = 8,
};

struct Ladder {
  uint32_t rungs;       // RungBit; stop always
  uint32_t bisections;  // steps of rung scale, 1..16
  uint32_t samples;     // of the motion, multiple of 8, 16..kMaxSamples
  uint32_t limit_none;  // 1: limit = "none" was written out: no rows at all
  // One verdict in so many on space is computed; between them one may be
  // bounded by the last (rows/memory_impl.hpp). 0: all are computed.
  uint32_t exact_every = 0;
  uint32_t reserved = 0;
  // How far ahead the time to violation is looked for; 0: it is not.
  int64_t horizon_ns = 0;
};

// Where a row's slack is, and whether the program took the row out.
struct RowAt {
  RowKernel kernel;
  uint16_t index;
  uint16_t off;
};

// Capsules in float, value by value: a register takes sixteen of them. Beyond
// the last they are zero.
struct CapsuleLanes {
  static constexpr uint32_t kRoom = kMaxCapsules + 16;
  float from[3][kRoom];
  float along[3][kRoom];
  float inverse[kRoom];
  float radius[kRoom];
};

// Filled by seal() from the rest: never set by the compiler. The origin of
// frame l is at most reach[l][j] (m) from the axis of joint j, whatever the
// configuration, so a point at distance `arm` from that origin moves at most
// sum_{j<l} |dq_j| (reach[l][j] + turn[j] arm). Prismatic: reach 1, turn 0.
struct Derived {
  double reach[kin::kMaxFrames][kMaxJoints];
  double turn[kMaxJoints];
  // No command sent leaves [-most, most]; infinite without a hard action box.
  double most[kMaxJoints];
  double arm[kin::kMaxSpheres];   // |centre| of each sphere in its frame
  double along[kMaxCapsules][3];  // to - from
  double inverse[kMaxCapsules];   // 1 / |along|^2; of a sphere 0
  // Of any sphere, at most: m (m/s) per rad or m (rad/s or m/s) of a joint.
  double lipschitz[kMaxJoints];  // of its centre
  double surface[kMaxJoints];    // of its surface
  // What a row's slack may owe to rounding (its unit): off its limit, so that
  // nothing unsafe is called safe by the last bits. seal/rounding.cpp.
  double rounding[kMaxRows];
  // The rows' own, eight at once.
  double margin[kMaxRows];
  double scale[kMaxRows];  // 1 beyond the last
  double warn[kMaxRows];
  double priority[kMaxRows];
  int64_t hard[kMaxRows];  // all ones: it decides
  RowAt at[kMaxRows];      // off beyond the last
  // 1: shapes are looked at sample by sample only where a bound on the whole
  // motion does not tell (rows/screen_impl.hpp); what it must leave: `need`,
  // rounded up.
  uint32_t screened;
  uint32_t spare;               // number of a shape that exists
  float need[kMaxShapes + 16];  // by number; a register of capsules ends in it
  CapsuleLanes capsule;
  double extent;  // of no shape do the magnitudes add up to more, m
  // Linear::a and b, eight rows at once; b of rows that are not of the action:
  // NaN.
  double slope[kMaxJoints][kMaxLinear];
  double bound[kMaxLinear];
  uint32_t of_motions;
  uint16_t of_motion[kMaxLinear];  // rows that are not of the action
  // Signals that a past-time row's expression knows as they were when they were
  // stamped only; a bit each.
  uint32_t observed[kMaxMemories];
  uint32_t judged;  // rows that are not off
  uint32_t reserved;
};

struct Section {
  uint32_t id;      // SectionId
  uint32_t offset;  // bytes from the image's begin
  uint32_t count;   // entries in use
  uint32_t stride;  // bytes per entry
};

enum SectionId : uint32_t {
  kSectionChain = 1,
  kSectionRows = 2,
  kSectionSignals = 3,
  kSectionBoxes = 4,
  kSectionHumans = 5,
  kSectionLinear = 6,
  kSectionCommit = 7,
  kSectionLadder = 8,
  kSectionExpressions = 9,
  kSectionTurned = 10,
  kSectionCapsules = 11,
  kSectionHulls = 12,
  kSectionFaces = 13,
  kSectionWindows = 14,
  kSectionPairGroups = 15,
  kSectionPairs = 16,
  kSectionMemories = 17,
  kSectionCallbacks = 18,
  kSectionDynamics = 32,
};

inline constexpr uint32_t kMaxSections = 32;

struct ImageHeader {
  uint32_t magic;
  uint32_t version;
  uint32_t size;  // sizeof(Image)
  uint32_t sections;
  uint64_t hash;   // of everything after the header (seal)
  uint64_t epoch;  // counts reloads; not part of the hash
  char name[kName];
  Section section[kMaxSections];
  uint64_t reserved[8];
};

struct alignas(64) Image {
  ImageHeader header;
  OutputKind kind;
  uint32_t joints;    // == chain.joints == action values
  uint32_t rows;      // in row[], > 0 unless ladder.limit_none
  uint32_t signals;   // in signal[]
  uint32_t boxes_in;  // box[0 .. boxes_in) keep in, the rest keep out
  uint32_t boxes;
  uint32_t humans;
  uint32_t linears;
  uint32_t q_signal;   // index of the joint positions, kNoIndex: none
  uint32_t dq_signal;  // and of the joint velocities
  uint32_t turned_in;  // the same for boxes with a pose, capsules, hulls
  uint32_t turned;
  uint32_t capsules_in;
  uint32_t capsules;
  uint32_t hulls_in;
  uint32_t hulls;
  uint32_t faces;
  uint32_t windows;
  uint32_t selves;  // 1: pairs bind
  uint32_t pair_groups;
  uint32_t pairs;
  uint32_t files;  // in file[]; 0: the limits come from one text
  uint32_t memories;
  uint32_t callbacks;
  uint32_t reserved[8];
  Row row[kMaxRows];
  char file[kMaxLimitFiles][64];  // as limit.use names it; first "this file"
  Signal signal[kMaxSignals];
  // Limits per joint; +-inf: no limit (then there is no row either).
  double action_lo[kMaxJoints];
  double action_hi[kMaxJoints];
  double action_rate[kMaxJoints];  // unit/s, from the last command sent
  double position_lo[kMaxJoints];
  double position_hi[kMaxJoints];
  double velocity[kMaxJoints];
  Box box[kMaxBoxes];
  TurnedBox turned_box[kMaxTurned];
  Capsule capsule[kMaxCapsules];
  Hull hull[kMaxHulls];
  Face face[kMaxFaces];
  Window window[kMaxWindows];
  PairGroup pair_group[kMaxPairGroups];
  Pair pair[kMaxPairs];
  Human human[kMaxHumans];
  Linear linear[kMaxLinear];
  Commit commit;
  Ladder ladder;
  kin::Chain chain;
  Derived derived;
  Expressions expressions;
  Dynamics dynamics;
  Memory memory[kMaxMemories];
  Callback callback[kMaxCallbacks];
};

static_assert(std::is_trivially_copyable_v<Image>);
static_assert(sizeof(ImageHeader) % 8 == 0);

// The first hard row of that kernel; null: none.
[[nodiscard]] constexpr const Row* hard_row(const Image& image,
                                            RowKernel kernel) {
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Row& row = image.row[r];
    if (row.kernel == kernel && row.kind == RowKind::kHard) return &row;
  }
  return nullptr;
}

// t_s - release(k): how long after its release u_k may still be held before
// a stop takes effect, in the worst case (DESIGN: commit rule).
[[nodiscard]] constexpr int64_t hold_ns(const Commit& c) {
  const int64_t next = c.period_ns + c.actuator_delay_ns;
  if (c.misses == 0) return next + c.robot_timeout_ns;
  return next + (int64_t{c.misses} - 1) * c.period_ns + c.commit_ns +
         c.guardian_bound_ns;
}

}  // namespace tactus::safety
