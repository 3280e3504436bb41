// SPDX-License-Identifier: MIT
// The frame: which named value lies where. For `rtctl run` it is laid out
// from [signal]; a controller with its own driver declares its own. Set-up.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/file.hpp"
#include "tactus/result.hpp"
#include "tactus/tactus.h"

namespace tactus::config {

struct FrameField {
  std::string name;
  std::string unit;
  tactus_type type = TACTUS_F32;
  uint32_t count = 0;
  uint32_t offset = 0;
};

class FrameLayout {
 public:
  // Stamps (i64) first, then every signal and the action (f32): aligned and
  // without padding.
  static FrameLayout of(const File& file, uint32_t joints);
  // A user's own table: no overlap, no hole, names unique.
  static Result<FrameLayout> of(std::span<const tactus_field> fields,
                                uint32_t frame_size);

  [[nodiscard]] const std::vector<FrameField>& fields() const {
    return fields_;
  }
  [[nodiscard]] uint32_t size() const { return size_; }
  [[nodiscard]] const FrameField* find(std::string_view name) const;
  // kBadInput naming what is missing or of another type or size.
  Result<FrameField> require(std::string_view name, tactus_type type,
                             uint32_t count) const;

 private:
  void append(std::string name, std::string unit, tactus_type type,
              uint32_t count);

  std::vector<FrameField> fields_;
  uint32_t size_ = 0;
};

[[nodiscard]] uint32_t size_of(tactus_type type);
[[nodiscard]] const char* name_of(tactus_type type);

}  // namespace tactus::config
