// SPDX-License-Identifier: MIT
#include "safety/cost.hpp"

#include <algorithm>
#include <iterator>

#include "safety/ladder_counts.hpp"
#include "safety/shield.hpp"

namespace tactus::safety {
namespace {

// ns of one unit: portable, AVX2, AVX-512.
struct Figure {
  Work work;
  const char* unit;
  double ns[3];
};
// Least times on "Intel(R) Xeon(R) Processor" (AVX-512 and AMX, 2.6 GHz, a
// shared virtual machine), g++ 12, kernels as built; two runs of
// `make bench ONLY=cost` agree within a tenth where a figure counts. They add
// up to what a motion takes within a quarter on nearly all images of that
// bench; expressions of one operation over and over take up to 1.9 times as
// long. A zero: not told apart from what stands beside it.
constexpr Figure kFigures[] = {
    {Work::kCheck, "check", {515, 580, 575}},
    {Work::kValue, "value", {0, 0, 0}},
    {Work::kFlight, "joint-command", {5.2, 5.9, 6.7}},
    {Work::kNowCentre, "sphere-centre", {1.5, 2.7, 3}},
    {Work::kMotion, "motion", {255, 105, 175}},
    {Work::kRow, "row", {7.9, 6, 5.2}},
    {Work::kJoint, "joint", {16, 12, 3}},
    {Work::kSample, "sample", {20, 4.4, 5.7}},
    {Work::kJointSample, "joint-sample", {14, 9.5, 5.2}},
    {Work::kReachSample, "frame-joint-sample", {0.1, 0.07, 0.093}},
    {Work::kSphereSample, "sphere-sample", {1.3, 1.2, 0.82}},
    {Work::kPlanSample, "plan-sample", {24, 10, 7.8}},
    {Work::kPlanJoint, "plan-joint-sample", {2.4, 1.1, 0.56}},
    {Work::kBox, "sphere-sample", {2.2, 1.1, 0.66}},
    {Work::kTurned, "sphere-sample", {3.1, 1.7, 1.1}},
    {Work::kCapsule, "sphere-sample", {2.5, 1.4, 0.91}},
    {Work::kFace, "face-sphere-sample", {0.73, 0.42, 0.2}},
    {Work::kPair, "pair-sample", {1.4, 0.85, 0.82}},
    {Work::kMeeting, "centre-sphere-sample", {1.6, 0.92, 0.79}},
    {Work::kClosing, "centre-sphere", {2.5, 2.7, 5.4}},
    {Work::kLinearSample, "joint-sample", {0.3, 0.16, 0.15}},
    {Work::kMass, "body-sample", {0.39, 0.26, 0.2}},
    {Work::kBarrier, "joint-sphere", {2.7, 2.9, 3.9}},
    {Work::kInput, "input on 8 lanes", {8.3, 3.2, 3.7}},
    {Work::kOp, "operation on 8 lanes", {2.6, 2.6, 2.9}},
    {Work::kRoot, "root on 8 lanes", {6, 5.4, 8.7}},
    {Work::kSine, "sine on 8 lanes", {26, 20, 25}},
    {Work::kNote, "sphere-obstacle", {4.4, 8, 9}},
    {Work::kNear, "joint-sphere-centre", {15, 12, 12}},
    {Work::kEntry, "entry", {7.2, 6.4, 6.5}},
    {Work::kIteration, "iteration", {54, 66, 30}},
    {Work::kTurn, "basis entry", {0.31, 0.7, 0.78}},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < std::size(kFigures); ++i)
    if (static_cast<std::size_t>(kFigures[i].work) != i) return false;
  return std::size(kFigures) == kWorks;
}
static_assert(in_order());
static_assert(static_cast<int>(rt::Isa::kPortable) == 0 &&
              static_cast<int>(rt::Isa::kAvx2) == 1 &&
              static_cast<int>(rt::Isa::kAvx512) == 2);

const Figure& figure(Work work) {
  return kFigures[static_cast<std::size_t>(work)];
}

}  // namespace

const char* unit_name(Work work) noexcept { return figure(work).unit; }

double unit_ns(Work work, rt::Isa isa) noexcept {
  return figure(work).ns[static_cast<std::size_t>(isa)];
}

void WorkLoad::add(const WorkLoad& other, double times) {
  for (std::size_t i = 0; i < kWorks; ++i) units_[i] += times * other.units_[i];
}

double WorkLoad::ns(rt::Isa isa) const noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < kWorks; ++i)
    sum += units_[i] * unit_ns(static_cast<Work>(i), isa);
  return sum;
}

bool is_called(const Image& image, uint32_t callback) {
  return std::any_of(image.row, image.row + image.rows, [&](const Row& row) {
    return row.kernel == RowKernel::kCallback && row.index == callback &&
           row.kind != RowKind::kOff;
  });
}

// Those younger than the oldest observation that is still fresh, and the
// delay before it.
uint32_t most_commands(const Image& image) {
  if (image.q_signal >= image.signals || image.dq_signal >= image.signals)
    return 0;
  const int64_t age = std::max(image.signal[image.q_signal].max_age_ns,
                               image.signal[image.dq_signal].max_age_ns);
  const int64_t span = age + image.commit.actuator_delay_ns;
  const int64_t count = span / image.commit.period_ns + 2;
  return static_cast<uint32_t>(std::min<int64_t>(count, int64_t{kHistory}));
}

namespace {

// What callbacks may take up to, ns.
double budgets_of(const Image& image) {
  int64_t budgets = 0;
  for (uint32_t i = 0; i < image.callbacks; ++i)
    budgets += is_called(image, i) ? image.callback[i].budget_ns : 0;
  return static_cast<double>(budgets);
}

}  // namespace

Cost cost_of(const Image& image, rt::Isa isa) {
  Cost out;
  out.isa = isa;
  out.motions = most_motions(image.ladder);
  out.programs = most_programs(image.ladder);
  out.check_ns = check_load(image, most_commands(image)).ns(isa);
  out.motion_ns = motion_load(image, true).ns(isa);
  WorkLoad project;
  project.add(round_load(image), most_rounds(image.ladder));
  const uint32_t rows = 2 * image.joints + image.linears + kMaxNearRows;
  project.add(program_load(image.joints, rows, 1, kCountedIterations),
              out.programs);
  out.project_ns = project.ns(isa);
  out.cycle_ns = out.check_ns + out.motions * out.motion_ns + out.project_ns;
  const double budgets = budgets_of(image);
  if (budgets == 0) return out;
  // The action asked for is judged once more, with their margins.
  const double more = out.check_ns + out.motion_ns + budgets;
  out.check_ns += more;
  out.cycle_ns += more;
  return out;
}

double single_ns(const Image& image, rt::Isa isa, double commands) {
  WorkLoad all = check_load(image, commands);
  all.add(motion_load(image, false), 1);
  return all.ns(isa);
}

}  // namespace tactus::safety
