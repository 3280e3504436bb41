// SPDX-License-Identifier: MIT
#include "guard/page.hpp"

#include <cmath>
#include <span>

#include "core/crc32c.hpp"

namespace tactus::guard {
namespace {

using layout::StopPlan;

// Nothing in a joint's unit (rad/s, m/s, Nm) comes near these: they catch a
// page that is whole and yet nonsense.
constexpr double kMaxCommand = 1e4;
constexpr double kMaxCoefficient = 1e9;
constexpr int64_t kMaxStopNs = 60'000'000'000;

// Written so that NaN fails.
bool within(double value, double limit) { return std::fabs(value) <= limit; }

bool times_valid(const StopPlan& plan) {
  int64_t last = 0;
  for (uint32_t s = 0; s < plan.segments; ++s) {
    if (plan.segment_end_ns[s] <= last) return false;
    last = plan.segment_end_ns[s];
  }
  return last <= kMaxStopNs && plan.origin_ns >= 0 &&
         plan.origin_ns <= INT64_MAX - kMaxStopNs;
}

bool joint_valid(const StopPlan& plan, uint32_t j) {
  bool good = within(plan.held[j], kMaxCommand) &&
              within(plan.terminal[j], kMaxCommand);
  for (uint32_t s = 0; s < plan.segments; ++s) {
    for (const double c : plan.cubic[s][j].c) {
      good = good && within(c, kMaxCoefficient);
    }
    good = good && within(plan.cubic[s][j].c[0], kMaxCommand);
  }
  return good;
}

void load_words(void* to, const void* from, std::size_t bytes) {
  // atomic_ref wants a mutable object; load() does not write to it.
  auto* source = static_cast<uint64_t*>(const_cast<void*>(from));
  auto* target = static_cast<std::byte*>(to);
  for (std::size_t i = 0; i < bytes / 8; ++i) {
    const uint64_t word =
        std::atomic_ref(source[i]).load(std::memory_order_relaxed);
    std::memcpy(target + 8 * i, &word, 8);
  }
}

}  // namespace

void format_page(layout::StopPage& page) noexcept {
  page.magic = layout::kStopPageMagic;
  page.version = layout::kStopPageVersion;
  page.size = sizeof page;
  page.newest.store(0, std::memory_order_relaxed);
}

uint32_t plan_crc(const StopPlan& plan) noexcept {
  const auto bytes = std::as_bytes(std::span(&plan, 1));
  return crc32c(bytes.first(layout::used_bytes(plan.segments)));
}

bool valid(const StopPlan& plan, uint32_t joints) noexcept {
  if (plan.plan_id == 0) return false;
  if (plan.joints != joints || joints == 0 || joints > layout::kMaxJoints) {
    return false;
  }
  if (plan.segments == 0 || plan.segments > layout::kMaxSegments) return false;
  if (!times_valid(plan)) return false;
  bool good = true;
  for (uint32_t j = 0; j < joints; ++j) good = good && joint_valid(plan, j);
  return good;
}

bool PageReader::copy(uint32_t slot, uint32_t epoch,
                      StopPlan& out) const noexcept {
  const layout::StopSlot& from = page_->slot[slot];
  constexpr std::size_t kHead = layout::used_bytes(0);
  load_words(&out, &from.plan, kHead);
  // The count decides how much is read: judged before it is used.
  if (out.segments == 0 || out.segments > layout::kMaxSegments) return false;
  load_words(out.cubic, from.plan.cubic,
             layout::used_bytes(out.segments) - kHead);
  uint64_t crc = 0;
  load_words(&crc, &from.crc, sizeof crc);
  return static_cast<uint32_t>(crc) == plan_crc(out) && out.epoch == epoch &&
         valid(out, joints_);
}

Choice PageReader::choose(uint64_t committed_id, uint32_t epoch,
                          StopPlan& out) const noexcept {
  Choice choice = Choice::kStaticHold;
  if (committed_id != 0) {
    // Pairs with the writer's release: the newest first, it is the likely
    // one; which one it is, its id decides.
    const uint32_t newest = page_->newest.load(std::memory_order_acquire) & 1;
    for (const uint32_t slot : {newest, newest ^ 1}) {
      if (copy(slot, epoch, out) && out.plan_id == committed_id) {
        return Choice::kCommitted;
      }
    }
    for (const uint32_t slot : {newest, newest ^ 1}) {
      if (copy(slot, epoch, out) && out.plan_id < committed_id) {
        return Choice::kPrevious;
      }
    }
  }
  out = {};
  out.joints = joints_;
  out.epoch = epoch;
  return choice;
}

}  // namespace tactus::guard
