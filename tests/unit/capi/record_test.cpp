// SPDX-License-Identifier: MIT
// A required record is judged by the log that was opened, not by a trial.
#include <sys/resource.h>

#include "../instrumented.hpp"
#include "loop_rig.hpp"
#include "trace/writer.hpp"

using namespace capi_rig;

namespace {

// Descriptors 0 to n - 1 while it lives.
struct Descriptors {
  rlimit before{};
  explicit Descriptors(rlim_t n) {
    ::getrlimit(RLIMIT_NOFILE, &before);
    const rlimit few{n, before.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~Descriptors() { ::setrlimit(RLIMIT_NOFILE, &before); }
};

struct Built {
  bool ok = false;
  std::string text;  // granted, or the error
};

Built build_with(rlim_t descriptors) {
  Rig rig;
  rig.log = rig.files.folder.path() + "/run.tlog";
  tactus::LoopOptions options = Rig::options();
  options.require = {tactus::Grant::record};
  const Descriptors few(descriptors);
  auto loop =
      rig.build(options, options.period,
                [](Frame&, const tactus::Tick&) noexcept { return TACTUS_OK; });
  if (loop) return {true, loop->granted()};
  cr_expect_neq(::access(rig.log.c_str(), F_OK), 0, "%s, and leaves a log",
                loop.error().text());
  return {false, loop.error().text()};
}

}  // namespace

// With one descriptor more each time the build gets farther. Somewhere the
// trial finds the last one for its ring, and the log needs that for its file.
Test(record, required_is_given_or_the_build_fails) {
  if (tactus::trace::io_uring_refusal() != 0)
    cr_skip_test("io_uring is refused here");
  if (kInstrumented) cr_skip_test("UBSan needs descriptors of its own");
  const int first = ::dup(0);
  ::close(first);
  Built built;
  Built last;
  for (int more = 1; more < 64 && !built.ok; ++more) {
    last = built;
    built = build_with(static_cast<rlim_t>(first + more));
  }
  cr_assert(built.ok, "%s", built.text.c_str());
  cr_expect_neq(built.text.find("record io_uring"), std::string::npos, "%s",
                built.text.c_str());
  cr_expect_neq(last.text.find("when the log was opened"), std::string::npos,
                "%s", last.text.c_str());
}
