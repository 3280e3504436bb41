// SPDX-License-Identifier: MIT
// The mapping that loop and guardian share: guard words and stop plan page
// in a memfd. Set-up only; the words themselves are the RT path's.
#pragma once

#include <string>

#include "core/fd.hpp"
#include "core/layout/guard_words.hpp"
#include "core/mapping.hpp"
#include "tactus/result.hpp"

namespace tactus::guard {

class Segment {
 public:
  // A new segment for this loop: config copied in, page formatted, disarmed
  // at epoch 0. The guardian inherits fd().
  static Result<Segment> create(const layout::GuardConfig& config);
  // The guardian's side: magic, versions, sizes and config are checked, for
  // the fd comes from a command line.
  static Result<Segment> attach(int fd);

  [[nodiscard]] layout::GuardWords& words() const { return get()->words; }
  [[nodiscard]] layout::StopPage& page() const { return get()->page; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  Segment(UniqueFd fd, Mapping mapping)
      : fd_(std::move(fd)), mapping_(std::move(mapping)) {}
  [[nodiscard]] layout::GuardSegment* get() const {
    return reinterpret_cast<layout::GuardSegment*>(mapping_.data());
  }

  UniqueFd fd_;
  Mapping mapping_;
};

}  // namespace tactus::guard
