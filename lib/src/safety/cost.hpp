// SPDX-License-Identifier: MIT
// What a check costs, predicted: how much work of each kind an image makes
// the kernels do, times what a unit of it takes on an instruction set. The
// same image gives the same figures everywhere; how well they fit a machine,
// and who may be refused by them, is budget.hpp's. Motions, rounds and
// programs are bounds, iterations of programs are sampled (ladder_counts.hpp),
// and the time of each unit is as measured, hot and undisturbed (cost.cpp).
// Set-up only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "rt/isa.hpp"
#include "safety/image.hpp"

namespace tactus::safety {

// What is counted. A sample is one instant of a motion, a centre one sphere
// of a human.
enum class Work : uint8_t {
  // Once a check.
  kCheck,
  kValue,      // of a signal
  kFlight,     // a joint's command in flight
  kNowCentre,  // a robot sphere beside a centre, now
  // Once a motion, whatever its rows.
  kMotion,
  kRow,
  kJoint,
  kSample,
  kJointSample,
  kReachSample,  // a joint's part in the speed of a frame behind it
  kSphereSample,
  kPlanSample,  // of the plan before, where there is one
  kPlanJoint,   // a joint's sample of it
  // Rows.
  kBox,  // a sphere's sample
  kTurned,
  kCapsule,
  kFace,
  kPair,     // two spheres' sample
  kMeeting,  // a sphere's sample and a centre
  kClosing,  // a sphere and a centre
  kLinearSample,
  kMass,  // a body's sample
  kBarrier,
  kInput,  // an expression's, eight lanes
  kOp,     // of an expression, eight lanes
  kRoot,   // a division or a root of one
  kSine,   // a sine or a cosine of one
  // Rung project.
  kNote,       // a sphere, an obstacle and eight samples
  kNear,       // a joint, a sphere and a centre
  kEntry,      // a value of a row of a least-distance program
  kIteration,  // one of its iterations
  kTurn,       // a value of the basis in one
};
inline constexpr std::size_t kWorks = static_cast<std::size_t>(Work::kTurn) + 1;

// "sphere-sample"
[[nodiscard]] const char* unit_name(Work work) noexcept;
// Of one unit, as it stands in the table.
[[nodiscard]] double unit_ns(Work work, rt::Isa isa) noexcept;

class WorkLoad {
 public:
  void add(Work work, double units) { units_[index(work)] += units; }
  void add(const WorkLoad& other, double times);
  [[nodiscard]] double of(Work work) const { return units_[index(work)]; }
  [[nodiscard]] double ns(rt::Isa isa) const noexcept;

 private:
  static std::size_t index(Work work) { return static_cast<std::size_t>(work); }
  std::array<double, kWorks> units_{};
};

// One row's part in one motion.
struct RowCost {
  Work work = Work::kRow;  // most of it
  double units = 0;        // of that
  double ns = 0;
};
[[nodiscard]] RowCost cost_of(const Image& image, const Row& row, rt::Isa isa);

// Loads of a check's parts.
[[nodiscard]] WorkLoad check_load(const Image& image, double commands);
[[nodiscard]] WorkLoad row_load(const Image& image, const Row& row);
// `planned`: the plan before is judged with it.
[[nodiscard]] WorkLoad motion_load(const Image& image, bool planned);
// One round of rung project, without its programs.
[[nodiscard]] WorkLoad round_load(const Image& image);
// Programs of `rows` rows.
[[nodiscard]] WorkLoad program_load(uint32_t values, uint32_t rows,
                                    double programs, double iterations);

// Whether a row is judged by it: what the program took out is not called.
[[nodiscard]] bool is_called(const Image& image, uint32_t callback);

// Commands in flight, at most.
[[nodiscard]] uint32_t most_commands(const Image& image);

// The parts are those of the worst cycle.
struct Cost {
  rt::Isa isa = rt::Isa::kPortable;
  uint32_t motions = 0;   // judged
  uint32_t programs = 0;  // of rung project (ladder_counts.hpp)
  double check_ns = 0;    // before and after all of them
  double motion_ns = 0;   // of one
  double project_ns = 0;  // rounds and programs of rung project
  double cycle_ns = 0;    // all together
};
[[nodiscard]] Cost cost_of(const Image& image, rt::Isa isa);

// A check that judges one motion, with `commands` in flight and no plan yet.
[[nodiscard]] double single_ns(const Image& image, rt::Isa isa,
                               double commands);

}  // namespace tactus::safety
