// SPDX-License-Identifier: MIT
// What the loop's tests share: a frame, a supervisor that says what the test
// told it, a record sink over vectors, and a pipeline on the manual clock.
#pragma once

#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "core/layout/record.hpp"
#include "rt/loop.hpp"
#include "rt/manual_wake.hpp"
#include "rt/record_sink.hpp"
#include "rt/supervisor.hpp"

namespace fake {

using namespace tactus::rt;
using tactus::layout::CycleRecord;

inline constexpr int64_t kPeriod = 1'000'000;

struct Frame {
  float q;
  float u;  // raw in, checked out
};

struct Supervisor final : tactus::rt::Supervisor {
  // Told by the test.
  CheckOutput verdict{.rung = TACTUS_RUNG_PASS, .may_engage = true};
  int64_t begin_now_ns = -1;  // what the heartbeat's age counts from
  GuardView view;
  bool may_arm = true;
  bool may_rearm = true;
  float plan_command = -1;
  int64_t check_takes_ns = 0, publish_takes_ns = 0;
  ManualWake* clock = nullptr;
  // Seen by the test.
  std::vector<CheckInput> checks;
  int published = 0, played = 0, sent = 0, sent_late = 0;
  int arms = 0, disarms = 0, rearms = 0;
  std::vector<tactus_rung> rungs;
  std::vector<tactus_state> lives;
  uint64_t carried = 0;

  GuardView begin(const tactus_tick& tick) noexcept override {
    begin_now_ns = tick.now_ns;
    return view;
  }
  CheckOutput check(std::byte* frame, const CheckInput& in) noexcept override {
    checks.push_back(in);
    ++carried;
    clock->advance(check_takes_ns);
    CheckOutput out = verdict;
    float u = 0;
    std::memcpy(&u, frame + offsetof(Frame, u), sizeof u);
    if (!std::isfinite(u)) out.rung = TACTUS_RUNG_STOP;  // as the shield does
    if (out.rung == TACTUS_RUNG_SCALE) u *= 0.5F;
    std::memcpy(frame + offsetof(Frame, u), &u, sizeof u);
    return out;
  }
  void publish(const tactus_tick&) noexcept override {
    ++published;
    clock->advance(publish_takes_ns);
  }
  void play(std::byte* frame, int64_t) noexcept override {
    ++played;
    std::memcpy(frame + offsetof(Frame, u), &plan_command, sizeof(float));
  }
  void committed(const std::byte*, const tactus_tick&, int64_t,
                 tactus_rung rung, bool late) noexcept override {
    ++sent;
    sent_late += late ? 1 : 0;
    rungs.push_back(rung);
  }
  bool armed(const tactus_tick&) noexcept override {
    arms += may_arm ? 1 : 0;
    return may_arm;
  }
  void disarmed(const tactus_tick&) noexcept override { ++disarms; }
  bool rearm(const tactus_tick&) noexcept override {
    ++rearms;
    if (may_rearm) view.guardian_acted = false;
    return may_rearm;
  }
  void life(tactus_state s) noexcept override { lives.push_back(s); }
  std::size_t carried_size() const noexcept override { return sizeof carried; }
  void save(std::byte* to) const noexcept override {
    std::memcpy(to, &carried, sizeof carried);
  }
  void restore(const std::byte* from) noexcept override {
    std::memcpy(&carried, from, sizeof carried);
  }
};

struct Sink final : RecordSink {
  std::size_t slot = 0, key = 0;
  std::vector<std::vector<std::byte>> records, keyframes;
  std::vector<uint64_t> keyframe_cycles;
  std::vector<std::byte> open;
  bool full = false;

  std::byte* begin() noexcept override {
    open.assign(slot, std::byte{0xAA});
    return full ? nullptr : open.data();
  }
  void commit() noexcept override { records.push_back(open); }
  std::byte* begin_keyframe(uint64_t cycle) noexcept override {
    if (full) return nullptr;
    keyframe_cycles.push_back(cycle);
    open.assign(key, std::byte{0xAA});
    return open.data();
  }
  void commit_keyframe() noexcept override { keyframes.push_back(open); }

  CycleRecord at(std::size_t i) const {
    CycleRecord r;
    std::memcpy(&r, records.at(i).data(), sizeof r);
    return r;
  }
  CycleRecord last() const { return at(records.size() - 1); }
};

// sense → infer → check → act, each taking as long as the test says.
struct Rig {
  struct Step {
    int64_t takes_ns = 0;
    tactus_status status = TACTUS_OK;
    int calls = 0;
    int dry = 0;
    std::function<void(Frame&)> body;
  };

  ManualWake wake;
  Supervisor supervisor;
  Sink sink;
  Step sense, infer, act;
  LoopSpec spec;
  ReloadHook reload;
  std::vector<float> out;  // what act sent
  std::unique_ptr<Loop> loop;

  Rig() {
    supervisor.clock = &wake;
    spec.name = "test";
    spec.frame_size = sizeof(Frame);
    spec.engage_time_ns = 10 * kPeriod;
    infer.body = [](Frame& f) { f.u = 1; };
    add("read", TACTUS_SENSE, &sense, 200'000, TACTUS_SKIP_REST);
    add("policy", TACTUS_INFER, &infer, 500'000, TACTUS_KEEP_LAST);
    add("check", TACTUS_CHECK, nullptr, 600'000, TACTUS_SKIP_REST);
    add("write", TACTUS_ACT, &act, 800'000, TACTUS_SKIP_REST);
    spec.stages[0].output_offset = offsetof(Frame, q);
    spec.stages[1].output_offset = offsetof(Frame, u);
    spec.stages[1].keep_last = 2;
    act.body = [this](Frame& f) { out.push_back(f.u); };
  }

  void add(const char* name, tactus_stage_kind kind, Step* step,
           int64_t deadline_ns, tactus_on_late late) {
    tactus_stage s = TACTUS_INIT(tactus_stage);
    s.name = name;
    s.kind = kind;
    s.fn = step == nullptr ? nullptr : &Rig::call;
    s.self = new std::pair<Rig*, Step*>(this, step);
    selves.emplace_back(static_cast<std::pair<Rig*, Step*>*>(s.self));
    s.deadline_ns = deadline_ns;
    s.on_late = late;
    const bool source = kind == TACTUS_SENSE || kind == TACTUS_INFER;
    s.output_size = source ? sizeof(float) : 0;
    spec.stages.push_back(s);
  }
  std::vector<std::unique_ptr<std::pair<Rig*, Step*>>> selves;

  static tactus_status call(void* self, void* frame, const tactus_tick* t) {
    auto& [rig, step] = *static_cast<std::pair<Rig*, Step*>*>(self);
    if ((t->flags & TACTUS_TICK_DRY_RUN) != 0) {
      ++step->dry;
      return TACTUS_OK;
    }
    ++step->calls;
    if (step->body) step->body(*static_cast<Frame*>(frame));
    rig->wake.advance(step->takes_ns);
    return step->status;
  }

  Loop& build() {
    LoopParts parts;
    parts.wake = &wake;
    parts.supervisor = &supervisor;
    parts.record = &sink;
    parts.reload = reload;
    auto made = Loop::make(spec, std::move(parts));
    loop = std::move(*made);
    sink.slot = loop->record_size();
    sink.key = loop->keyframe_size();
    (void)loop->warm();
    supervisor.checks.clear();
    next_release = wake.now() + kPeriod;
    return *loop;
  }

  // One delivered tick, on the next release.
  tactus_status tick(uint64_t missed = 0) {
    next_release += static_cast<int64_t>(missed) * kPeriod;
    wake.spin(next_release);
    tactus_tick t{};
    t.release_ns = next_release;
    t.missed = missed;
    next_release += kPeriod;
    return loop->step(t);
  }
  // A tick at that time, the clock not running backwards.
  tactus_status at(int64_t since_build_ns, uint64_t missed = 0) {
    tactus_tick t{};
    t.release_ns = next_release + since_build_ns;
    t.missed = missed;
    wake.spin(t.release_ns);
    return loop->step(t);
  }
  void ticks(int n) {
    for (int i = 0; i < n; ++i) tick();
  }
  // Built, engaged, one cycle passed.
  void engage() {
    build();
    loop->request(kRequestEngage);
    ticks(2);
  }
  void at_standstill() {
    supervisor.verdict.standstill = true;
    tick();
  }
  int64_t next_release = 0;
};

}  // namespace fake
