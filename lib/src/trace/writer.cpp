// SPDX-License-Identifier: MIT
#include "trace/writer.hpp"

#include <fcntl.h>
#include <time.h>

#include <cerrno>
#include <cstring>

#include "core/crc32c.hpp"
#include "core/error.hpp"

namespace tactus::trace {
namespace {

using layout::LogBlock;
using layout::LogHeader;
using layout::LogSection;

template <class T>
uint32_t crc_before_last_word(const T& head) {
  return crc32c(
      std::as_bytes(std::span(&head, 1)).first(sizeof(T) - sizeof(uint32_t)));
}

int64_t clock_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

void append(std::vector<std::byte>& to, const void* from, std::size_t size) {
  const auto* bytes = static_cast<const std::byte*>(from);
  to.insert(to.end(), bytes, bytes + size);
  to.resize(layout::log_align(to.size()));
}

LogHeader make_header(const LogHead& head, uint64_t run_id, uint32_t segment) {
  LogHeader h{};
  h.magic = layout::kLogMagic;
  h.version = layout::kLogVersion;
  h.header_size = sizeof(LogHeader);
  h.record_size = static_cast<uint32_t>(
      layout::record_stride(head.action_size, head.frame_size));
  h.keyframe_size = head.keyframe_size;
  h.frame_size = head.frame_size;
  h.action_offset = head.action_offset;
  h.action_size = head.action_size;
  h.period_ns = head.period_ns;
  h.start_monotonic_ns = clock_ns(CLOCK_MONOTONIC);
  h.start_realtime_ns = clock_ns(CLOCK_REALTIME);
  h.run_id = run_id;
  h.segment = segment;
  h.keyframe_every = head.keyframe_every;
  std::strncpy(h.loop_name, head.info.loop.c_str(), sizeof(h.loop_name) - 1);
  return h;
}

std::vector<LogSection> lay_out(const std::vector<Section>& sections) {
  std::vector<LogSection> table;
  uint64_t at = sizeof(LogHeader) + sections.size() * sizeof(LogSection);
  for (const Section& s : sections) {
    table.push_back({static_cast<uint32_t>(s.kind),
                     crc32c(std::as_bytes(std::span(s.bytes))), at,
                     s.bytes.size()});
    at += layout::log_align(s.bytes.size());
  }
  return table;
}

// How this very file is written: what was tried before, or for another file,
// need not be so here.
LogInfo written_by(LogInfo info, const std::string& output) {
  for (Fact& f : info.granted) {
    if (f.name == "record") f.value = output;
  }
  return info;
}

// Everything before the first block.
std::vector<std::byte> make_head(LogHeader h, const LogHead& head,
                                 const std::string& output) {
  std::vector<Section> sections = head.sections;
  const LogInfo info = written_by(head.info, output);
  sections.insert(sections.begin(),
                  {layout::LogSectionKind::kFacts, to_json(info)});
  const std::vector<LogSection> table = lay_out(sections);
  h.sections = static_cast<uint32_t>(table.size());
  h.sections_crc = crc32c(std::as_bytes(std::span(table)));
  h.data_offset = table.back().offset + layout::log_align(table.back().size);
  h.crc = crc_before_last_word(h);
  std::vector<std::byte> out;
  append(out, &h, sizeof(h));
  append(out, table.data(), table.size() * sizeof(LogSection));
  for (const Section& s : sections) append(out, s.bytes.data(), s.bytes.size());
  return out;
}

Result<void> check(const LogHead& head) {
  const uint64_t stride =
      layout::record_stride(head.action_size, head.frame_size);
  if (stride > layout::kLogMaxItem || head.keyframe_size > layout::kLogMaxItem)
    return bad_input(
        "log: a record of {} or a keyframe of {} bytes: at most "
        "{} fit: make the frame smaller",
        stride, head.keyframe_size, layout::kLogMaxItem);
  if (uint64_t{head.action_offset} + head.action_size > head.frame_size)
    return internal_error("log: the action lies outside the frame");
  if (head.sections.size() + 1 > layout::kLogMaxSections)
    return internal_error("log: more than {} sections",
                          layout::kLogMaxSections);
  return {};
}

}  // namespace

Result<LogWriter> LogWriter::create(const std::string& path,
                                    const LogHead& head, uint64_t run_id,
                                    uint32_t segment) {
  if (Result<void> good = check(head); !good) return good.error();
  LogWriter w;
  w.path_ = path;
  w.fd_.reset(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!w.fd_)
    return file_error("log " + path, errno,
                      "name a file that this user may write");
  const LogHeader header = make_header(head, run_id, segment);
  w.record_size_ = header.record_size;
  w.output_ = make_output(w.fd_.get(), &w.granted_);
  w.buffer_ = make_head(header, head, w.granted_);
  const std::size_t size = w.buffer_.size();
  if (auto r = w.output_->submit(w.buffer_, 0); !r) return r.error();
  if (auto r = w.output_->wait(); !r) return r.error();
  w.offset_ = size;
  return w;
}

Result<void> LogWriter::block(LogBlock head, std::span<const std::byte> items) {
  // The block in flight still owns the buffer.
  if (auto r = output_->wait(); !r) return r;
  head.magic = layout::kLogBlockMagic;
  head.version = layout::kLogVersion;
  head.index = index_++;
  head.payload_crc = crc32c(items);
  head.crc = crc_before_last_word(head);
  buffer_.clear();
  append(buffer_, &head, sizeof(head));
  append(buffer_, items.data(), items.size());
  const uint64_t at = offset_;
  offset_ += buffer_.size();
  return output_->submit(buffer_, at);
}

Result<void> LogWriter::records(std::span<const std::byte> items,
                                uint64_t dropped) {
  LogBlock head{};
  head.type = static_cast<uint16_t>(layout::LogBlockType::kRecords);
  head.stride = record_size_;
  head.count = static_cast<uint32_t>(items.size() / record_size_);
  std::memcpy(&head.first_cycle, items.data(), sizeof(head.first_cycle));
  head.dropped = dropped;
  return block(head, items);
}

Result<void> LogWriter::keyframe(uint64_t cycle,
                                 std::span<const std::byte> state) {
  LogBlock head{};
  head.type = static_cast<uint16_t>(layout::LogBlockType::kKeyframe);
  head.count = 1;
  head.stride = static_cast<uint32_t>(state.size());
  head.first_cycle = cycle;
  return block(head, state);
}

Result<void> LogWriter::end(uint64_t next_cycle, uint64_t dropped) {
  LogBlock head{};
  head.type = static_cast<uint16_t>(layout::LogBlockType::kEnd);
  head.first_cycle = next_cycle;
  head.dropped = dropped;
  if (auto r = block(head, {}); !r) return r;
  return output_->wait();
}

}  // namespace tactus::trace
