// SPDX-License-Identifier: MIT
// What a stranger can send: arbitrary datagrams through the decoder and the
// acceptance rules. The first byte chooses how the rest is cut and whether
// it is sealed, for a fuzzer seldom guesses a CRC.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "core/crc32c.hpp"
#include "io/acceptor.hpp"
#include "io/wire.hpp"

using namespace tactus;
using namespace tactus::io;

namespace {

void require(bool what) {
  if (!what) std::abort();
}

void seal(std::vector<std::byte>& d) {
  if (d.size() < 8) return;
  const uint32_t magic = layout::kWireMagic;
  std::memcpy(d.data(), &magic, 4);
  const uint32_t crc = crc32c(std::span(d).first(d.size() - 4));
  std::memcpy(d.data() + d.size() - 4, &crc, 4);
}

void check_accepted(const Frame& f, Acceptor& acceptor, WireCounters& c) {
  require(f.header.values <= layout::kWireMaxValues);
  require(f.header.signals <= layout::kWireMaxSignals);
  for (uint32_t i = 0; i < f.header.values; ++i) {
    require(std::isfinite(f.value[i]));
  }
  const uint32_t epoch = acceptor.epoch();
  const uint64_t last = acceptor.last_seq(f.sender());
  const Reject r = acceptor.accept(f.sender(), f.header.epoch, f.header.seq, c);
  require(acceptor.epoch() >= epoch);
  if (r != Reject::kNone) return;
  require(f.header.epoch > epoch || f.header.seq > last);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const bool sealed = (data[0] & 1) != 0;
  const auto all = std::as_bytes(std::span(data, size)).subspan(2);
  const std::size_t step = data[1] != 0 ? 48 + data[1] : all.size() + 1;
  Acceptor acceptor;
  WireCounters counters;
  for (std::size_t at = 0; at < all.size(); at += step) {
    const auto part = all.subspan(at, std::min(step, all.size() - at));
    std::vector<std::byte> d(part.begin(), part.end());
    if (sealed) seal(d);
    Frame frame;
    const Reject r = decode_any(d, frame);
    counters.count(r);
    if (r == Reject::kNone) check_accepted(frame, acceptor, counters);
  }
  return 0;
}
