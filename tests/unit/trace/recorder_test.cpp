// SPDX-License-Identifier: MIT
#include "trace/recorder.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../instrumented.hpp"
#include "synthetic.hpp"
#include "trace/replay.hpp"

using namespace tactus::trace;
using namespace tactus::trace::test;

namespace {

RecorderOptions options(const std::string& path) {
  RecorderOptions o;
  o.path = path;
  o.head = make_head();
  o.record_slots = 1024;
  o.flush_ns = 1'000'000;
  return o;
}

// One cycle as the loop would leave it; false: no room.
bool put(Recorder& r, Plant& plant) {
  const auto record = plant.step();
  std::byte* slot = r.begin();
  if (slot == nullptr) return false;
  std::memcpy(slot, record.data(), record.size());
  r.commit();
  if ((plant.next - 1) % 50 != 0) return true;
  if (std::byte* key = r.begin_keyframe(plant.next - 1)) {
    plant.keyframe(key);
    r.commit_keyframe();
  }
  return true;
}

// Waits for room: a test may be faster than any disk.
void put_all(Recorder& r, Plant& plant, uint64_t n) {
  for (uint64_t i = 0; i < n; ++i) {
    while (!r.has_room()) ::sched_yield();
    if (!put(r, plant)) std::abort();
  }
}

}  // namespace

Test(recorder, writes_a_log_that_replays) {
  const std::string path = make_folder() + "/run.tlog";
  auto r = Recorder::start(options(path));
  cr_assert(ok(r));
  Plant plant;
  put_all(**r, plant, 5000);
  auto totals = (*r)->finish();
  cr_assert(ok(totals));
  cr_assert(is(totals->records == 5000 && totals->dropped == 0));
  auto log = LogReader::open(path);
  cr_assert(ok(log));
  cr_assert(is(log->ended() && log->size() == 5000 && log->gaps() == 0));
  cr_assert(is(log->keyframes().size() == totals->keyframes));
  ToySubject subject;
  auto result = replay(*log, subject);
  cr_assert(ok(result));
  cr_assert(is(result->identical()));
}

Test(recorder, head_says_what_was_granted_last_before_the_first_record) {
  const std::string path = make_folder() + "/run.tlog";
  RecorderOptions o = options(path);
  o.head.info.granted = {{"fifo", "priority 45"}};
  for (const int cycles : {0, 1, 3000}) {
    auto r = Recorder::start(o);
    cr_assert(ok(r));
    (*r)->now_granted({{"fifo", "priority 3"}});
    (*r)->now_granted({{"fifo", "other"}});
    Plant plant;
    put_all(**r, plant, static_cast<uint64_t>(cycles));
    if (cycles > 0) (*r)->now_granted({{"fifo", "too late"}});
    cr_assert(ok((*r)->finish()));
    auto log = LogReader::open(path);
    cr_assert(ok(log));
    cr_assert(is(log->ended() && log->gaps() == 0));
    cr_assert(is(log->size() == static_cast<uint64_t>(cycles)));
    cr_assert(is(log->info().granted.size() == 1));
    cr_expect_str_eq(log->info().granted[0].value.c_str(), "other");
  }
}

Test(recorder, counts_what_finds_no_room) {
  RecorderOptions o = options(make_folder() + "/run.tlog");
  o.record_slots = 8;
  o.flush_ns = 3'600'000'000'000;  // drains at half full, seldom looks
  auto r = Recorder::start(o);
  cr_assert(ok(r));
  Plant plant;
  uint64_t lost = 0;
  for (int i = 0; i < 2000; ++i) lost += put(**r, plant) ? 0 : 1;
  auto totals = (*r)->finish();
  cr_assert(ok(totals));
  cr_assert(is(lost > 0 && totals->dropped == lost));
  cr_assert(is(totals->records + lost == 2000));
}

Test(recorder, keeps_whole_segments_that_begin_with_a_keyframe) {
  const std::string path = make_folder() + "/run.tlog";
  RecorderOptions o = options(path);
  o.keep_ns = 1;  // rotates at each keyframe
  auto r = Recorder::start(o);
  cr_assert(ok(r));
  Plant plant;
  put_all(**r, plant, 1000);
  auto totals = (*r)->finish();
  cr_assert(ok(totals));
  cr_assert(is(totals->segments > 1));
  auto now = LogReader::open(path);
  auto old = LogReader::open(path + ".1");
  cr_assert(is(ok(now) && ok(old)));
  cr_assert(is(now->header().run_id == old->header().run_id));
  cr_assert(is(now->header().segment == old->header().segment + 1));
  cr_assert(is(now->at(0).record.cycle == now->keyframes()[0].cycle + 1));
  ToySubject subject;
  auto result = replay(*now, subject);
  cr_assert(is(ok(result) && result->identical() && result->skipped == 0));
}

// Nothing of it depends on how long the recording took.
Test(recorder, keeps_as_much_as_the_loops_clock_says) {
  const std::string path = make_folder() + "/run.tlog";
  RecorderOptions o = options(path);
  o.keep_ns = 400 * o.head.period_ns;
  o.keyframe_slots = 32;  // all of them, however slow the disk is
  auto r = Recorder::start(o);
  cr_assert(ok(r));
  Plant plant;
  put_all(**r, plant, 1000);
  cr_assert(ok((*r)->finish()));
  auto old = LogReader::open(path + ".1");
  cr_assert(is(ok(old)));
  const tactus::layout::CycleRecord first = old->at(0).record;
  const tactus::layout::CycleRecord last = old->at(old->size() - 1).record;
  const int64_t covers = last.release_ns - first.release_ns + o.head.period_ns;
  cr_assert(is(covers >= o.keep_ns && covers < 2 * o.keep_ns));
}

Test(recorder, refuses_keep_without_keyframes) {
  RecorderOptions o = options(make_folder() + "/run.tlog");
  o.keep_ns = 1;
  o.head.keyframe_size = 0;
  auto r = Recorder::start(o);
  cr_assert(is(!r && r.error().exit_code() == 2));
}

Test(recorder, says_where_it_may_not_write) {
  auto r = Recorder::start(options("/nonexistent/run.tlog"));
  cr_assert(is(!r));
  cr_assert(is(has(r.error().text(), "/nonexistent/run.tlog")));
}

Test(recorder, reports_a_full_disk_at_the_end) {
  auto r = Recorder::start(options("/dev/full"));
  // Even the header does not fit.
  cr_assert(is(!r && has(r.error().text(), "ENOSPC")));
}

// The parent kills the child once blocks have reached the file.
Test(recorder, leaves_a_readable_log_when_killed) {
  const std::string path = make_folder() + "/run.tlog";
  const pid_t child = ::fork();
  if (child == 0) {
    auto r = Recorder::start(options(path));
    Plant plant;
    for (;;) put_all(**r, plant, 100);
  }
  struct stat st{};
  while (::stat(path.c_str(), &st) != 0 || st.st_size < 1 << 20)
    ::sched_yield();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  auto log = LogReader::open(path);
  cr_assert(ok(log));
  cr_assert(is(!log->ended() && log->size() > 100 && log->gaps() == 0));
  ToySubject subject;
  auto result = replay(*log, subject);
  cr_assert(is(ok(result) && result->identical()));
}

// The descriptor for the file is the last one that there is: none for a ring.
Test(recorder, head_says_how_its_own_file_is_written) {
  if (io_uring_refusal() != 0) cr_skip_test("io_uring is refused here");
  if (kInstrumented) cr_skip_test("UBSan needs descriptors of its own");
  const std::string path = make_folder() + "/run.tlog";
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const int next = ::dup(0);
  ::close(next);
  const rlimit one_more{static_cast<rlim_t>(next) + 1, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &one_more);
  auto r = Recorder::start(options(path));
  ::setrlimit(RLIMIT_NOFILE, &before);
  cr_assert(ok(r));
  cr_expect_str_eq((*r)->output(), "pwrite");
  cr_assert(ok((*r)->finish()));
  auto log = LogReader::open(path);
  cr_assert(ok(log));
  const auto& granted = log->info().granted;
  cr_assert(is(granted.size() == 2 && granted[1].name == "record"));
  cr_expect(has(granted[1].value, "pwrite"), "%s", granted[1].value.c_str());
}

Test(output, pwrite_writes_the_same_file) {
  const std::string path = make_folder() + "/bytes";
  FILE* file = std::fopen(path.c_str(), "w+");
  auto out = make_pwrite_output(::fileno(file));
  const std::string text = "ordered bytes";
  cr_assert(ok(out->submit(std::as_bytes(std::span(text)), 3)));
  cr_assert(ok(out->wait()));
  std::fclose(file);
  cr_assert(is(read_file(path).size() == text.size() + 3));
}
