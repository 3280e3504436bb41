// SPDX-License-Identifier: MIT
// What the loop itself costs per cycle: no stages, empty stages with real
// stamps, with and without a record; and a telemetry update alone, and what the
// shield found. Variants
// take turns cycle by cycle, so that the machine's bad moments hit all.
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "report.hpp"
#include "rt/loop.hpp"
#include "rt/record_sink.hpp"
#include "rt/ring.hpp"
#include "rt/supervisor.hpp"
#include "rt/thread_setup.hpp"
#include "rt/tsc.hpp"
#include "rt/wake_source.hpp"
#include "telemetry/violation_board.hpp"

using namespace tactus::rt;

namespace {

constexpr int kCycles = 200'000;
constexpr int kWarm = 2'000;
constexpr uint32_t kFrame = 256;

// No waiting: the grid runs as fast as the bench steps. Stamps are real.
class BenchWake final : public WakeSource {
 public:
  BenchWake() { clock.calibrate(); }
  const char* name() const noexcept override { return "bench"; }
  int64_t now() noexcept override { return clock.now(); }
  Wake wait(int64_t, int64_t) noexcept override { return {}; }
  int64_t spin(int64_t) noexcept override { return now(); }
  TscClock clock;
};

class BenchSupervisor final : public Supervisor {
 public:
  GuardView begin(const tactus_tick&) noexcept override { return {}; }
  CheckOutput check(std::byte*, const CheckInput&) noexcept override {
    CheckOutput out;
    out.rung = TACTUS_RUNG_PASS;
    out.may_engage = true;
    return out;
  }
  void publish(const tactus_tick&) noexcept override {}
  void play(std::byte*, int64_t) noexcept override {}
  void committed(const std::byte*, const tactus_tick&, int64_t, tactus_rung,
                 bool) noexcept override {}
  bool armed(const tactus_tick&) noexcept override { return true; }
  void disarmed(const tactus_tick&) noexcept override {}
  bool rearm(const tactus_tick&) noexcept override { return true; }
  void life(tactus_state) noexcept override {}
  std::size_t carried_size() const noexcept override { return 0; }
  void save(std::byte*) const noexcept override {}
  void restore(const std::byte*) noexcept override {}
};

// The recorder's ring, drained at once by the same thread between cycles.
class BenchSink final : public RecordSink {
 public:
  explicit BenchSink(std::size_t slot)
      : memory_(slot * 64), ring_(memory_, slot, 64) {}
  std::byte* begin() noexcept override { return ring_.begin(); }
  void commit() noexcept override { ring_.commit(); }
  std::byte* begin_keyframe(uint64_t) noexcept override { return nullptr; }
  void commit_keyframe() noexcept override {}
  void drain() noexcept {
    while (ring_.front() != nullptr) ring_.pop();
  }

 private:
  std::vector<std::byte> memory_;
  SpscRing ring_;
};

tactus_status nothing(void*, void*, const tactus_tick*) { return TACTUS_OK; }

struct Subject {
  std::string name;
  std::unique_ptr<Loop> loop;
  std::unique_ptr<BenchSink> sink;
  std::vector<double> ns;
};

std::vector<tactus_stage> empty_stages() {
  constexpr std::array<const char*, 4> kNames = {"sense", "infer", "check",
                                                 "act"};
  std::vector<tactus_stage> stages;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    tactus_stage s = TACTUS_INIT(tactus_stage);
    s.name = kNames[i];
    s.kind = static_cast<tactus_stage_kind>(i);
    s.fn = s.kind == TACTUS_CHECK ? nullptr : &nothing;
    s.deadline_ns = 900'000;
    s.on_late = TACTUS_SKIP_REST;
    s.output_size = s.kind == TACTUS_INFER ? 28 : 0;  // 7 f32
    stages.push_back(s);
  }
  return stages;
}

Subject subject(std::string name, WakeSource& wake, Supervisor& sup,
                std::vector<tactus_stage> stages) {
  LoopSpec spec;
  spec.frame_size = kFrame;
  spec.stages = std::move(stages);
  spec.engage_when_ready = true;
  spec.trip = {4096, 4096};
  LoopParts parts;
  parts.wake = &wake;
  parts.supervisor = &sup;
  auto loop = Loop::make(spec, std::move(parts));
  if (!loop) {
    std::fprintf(stderr, "%s\n", loop.error().text());
    std::exit(5);
  }
  Subject s{std::move(name), std::move(*loop), nullptr, {}};
  s.ns.reserve(kCycles);
  return s;
}

void with_record(Subject& s) {
  s.sink = std::make_unique<BenchSink>(s.loop->record_size());
  s.loop->set_record(s.sink.get());
}

void step(Subject& s, const TscClock& clock, bool keep) {
  tactus_tick tick{};
  tick.release_ns = clock.now();
  tick.wake_ns = tick.release_ns;
  const int64_t begin = clock.now();
  s.loop->step(tick);
  const int64_t end = clock.now();
  if (keep) s.ns.push_back(static_cast<double>(end - begin));
  if (s.sink) s.sink->drain();
}

// One cycle's worth of public telemetry: counters, lateness, cycle time and
// four stages. Sixteen at a time: one is shorter than a clock read.
std::vector<double> telemetry(const TscClock& clock) {
  constexpr int kBatch = 16;
  auto stats = std::make_unique<LoopStats>();
  stats->stages = 4;
  LoopCounters n{};
  std::vector<double> ns;
  for (int i = 0; i < kCycles / kBatch; ++i) {
    const int64_t begin = clock.now();
    for (int k = 0; k < kBatch; ++k) {
      ++n.released;
      publish_counters(*stats, n);
      stats->lateness.record(20 + (k & 7));
      stats->cycle_time.record(20'000 + (i & 1023));
      for (int s = 0; s < 4; ++s)
        stats->stage_time[s].record(4'000 + (i & 255));
    }
    ns.push_back(static_cast<double>(clock.now() - begin) / kBatch);
  }
  return ns;
}

// What the shield found, on the board: sixteen rows, `violated` of them below
// their limit. On and off every cycle, each of those is an entry every time.
enum class Holds { kSteady, kFlickers };
std::vector<double> board(const TscClock& clock, uint32_t violated,
                          Holds holds) {
  namespace safety = tactus::safety;
  constexpr int kBatch = 16;
  auto memory = std::make_unique<tactus::telemetry::ViolationBoard>();
  auto image = std::make_unique<safety::Image>();
  image->rows = 16;
  for (uint32_t r = 0; r < image->rows; ++r)
    image->row[r].kind = safety::RowKind::kHard;
  tactus::telemetry::ViolationWriter writer(*memory);
  writer.use(*image);
  safety::ShieldOutput good, bad;
  good.worst_row = bad.worst_row = 0;
  for (uint32_t r = 0; r < violated; ++r) bad.row[r].margin = -0.5F;
  CycleEnd end{.before = TACTUS_STATE_ENGAGED,
               .rung = TACTUS_RUNG_SCALE,
               .checked = true};
  std::vector<double> ns;
  for (int i = 0; i < kCycles / kBatch; ++i) {
    const int64_t begin = clock.now();
    for (int k = 0; k < kBatch; ++k) {
      ++end.cycle;
      end.release_ns += 1'000'000;
      const bool off = holds == Holds::kFlickers && (k & 1) == 0;
      writer.ended(end, off ? good : bad);
    }
    ns.push_back(static_cast<double>(clock.now() - begin) / kBatch);
  }
  return ns;
}

}  // namespace

int main() {
  (void)prepare_thread({});
  BenchWake wake;
  BenchSupervisor sup;
  fmt::print("clock: {}\n", wake.clock.grant().granted);
  std::vector<Subject> subjects;
  subjects.push_back(subject("no stages", wake, sup, {}));
  subjects.push_back(subject("no stages, record", wake, sup, {}));
  subjects.push_back(subject("4 empty stages", wake, sup, empty_stages()));
  subjects.push_back(
      subject("4 empty stages, record", wake, sup, empty_stages()));
  with_record(subjects[1]);
  with_record(subjects[3]);
  for (Subject& s : subjects) (void)s.loop->warm();
  for (int i = 0; i < kCycles + kWarm; ++i) {
    if (i % 1000 == 0) wake.clock.anchor();
    for (Subject& s : subjects) step(s, wake.clock, i >= kWarm);
  }
  bench::Report report("loop");
  std::vector<double> p50;
  for (Subject& s : subjects) {
    report.add(bench::row(s.name, "tactus", std::move(s.ns)));
    p50.push_back(report.last().p50);
  }
  report.add(bench::row("telemetry update", "tactus", telemetry(wake.clock)));
  report.add(bench::row("violations, none", "tactus",
                        board(wake.clock, 0, Holds::kSteady)));
  report.add(bench::row("violations, 4 rows stay violated", "tactus",
                        board(wake.clock, 4, Holds::kSteady)));
  report.add(bench::row("violations, 4 rows on and off", "tactus",
                        board(wake.clock, 4, Holds::kFlickers)));
  report.ratio("record_p50_ns", p50[3] - p50[2]);
  report.print();
  return report.write() ? 0 : 5;
}
