// SPDX-License-Identifier: MIT
#include "config/frame.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace tactus::config {
namespace {

struct TypeInfo {
  tactus_type type;
  const char* name;
  uint32_t size;
};
constexpr TypeInfo kTypes[] = {
    {TACTUS_F32, "f32", 4}, {TACTUS_F64, "f64", 8},   {TACTUS_I32, "i32", 4},
    {TACTUS_I64, "i64", 8}, {TACTUS_U32, "u32", 4},   {TACTUS_U64, "u64", 8},
    {TACTUS_U8, "u8", 1},   {TACTUS_TIME, "time", 8},
};
constexpr uint32_t kMaxFrame = 64 * 1024;
constexpr std::size_t kMaxName = 31;
constexpr std::size_t kMaxUnit = 15;

const TypeInfo* info_of(tactus_type type) {
  for (const TypeInfo& t : kTypes) {
    if (t.type == type) return &t;
  }
  return nullptr;
}

Result<void> check_field(const tactus_field& f, uint32_t frame_size) {
  const std::string name = f.name ? f.name : "";
  if (name.empty() || name.size() > kMaxName) {
    return bad_input("frame field \"{}\": a name has 1 to {} characters", name,
                     kMaxName);
  }
  if (f.unit && std::string_view(f.unit).size() > kMaxUnit) {
    return bad_input("frame field {}: a unit has at most {} characters", name,
                     kMaxUnit);
  }
  const TypeInfo* type = info_of(f.type);
  if (!type) return bad_input("frame field {}: unknown type", name);
  const uint64_t end = f.offset + uint64_t{type->size} * f.count;
  if (f.count == 0 || end > frame_size) {
    return bad_input("frame field {}: {} x {} at {} is not in a frame of {}",
                     name, f.count, type->name, f.offset, frame_size);
  }
  if (f.offset % type->size != 0) {
    return bad_input("frame field {}: offset {} is not aligned to {}", name,
                     f.offset, type->size);
  }
  return {};
}

Result<void> check_cover(std::vector<FrameField> fields, uint32_t size) {
  std::sort(fields.begin(), fields.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
  uint32_t at = 0;
  for (const FrameField& f : fields) {
    if (f.offset != at) {
      return bad_input(
          "frame: bytes {} to {} before {}: {}: list every member, reorder "
          "so that no padding is left",
          std::min(at, f.offset), std::max(at, f.offset), f.name,
          f.offset > at ? "belong to no field" : "belong to two fields");
    }
    at += f.count * size_of(f.type);
  }
  if (at != size) {
    return bad_input("frame: bytes {} to {} belong to no field", at, size);
  }
  return {};
}

}  // namespace

uint32_t size_of(tactus_type type) {
  const TypeInfo* info = info_of(type);
  return info ? info->size : 0;
}

const char* name_of(tactus_type type) {
  const TypeInfo* info = info_of(type);
  return info ? info->name : "?";
}

void FrameLayout::append(std::string name, std::string unit, tactus_type type,
                         uint32_t count) {
  fields_.push_back({std::move(name), std::move(unit), type, count, size_});
  size_ += count * size_of(type);
}

FrameLayout FrameLayout::of(const File& file, uint32_t joints) {
  FrameLayout frame;
  for (const SignalEntry& s : file.signal) {
    if (!frame.find(s.stamp)) frame.append(s.stamp, "ns", TACTUS_TIME, 1);
  }
  for (const SignalEntry& s : file.signal) {
    frame.append(s.name, s.unit, TACTUS_F32, s.count);
  }
  frame.append(file.policy.output, file.policy.unit, TACTUS_F32, joints);
  return frame;
}

Result<FrameLayout> FrameLayout::of(std::span<const tactus_field> fields,
                                    uint32_t frame_size) {
  if (frame_size == 0 || frame_size > kMaxFrame) {
    return bad_input("frame: {} bytes: expected 1 to {}", frame_size,
                     kMaxFrame);
  }
  FrameLayout frame;
  for (const tactus_field& f : fields) {
    if (auto ok = check_field(f, frame_size); !ok) return ok.error();
    if (frame.find(f.name)) {
      return bad_input("frame field {}: listed twice", f.name);
    }
    frame.fields_.push_back(
        {f.name, f.unit ? f.unit : "", f.type, f.count, f.offset});
  }
  frame.size_ = frame_size;
  if (auto ok = check_cover(frame.fields_, frame_size); !ok) return ok.error();
  return frame;
}

const FrameField* FrameLayout::find(std::string_view name) const {
  for (const FrameField& f : fields_) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

Result<FrameField> FrameLayout::require(std::string_view name, tactus_type type,
                                        uint32_t count) const {
  const FrameField* f = find(name);
  if (!f) {
    return bad_input("frame: no field \"{}\" ({} x {}): declare it", name,
                     count, name_of(type));
  }
  // An i64 may serve as a stamp: it is one.
  const bool same =
      f->type == type || (type == TACTUS_TIME && f->type == TACTUS_I64);
  if (!same || f->count != count) {
    return bad_input("frame field {}: {} x {}: expected {} x {}", name,
                     f->count, name_of(f->type), count, name_of(type));
  }
  return *f;
}

}  // namespace tactus::config
