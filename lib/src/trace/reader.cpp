// SPDX-License-Identifier: MIT
#include "trace/reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <limits>

#include "core/crc32c.hpp"
#include "core/error.hpp"

namespace tactus::trace {
namespace {

using layout::LogBlock;
using layout::LogBlockType;
using layout::LogHeader;
using layout::LogSection;

constexpr const char* kRecord = "record it again";

template <class T>
T load(std::span<const std::byte> bytes, uint64_t offset) {
  T out;
  std::memcpy(&out, bytes.data() + offset, sizeof(T));
  return out;
}

template <class T>
bool crc_holds(const T& head) {
  return head.crc ==
         crc32c(std::as_bytes(std::span(&head, 1)).first(offsetof(T, crc)));
}

// [offset, offset + size) lies inside `bytes`.
bool inside(std::span<const std::byte> bytes, uint64_t offset, uint64_t size) {
  return offset <= bytes.size() && size <= bytes.size() - offset;
}

bool all_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::byte b) { return b == std::byte{0}; });
}

// What is wrong with a header whose CRC holds; empty: nothing.
std::string header_fault(const LogHeader& h, uint64_t file_size) {
  if (h.record_size != layout::record_stride(h.action_size, h.frame_size))
    return fmt::format(
        "record size {} does not fit an action of {} and a "
        "frame of {} bytes",
        h.record_size, h.action_size, h.frame_size);
  if (h.record_size > layout::kLogMaxItem ||
      h.keyframe_size > layout::kLogMaxItem)
    return fmt::format("a record of {} or a keyframe of {} bytes is too large",
                       h.record_size, h.keyframe_size);
  if (uint64_t{h.action_offset} + h.action_size > h.frame_size)
    return "the action lies outside the frame";
  if (h.sections > layout::kLogMaxSections)
    return fmt::format("{} sections", h.sections);
  if (h.data_offset > file_size || h.data_offset % 8 != 0 ||
      h.data_offset < sizeof(LogHeader) + h.sections * sizeof(LogSection))
    return fmt::format("blocks begin at byte {} of {}", h.data_offset,
                       file_size);
  if (h.period_ns <= 0) return fmt::format("period {} ns", h.period_ns);
  if (h.loop_name[sizeof(h.loop_name) - 1] != '\0') return "endless loop name";
  return {};
}

}  // namespace

Result<LogReader> LogReader::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat st{};
  if (!fd || ::fstat(fd.get(), &st) != 0)
    return file_error("log " + path, errno, "name a readable .tlog file");
  if (!S_ISREG(st.st_mode))
    return bad_input("log {}: not a file: name a .tlog file", path);
  if (st.st_size == 0) return parse({}, path);
  const auto size = static_cast<std::size_t>(st.st_size);
  Result<Mapping> mapping = Mapping::of(fd.get(), size, Access::kRead);
  if (!mapping) return mapping.error();
  Result<LogReader> reader = parse({mapping->data(), size}, path);
  if (reader) reader->mapping_ = std::move(*mapping);
  return reader;
}

Result<LogReader> LogReader::parse(std::span<const std::byte> bytes,
                                   std::string name) {
  LogReader reader;
  reader.bytes_ = bytes;
  reader.name_ = std::move(name);
  if (auto r = reader.read_head(); !r) return r.error();
  if (auto r = reader.read_sections(); !r) return r.error();
  if (auto r = reader.read_blocks(); !r) return r.error();
  return reader;
}

Result<void> LogReader::read_head() {
  if (bytes_.size() < sizeof(LogHeader))
    return bad_input("log {}: byte 0: only {} bytes, a header needs {}: {}",
                     name_, bytes_.size(), sizeof(LogHeader), kRecord);
  header_ = load<LogHeader>(bytes_, 0);
  if (header_.magic != layout::kLogMagic)
    return bad_input("log {}: byte 0: not a .tlog file", name_);
  if (header_.version != layout::kLogVersion ||
      header_.header_size != sizeof(LogHeader))
    return bad_input(
        "log {}: byte 8: version {}, this build reads {}: use "
        "the rtctl that recorded it",
        name_, header_.version, layout::kLogVersion);
  if (!crc_holds(header_))
    return bad_input("log {}: byte {}: header CRC differs: {}", name_,
                     offsetof(LogHeader, crc), kRecord);
  const std::string fault = header_fault(header_, bytes_.size());
  if (!fault.empty())
    return bad_input("log {}: byte 0: header: {}: {}", name_, fault, kRecord);
  return {};
}

Result<void> LogReader::read_sections() {
  const auto table =
      bytes_.subspan(sizeof(LogHeader), header_.sections * sizeof(LogSection));
  if (crc32c(table) != header_.sections_crc)
    return bad_input("log {}: byte {}: section table CRC differs: {}", name_,
                     sizeof(LogHeader), kRecord);
  for (uint32_t i = 0; i < header_.sections; ++i) {
    const auto s = load<LogSection>(table, i * sizeof(LogSection));
    if (!inside(bytes_.first(header_.data_offset), s.offset, s.size))
      return bad_input(
          "log {}: section {} at byte {}: {} bytes leave the "
          "head: {}",
          name_, i, s.offset, s.size, kRecord);
    if (crc32c(bytes_.subspan(s.offset, s.size)) != s.crc)
      return bad_input("log {}: section {} at byte {}: CRC differs: {}", name_,
                       i, s.offset, kRecord);
    sections_.push_back(s);
  }
  const auto facts = section(layout::LogSectionKind::kFacts);
  Result<LogInfo> info = log_info_from_json(
      {reinterpret_cast<const char*>(facts.data()), facts.size()},
      header_.frame_size);
  if (!info)
    return bad_input("log {}: {}: {}", name_, info.error().text(), kRecord);
  info_ = std::move(*info);
  return {};
}

std::span<const std::byte> LogReader::section(
    layout::LogSectionKind kind) const {
  for (const LogSection& s : sections_)
    if (s.kind == static_cast<uint32_t>(kind))
      return bytes_.subspan(s.offset, s.size);
  return {};
}

Result<void> LogReader::read_blocks() {
  uint64_t offset = header_.data_offset;
  for (;;) {
    Result<Step> step = read_block(&offset);
    if (!step) return step.error();
    if (*step == Step::kEnd) break;
  }
  for (KeyframeView& k : keyframes_) k.position = lower_bound(k.cycle + 1);
  tail_offset_ = offset;
  tail_bytes_ = bytes_.size() - offset;
  return {};
}

// A block that is not whole ends the log only when nothing follows it: that
// is what a killed writer leaves. Anything else is damage.
Result<LogReader::Step> LogReader::read_block(uint64_t* offset) {
  const uint64_t at = *offset;
  const uint64_t left = bytes_.size() - at;
  if (ended_ && left != 0)
    return bad_input("log {}: byte {}: {} bytes after the end block: {}", name_,
                     at, left, kRecord);
  if (left < sizeof(LogBlock)) return Step::kEnd;
  const auto head = load<LogBlock>(bytes_, at);
  if (head.magic != layout::kLogBlockMagic || !crc_holds(head)) {
    if (all_zero(bytes_.subspan(at))) return Step::kEnd;
    return bad_input("log {}: byte {}: block {}: header CRC differs: {}", name_,
                     at, index_, kRecord);
  }
  const uint64_t payload = at + sizeof(LogBlock);
  const uint64_t size = uint64_t{head.count} * head.stride;
  if (!inside(bytes_, payload, layout::log_align(size))) return Step::kEnd;
  const uint64_t next = payload + layout::log_align(size);
  if (crc32c(bytes_.subspan(payload, size)) != head.payload_crc) {
    if (next == bytes_.size()) return Step::kEnd;
    return bad_input("log {}: byte {}: block {}: payload CRC differs: {}",
                     name_, payload, index_, kRecord);
  }
  if (head.index != index_)
    return bad_input("log {}: byte {}: block {} where {} should be: {}", name_,
                     at, head.index, index_, kRecord);
  if (auto r = add_block(head, payload); !r) return r.error();
  ++index_;
  *offset = next;
  return Step::kGoOn;
}

Result<void> LogReader::add_block(const LogBlock& head, uint64_t payload) {
  switch (static_cast<LogBlockType>(head.type)) {
    case LogBlockType::kRecords:
      return add_records(head, payload);
    case LogBlockType::kKeyframe:
      if (head.count != 1 || head.stride != header_.keyframe_size) break;
      if (head.first_cycle == UINT64_MAX) break;  // has no next one
      if (!keyframes_.empty() && head.first_cycle <= keyframes_.back().cycle)
        break;
      keyframes_.push_back(
          {head.first_cycle, 0, bytes_.subspan(payload, head.stride)});
      return {};
    case LogBlockType::kEnd:
      if (head.count != 0) break;
      ended_ = true;
      return {};
  }
  return bad_input(
      "log {}: byte {}: block {}: type {}, {} items of {} bytes "
      "for cycle {}: {}",
      name_, payload - sizeof(LogBlock), index_, head.type, head.count,
      head.stride, head.first_cycle, kRecord);
}

Result<void> LogReader::add_records(const LogBlock& head, uint64_t payload) {
  if (head.stride != header_.record_size || head.count == 0)
    return bad_input(
        "log {}: byte {}: {} records of {} bytes, the header says "
        "{}: {}",
        name_, payload - sizeof(LogBlock), head.count, head.stride,
        header_.record_size, kRecord);
  for (uint32_t i = 0; i < head.count; ++i) {
    const uint64_t at = payload + uint64_t{i} * head.stride;
    const auto record = load<layout::CycleRecord>(bytes_, at);
    if (records_ + i > 0 && record.cycle <= last_.cycle)
      return bad_input("log {}: byte {}: cycle {} after {}: {}", name_, at,
                       record.cycle, last_.cycle, kRecord);
    if (records_ + i > 0) {
      const uint64_t lost = lost_between(last_, record);
      gaps_ += lost != 0;
      lost_ += lost;
    }
    last_ = record;
  }
  blocks_.push_back({records_, payload, head.count});
  records_ += head.count;
  return {};
}

uint64_t LogReader::lost_between(const layout::CycleRecord& previous,
                                 const layout::CycleRecord& next) {
  const uint64_t between = next.cycle - previous.cycle - 1;
  return between > next.missed ? between - next.missed : 0;
}

CycleView LogReader::at(uint64_t position) const {
  const auto after = std::upper_bound(
      blocks_.begin(), blocks_.end(), position,
      [](uint64_t p, const Block& b) { return p < b.position; });
  const Block& b = *(after - 1);
  const uint64_t at = b.offset + (position - b.position) * header_.record_size;
  const uint64_t raw = at + sizeof(layout::CycleRecord);
  return {load<layout::CycleRecord>(bytes_, at),
          bytes_.subspan(raw, header_.action_size),
          bytes_.subspan(raw + layout::log_align(header_.action_size),
                         header_.frame_size),
          at};
}

uint64_t LogReader::lower_bound(uint64_t cycle) const {
  uint64_t low = 0;
  uint64_t high = records_;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (at(middle).record.cycle < cycle)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

const KeyframeView* LogReader::keyframe_before(uint64_t cycle) const {
  const auto after = std::lower_bound(
      keyframes_.begin(), keyframes_.end(), cycle,
      [](const KeyframeView& k, uint64_t c) { return k.cycle < c; });
  return after == keyframes_.begin() ? nullptr : &*(after - 1);
}

double field_value(const FieldInfo& field, std::span<const std::byte> frame,
                   uint32_t index) {
  const uint64_t size = type_size(field.type);
  const uint64_t at = field.offset + index * size;
  if (size == 0 || index >= field.count || !inside(frame, at, size))
    return std::numeric_limits<double>::quiet_NaN();
  switch (field.type) {
    case TACTUS_F32:
      return load<float>(frame, at);
    case TACTUS_F64:
      return load<double>(frame, at);
    case TACTUS_I32:
      return load<int32_t>(frame, at);
    case TACTUS_U32:
      return load<uint32_t>(frame, at);
    case TACTUS_U8:
      return load<uint8_t>(frame, at);
    case TACTUS_U64:
      return static_cast<double>(load<uint64_t>(frame, at));
    case TACTUS_I64:
    case TACTUS_TIME:
      return static_cast<double>(load<int64_t>(frame, at));
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace tactus::trace
