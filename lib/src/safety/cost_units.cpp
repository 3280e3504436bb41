// SPDX-License-Identifier: MIT
// How much work each row is: one function for each family, from the trip
// counts of its kernel in rows/.
#include <algorithm>

#include "kin/lanes.hpp"
#include "safety/cost.hpp"

namespace tactus::safety {
namespace {

double samples(const Image& image) { return image.ladder.samples; }
double joints(const Image& image) { return image.joints; }

double moving(const Image& image, uint32_t spared) {
  const auto* begin = image.chain.sphere;
  return static_cast<double>(std::count_if(
      begin, begin + image.chain.spheres, [&](const kin::Sphere& s) {
        return s.link > 0 && (spared >> s.body & 1u) == 0;
      }));
}
// Of a screened image every pair is looked at once, and some closely.
double sphere_samples(const Image& image, const Binds& binds) {
  if (image.derived.screened != 0) return moving(image, 0);
  return moving(image, binds.spared) * samples(image);
}
double centres(const Image& image, uint32_t signal) {
  const uint32_t each = image.signal[signal].count / 3;
  return each;
}
double of_human(const Image& image, const Row& row) {
  return moving(image, 0) * centres(image, image.human[row.index].signal);
}

using Load = void (*)(const Image& image, const Row& row, WorkLoad& to);

// Beside the bound of each pair: the balls, and as many pairs as are near.
void screening(const Image& image, WorkLoad& to) {
  if (image.derived.screened == 0) return;
  const double faces =
      image.hulls == 0 ? 0 : static_cast<double>(image.faces) / image.hulls;
  const bool hull = unit_ns(Work::kFace, rt::Isa::kPortable) * faces >
                    unit_ns(Work::kCapsule, rt::Isa::kPortable);
  to.add(Work::kCapsule, moving(image, 0) * samples(image));
  to.add(hull ? Work::kFace : Work::kCapsule,
         kNearPairs * samples(image) * (hull ? faces : 1));
}

// What judge() does for every motion, whether or not there is such a row, and
// what looks at the command alone, which is less than to count the row.
void no_more(const Image&, const Row&, WorkLoad&) {}

void box(const Image& image, const Row& row, WorkLoad& to) {
  to.add(Work::kBox, sphere_samples(image, image.box[row.index].binds));
}
void turned(const Image& image, const Row& row, WorkLoad& to) {
  to.add(Work::kTurned,
         sphere_samples(image, image.turned_box[row.index].binds));
}
void capsule(const Image& image, const Row& row, WorkLoad& to) {
  to.add(Work::kCapsule, sphere_samples(image, image.capsule[row.index].binds));
}
void hull(const Image& image, const Row& row, WorkLoad& to) {
  const Hull& hull = image.hull[row.index];
  to.add(Work::kFace, hull.faces * sphere_samples(image, hull.binds));
}
void self(const Image& image, const Row&, WorkLoad& to) {
  to.add(Work::kPair, image.pairs * samples(image));
}
void separation(const Image& image, const Row& row, WorkLoad& to) {
  to.add(Work::kMeeting, of_human(image, row) * samples(image));
}
void closing(const Image& image, const Row& row, WorkLoad& to) {
  to.add(Work::kClosing, of_human(image, row));
}
void contact(const Image& image, const Row& row, WorkLoad& to) {
  const uint32_t signal = image.dynamics.contact[row.index].signal;
  to.add(Work::kMeeting,
         moving(image, 0) * centres(image, signal) * samples(image));
}
void linear(const Image& image, const Row& row, WorkLoad& to) {
  if (image.linear[row.index].of == LinearOf::kAction) return;
  to.add(Work::kLinearSample, joints(image) * samples(image));
}
void energy(const Image& image, const Row&, WorkLoad& to) {
  to.add(Work::kMass, image.dynamics.masses * samples(image));
  to.add(Work::kReachSample,
         0.5 * joints(image) * (joints(image) + 1) * samples(image));
}
void barrier(const Image& image, const Row& row, WorkLoad& to) {
  const Barrier& b = image.dynamics.barrier[row.index];
  double seen = 1;  // by each joint
  if (b.of == BarrierOf::kBox) seen = moving(image, 0);
  if (b.of == BarrierOf::kHuman) {
    const uint32_t signal = image.human[b.index].signal;
    seen = moving(image, 0) * centres(image, signal);
  }
  to.add(Work::kBarrier, seen * joints(image));
}

Work work_of(ExprCode code) {
  if (code == ExprCode::kSin || code == ExprCode::kCos) return Work::kSine;
  const bool slow = code == ExprCode::kDiv || code == ExprCode::kSqrt;
  return slow ? Work::kRoot : Work::kOp;
}

// Rows share what they have in common: each has its part of its program, by
// the operations that it needs.
void part_of_program(const Image& image, uint32_t index, WorkLoad& to) {
  const Expressions& all = image.expressions;
  const Expression& one = all.expression[index];
  double together = 0;
  for (uint32_t i = 0; i < all.count; ++i) {
    const Expression& other = all.expression[i];
    if (other.when == one.when) together += std::max(other.ops, 1u);
  }
  const double part = std::max(one.ops, 1u) / together;
  const double runs =
      one.when == ExprWhen::kMotion ? samples(image) / kin::kLanes : 1;
  const ExprProgram& program = all.program[static_cast<uint32_t>(one.when)];
  to.add(Work::kInput, program.inputs * runs * part);
  for (uint32_t i = 0; i < program.ops; ++i)
    to.add(work_of(program.op[i].code), runs * part);
}

void expression(const Image& image, const Row& row, WorkLoad& to) {
  part_of_program(image, row.index, to);
}
void past_time(const Image& image, const Row& row, WorkLoad& to) {
  part_of_program(image, image.memory[row.index].expression, to);
}

// A check looks at the programs as things are, and at each window.
void look_back(const Image& image, WorkLoad& to) {
  if (image.memories == 0) return;
  for (const ExprProgram& program : image.expressions.program) {
    to.add(Work::kInput, program.inputs);
    for (uint32_t i = 0; i < program.ops; ++i)
      to.add(work_of(program.op[i].code), 1);
  }
  to.add(Work::kOp, image.memories * double{kMemorySlots});
}

// `main`: what the row is said to be made of.
struct Family {
  RowKernel kernel;
  Work main;
  Load load;
};
using enum RowKernel;
constexpr Family kFamilies[] = {
    {kActionBox, Work::kRow, no_more},
    {kActionRate, Work::kRow, no_more},
    {kJointPosition, Work::kRow, no_more},
    {kJointVelocity, Work::kRow, no_more},
    {kKeepIn, Work::kBox, box},
    {kKeepOut, Work::kBox, box},
    {kTurnedIn, Work::kTurned, turned},
    {kTurnedOut, Work::kTurned, turned},
    {kCapsuleIn, Work::kCapsule, capsule},
    {kCapsuleOut, Work::kCapsule, capsule},
    {kHullIn, Work::kFace, hull},
    {kHullOut, Work::kFace, hull},
    {kSelf, Work::kPair, self},
    {kSeparation, Work::kMeeting, separation},
    {kSeparationNow, Work::kClosing, closing},
    {kLinear, Work::kLinearSample, linear},
    {kJointAcceleration, Work::kRow, no_more},
    {kJointJerk, Work::kRow, no_more},
    {kJointViable, Work::kRow, no_more},
    {kTorque, Work::kRow, no_more},
    {kForce, Work::kRow, no_more},
    {kPower, Work::kRow, no_more},
    {kEnergy, Work::kMass, energy},
    {kContact, Work::kMeeting, contact},
    {kBarrier, Work::kBarrier, barrier},
    {kExpression, Work::kOp, expression},
    {kMemory, Work::kOp, past_time},
    {kCallback, Work::kRow, no_more},
};

const Family* family_of(RowKernel kernel) {
  const auto* end = std::end(kFamilies);
  const auto* found =
      std::find_if(std::begin(kFamilies), end,
                   [&](const Family& f) { return f.kernel == kernel; });
  return found == end ? nullptr : found;
}

}  // namespace

WorkLoad row_load(const Image& image, const Row& row) {
  WorkLoad out;
  out.add(Work::kRow, 1);
  if (const Family* family = family_of(row.kernel))
    family->load(image, row, out);
  return out;
}

RowCost cost_of(const Image& image, const Row& row, rt::Isa isa) {
  const WorkLoad all = row_load(image, row);
  const Family* family = family_of(row.kernel);
  RowCost out;
  if (family != nullptr) out.work = family->main;
  if (!(all.of(out.work) > 0)) out.work = Work::kRow;
  out.units = all.of(out.work);
  out.ns = all.ns(isa);
  return out;
}

WorkLoad check_load(const Image& image, double commands) {
  WorkLoad out;
  out.add(Work::kCheck, 1);
  for (uint32_t i = 0; i < image.signals; ++i)
    out.add(Work::kValue, image.signal[i].count);
  out.add(Work::kFlight, commands * joints(image));
  for (uint32_t h = 0; h < image.humans; ++h)
    out.add(Work::kNowCentre,
            image.chain.spheres * centres(image, image.human[h].signal));
  look_back(image, out);
  // Time to violation: sixteen samples more.
  if (image.ladder.horizon_ns > 0)
    out.add(motion_load(image, false), 16 / samples(image));
  // What is remembered looks at humans once more.
  for (uint32_t r = 0; r < image.rows && image.ladder.exact_every > 0; ++r) {
    const Row& row = image.row[r];
    if (row.kernel == kSeparation || row.kernel == kContact)
      out.add(row_load(image, row), 1);
  }
  return out;
}

WorkLoad motion_load(const Image& image, bool planned) {
  WorkLoad out;
  const double n = joints(image), s = samples(image);
  out.add(Work::kMotion, 1);
  out.add(Work::kJoint, n);
  out.add(Work::kSample, s);
  out.add(Work::kJointSample, n * s);
  out.add(Work::kReachSample, n * (n + 1) * s);  // of places and of speeds
  out.add(Work::kSphereSample, moving(image, 0) * s);
  screening(image, out);
  out.add(Work::kPlanSample, planned ? s : 0);
  out.add(Work::kPlanJoint, planned ? n * s : 0);
  for (uint32_t r = 0; r < image.rows; ++r)
    out.add(row_load(image, image.row[r]), 1);
  return out;
}

// What rung project looks at once more.
bool is_walked(const Image& image, const Row& row) {
  if (row.kernel == kLinear)
    return image.linear[row.index].of != LinearOf::kAction;
  if (row.kernel == kExpression)
    return image.expressions.expression[row.index].when == ExprWhen::kAction;
  return shape_number(row) < kMaxShapes || row.kernel == kSeparation ||
         row.kernel == kContact || row.kernel == kSelf;
}

// Obstacles that a sphere is held against one by one: of what it is to stay in
// each face.
double obstacles(const Image& image) {
  double in_faces = 0;
  for (uint32_t k = 0; k < image.hulls_in; ++k) in_faces += image.hull[k].faces;
  return 5.0 * (image.boxes_in + image.turned_in) + image.boxes + image.turned +
         image.capsules + in_faces + (image.hulls - image.hulls_in);
}

// The motion's places again, and each obstacle beside each sphere.
WorkLoad round_load(const Image& image) {
  WorkLoad out;
  const double n = joints(image), s = samples(image);
  out.add(Work::kJointSample, n * s);
  out.add(Work::kReachSample, n * (n + 1) * s);
  out.add(Work::kSphereSample, moving(image, 0) * s);
  for (uint32_t r = 0; r < image.rows; ++r) {
    if (is_walked(image, image.row[r]))
      out.add(row_load(image, image.row[r]), 1);
  }
  screening(image, out);
  const double spheres = moving(image, 0);
  const bool screened = image.derived.screened != 0;
  const double shapes = screened ? kNearPairs : spheres * obstacles(image);
  const double people = image.humans + image.dynamics.contacts;
  const double own = image.selves != 0 ? image.pairs : 0;
  out.add(Work::kNote, s / kin::kLanes * (shapes + spheres * people + own));
  double near = 1;  // swing of each sphere
  for (uint32_t h = 0; h < image.humans; ++h)
    near += centres(image, image.human[h].signal);
  out.add(Work::kNear, n * spheres * near);
  return out;
}

WorkLoad program_load(uint32_t values, uint32_t rows, double programs,
                      double iterations) {
  WorkLoad out;
  // Vectors are 8 or 16 wide.
  const double width = values <= kin::kLanes ? kin::kLanes : kMaxJoints;
  out.add(Work::kEntry, programs * values * rows);
  out.add(Work::kIteration, iterations);
  out.add(Work::kTurn, iterations * values * width);
  return out;
}

}  // namespace tactus::safety
