// SPDX-License-Identifier: MIT
#include "config/frame.hpp"

#include <criterion/criterion.h>

#include <string>
#include <vector>

using tactus::config::File;
using tactus::config::FrameLayout;

namespace {

File two_signals() {
  File file;
  file.signal.push_back(
      {.name = "q", .unit = "rad", .count = 7, .stamp = "q_at"});
  file.signal.push_back(
      {.name = "dq", .unit = "rad/s", .count = 7, .stamp = "q_at"});
  file.policy.output = "u";
  return file;
}

void refuses(const std::vector<tactus_field>& fields, uint32_t size,
             const char* word) {
  const auto frame = FrameLayout::of(fields, size);
  cr_assert(!frame);
  const std::string text = frame.error().text();
  cr_assert(text.find(word) != std::string::npos, "%s", text.c_str());
}

}  // namespace

Test(frame, a_shared_stamp_is_laid_out_once) {
  const FrameLayout frame = FrameLayout::of(two_signals(), 7);
  cr_assert_eq(frame.size(), 8u + 3 * 28u);
  cr_assert_eq(frame.find("q_at")->offset, 0u);
  cr_assert_eq(frame.find("u")->count, 7u);
}

Test(frame, its_own_layout_has_no_hole) {
  const FrameLayout frame = FrameLayout::of(two_signals(), 7);
  std::vector<tactus_field> fields;
  for (const auto& f : frame.fields()) {
    fields.push_back(
        {f.name.c_str(), f.unit.c_str(), f.type, f.count, f.offset});
  }
  cr_assert(static_cast<bool>(FrameLayout::of(fields, frame.size())));
}

Test(frame, padding_overlap_and_overrun_are_refused) {
  refuses({{"a", "", TACTUS_U8, 1, 0}, {"b", "", TACTUS_F32, 1, 4}}, 8,
          "belong to no field");
  refuses({{"a", "", TACTUS_F32, 2, 0}, {"b", "", TACTUS_F32, 1, 4}}, 8,
          "belong to two fields");
  refuses({{"a", "", TACTUS_F32, 3, 0}}, 8, "a");
  refuses({{"a", "", TACTUS_F32, 0x40000001, 0}}, 8, "a");
}

Test(frame, a_name_stands_for_one_field) {
  refuses({{"a", "", TACTUS_F32, 1, 0}, {"a", "", TACTUS_F32, 1, 4}}, 8,
          "twice");
}

Test(frame, what_is_required_must_fit) {
  const FrameLayout frame = FrameLayout::of(two_signals(), 7);
  cr_assert(static_cast<bool>(frame.require("q", TACTUS_F32, 7)));
  cr_assert(!frame.require("q", TACTUS_F32, 6));
  cr_assert(!frame.require("q", TACTUS_F64, 7));
  cr_assert(!frame.require("p", TACTUS_F32, 7));
}
