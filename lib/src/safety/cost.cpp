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
// Least times on "Intel(R) Xeon(R) Processor" (family 6, model 167, AVX-512
// and AMX, 2.6 GHz, a
// shared virtual machine), g++ 12, kernels as built; two runs of
// `make bench ONLY=cost` agree within a tenth where a figure counts. They add
// up to what a motion takes within a fifth, on the images of that bench. A
// zero: not told apart from what stands beside it.
constexpr Figure kFigures[] = {
    {Work::kCheck, "check", {552, 475, 410}},
    {Work::kValue, "value", {0.56, 4.7, 10}},
    {Work::kFlight, "joint-command", {5.5, 5.8, 6.7}},
    {Work::kNowCentre, "sphere-centre", {1.5, 1.7, 2.2}},
    {Work::kMotion, "motion", {100, 0, 158}},
    {Work::kRow, "row", {6.1, 6.8, 7.6}},
    {Work::kJoint, "joint", {86, 66, 46}},
    {Work::kSample, "sample", {18, 16, 5.9}},
    {Work::kJointSample, "joint-sample", {13, 14, 5}},
    {Work::kReachSample, "frame-joint-sample", {0.13, 0.075, 0.11}},
    {Work::kSphereSample, "sphere-sample", {1.5, 0.99, 0.79}},
    {Work::kPlanSample, "plan-sample", {24, 14, 7.8}},
    {Work::kPlanJoint, "plan-joint-sample", {2.3, 5.3, 0.54}},
    {Work::kBox, "sphere-sample", {2.3, 1.2, 0.67}},
    {Work::kTurned, "sphere-sample", {3.4, 1.7, 1.3}},
    {Work::kCapsule, "sphere-sample", {2.7, 1.4, 1.1}},
    {Work::kFace, "face-sphere-sample", {0.75, 0.42, 0.22}},
    {Work::kPair, "pair-sample", {1.3, 0.75, 0.8}},
    {Work::kMeeting, "centre-sphere-sample", {1.6, 0.94, 0.78}},
    {Work::kClosing, "centre-sphere", {2.8, 4.6, 8.8}},
    {Work::kLinearSample, "joint-sample", {0.27, 0.17, 0.17}},
    {Work::kMass, "body-sample", {0.37, 0.3, 0.16}},
    {Work::kBarrier, "joint-sphere", {2.7, 3, 3.8}},
    {Work::kInput, "input on 8 lanes", {7, 2.9, 3}},
    {Work::kOp, "operation on 8 lanes", {2.6, 2.6, 2.9}},
    {Work::kRoot, "root on 8 lanes", {5.9, 5.2, 8.5}},
    {Work::kSine, "sine on 8 lanes", {25, 19, 24}},
    {Work::kNote, "sphere-obstacle", {2.2, 3.7, 5.9}},
    {Work::kNear, "joint-sphere-centre", {16, 10, 15}},
    {Work::kEntry, "entry", {7.1, 6.4, 6.3}},
    {Work::kIteration, "iteration", {50, 66, 29}},
    {Work::kTurn, "basis entry", {0.33, 0.68, 0.76}},
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

// Those younger than the oldest observation that is still fresh, and the
// delay before it.
bool is_called(const Image& image, uint32_t callback) {
  return std::any_of(image.row, image.row + image.rows, [&](const Row& row) {
    return row.kernel == RowKernel::kCallback && row.index == callback &&
           row.kind != RowKind::kOff;
  });
}

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

// Up to their budgets; what they are shown takes no more than one verdict.
double callbacks_ns(const Image& image, rt::Isa isa) {
  int64_t budgets = 0;
  for (uint32_t i = 0; i < image.callbacks; ++i)
    budgets += is_called(image, i) ? image.callback[i].budget_ns : 0;
  if (budgets == 0) return 0;
  return single_ns(image, isa, most_commands(image)) +
         static_cast<double>(budgets);
}

}  // namespace

Cost cost_of(const Image& image, rt::Isa isa) {
  Cost out;
  out.isa = isa;
  out.motions = most_motions(image.ladder);
  out.programs = most_programs(image.ladder);
  out.check_ns = check_load(image, most_commands(image)).ns(isa) +
                 callbacks_ns(image, isa);
  out.motion_ns = motion_load(image, true).ns(isa);
  WorkLoad project;
  project.add(round_load(image), most_rounds(image.ladder));
  const uint32_t rows = 2 * image.joints + image.linears + kMaxNearRows;
  project.add(program_load(image.joints, rows, 1, kCountedIterations),
              out.programs);
  out.project_ns = project.ns(isa);
  out.cycle_ns = out.check_ns + out.motions * out.motion_ns + out.project_ns;
  return out;
}

double single_ns(const Image& image, rt::Isa isa, double commands) {
  WorkLoad all = check_load(image, commands);
  all.add(motion_load(image, false), 1);
  return all.ns(isa);
}

}  // namespace tactus::safety
