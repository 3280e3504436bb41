// SPDX-License-Identifier: MIT
// Loop thread against recorder thread: every record and keyframe that was
// committed comes out whole and in order. Run under TSan (B=tsan).
#include <sched.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "trace/reader.hpp"
#include "trace/recorder.hpp"

namespace {

using namespace tactus;
using namespace tactus::trace;

constexpr uint32_t kFrame = 64;
constexpr uint32_t kKeyframe = 4096;
constexpr uint64_t kCycles = 20'000;

RecorderOptions options(const std::string& path) {
  RecorderOptions o;
  o.path = path;
  o.head.frame_size = kFrame;
  o.head.action_size = 8;
  o.head.keyframe_size = kKeyframe;
  o.head.period_ns = 1'000'000;
  o.record_slots = 64;
  o.keyframe_slots = 2;
  o.flush_ns = 100'000;
  return o;
}

// A record and a keyframe are full of their cycle's low byte.
void put(Recorder& recorder, uint64_t cycle) {
  const int fill = static_cast<int>(cycle & 0xFF);
  while (!recorder.has_room()) sched_yield();
  std::byte* slot = recorder.begin();
  std::memset(slot, fill, layout::record_stride(8, kFrame));
  layout::CycleRecord r{};
  r.cycle = cycle;
  std::memcpy(slot, &r, sizeof(r));
  recorder.commit();
  if (cycle % 10 != 0) return;
  if (std::byte* key = recorder.begin_keyframe(cycle)) {
    std::memset(key, fill, kKeyframe);
    recorder.commit_keyframe();
  }
}

bool full_of(std::span<const std::byte> bytes, uint64_t cycle) {
  for (const std::byte b : bytes)
    if (b != static_cast<std::byte>(cycle & 0xFF)) return false;
  return true;
}

int check(const LogReader& log) {
  if (log.size() != kCycles || log.gaps() != 0) return 1;
  for (uint64_t i = 0; i < log.size(); ++i)
    if (!full_of(log.at(i).frame, i)) return 2;
  if (log.keyframes().empty()) return 3;
  for (const KeyframeView& k : log.keyframes())
    if (!full_of(k.state, k.cycle) || k.position != k.cycle + 1) return 4;
  return 0;
}

}  // namespace

int main() {
  const std::string path =
      "/tmp/tactus-recorder-race." + std::to_string(getpid());
  auto recorder = Recorder::start(options(path));
  if (!recorder) return std::puts(recorder.error().text()), 1;
  for (uint64_t i = 0; i < kCycles; ++i) put(**recorder, i);
  auto totals = (*recorder)->finish();
  if (!totals) return std::puts(totals.error().text()), 1;
  auto log = LogReader::open(path);
  ::unlink(path.c_str());
  if (!log) return std::puts(log.error().text()), 1;
  const int wrong = check(*log);
  if (wrong != 0) std::printf("recorder_race: check %d failed\n", wrong);
  return wrong;
}
