// SPDX-License-Identifier: MIT
// A real loop on the virtual clock, with random times, failures, requests
// and a guardian that interferes. Its supervisor folds every argument of
// every call into its state and its verdicts, so replay is identical only if
// it makes the same calls with the same arguments.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <random>

#include "rt/loop.hpp"
#include "rt/manual_wake.hpp"
#include "rt/record_sink.hpp"
#include "synthetic.hpp"

using namespace tactus;
using namespace tactus::trace;
using namespace tactus::trace::test;

namespace {

struct Small {
  uint32_t q[2];
  uint32_t u[2];
};

struct Hashing final : rt::Supervisor {
  uint64_t hash = 1;
  std::mt19937* guard = nullptr;  // null in replay: nobody interferes

  void fold(uint64_t v) noexcept {
    hash = (hash ^ v) * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
  }
  void fold(const tactus_tick& t) noexcept {
    fold(t.cycle);
    fold(static_cast<uint64_t>(t.release_ns));
    fold(static_cast<uint64_t>(t.wake_ns));
    fold(static_cast<uint64_t>(t.now_ns));
    fold(static_cast<uint64_t>(t.period_ns));
    fold(t.missed);
    fold(t.state);
    fold(t.flags);
  }
  void fold(const std::byte* frame) noexcept {
    Small f;
    std::memcpy(&f, frame, sizeof(f));
    for (const uint32_t v : {f.q[0], f.q[1], f.u[0], f.u[1]}) fold(v);
  }
  void write(std::byte* frame) const noexcept {
    const uint32_t u[2] = {static_cast<uint32_t>(hash),
                           static_cast<uint32_t>(hash >> 32)};
    std::memcpy(frame + offsetof(Small, u), u, sizeof(u));
  }

  rt::GuardView begin(const tactus_tick& t) noexcept override {
    fold(1);
    fold(t);
    rt::GuardView view;
    if (guard == nullptr) return view;
    view.guardian_stale = (*guard)() % 101 == 0;
    view.guardian_acted = (*guard)() % 1009 == 0;
    return view;
  }
  rt::CheckOutput check(std::byte* frame,
                        const rt::CheckInput& in) noexcept override {
    fold(2);
    fold(in.tick);
    fold(frame);
    fold(uint64_t{in.state} << 8 | uint64_t{in.action_valid} << 4 |
         uint64_t{in.engage_requested} << 3 | uint64_t{in.guardian_stale} << 2);
    uint32_t blend;
    std::memcpy(&blend, &in.blend, 4);
    fold(blend);
    write(frame);
    rt::CheckOutput out;
    out.rung = hash % 7 == 0   ? TACTUS_RUNG_STOP
               : hash % 7 == 1 ? TACTUS_RUNG_SCALE
                               : TACTUS_RUNG_PASS;
    out.may_engage = hash % 3 == 0;
    out.standstill = hash % 11 == 0;
    out.stop_unverified = hash % 37 == 0;
    out.trip = hash % 211 == 0;
    out.margin = static_cast<float>(hash % 1000) * 1e-3F;
    out.violated = hash;
    out.reasons = static_cast<uint32_t>(hash);
    out.plan_id = in.tick.cycle;
    return out;
  }
  void publish(const tactus_tick& t) noexcept override {
    fold(3);
    fold(t);
  }
  void play(std::byte* frame, int64_t now_ns) noexcept override {
    fold(4);
    fold(static_cast<uint64_t>(now_ns));
    write(frame);
  }
  void committed(const std::byte* frame, const tactus_tick& t, int64_t now_ns,
                 tactus_rung rung, bool late) noexcept override {
    fold(5);
    fold(frame);
    fold(t);
    fold(static_cast<uint64_t>(now_ns));
    fold(uint64_t{rung} << 1 | uint64_t{late});
  }
  bool armed(const tactus_tick& t) noexcept override {
    fold(6);
    fold(t);
    return true;
  }
  void disarmed(const tactus_tick& t) noexcept override {
    fold(7);
    fold(t);
  }
  bool rearm(const tactus_tick& t) noexcept override {
    fold(8);
    fold(t);
    return true;
  }
  void life(tactus_state state) noexcept override {
    fold(9);
    fold(state);
  }
  [[nodiscard]] std::size_t carried_size() const noexcept override {
    return sizeof(hash);
  }
  void save(std::byte* to) const noexcept override {
    std::memcpy(to, &hash, sizeof(hash));
  }
  void restore(const std::byte* from) noexcept override {
    std::memcpy(&hash, from, sizeof(hash));
  }
};

// Fails, or has nothing new, by what it reads: replay finds the same.
tactus_status policy(std::byte* frame) {
  Small f;
  std::memcpy(&f, frame, sizeof(f));
  f.u[0] = f.q[0] * 3 + 1;
  f.u[1] = f.q[1] ^ f.q[0];
  std::memcpy(frame, &f, sizeof(f));
  if (f.q[0] % 53 == 0) return TACTUS_FAILED;
  return f.q[0] % 31 == 0 ? TACTUS_NO_DATA : TACTUS_OK;
}

struct Robot {
  rt::ManualWake wake;
  std::mt19937 random{7};
  rt::Loop* loop = nullptr;
  uint64_t cycles = 0;

  void spend() {
    wake.advance(20'000 + random() % 60'000);
    if (random() % 61 == 0) wake.advance(500'000);
    if (random() % 401 == 0) wake.advance(3'000'000);
    if (random() % 9001 == 0) wake.advance(3'000'000'000);  // a frozen host
  }
  void ask() {
    ++cycles;
    if (cycles % 40 == 0) loop->request(rt::kRequestEngage);
    if (cycles % 700 == 0) loop->request(rt::kRequestStop);
    if (cycles % 60 == 0) loop->request(rt::kRequestRearm);
  }
};

tactus_status sense(void* self, void* frame, const tactus_tick* tick) {
  auto& r = *static_cast<Robot*>(self);
  if ((tick->flags & TACTUS_TICK_DRY_RUN) == 0) r.ask();
  r.spend();
  const uint32_t q[2] = {static_cast<uint32_t>(r.random()),
                         static_cast<uint32_t>(r.random())};
  std::memcpy(frame, q, sizeof(q));
  if (q[0] % 19 == 0) return TACTUS_FAILED;
  return q[0] % 17 == 0 ? TACTUS_NO_DATA : TACTUS_OK;
}
tactus_status infer(void* self, void* frame, const tactus_tick*) {
  static_cast<Robot*>(self)->spend();
  return policy(static_cast<std::byte*>(frame));
}
tactus_status act(void* self, void*, const tactus_tick*) {
  auto& r = *static_cast<Robot*>(self);
  r.spend();
  return r.random() % 97 == 0 ? TACTUS_FAILED : TACTUS_OK;
}

struct Sink final : rt::RecordSink {
  std::vector<std::byte> slot, key;
  std::vector<std::vector<std::byte>> records;
  std::vector<std::pair<uint64_t, std::vector<std::byte>>> keys;
  std::byte* begin() noexcept override {
    // Now and then there is no room.
    return ++asked % 1777 == 0 ? nullptr : slot.data();
  }
  void commit() noexcept override { records.push_back(slot); }
  std::byte* begin_keyframe(uint64_t cycle) noexcept override {
    at = cycle;
    return key.data();
  }
  void commit_keyframe() noexcept override { keys.emplace_back(at, key); }
  uint64_t at = 0, asked = 0;
};

tactus_stage stage(const char* name, tactus_stage_kind kind, tactus_stage_fn fn,
                   Robot* robot) {
  tactus_stage s = TACTUS_INIT(tactus_stage);
  s.name = name;
  s.kind = kind;
  s.fn = fn;
  s.self = robot;
  s.deadline_ns = 300'000 + 200'000 * static_cast<int64_t>(kind);
  s.on_late = kind == TACTUS_ACT ? TACTUS_SKIP_REST : TACTUS_KEEP_LAST;
  s.keep_last = 3;
  s.output_offset = kind == TACTUS_INFER ? offsetof(Small, u) : 0;
  s.output_size = kind == TACTUS_INFER ? 8 : 0;
  return s;
}

LogHead head_of(const rt::Loop& loop) {
  LogHead head;
  head.frame_size = sizeof(Small);
  head.action_offset = offsetof(Small, u);
  head.action_size = sizeof(Small::u);
  head.keyframe_size = static_cast<uint32_t>(loop.keyframe_size());
  head.keyframe_every = 100;
  head.period_ns = loop.spec().period_ns;
  for (const tactus_stage& s : loop.spec().stages)
    head.info.stages.push_back(
        {s.name, s.kind, s.deadline_ns, s.budget_ns, s.on_late, s.keep_last});
  head.info.fields = {{"q", "", TACTUS_U32, 2, 0}, {"u", "", TACTUS_U32, 2, 8}};
  return head;
}

// A keyframe goes in front of the first record after its cycle; the record
// of the cycle itself may be one that found no room.
void write(const std::string& path, const LogHead& head, const Sink& sink) {
  auto w = LogWriter::create(path, head, 1, 0);
  if (!w) std::abort();
  std::size_t k = 0;
  for (const auto& record : sink.records) {
    uint64_t cycle;
    std::memcpy(&cycle, record.data(), 8);
    for (; k < sink.keys.size() && sink.keys[k].first < cycle; ++k)
      if (!w->keyframe(sink.keys[k].first, sink.keys[k].second)) std::abort();
    if (!w->records(record, 0)) std::abort();
  }
  if (!w->end(0, 0)) std::abort();
}

struct Subject final : ReplaySubject {
  Hashing hashing;
  std::size_t keyframe = 0;
  Result<void> reset(uint64_t, std::span<const std::byte> key) override {
    hashing.restore(key.data() + key.size() - sizeof(hashing.hash));
    return {};
  }
  tactus_status infer(std::byte* frame, const tactus_tick&) noexcept override {
    return policy(frame);
  }
  rt::Supervisor& supervisor() noexcept override { return hashing; }
};

std::string record_loop(uint64_t cycles, std::array<uint64_t, 6>* states) {
  Robot robot;
  Hashing hashing;
  std::mt19937 guard{3};
  hashing.guard = &guard;
  rt::LoopSpec spec;
  spec.engage_time_ns = 5'000'000;
  spec.trip = {8, 50};
  spec.keyframe_cycles = 100;
  spec.frame_size = sizeof(Small);
  spec.stages = {stage("sense", TACTUS_SENSE, sense, &robot),
                 stage("infer", TACTUS_INFER, infer, &robot),
                 stage("check", TACTUS_CHECK, nullptr, nullptr),
                 stage("act", TACTUS_ACT, act, &robot)};
  rt::LoopParts parts;
  parts.wake = &robot.wake;
  parts.supervisor = &hashing;
  auto loop = rt::Loop::make(spec, parts);
  if (!loop) return loop.error().text();
  robot.loop = loop->get();
  Sink sink;
  sink.slot.resize((*loop)->record_size());
  sink.key.resize((*loop)->keyframe_size());
  (*loop)->set_record(&sink);
  robot.wake.end_after(cycles);
  (void)(*loop)->run(0);
  for (const auto& r : sink.records)
    ++(*states)[std::to_integer<std::size_t>(
        r[offsetof(layout::CycleRecord, state)])];
  const std::string path = make_folder() + "/loop.tlog";
  write(path, head_of(**loop), sink);
  return path;
}

}  // namespace

Test(loop_replay, of_a_real_loop_is_identical) {
  std::array<uint64_t, 6> states{};
  const std::string path = record_loop(20'000, &states);
  auto log = LogReader::open(path);
  if (!log) cr_log_error("%s", log.error().text());
  cr_assert(ok(log));
  // The run went through all of life, or this test shows little.
  for (const auto s : {TACTUS_STATE_READY, TACTUS_STATE_ENGAGED,
                       TACTUS_STATE_STOPPING, TACTUS_STATE_LATCHED})
    cr_assert(is(states[s] > 200));
  uint64_t frozen = 0;
  for (uint64_t i = 0; i < log->size(); ++i)
    frozen += (log->at(i).record.flags & layout::kCycleFrozen) != 0 ? 1 : 0;
  Subject subject;
  auto result = replay(*log, subject);
  cr_assert(ok(result));
  if (!result->identical()) cr_log_error("%s", to_text(*result).c_str());
  cr_assert(is(result->identical()));
  cr_assert(is(result->cycles > 15'000 && result->gaps > 5));
  cr_assert(is(frozen > 0));
}
