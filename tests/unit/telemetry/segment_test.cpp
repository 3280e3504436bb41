// SPDX-License-Identifier: MIT
#include "telemetry/segment.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>

using tactus::telemetry::SegmentReader;
using tactus::telemetry::SegmentWriter;
using tactus::telemetry::WriterLife;

namespace {

bool is(bool value) { return value; }

template <class T>
bool ok(const tactus::Result<T>& result) {
  return static_cast<bool>(result);
}

std::string make_folder() {
  char name[] = "/tmp/tactus-segment-XXXXXX";
  const char* made = ::mkdtemp(name);
  cr_assert(made != nullptr);
  return made;
}

// A child that creates the segment and waits to be killed.
pid_t start_child(const std::string& folder) {
  int ready[2];
  cr_assert(pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto w = SegmentWriter::create("arm", "child", folder);
    if (w) (*w)->stats()->counters.cycle = 77;
    const char byte = w ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  cr_assert(read(ready[0], &byte, 1) == 1 && byte == 'y');
  ::close(ready[0]);
  ::close(ready[1]);
  return child;
}

void kill_and_reap(pid_t child) {
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

}  // namespace

Test(segment, shows_the_writers_text_and_counters) {
  const std::string folder = make_folder();
  auto w = SegmentWriter::create("arm", "fifo 45", folder);
  cr_assert(ok(w));
  (*w)->stats()->counters.cycle = 42;
  auto r = SegmentReader::open("arm", folder);
  cr_assert(ok(r));
  cr_assert(is((*r)->text() == "fifo 45"));
  cr_assert(is((*r)->life() == WriterLife::kAlive));
  auto counters = (*r)->counters();
  cr_assert(ok(counters));
  cr_assert(is(counters->cycle == 42));
}

Test(segment, may_be_read_by_everyone) {
  const std::string folder = make_folder();
  auto w = SegmentWriter::create("arm", "", folder);
  cr_assert(ok(w));
  struct stat st{};
  cr_assert(stat((*w)->path().c_str(), &st) == 0);
  cr_assert(eq(u32, st.st_mode & 0777, 0644));
}

Test(segment, is_unlinked_at_an_orderly_end_and_says_so) {
  const std::string folder = make_folder();
  auto w = SegmentWriter::create("arm", "", folder);
  cr_assert(ok(w));
  auto r = SegmentReader::open("arm", folder);
  cr_assert(ok(r));
  w->reset();
  cr_assert(is((*r)->life() == WriterLife::kEnded));
  auto gone = SegmentReader::open("arm", folder);
  cr_assert(not(ok(gone)));
  cr_assert(eq(int, gone.error().exit_code(), 3));
}

Test(segment, refuses_a_second_live_loop_of_the_name) {
  const std::string folder = make_folder();
  const pid_t child = start_child(folder);
  auto second = SegmentWriter::create("arm", "", folder);
  const bool refused = !second;
  const std::string text = refused ? second.error().text() : "";
  kill_and_reap(child);
  cr_assert(is(refused));
  cr_assert(text.find("pid " + std::to_string(child)) != std::string::npos);
}

Test(segment, of_a_killed_run_says_died_and_is_taken_over) {
  const std::string folder = make_folder();
  const pid_t child = start_child(folder);
  auto old = SegmentReader::open("arm", folder);
  cr_assert(ok(old));
  kill_and_reap(child);
  cr_assert(is((*old)->life() == WriterLife::kDied));
  auto next = SegmentWriter::create("arm", "next", folder);
  cr_assert(ok(next));
  cr_assert(is((*next)->stats()->counters.cycle == 0));
  // The old mapping stays readable: the file was replaced, not cut.
  cr_assert(is((*old)->stats().counters.cycle == 77));
  auto reader = SegmentReader::open("arm", folder);
  cr_assert(ok(reader));
  cr_assert(is((*reader)->life() == WriterLife::kAlive));
}

Test(segment, reports_a_writer_killed_inside_an_update) {
  const std::string folder = make_folder();
  auto w = SegmentWriter::create("arm", "", folder);
  cr_assert(ok(w));
  (*w)->stats()->sequence.store(1);
  auto r = SegmentReader::open("arm", folder);
  cr_assert(ok(r));
  auto counters = (*r)->counters();
  cr_assert(not(ok(counters)));
  cr_assert(eq(int, counters.error().exit_code(), 3));
}

Test(segment, refuses_a_file_of_another_size_or_version) {
  const std::string folder = make_folder();
  auto w = SegmentWriter::create("arm", "", folder);
  cr_assert(ok(w));
  const std::string path = (*w)->path();
  FILE* file = std::fopen(path.c_str(), "r+");
  cr_assert(file != nullptr);
  std::fseek(file, 8, SEEK_SET);
  std::fputc(99, file);
  std::fclose(file);
  auto other = SegmentReader::open("arm", folder);
  cr_assert(not(ok(other)));
  cr_assert(eq(int, other.error().exit_code(), 2));
  cr_assert(truncate(path.c_str(), 100) == 0);
  auto small = SegmentReader::open("arm", folder);
  cr_assert(not(ok(small)));
  cr_assert(eq(int, small.error().exit_code(), 2));
  cr_assert(truncate(path.c_str(), 64 << 20) == 0);  // the writer's end
}

Test(segment, refuses_names_that_are_paths) {
  for (const char* name : {"", "../x", "a/b", ".hidden", "a b"}) {
    auto w = SegmentWriter::create(name, "", "/tmp");
    cr_assert(not(ok(w)));
    cr_assert(eq(int, w.error().exit_code(), 2));
  }
}
