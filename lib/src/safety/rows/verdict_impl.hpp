// SPDX-License-Identifier: MIT
// From slacks to the verdict: which slack is a row's, and what it counts.
// Included by rows_impl.hpp.
#pragma once

#include "safety/rows/slack_impl.hpp"

namespace tactus::safety {
inline namespace TACTUS_KERNEL_SPACE {
namespace detail {

// One row's slack, the fault that removes its family, and the reason that it
// gives for a stop.
struct Found {
  const Slack* slack = nullptr;  // nullptr: no such kernel or entry
  Fault fault = Fault::kNone;
  Reason reason = kReasonImage;  // an image gone bad
};

inline Found load_of(const Image& image, const Slacks& all, uint32_t i,
                     Fault fault) {
  return {entry(all.load, image.dynamics.loads, i), fault, kReasonRowLoad};
}

inline Found memory_of(const Image& image, const Slacks& all, uint32_t i) {
  constexpr Fault kFaults[] = {Fault::kHistorically, Fault::kOnce,
                               Fault::kAtMost};
  if (i >= image.memories) return {};
  const auto form = static_cast<uint32_t>(image.memory[i].form);
  return {all.memory + i, form < 3 ? kFaults[form] : Fault::kNone,
          kReasonRowExpression};
}

inline Found find(const Image& image, const Slacks& all, const Row& row) {
  const uint32_t i = row.index;
  switch (row.kernel) {
    case RowKernel::kActionBox:
      return {&all.action, Fault::kActionBox, kReasonRowBox};
    case RowKernel::kActionRate:
      return {&all.rate, Fault::kActionRate, kReasonRowRate};
    case RowKernel::kJointPosition:
      return {&all.position, Fault::kJointPosition, kReasonRowPosition};
    case RowKernel::kJointVelocity:
      return {&all.velocity, Fault::kJointVelocity, kReasonRowVelocity};
    case RowKernel::kKeepIn:
      return {entry(all.box, image.boxes, i), Fault::kKeepIn, kReasonRowKeepIn};
    case RowKernel::kKeepOut:
      return {entry(all.box, image.boxes, i), Fault::kKeepOut,
              kReasonRowKeepOut};
    case RowKernel::kTurnedIn:
      return {entry(all.turned, image.turned, i), Fault::kTurnedIn,
              kReasonRowKeepIn};
    case RowKernel::kTurnedOut:
      return {entry(all.turned, image.turned, i), Fault::kTurnedOut,
              kReasonRowKeepOut};
    case RowKernel::kCapsuleIn:
      return {entry(all.capsule, image.capsules, i), Fault::kCapsuleIn,
              kReasonRowKeepIn};
    case RowKernel::kCapsuleOut:
      return {entry(all.capsule, image.capsules, i), Fault::kCapsuleOut,
              kReasonRowKeepOut};
    case RowKernel::kHullIn:
      return {entry(all.hull, image.hulls, i), Fault::kHullIn,
              kReasonRowKeepIn};
    case RowKernel::kHullOut:
      return {entry(all.hull, image.hulls, i), Fault::kHullOut,
              kReasonRowKeepOut};
    case RowKernel::kSelf:
      return {&all.self, Fault::kSelf, kReasonRowSelf};
    case RowKernel::kSeparation:
      return {entry(all.human, image.humans, i), Fault::kSeparation,
              kReasonRowSeparation};
    case RowKernel::kSeparationNow:
      return {entry(all.human_now, image.humans, i), Fault::kSeparationNow,
              kReasonRowSeparationNow};
    case RowKernel::kLinear:
      return {entry(all.linear, image.linears, i), Fault::kLinear,
              kReasonRowLinear};
    case RowKernel::kExpression:
      return {entry(all.expression, image.expressions.count, i),
              Fault::kExpression, kReasonRowExpression};
    case RowKernel::kJointAcceleration:
      return {&all.acceleration, Fault::kJointAcceleration,
              kReasonRowTrajectory};
    case RowKernel::kJointJerk:
      return {&all.jerk, Fault::kJointJerk, kReasonRowTrajectory};
    case RowKernel::kJointViable:
      return {&all.viable, Fault::kJointViable, kReasonRowTrajectory};
    case RowKernel::kTorque:
      return load_of(image, all, i, Fault::kTorque);
    case RowKernel::kForce:
      return load_of(image, all, i, Fault::kForce);
    case RowKernel::kPower:
      return load_of(image, all, i, Fault::kPower);
    case RowKernel::kEnergy:
      return {&all.energy, Fault::kEnergy, kReasonRowLoad};
    case RowKernel::kContact:
      return {entry(all.contact, image.dynamics.contacts, i), Fault::kContact,
              kReasonRowContact};
    case RowKernel::kBarrier:
      return {entry(all.barrier, image.dynamics.barriers, i), Fault::kBarrier,
              kReasonRowBarrier};
    case RowKernel::kMemory:
      return memory_of(image, all, i);
    case RowKernel::kCallback:
      return {entry(all.callback, image.callbacks, i), Fault::kCallback,
              kReasonRowExpression};
    case RowKernel::kNone:
      break;
  }
  return {};
}

inline double clamp1(double x) {
  if (!(x >= -1)) return -1;  // NaN too
  return x > 1 ? 1 : x;
}

// What the rows so far add up to; no memory, for one row after the other.
struct Tally {
  double margin = 1;
  double mean = 0;
  uint32_t worst_row = kNoIndex;
  uint32_t worst_link = kNoIndex;
  uint32_t reasons = 0;
  bool safe = false;
};

// Worse first; on equal margins the lower priority number, then the lower
// index: the order of evaluation does not matter.
inline bool is_worse(const Image& image, double margin, uint32_t row,
                     const Tally& than) {
  if (than.worst_row == kNoIndex || margin < than.margin) return true;
  return margin == than.margin &&
         image.row[row].priority < image.row[than.worst_row].priority;
}

inline bool holds_bit(const uint64_t* bits, uint32_t r) {
  return bits != nullptr && (bits[r / 64] >> (r % 64) & 1) != 0;
}

// What the row wants beyond its margin, because it refused before.
template <class F>
double more_of(const Row& row, uint32_t r, const Verdict& out) {
  const bool held = holds_bit(out.held, r) && !F::on(Fault::kHysteresis);
  return held ? row.hysteresis : 0;
}

// A row that the program took out: as good as it gets.
inline void pass_over(uint32_t r, Verdict& out) {
  if (out.rows != nullptr) out.rows[r] = RowFigure{1, kNoIndex, 0};
}

inline void refuse(const Row& row, uint32_t r, Verdict& out) {
  out.violated |= uint64_t{1} << (r < 63 ? r : 63);
  out.answers |= uint32_t{1} << (static_cast<uint32_t>(row.response) & 31);
  if (row.hysteresis > 0) out.refused[r / 64] |= uint64_t{1} << (r % 64);
}

// Rounding to f32 must not hide a violation.
[[gnu::always_inline]] inline void show_row(const Slack& slack, double margin,
                                            bool bad, bool near,
                                            RowFigure& out) {
  const auto rounded = static_cast<float>(margin);
  out.margin = bad && !(rounded < 0) ? -1e-30F : rounded;
  out.link = static_cast<uint16_t>(slack.link);
  out.near = near ? 1 : 0;
}

template <class F>
[[gnu::always_inline]] inline void count_row(const Image& image, uint32_t r,
                                             const Found& found, Tally& tally,
                                             Verdict& out) {
  const Row& row = image.row[r];
  const Slack unknown{-1, kNoIndex, true};
  const Slack& slack = found.slack != nullptr ? *found.slack : unknown;
  const double rounding =
      F::on(Fault::kRounding) ? 0 : image.derived.rounding[r];
  const double beyond = (slack.worst - row.margin) - rounding;
  const double left = beyond - more_of<F>(row, r, out);
  const bool bad = slack.bad || !(left >= 0);
  double margin = clamp1(left / row.scale);
  if (bad && margin >= 0) margin = -1;  // a NaN on the way
  tally.mean += 0.5 * (margin + 1);
  if (out.rows != nullptr) {
    const bool near = !bad && !(beyond >= row.warn) && !F::on(Fault::kWarnBand);
    show_row(slack, margin, bad, near, out.rows[r]);
  }
  if (row.kind != RowKind::kHard && !F::on(Fault::kResponseWarn)) return;
  if (bad) {
    refuse(row, r, out);
    tally.safe = false;
    tally.reasons |= found.slack != nullptr ? found.reason : kReasonImage;
  }
  if (is_worse(image, margin, r, tally)) {
    tally.margin = margin;
    tally.worst_row = r;
    tally.worst_link = slack.link;
  }
}

// Every row's slack against what the row wants.
template <class F>
void count_rows(const Image& image, const Slacks& slacks, Verdict& out) {
  Tally tally;
  tally.safe = image.rows > 0 || image.ladder.limit_none == 1;
  for (uint32_t r = 0; r < image.rows; ++r) {
    const Found found = find(image, slacks, image.row[r]);
    if (found.fault != Fault::kNone && F::on(found.fault)) continue;
    if (image.row[r].kind == RowKind::kOff && !F::on(Fault::kRowOff)) {
      pass_over(r, out);
    } else {
      count_row<F>(image, r, found, tally, out);
    }
  }
  out.safe = tally.safe;
  out.margin = tally.margin;
  out.mean = tally.mean;
  out.reasons |= tally.reasons;
  out.worst_row = static_cast<uint16_t>(tally.worst_row);
  out.worst_link = static_cast<uint16_t>(tally.worst_link);
  if (image.derived.judged > 0)
    out.mean /= static_cast<double>(image.derived.judged);
  if (!out.safe && out.margin >= 0) out.margin = -1;
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
