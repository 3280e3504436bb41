// SPDX-License-Identifier: MIT
#include "trace/recorder.hpp"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.hpp"

namespace tactus::trace {
namespace {

// The thread polls: a wake-up would be a system call in the loop.
constexpr int64_t kPollNs = 5'000'000;
constexpr uint64_t kBlockBytes = 256 * 1024;
constexpr uint32_t kCycleSize = sizeof(uint64_t);  // before a keyframe's state

uint64_t cycle_of(const std::byte* slot) {
  uint64_t cycle = 0;
  std::memcpy(&cycle, slot, sizeof(cycle));
  return cycle;
}

int64_t release_of(const std::byte* slot) {
  int64_t ns = 0;
  std::memcpy(&ns, slot + offsetof(layout::CycleRecord, release_ns), sizeof ns);
  return ns;
}

int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

void sleep_ns(int64_t ns) {
  const timespec t{ns / 1'000'000'000, ns % 1'000'000'000};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &t, nullptr);
}

}  // namespace

Recorder::Recorder(RecorderOptions options) : options_(std::move(options)) {}

Result<std::unique_ptr<Recorder>> Recorder::start(RecorderOptions options) {
  std::unique_ptr<Recorder> r(new Recorder(std::move(options)));
  const LogHead& head = r->options_.head;
  if (r->options_.keep_ns > 0 && head.keyframe_size == 0)
    return bad_input(
        "record: keep needs keyframes: each kept file begins "
        "with one: set record.keyframe");
  const auto stride = static_cast<uint32_t>(
      layout::record_stride(head.action_size, head.frame_size));
  if (auto ok = r->records_.allocate(stride, r->options_.record_slots); !ok)
    return ok.error();
  const auto key =
      static_cast<uint32_t>(kCycleSize + layout::log_align(head.keyframe_size));
  if (auto ok = r->keyframes_.allocate(key, r->options_.keyframe_slots); !ok)
    return ok.error();
  r->run_id_ = static_cast<uint64_t>(now_ns());
  if (auto ok = r->open_segment(); !ok) return ok.error();
  r->output_ = r->writer_->output();
  r->granted_ = fmt::format("{}, ring {}", r->writer_->granted(),
                            r->records_.locked() && r->keyframes_.locked()
                                ? "locked"
                                : "not locked (mlock)");
  r->thread_ = std::thread([self = r.get()] { self->thread_main(); });
  return r;
}

Recorder::~Recorder() {
  if (!thread_.joinable()) return;
  stop_.store(true, std::memory_order_release);
  thread_.join();
}

std::byte* Recorder::begin() noexcept {
  std::byte* slot = failed() ? nullptr : records_.begin_push();
  // Only the loop writes it: a plain add; readers may see it late.
  if (slot == nullptr)
    dropped_.store(dropped_.load(std::memory_order_relaxed) + 1,
                   std::memory_order_relaxed);
  return slot;
}

void Recorder::commit() noexcept { records_.push(); }

std::byte* Recorder::begin_keyframe(uint64_t cycle) noexcept {
  std::byte* slot = failed() ? nullptr : keyframes_.begin_push();
  if (slot == nullptr) return nullptr;
  std::memcpy(slot, &cycle, sizeof(cycle));
  return slot + kCycleSize;
}

void Recorder::commit_keyframe() noexcept { keyframes_.push(); }

Result<void> Recorder::open_segment() {
  Result<LogWriter> w =
      LogWriter::create(options_.path, options_.head, run_id_, segment_);
  if (!w) return w.error();
  writer_ = std::move(*w);
  segment_begin_ns_ = last_release_ns_;
  return {};
}

void Recorder::now_granted(std::vector<Fact> granted) {
  if (records_.pushed() > 0) return;
  const std::lock_guard lock(granted_mutex_);
  granted_now_ = std::move(granted);
  // Before the first push(): who sees a record sees this, and no head is
  // written over one.
  granted_changed_.store(true, std::memory_order_release);
}

// There is nothing but the head in the file yet: it is begun again.
Result<void> Recorder::renew_head() {
  // Pairs with now_granted()'s release: the new facts are there.
  if (!granted_changed_.load(std::memory_order_acquire)) return {};
  {
    const std::lock_guard lock(granted_mutex_);
    granted_changed_.store(false, std::memory_order_relaxed);
    options_.head.info.granted = std::move(granted_now_);
  }
  return open_segment();
}

// The old file keeps everything up to here, the new one begins with the
// keyframe that the caller is about to write. rename() is atomic, so that a
// kill in between leaves two readable files or one.
Result<void> Recorder::rotate() {
  if (auto r = writer_->end(next_cycle_, dropped()); !r) return r;
  totals_.bytes += writer_->bytes();
  writer_.reset();
  const std::string old = options_.path + ".1";
  if (::rename(options_.path.c_str(), old.c_str()) != 0)
    return system_error("renaming the log to " + old, errno,
                        "record into a folder that this user may write");
  ++segment_;
  ++totals_.segments;
  return open_segment();
}

Result<void> Recorder::write_keyframe(const std::byte* slot) {
  const int64_t covers = last_release_ns_ - segment_begin_ns_;
  if (options_.keep_ns > 0 && covers >= options_.keep_ns)
    if (auto r = rotate(); !r) return r;
  ++totals_.keyframes;
  return writer_->keyframe(cycle_of(slot),
                           {slot + kCycleSize, options_.head.keyframe_size});
}

// Records up to and with `cycle`, of those pushed before `end`, in blocks.
Result<void> Recorder::drain_until(uint64_t cycle, uint64_t end) {
  if (auto r = renew_head(); !r) return r;
  const uint32_t size = records_.slot_size();
  const uint64_t block = std::max<uint64_t>(1, kBlockBytes / size);
  while (records_.popped() < end) {
    const std::byte* first = records_.front();
    if (cycle_of(first) > cycle) return {};
    const uint64_t most =
        std::min({records_.contiguous(), end - records_.popped(), block});
    uint64_t n = 1;
    while (n < most && cycle_of(first + n * size) <= cycle) ++n;
    next_cycle_ = cycle_of(first + (n - 1) * size) + 1;
    last_release_ns_ = release_of(first + (n - 1) * size);
    if (totals_.records == 0) segment_begin_ns_ = release_of(first);
    if (auto r = writer_->records({first, n * size}, dropped()); !r) return r;
    records_.pop(n);
    totals_.records += n;
  }
  return {};
}

// A keyframe is committed after its cycle's record and before the next one.
// So whoever has seen that next record sees the keyframe too: `end` is read
// first, and no record gets in front of a keyframe that belongs before it.
Result<void> Recorder::drain_once() {
  const uint64_t end = records_.pushed();
  while (const std::byte* key = keyframes_.front()) {
    if (auto r = drain_until(cycle_of(key), records_.pushed()); !r) return r;
    if (auto r = write_keyframe(key); !r) return r;
    keyframes_.pop();
  }
  return drain_until(UINT64_MAX, end);
}

void Recorder::avoid_cpu() {
  if (options_.avoid_cpu < 0) return;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return;
  CPU_CLR(static_cast<std::size_t>(options_.avoid_cpu), &set);
  // The only core there is: then the loop's priority keeps us away.
  if (CPU_COUNT(&set) > 0) sched_setaffinity(0, sizeof(set), &set);
}

void Recorder::thread_main() {
  pthread_setname_np(pthread_self(), "tactus-record");
  avoid_cpu();
  int64_t flushed = now_ns();
  for (;;) {
    const bool last = stop_.load(std::memory_order_acquire);
    const uint64_t filled = records_.pushed() - records_.popped();
    const bool due = last || now_ns() - flushed >= options_.flush_ns ||
                     filled * 2 > records_.slots();
    const Result<void> r = due ? drain_once() : Result<void>();
    if (due) flushed = now_ns();
    if (!r) {
      error_ = r.error();
      failed_.store(true, std::memory_order_relaxed);
      return;
    }
    if (last) return;
    sleep_ns(std::min(kPollNs, options_.flush_ns));
  }
}

Result<RecorderTotals> Recorder::finish() {
  stop_.store(true, std::memory_order_release);
  if (thread_.joinable()) thread_.join();
  if (error_) return *error_;
  if (!writer_) return internal_error("recorder: finished twice");
  if (auto r = writer_->end(next_cycle_, dropped()); !r) return r.error();
  totals_.bytes += writer_->bytes();
  totals_.dropped = dropped();
  writer_.reset();
  return totals_;
}

}  // namespace tactus::trace
