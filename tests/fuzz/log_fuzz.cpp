// SPDX-License-Identifier: MIT
// The log reader and what reads through it. A mutated file rarely survives a
// CRC, so every input is also tried with the CRCs sealed again: what lies
// behind them must hold by itself.
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "trace/explain.hpp"
#include "trace/reader.hpp"
#include "trace/report.hpp"
#include "trace/seal.hpp"
#include "trace/writer.hpp"

namespace {

using namespace tactus;

void read(std::span<const std::byte> bytes) {
  auto log = trace::LogReader::parse(bytes, "fuzz");
  if (!log) return;
  uint64_t sum = 0;
  for (uint64_t i = 0; i < log->size(); ++i) sum += log->at(i).record.cycle;
  (void)log->keyframe_before(sum);
  const auto summary = trace::summarise(*log);
  (void)trace::to_text(summary, log->info());
  (void)trace::to_json(summary, log->info(), "fuzz");
  (void)trace::to_html(summary, *log, {});
  if (log->size() > 0) {
    (void)trace::explain(*log, log->at(0).record.cycle);
    (void)trace::explain_json(*log, log->at(0).record.cycle);
  }
}

trace::LogHead base_head() {
  trace::LogHead head;
  head.frame_size = 16;
  head.action_offset = 8;
  head.action_size = 8;
  head.keyframe_size = 24;
  head.period_ns = 1'000'000;
  head.info.stages = {{"infer", TACTUS_INFER, 1, 1, TACTUS_KEEP_LAST, 1},
                      {"check", TACTUS_CHECK, 2, 0, TACTUS_TRIP, 0}};
  head.info.fields = {{"q", "rad", TACTUS_F32, 2, 0},
                      {"u", "", TACTUS_F32, 2, 8}};
  head.info.scene = {"q", "u", {"q"}, {0.1}, 0.1};
  return head;
}

// A small whole log, to be patched: a mutator seldom finds one by itself.
std::vector<std::byte> make_base() {
  const std::string path = "/tmp/log_fuzz." + std::to_string(getpid());
  auto w = trace::LogWriter::create(path, base_head(), 1, 0);
  if (!w) std::abort();
  const auto stride = layout::record_stride(8, 16);
  std::vector<std::byte> records(3 * stride);
  for (uint64_t i = 0; i < 3; ++i) {
    layout::CycleRecord r{};
    r.cycle = i;
    r.stages = 2;
    std::memcpy(&records[i * stride], &r, sizeof(r));
  }
  if (!w->records(records, 0)) std::abort();
  if (!w->keyframe(2, std::vector<std::byte>(24))) std::abort();
  if (!w->end(3, 0)) std::abort();
  FILE* file = std::fopen(path.c_str(), "rb");
  std::vector<std::byte> out(w->bytes());
  if (std::fread(out.data(), 1, out.size(), file) != out.size()) std::abort();
  std::fclose(file);
  ::unlink(path.c_str());
  return out;
}

// Input as a list of patches: 2 bytes where, 1 byte how much, then bytes.
std::vector<std::byte> patched(std::span<const std::byte> data) {
  static const std::vector<std::byte> base = make_base();
  std::vector<std::byte> out = base;
  while (data.size() > 3) {
    const std::size_t at = (std::to_integer<std::size_t>(data[0]) |
                            std::to_integer<std::size_t>(data[1]) << 8) %
                           out.size();
    const std::size_t n = std::min({std::to_integer<std::size_t>(data[2]) % 17,
                                    data.size() - 3, out.size() - at});
    std::memcpy(&out[at], &data[3], n);
    data = data.subspan(3 + n);
  }
  return out;
}

void try_all(std::vector<std::byte> bytes) {
  read(bytes);
  trace::seal(bytes);
  read(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::span input(reinterpret_cast<const std::byte*>(data), size);
  try_all({input.begin(), input.end()});
  try_all(patched(input));
  return 0;
}
