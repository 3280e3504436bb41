// SPDX-License-Identifier: MIT
#include "guard/segment.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "core/error.hpp"
#include "guard/page.hpp"

namespace tactus::guard {
namespace {

using layout::GuardConfig;
using layout::GuardSegment;

template <std::size_t N>
bool terminated(const char (&text)[N]) {
  return std::memchr(text, 0, N) != nullptr;
}

bool sane(const GuardConfig& c) {
  return c.period_ns > 0 && c.bound_ns > 0 && c.repeat_ns > 0 && c.misses > 0 &&
         c.joints > 0 && c.joints <= layout::kMaxJoints &&
         c.virtual_clock <= 1 && c.then_hold <= 1 && terminated(c.loop_name) &&
         terminated(c.sender);
}

Error bad_segment(int fd, const char* what) {
  return bad_input(
      "guardian --fd {}: not a guard segment: {}: start the guardian from "
      "the same version of Tactus as the loop",
      fd, what);
}

Result<void> check_layout(int fd, const GuardSegment& s) {
  const layout::GuardWords& w = s.words;
  if (w.magic != layout::kGuardMagic || w.version != layout::kGuardVersion ||
      w.size != sizeof w) {
    return bad_segment(fd, "magic, version or size of the words differ");
  }
  const layout::StopPage& p = s.page;
  if (p.magic != layout::kStopPageMagic ||
      p.version != layout::kStopPageVersion || p.size != sizeof p) {
    return bad_segment(fd, "magic, version or size of the page differ");
  }
  if (!sane(w.config)) return bad_segment(fd, "its config is out of range");
  return {};
}

}  // namespace

Result<Segment> Segment::create(const GuardConfig& config) {
  if (!sane(config)) {
    return bad_input(
        "guard: period, bound, repeat and misses must be above zero, joints "
        "1..{}, name and sender below 32 and 64 characters",
        layout::kMaxJoints);
  }
  auto fd = make_memfd("tactus-guard", sizeof(GuardSegment));
  if (!fd) return fd.error();
  auto mapping =
      Mapping::of(fd->get(), sizeof(GuardSegment), Access::kReadWrite);
  if (!mapping) return mapping.error();
  auto* segment = new (mapping->data()) GuardSegment{};
  segment->words.magic = layout::kGuardMagic;
  segment->words.version = layout::kGuardVersion;
  segment->words.size = sizeof(layout::GuardWords);
  segment->words.config = config;
  format_page(segment->page);
  return Segment(std::move(*fd), std::move(*mapping));
}

Result<Segment> Segment::attach(int fd) {
  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    return system_error(fmt::format("guardian --fd {}", fd), errno,
                        "pass the descriptor that the loop made");
  }
  if (info.st_size != static_cast<off_t>(sizeof(GuardSegment))) {
    return bad_segment(fd, "its size differs");
  }
  auto mapping = Mapping::of(fd, sizeof(GuardSegment), Access::kReadWrite);
  if (!mapping) return mapping.error();
  const auto* segment = reinterpret_cast<GuardSegment*>(mapping->data());
  if (auto r = check_layout(fd, *segment); !r) return r.error();
  return Segment(UniqueFd(fd), std::move(*mapping));
}

}  // namespace tactus::guard
