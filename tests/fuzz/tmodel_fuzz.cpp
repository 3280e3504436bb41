// SPDX-License-Identifier: MIT
// Any bytes as a .tmodel: as they are, and with every check sum mended, so that
// what lies behind them is reached. Nothing but an Error may come of it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "core/crc32c.hpp"
#include "policy/image.hpp"
#include "policy/plan.hpp"
#include "policy/tmodel.hpp"

namespace {

using namespace tactus;
using Bytes = std::vector<std::byte>;

void try_load(std::span<const std::byte> bytes) {
  auto plan = policy::ModelPlan::from_image(bytes, "fuzz.tmodel", {});
  if (!plan) return;
  static_cast<void>(policy::Context::make(*plan));
}

// Magic and sums of whatever the input says.
void mend(Bytes& bytes) {
  layout::TmodelHeader h;
  if (bytes.size() < sizeof h) return;
  std::memcpy(&h, bytes.data(), sizeof h);
  h.magic = layout::kTmodelMagic;
  h.version = layout::kTmodelVersion;
  h.header_size = sizeof h;
  h.file_size = bytes.size();
  h.sections %= layout::kTmodelMaxSections + 1;
  const std::span<std::byte> rest = std::span(bytes).subspan(sizeof h);
  const std::size_t table =
      std::min(rest.size(), h.sections * sizeof(layout::TmodelSection));
  for (std::size_t at = 0; at + sizeof(layout::TmodelSection) <= table;
       at += sizeof(layout::TmodelSection)) {
    layout::TmodelSection s;
    std::memcpy(&s, rest.data() + at, sizeof s);
    if (s.offset > bytes.size() || s.size > bytes.size() - s.offset) continue;
    s.crc = crc32c(std::span(bytes).subspan(s.offset, s.size));
    std::memcpy(rest.data() + at, &s, sizeof s);
  }
  h.sections_crc = crc32c(rest.first(table));
  h.content_hash = policy::xxh64(rest);
  h.crc = crc32c(std::as_bytes(std::span(&h, 1)).first(sizeof h - 4));
  std::memcpy(bytes.data(), &h, sizeof h);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto raw = std::as_bytes(std::span(data, size));
  try_load(raw);
  Bytes mended(raw.begin(), raw.end());
  mend(mended);
  try_load(mended);
  const std::string text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(policy::read_calibration(text));
  return 0;
}
