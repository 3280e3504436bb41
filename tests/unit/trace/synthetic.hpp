// SPDX-License-Identifier: MIT
// A log that looks like a 3-joint arm beside a moving hand, and a toy policy
// and shield that replay it exactly.
#pragma once

#include <unistd.h>

#include <array>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "rt/carried.hpp"
#include "trace/replay.hpp"
#include "trace/writer.hpp"

namespace tactus::trace::test {

template <class T>
bool ok(const Result<T>& result) {
  return static_cast<bool>(result);
}
inline bool is(bool value) { return value; }
inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Frame {
  float q[3];
  float hand[3];
  float target[3];
  float u[3];
  int64_t q_at;
};
static_assert(sizeof(Frame) == 56);

inline std::string make_folder() {
  char name[] = "/tmp/tactus-trace-XXXXXX";
  const char* made = ::mkdtemp(name);
  return made != nullptr ? made : "/nonexistent";
}

inline LogInfo make_info() {
  LogInfo info;
  info.tactus_version = "0";
  info.loop = "arm";
  info.command = "rtctl run arm.toml";
  info.machine = {{"cpu", "synthetic <&\">"}, {"kernel", "6.1"}};
  info.granted = {{"fifo", "priority 45"}, {"record", "io_uring"}};
  info.assumptions = {{"human speed", "at most 1.6 m/s"}};
  info.model = {{"file", "toy.onnx"}};
  info.config = {{"loop.period", "1 ms", "arm.toml:2"}};
  info.stages = {{"sense", TACTUS_SENSE, 200'000, 0, TACTUS_KEEP_LAST, 2},
                 {"infer", TACTUS_INFER, 500'000, 50'000, TACTUS_KEEP_LAST, 2},
                 {"check", TACTUS_CHECK, 600'000, 0, TACTUS_TRIP, 0},
                 {"act", TACTUS_ACT, 800'000, 0, TACTUS_SKIP_REST, 0}};
  info.fields = {{"q", "rad", TACTUS_F32, 3, 0},
                 {"hand", "m", TACTUS_F32, 3, 12},
                 {"target", "m", TACTUS_F32, 3, 24},
                 {"u", "rad/s", TACTUS_F32, 3, 36},
                 {"q_at", "", TACTUS_TIME, 1, 48}};
  info.rows = {{"human", "separation", "d_min 0.05 m", "hard"}};
  info.scene = {"q", "target", {"hand"}, {0.08}, 0.05};
  return info;
}

// Carried by the toy shield: the last command it let pass.
struct ToyState {
  float last[3];
  uint32_t count;
};
inline constexpr uint32_t kKeyframe =
    sizeof(rt::LoopCarried) + sizeof(ToyState);

inline LogHead make_head() {
  LogHead head;
  head.frame_size = sizeof(Frame);
  head.action_offset = 36;
  head.action_size = 12;
  head.keyframe_size = kKeyframe;
  head.keyframe_every = 50;
  head.period_ns = 1'000'000;
  head.info = make_info();
  head.sections = {{layout::LogSectionKind::kModel, "model bytes"},
                   {layout::LogSectionKind::kLimits, "[limit]\n"}};
  return head;
}

inline void toy_policy(Frame& f, float gain) {
  for (int i = 0; i < 3; ++i) f.u[i] = gain * (f.target[i] - f.q[i]);
}

// Scales when the hand is near; margin is the distance.
struct ToyShield final : rt::Supervisor {
  ToyState state{};
  float limit = 0.3F;

  rt::GuardView begin(const tactus_tick&) noexcept override { return {}; }
  rt::CheckOutput check(std::byte* frame,
                        const rt::CheckInput& in) noexcept override {
    Frame f;
    std::memcpy(&f, frame, sizeof(f));
    const float d = std::sqrt(f.hand[0] * f.hand[0] + f.hand[1] * f.hand[1]);
    rt::CheckOutput out;
    out.margin = std::fmin(d, 1.0F);
    out.separation_m = d;
    out.violated = 0;
    out.may_engage = true;
    out.rung = d > limit  ? TACTUS_RUNG_PASS
               : d > 0.1F ? TACTUS_RUNG_SCALE
                          : TACTUS_RUNG_STOP;
    if (!in.action_valid) out.rung = TACTUS_RUNG_STOP;
    out.scale = out.rung == TACTUS_RUNG_PASS    ? 1.0F
                : out.rung == TACTUS_RUNG_SCALE ? d / limit
                                                : 0.0F;
    // Blends from the last command, so that carried state matters.
    for (int i = 0; i < 3; ++i)
      f.u[i] = 0.9F * state.last[i] + 0.1F * f.u[i] * out.scale;
    std::memcpy(frame, &f, sizeof(f));
    return out;
  }
  void publish(const tactus_tick&) noexcept override {}
  void play(std::byte* frame, int64_t now_ns) noexcept override {
    Frame f;
    std::memcpy(&f, frame, sizeof(f));
    for (int i = 0; i < 3; ++i)
      f.u[i] = 0.5F * state.last[i] + 1e-9F * static_cast<float>(now_ns % 97);
    std::memcpy(frame, &f, sizeof(f));
  }
  void committed(const std::byte* frame, const tactus_tick&, int64_t,
                 tactus_rung, bool) noexcept override {
    Frame f;
    std::memcpy(&f, frame, sizeof(f));
    std::memcpy(state.last, f.u, sizeof(f.u));
    ++state.count;
  }
  bool armed(const tactus_tick&) noexcept override { return true; }
  void disarmed(const tactus_tick&) noexcept override {}
  bool rearm(const tactus_tick&) noexcept override { return true; }
  void life(tactus_state) noexcept override {}
  [[nodiscard]] std::size_t carried_size() const noexcept override {
    return sizeof(ToyState);
  }
  void save(std::byte* to) const noexcept override {
    std::memcpy(to, &state, sizeof(state));
  }
  void restore(const std::byte* from) noexcept override {
    std::memcpy(&state, from, sizeof(state));
  }
};

struct ToySubject final : ReplaySubject {
  ToyShield shield;
  float gain = 2;
  int resets = 0;

  Result<void> reset(uint64_t, std::span<const std::byte> key) override {
    ++resets;
    shield.restore(key.data() + sizeof(rt::LoopCarried));
    return {};
  }
  tactus_status infer(std::byte* frame, const tactus_tick&) noexcept override {
    Frame f;
    std::memcpy(&f, frame, sizeof(f));
    toy_policy(f, gain);
    std::memcpy(frame, &f, sizeof(f));
    return TACTUS_OK;
  }
  rt::Supervisor& supervisor() noexcept override { return shield; }
};

// Plays the loop's part: makes one record after the other.
struct Plant {
  ToyShield shield;
  rt::LoopCarried carried{};
  uint64_t next = 0;
  std::vector<std::byte> bytes =
      std::vector<std::byte>(layout::record_stride(12, sizeof(Frame)));

  void move(Frame& f, uint64_t k) const {
    const auto t = static_cast<float>(k) * 1e-3F;
    for (int i = 0; i < 3; ++i)
      f.q[i] = 0.6F * std::sin(t * (0.7F + 0.3F * static_cast<float>(i)));
    f.hand[0] = 0.45F + 0.4F * std::cos(1.3F * t);
    f.hand[1] = 0.05F;
    f.hand[2] = 0.4F;
    f.target[0] = 0.3F;
    f.target[1] = 0.2F;
    f.target[2] = 0.4F;
  }

  // `skip` releases pass unserved before this one.
  std::span<const std::byte> step(uint32_t skip = 0) {
    layout::CycleRecord r{};
    next += skip;
    r.cycle = next++;
    r.missed = skip;
    r.release_ns = 1'000'000'000 + static_cast<int64_t>(r.cycle) * 1'000'000;
    r.wake_ns = r.release_ns + 40 +
                static_cast<int64_t>(r.cycle * r.cycle * 7919 % 900);
    if (r.cycle % 997 == 500) r.wake_ns += 90'000;
    r.stages = 4;
    r.state = r.state_before = TACTUS_STATE_ENGAGED;
    r.worst_row = 0;
    r.blend = 1;
    r.flags = layout::kCycleCommitted;
    for (auto& s : r.stage) s = {INT32_MIN, INT32_MIN};
    Frame f{};
    move(f, r.cycle);
    f.q_at = r.release_ns - 300'000;
    for (int32_t i = 0; i < 4; ++i) {
      const auto jitter = static_cast<int32_t>(r.cycle * 31 % 4000);
      r.stage[i] = {1000 + 60'000 * i, 40'000 + 60'000 * i + jitter};
      r.stage_flags[i] = layout::kStageRan;
    }
    toy_policy(f, 2);
    std::array<float, 4> raw{f.u[0], f.u[1], f.u[2], 0};
    rt::CheckInput in{};
    in.state = TACTUS_STATE_ENGAGED;
    in.action_valid = true;
    auto* at = reinterpret_cast<std::byte*>(&f);
    const rt::CheckOutput out = shield.check(at, in);
    r.rung = static_cast<uint8_t>(out.rung);
    r.margin = out.margin;
    r.separation = out.separation_m;
    r.time_to_violation = out.time_to_violation;
    r.scale = out.scale;
    r.verdict = out.reasons;
    r.violated = out.violated;
    r.soft = out.soft;
    r.score = out.score;
    r.worst_row = out.worst_row;
    r.worst_link = out.worst_link;
    if (out.rung == TACTUS_RUNG_STOP)
      shield.play(at, r.release_ns + r.stage[2].end_ns);
    else
      r.flags |= layout::kCyclePlanPublished;
    shield.committed(at, {}, 0, out.rung, false);
    if (r.missed > 0) r.flags |= layout::kCycleBad;
    r.end_ns = r.release_ns + r.stage[3].end_ns;
    carried.cycle = next;
    carried.state = TACTUS_STATE_ENGAGED;
    carried.have_good[1] = 1;
    std::fill(bytes.begin(), bytes.end(), std::byte{0});
    std::memcpy(bytes.data(), &r, sizeof(r));
    std::memcpy(&bytes[sizeof(r)], raw.data(), 12);
    std::memcpy(&bytes[sizeof(r) + 16], &f, sizeof(f));
    return bytes;
  }

  // Of the record that step() made last.
  void flag(uint32_t flags) {
    layout::CycleRecord r{};
    std::memcpy(&r, bytes.data(), sizeof(r));
    r.flags |= flags;
    std::memcpy(bytes.data(), &r, sizeof(r));
  }

  void keyframe(std::byte* to) const {
    std::memcpy(to, &carried, sizeof(carried));
    shield.save(to + sizeof(carried));
  }
};

struct LogPlan {
  uint64_t cycles = 400;
  uint64_t block = 20;
  uint64_t lose = UINT64_MAX;  // this cycle's record never reaches the file
  uint64_t skip_at = UINT64_MAX;
  bool end = true;
  std::map<uint64_t, uint32_t> flags = {};  // of a cycle, more than its own
};

inline std::string write_log(const std::string& path, const LogPlan& plan) {
  auto w = LogWriter::create(path, make_head(), 1, 0);
  if (!w) return w.error().text();
  Plant plant;
  std::vector<std::byte> block;
  const auto flush = [&] {
    if (!block.empty() && !w->records(block, 0)) std::abort();
    block.clear();
  };
  for (uint64_t i = 0; i < plan.cycles; ++i) {
    const auto record = plant.step(i == plan.skip_at ? 3 : 0);
    if (const auto more = plan.flags.find(i); more != plan.flags.end())
      plant.flag(more->second);
    if (i != plan.lose) block.insert(block.end(), record.begin(), record.end());
    const bool key = i % 50 == 0;
    if (key || block.size() >= plan.block * record.size()) flush();
    if (!key) continue;
    std::vector<std::byte> state(kKeyframe);
    plant.keyframe(state.data());
    if (!w->keyframe(plant.next - 1, state)) std::abort();
  }
  flush();
  if (plan.end && !w->end(plant.next, 0)) std::abort();
  return {};
}

inline std::vector<std::byte> read_file(const std::string& path) {
  std::vector<std::byte> out;
  FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) return out;
  std::byte buffer[4096];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof(buffer), file)) > 0;)
    out.insert(out.end(), buffer, buffer + n);
  std::fclose(file);
  return out;
}

inline std::vector<std::byte> log_bytes(const LogPlan& plan = {}) {
  const std::string path = make_folder() + "/log.tlog";
  if (!write_log(path, plan).empty()) std::abort();
  return read_file(path);
}

}  // namespace tactus::trace::test
