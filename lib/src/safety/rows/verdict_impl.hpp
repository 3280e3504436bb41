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
  const Slack* slack = nullptr;  // nullptr: unknown kernel
  Fault fault = Fault::kNone;
  Reason reason = kReasonImage;  // an image gone bad
};

inline Found find(const Slacks& all, const Row& row) {
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
      return {&all.box[i], Fault::kKeepIn, kReasonRowKeepIn};
    case RowKernel::kKeepOut:
      return {&all.box[i], Fault::kKeepOut, kReasonRowKeepOut};
    case RowKernel::kSeparation:
      return {&all.human[i], Fault::kSeparation, kReasonRowSeparation};
    case RowKernel::kSeparationNow:
      return {&all.human_now[i], Fault::kSeparationNow,
              kReasonRowSeparationNow};
    case RowKernel::kLinear:
      return {&all.linear[i], Fault::kLinear, kReasonRowLinear};
    case RowKernel::kExpression:
      return {&all.expression[i], Fault::kExpression, kReasonRowExpression};
    case RowKernel::kNone:
      break;
  }
  return {};
}

inline double clamp1(double x) {
  if (!(x >= -1)) return -1;  // NaN too
  return x > 1 ? 1 : x;
}

// Worse first; on equal margins the lower priority number, then the lower
// index: the order of evaluation does not matter.
inline bool is_worse(const Image& image, double margin, uint32_t row,
                     const Verdict& than) {
  if (than.worst_row == kNoIndex || margin < than.margin) return true;
  return margin == than.margin &&
         image.row[row].priority < image.row[than.worst_row].priority;
}

template <class F>
void count_row(const Image& image, uint32_t r, const Found& found,
               Verdict& out) {
  const Row& row = image.row[r];
  const Slack unknown{-1, kNoIndex, true};
  const Slack& slack = found.slack != nullptr ? *found.slack : unknown;
  const double rounding =
      F::on(Fault::kRounding) ? 0 : image.derived.rounding[r];
  const double left = (slack.worst - row.margin) - rounding;
  const bool bad = slack.bad || !(left >= 0);
  double margin = clamp1(left / row.scale);
  if (bad && margin >= 0) margin = -1;  // a NaN on the way
  out.mean += 0.5 * (margin + 1) / static_cast<double>(image.rows);
  if (out.rows != nullptr) {
    // Rounding to f32 must not hide a violation.
    const auto rounded = static_cast<float>(margin);
    out.rows[r].margin = bad && !(rounded < 0) ? -1e-30F : rounded;
    out.rows[r].link = static_cast<uint16_t>(slack.link);
  }
  if (row.kind != RowKind::kHard) return;
  if (bad) {
    out.safe = false;
    out.violated |= uint64_t{1} << (r < 63 ? r : 63);
    out.reasons |= found.reason;
  }
  if (is_worse(image, margin, r, out)) {
    out.margin = margin;
    out.worst_row = static_cast<uint16_t>(r);
    out.worst_link = static_cast<uint16_t>(slack.link);
  }
}

}  // namespace detail
}  // namespace TACTUS_KERNEL_SPACE
}  // namespace tactus::safety
