// SPDX-License-Identifier: MIT
// The log reader. A mutated file rarely survives a CRC, so every input is
// also tried with the CRCs sealed again: what lies behind them must hold by
// itself.
#include <cstddef>
#include <cstdint>
#include <vector>

#include "trace/explain.hpp"
#include "trace/reader.hpp"
#include "trace/report.hpp"
#include "trace/seal.hpp"

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

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto* from = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> bytes(from, from + size);
  read(bytes);
  trace::seal(bytes);
  read(bytes);
  return 0;
}
