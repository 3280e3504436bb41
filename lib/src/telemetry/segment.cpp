// SPDX-License-Identifier: MIT
#include "telemetry/segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.hpp"
#include "telemetry/control.hpp"

namespace tactus::telemetry {
namespace {

using layout::SegmentHead;

constexpr uint64_t kStatsOffset = (sizeof(SegmentHead) + 63) / 64 * 64;
constexpr uint64_t kBoardOffset =
    (kStatsOffset + sizeof(rt::LoopStats) + 63) / 64 * 64;
constexpr uint64_t kSize = kBoardOffset + sizeof(ViolationBoard);
constexpr int kRetries = 64;

int64_t clock_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

std::string segment_path(const std::string& folder, const std::string& loop) {
  return folder + "/tactus." + loop;
}

// An open file description's lock: it goes when the last process that has
// the description open is gone, kill -9 included.
struct flock whole_file(short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

bool take_lock(int fd) {
  struct flock lock = whole_file(F_WRLCK);
  return ::fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

bool is_locked(int fd) {
  struct flock lock = whole_file(F_WRLCK);
  return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

// The file that we locked is still the one with this name.
bool still_named(int fd, const std::string& path) {
  struct stat a{}, b{};
  return ::fstat(fd, &a) == 0 && ::lstat(path.c_str(), &b) == 0 &&
         a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int64_t file_size(int fd) {
  struct stat st{};
  return ::fstat(fd, &st) == 0 ? st.st_size : -1;
}

uint32_t pid_in(int fd) {
  uint32_t pid = 0;
  if (::pread(fd, &pid, sizeof(pid), offsetof(SegmentHead, pid)) != sizeof(pid))
    return 0;
  return pid;
}

// Opens and locks the segment, a dead run's too.
Result<UniqueFd> claim(const std::string& loop, const std::string& path) {
  for (int i = 0; i < kRetries; ++i) {
    UniqueFd fd(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!fd)
      return system_error("statistics segment " + path, errno,
                          "another user's loop left it, or /dev/shm may not "
                          "be written: remove it, or choose "
                          "another name");
    if (!take_lock(fd.get()))
      return unavailable(
          "a loop named {} already runs (pid {}): choose "
          "another name, or stop it with rtctl stop",
          loop, pid_in(fd.get()));
    // The dying owner may have unlinked it between our open and lock.
    if (!still_named(fd.get(), path)) continue;
    if (file_size(fd.get()) == 0) return fd;
    // A killed run's: a reader may still map it, so it is replaced, never
    // cut short under it (that would be a SIGBUS there).
    ::unlink(path.c_str());
  }
  return unavailable(
      "statistics segment {}: changes hands all the time: "
      "choose another name",
      path);
}

void copy_text(char* to, std::size_t size, const std::string& text) {
  const std::size_t n = std::min(text.size(), size - 1);
  std::fill(std::copy_n(text.begin(), n, to), to + size, '\0');
}

std::string bounded(const char* text, std::size_t size) {
  return {text, ::strnlen(text, size)};
}

void fill(SegmentHead& head, const std::string& loop) {
  head.magic = layout::kSegmentMagic;
  head.version = layout::kSegmentVersion;
  head.head_size = sizeof(SegmentHead);
  head.size = kSize;
  head.stats_offset = kStatsOffset;
  head.stats_size = sizeof(rt::LoopStats);
  head.violations_offset = kBoardOffset;
  head.violations_size = sizeof(ViolationBoard);
  copy_text(head.loop_name, sizeof(head.loop_name), loop);
  head.start_monotonic_ns = clock_ns(CLOCK_MONOTONIC);
  head.start_realtime_ns = clock_ns(CLOCK_REALTIME);
  head.uid = ::geteuid();
  head.pid = static_cast<uint32_t>(::getpid());
}

}  // namespace

SegmentHead* SegmentWriter::head() const {
  return reinterpret_cast<SegmentHead*>(mapping_.data());
}

rt::LoopStats* SegmentWriter::stats() const {
  return reinterpret_cast<rt::LoopStats*>(mapping_.data() + kStatsOffset);
}

ViolationBoard* SegmentWriter::violations() const {
  return reinterpret_cast<ViolationBoard*>(mapping_.data() + kBoardOffset);
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::create(
    const std::string& loop, const std::string& text,
    const std::string& folder) {
  if (auto good = check_loop_name(loop); !good) return good.error();
  std::unique_ptr<SegmentWriter> w(new SegmentWriter);
  w->path_ = segment_path(folder, loop);
  Result<UniqueFd> fd = claim(loop, w->path_);
  if (!fd) return fd.error();
  w->fd_ = std::move(*fd);
  if (::ftruncate(w->fd_.get(), kSize) != 0 ||
      ::fchmod(w->fd_.get(), 0644) != 0)
    return system_error("statistics segment " + w->path_, errno,
                        "free memory in /dev/shm");
  // Reserved now: a store into a full tmpfs later would be a SIGBUS.
  if (const int e = ::posix_fallocate(w->fd_.get(), 0, kSize); e != 0)
    return system_error("statistics segment " + w->path_, e,
                        "free memory in /dev/shm");
  Result<Mapping> mapping =
      Mapping::of(w->fd_.get(), kSize, Access::kReadWrite);
  if (!mapping) return mapping.error();
  w->mapping_ = std::move(*mapping);
  w->locked_ = ::mlock(w->mapping_.data(), kSize) == 0;
  fill(*w->head(), loop);
  w->set_text(text);
  w->head()->ready.store(1, std::memory_order_release);
  return w;
}

SegmentWriter::~SegmentWriter() {
  if (mapping_.data() != nullptr)
    head()->ended.store(1, std::memory_order_release);
  // While the lock is still held: a successor finds no file or a new one.
  if (fd_) ::unlink(path_.c_str());
}

void SegmentWriter::set_text(const std::string& text) {
  copy_text(head()->text, sizeof(SegmentHead::text), text);
}

Result<std::unique_ptr<SegmentReader>> SegmentReader::open(
    const std::string& loop, const std::string& folder) {
  if (auto good = check_loop_name(loop); !good) return good.error();
  std::unique_ptr<SegmentReader> r(new SegmentReader);
  r->path_ = segment_path(folder, loop);
  const int fd = ::open(r->path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  int fault = fd < 0 ? errno : 0;
  r->fd_.reset(fd);
  if (fault == ENOENT)
    return unavailable(
        "no loop named {} runs (no {}): start it with rtctl "
        "run",
        loop, r->path_);
  struct stat st{};
  if (fault == 0 && ::fstat(fd, &st) != 0) fault = errno;
  if (fault != 0)
    return system_error("statistics segment " + r->path_, fault,
                        "use the account that runs the loop");
  if (static_cast<uint64_t>(st.st_size) != kSize)
    return bad_input(
        "statistics segment {}: {} bytes, this version has {}: "
        "use the rtctl that started the loop",
        r->path_, st.st_size, kSize);
  Result<Mapping> mapping = Mapping::of(r->fd_.get(), kSize, Access::kRead);
  if (!mapping) return mapping.error();
  r->mapping_ = std::move(*mapping);
  const SegmentHead& h = r->head();
  if (h.ready.load(std::memory_order_acquire) != 1)
    return unavailable("statistics segment {}: {}", r->path_,
                       is_locked(r->fd_.get())
                           ? "its loop is still starting: try again"
                           : "writer died while starting: start it again");
  if (h.magic != layout::kSegmentMagic ||
      h.version != layout::kSegmentVersion || h.size != kSize ||
      h.stats_offset != kStatsOffset || h.stats_size != sizeof(rt::LoopStats) ||
      h.violations_offset != kBoardOffset ||
      h.violations_size != sizeof(ViolationBoard))
    return bad_input(
        "statistics segment {}: not version {}: use the rtctl "
        "that started the loop",
        r->path_, layout::kSegmentVersion);
  return r;
}

const SegmentHead& SegmentReader::head() const {
  return *reinterpret_cast<const SegmentHead*>(mapping_.data());
}

const rt::LoopStats& SegmentReader::stats() const {
  return *reinterpret_cast<const rt::LoopStats*>(mapping_.data() +
                                                 kStatsOffset);
}

const ViolationBoard& SegmentReader::violations() const {
  return *reinterpret_cast<const ViolationBoard*>(mapping_.data() +
                                                  kBoardOffset);
}

std::string SegmentReader::text() const {
  return bounded(head().text, sizeof(SegmentHead::text));
}

WriterLife SegmentReader::life() const {
  if (head().ended.load(std::memory_order_acquire) == 1)
    return WriterLife::kEnded;
  return is_locked(fd_.get()) ? WriterLife::kAlive : WriterLife::kDied;
}

Result<rt::LoopCounters> SegmentReader::counters() const {
  rt::LoopCounters out{};
  const rt::StatsRead read = rt::read_counters(stats(), out);
  if (read == rt::StatsRead::kOk) return out;
  if (read == rt::StatsRead::kWriterDied || life() == WriterLife::kDied)
    return unavailable(
        "statistics segment {}: writer died (pid {}): start "
        "the loop again",
        path_, head().pid);
  return unavailable("statistics segment {}: busy: try again", path_);
}

}  // namespace tactus::telemetry
