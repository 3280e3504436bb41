// SPDX-License-Identifier: MIT
#include "trace/reader.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "synthetic.hpp"
#include "trace/seal.hpp"

using namespace tactus::trace;
using namespace tactus::trace::test;
using tactus::layout::CycleRecord;

Test(log_reader, gives_back_what_was_written) {
  const auto bytes = log_bytes();
  auto log = LogReader::parse(bytes, "t");
  cr_assert(ok(log));
  cr_assert(eq(int, static_cast<int>(log->size()), 400));
  cr_assert(is(log->ended()));
  cr_assert(is(log->gaps() == 0));
  cr_assert(is(log->at(123).record.cycle == 123));
  cr_assert(is(log->info().stages.size() == 4));
  cr_assert(is(log->info().scene.human_radius_m.at(0) == 0.08));
  const auto model = log->section(tactus::layout::LogSectionKind::kModel);
  cr_assert(is(model.size() == 11));
  Plant plant;
  for (uint64_t i = 0; i < 5; ++i) {
    const auto expected = plant.step();
    const CycleView v = log->at(i);
    cr_assert(is(std::memcmp(&bytes[v.file_offset], expected.data(),
                             expected.size()) == 0));
  }
}

Test(log_reader, seeks_cycles_and_keyframes) {
  const auto bytes = log_bytes();
  auto log = LogReader::parse(bytes, "t");
  cr_assert(ok(log));
  cr_assert(is(log->lower_bound(0) == 0));
  cr_assert(is(log->lower_bound(399) == 399));
  cr_assert(is(log->lower_bound(400) == 400));
  cr_assert(is(log->keyframe_before(0) == nullptr));
  cr_assert(is(log->keyframe_before(50)->cycle == 0));
  cr_assert(is(log->keyframe_before(51)->cycle == 50));
  cr_assert(is(log->keyframe_before(51)->position == 51));
}

// Whatever was written when the writer died, it reads up to a whole block.
Test(log_reader, reads_a_tail_cut_anywhere) {
  const auto bytes = log_bytes({.cycles = 60, .block = 7});
  auto whole = LogReader::parse(bytes, "t");
  cr_assert(ok(whole));
  uint64_t last = 0;
  const uint64_t begin = whole->header().data_offset;
  for (uint64_t size = begin; size < bytes.size(); size += 3) {
    auto log = LogReader::parse(std::span(bytes).first(size), "t");
    cr_assert(ok(log));
    cr_assert(is(!log->ended()));
    cr_assert(is(log->size() >= last));
    cr_assert(is(log->tail_offset() + log->tail_bytes() == size));
    last = log->size();
  }
  cr_assert(is(last == 60));
}

Test(log_reader, refuses_a_head_cut_anywhere) {
  const auto bytes = log_bytes({.cycles = 1});
  auto whole = LogReader::parse(bytes, "t");
  cr_assert(ok(whole));
  for (uint64_t size = 0; size < whole->header().data_offset; ++size) {
    auto log = LogReader::parse(std::span(bytes).first(size), "t");
    cr_assert(is(!log));
    cr_assert(is(log.error().exit_code() == 2));
    cr_assert(is(has(log.error().text(), "byte")));
  }
}

// Padding aside, every bit of the file is under some check sum.
Test(log_reader, notices_every_flipped_bit) {
  auto bytes = log_bytes({.cycles = 5, .block = 2});
  auto clean = LogReader::parse(bytes, "t");
  cr_assert(ok(clean));
  std::size_t unnoticed = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= std::byte{0x10};
    if (LogReader::parse(bytes, "t")) ++unnoticed;
    bytes[i] ^= std::byte{0x10};
  }
  // Sections are padded to 8; those bytes alone carry nothing.
  cr_assert(lt(int, static_cast<int>(unnoticed), 8 * 3));
}

Test(log_reader, decodes_a_flip_that_was_sealed_again) {
  auto bytes = log_bytes();
  auto clean = LogReader::parse(bytes, "t");
  cr_assert(ok(clean));
  const CycleView v = clean->at(77);
  const uint64_t at = v.file_offset + sizeof(CycleRecord) + 16;
  bytes[at] ^= std::byte{1};
  cr_assert(is(!LogReader::parse(bytes, "t")));
  seal(bytes);
  auto log = LogReader::parse(bytes, "t");
  cr_assert(ok(log));
  cr_assert(is(log->at(77).frame[0] == bytes[at]));
}

Test(log_reader, counts_gaps_but_not_skipped_releases) {
  const auto lost = log_bytes({.lose = 130});
  auto a = LogReader::parse(lost, "t");
  cr_assert(ok(a));
  cr_assert(is(a->gaps() == 1 && a->lost() == 1));
  const auto skipped = log_bytes({.skip_at = 130});
  auto b = LogReader::parse(skipped, "t");
  cr_assert(ok(b));
  cr_assert(is(b->gaps() == 0 && b->lost() == 0));
}

Test(log_reader, says_which_file_is_none) {
  auto missing = LogReader::open("/nonexistent.tlog");
  cr_assert(is(!missing && missing.error().exit_code() == 2));
  auto folder = LogReader::open("/tmp");
  cr_assert(is(!folder && folder.error().exit_code() == 2));
}

Test(log_info, refuses_a_field_table_that_leaves_the_frame) {
  LogInfo info = make_info();
  cr_assert(ok(log_info_from_json(to_json(info), sizeof(Frame))));
  cr_assert(is(!log_info_from_json(to_json(info), sizeof(Frame) - 8)));
  info.fields[1].offset = 8;
  cr_assert(is(!log_info_from_json(to_json(info), sizeof(Frame))));
  cr_assert(is(!log_info_from_json("{}", 100)));
  cr_assert(is(!log_info_from_json("[1", 100)));
}
