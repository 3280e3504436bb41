// SPDX-License-Identifier: MIT
#include "rt/prewarm.hpp"

#include <algorithm>

namespace tactus::rt {

namespace {

constexpr int kTries = 8;
constexpr int64_t kEarlyStep = 200;  // ns

}  // namespace

Prewarm::Prewarm(const std::vector<PrewarmStep>& steps, int64_t most_ns)
    : most_ns_(most_ns) {
  if (most_ns <= 0) return;
  for (const PrewarmStep& s : steps) steps_.push_back({s});
}

// Set-up is warmer than any release: the first runs in the loop raise it.
void Prewarm::calibrate(WakeSource& wake) noexcept {
  for (Step& s : steps_) {
    int64_t longest = 1;
    for (int i = 0; i < kTries; ++i) {
      const int64_t begin = wake.now();
      s.what.run(s.what.self, begin);
      longest = std::max(longest, wake.now() - begin);
    }
    // No step is out before the loop has seen it.
    const auto share = most_ns_ / static_cast<int64_t>(steps_.size());
    s.first_ns = std::min(longest, std::max<int64_t>(share, 1));
  }
  forget();
}

void Prewarm::forget() noexcept {
  for (Step& s : steps_) s.needs_ns = s.first_ns;
  early_ns_ = 0;
}

// Of the steps that fit by themselves.
int64_t Prewarm::needs_ns() const noexcept {
  int64_t sum = 0;
  for (const Step& s : steps_)
    if (s.needs_ns <= most_ns_) sum += s.needs_ns;
  return sum;
}

int64_t Prewarm::reserve_ns() const noexcept {
  const int64_t sum = needs_ns();
  return sum > 0 ? std::min(sum + early_ns_, most_ns_) : 0;
}

void Prewarm::learn(Step& s, int64_t took_ns) noexcept {
  if (took_ns > s.needs_ns) {
    s.needs_ns += s.needs_ns / 8 + 1;
  } else {
    s.needs_ns -= std::min(s.needs_ns / 256 + 1, s.needs_ns - took_ns);
  }
}

void Prewarm::learn_early(bool no_room) noexcept {
  if (no_room) {
    early_ns_ = std::min(early_ns_ + early_ns_ / 8 + kEarlyStep, most_ns_);
  } else {
    early_ns_ -= std::min(early_ns_ / 2048 + 1, early_ns_);
  }
}

Prewarmed Prewarm::run(WakeSource& wake, int64_t now_ns,
                       int64_t release_ns) noexcept {
  Prewarmed done;
  const int64_t begin = now_ns;
  const int64_t needed = needs_ns();
  const int64_t end = std::min(release_ns, begin + most_ns_);
  bool no_room = false;
  for (Step& s : steps_) {
    if (now_ns + s.needs_ns > end) {
      done.dropped = true;
      no_room = no_room || s.needs_ns <= most_ns_;
      continue;
    }
    s.what.run(s.what.self, now_ns);
    const int64_t after = wake.now();
    learn(s, after - now_ns);
    now_ns = after;
  }
  learn_early(no_room && needed <= most_ns_);
  done.ns = now_ns - begin;
  done.over = done.ns > std::min(needed, most_ns_);
  return done;
}

}  // namespace tactus::rt
