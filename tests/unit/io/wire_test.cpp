// SPDX-License-Identifier: MIT
#include "io/wire.hpp"

#include <criterion/criterion.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/crc32c.hpp"

using namespace tactus;
using namespace tactus::io;
using layout::WireHeader;
using layout::WireSender;

namespace {

const float kValues[] = {0.5f, -1.0f};

std::vector<std::byte> command() {
  CommandFrame frame;
  frame.epoch = 7;
  frame.seq = 0x0102030405060708;
  frame.echo = 9;
  frame.stamp_ns = 1000;
  frame.values = kValues;
  WireBuffer buffer;
  const std::size_t n = encode_command(frame, buffer);
  return {buffer.begin(), buffer.begin() + static_cast<long>(n)};
}

std::vector<std::byte> state(float value) {
  const uint32_t ages[] = {100, 200, 300};
  const float values[] = {value, 2, 3, 4};
  StateFrame frame;
  frame.flags = layout::kWireLockstep;
  frame.seq = 5;
  frame.accepted_sender = WireSender::kGuardian;
  frame.age_us = ages;
  frame.values = values;
  WireBuffer buffer;
  const std::size_t n = encode_state(frame, buffer);
  return {buffer.begin(), buffer.begin() + static_cast<long>(n)};
}

// Seals a datagram again after a change.
void reseal(std::vector<std::byte>& d) {
  const uint32_t crc = crc32c(std::span(d).first(d.size() - 4));
  std::memcpy(d.data() + d.size() - 4, &crc, 4);
}

Reject after(std::vector<std::byte> d, std::size_t offset, uint8_t value) {
  d[offset] = std::byte{value};
  reseal(d);
  Frame out;
  return decode_any(d, out);
}

}  // namespace

// The format, byte by byte, as the layout's comment has it; the CRC is from
// an independent implementation.
Test(wire, command_has_the_documented_bytes) {
  const uint8_t golden[] = {'T',  'A',  'C',  '1',  2, 1, 0,    0,
                            7,    0,    0,    0,    2, 0, 0,    0,  //
                            8,    7,    6,    5,    4, 3, 2,    1,
                            0xE8, 3,    0,    0,    0, 0, 0,    0,  //
                            9,    0,    0,    0,    0, 0, 0,    0,
                            0,    0,    0,    0,    0, 0, 0,    0,  //
                            0,    0,    0,    0x3F, 0, 0, 0x80, 0xBF,
                            0x5D, 0x26, 0x92, 0x5E};
  const auto d = command();
  cr_assert_eq(d.size(), sizeof golden);
  cr_assert_eq(std::memcmp(d.data(), golden, sizeof golden), 0);
}

Test(wire, state_survives_the_wire) {
  Frame out;
  const auto d = state(1.5f);
  cr_assert_eq(decode(d, out, {3, 4}, 0), Reject::kNone);
  cr_assert_eq(out.value[0], 1.5f);
  cr_assert_eq(out.age_us[2], 300u);
  cr_assert(out.has(layout::kWireLockstep));
  cr_assert_eq(out.header.accepted_sender, 2u);
}

Test(wire, every_flipped_bit_is_rejected) {
  const auto good = command();
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto d = good;
    d[bit / 8] ^= std::byte{static_cast<uint8_t>(1u << (bit % 8))};
    Frame out;
    cr_assert_neq(decode_any(d, out), Reject::kNone, "bit %zu", bit);
  }
}

Test(wire, every_truncation_is_a_size) {
  const auto good = state(1);
  for (std::size_t n = 0; n < good.size(); ++n) {
    Frame out;
    const std::vector<std::byte> d(good.begin(),
                                   good.begin() + static_cast<long>(n));
    cr_assert_eq(decode_any(d, out), Reject::kSize, "%zu", n);
  }
}

Test(wire, a_longer_datagram_is_a_size) {
  auto d = command();
  d.push_back(std::byte{0});
  Frame out;
  cr_assert_eq(decode_any(d, out), Reject::kSize);
}

Test(wire, counts_over_the_maximum_are_a_size) {
  std::vector<std::byte> d(48 + 4 * 257 + 4);
  WireHeader h{};
  h.magic = layout::kWireMagic;
  h.type = 2;
  h.sender = 1;
  h.values = 257;
  std::memcpy(d.data(), &h, sizeof h);
  reseal(d);
  Frame out;
  cr_assert_eq(decode_any(d, out), Reject::kSize);
}

Test(wire, what_is_not_finite_never_arrives) {
  for (const uint32_t bits :
       {0x7F800000u, 0xFF800000u, 0x7FC00000u, 0x7F800001u, 0xFFFFFFFFu}) {
    auto d = command();
    std::memcpy(d.data() + 48 + 4, &bits, 4);
    reseal(d);
    Frame out;
    cr_assert_eq(decode_any(d, out), Reject::kNotFinite);
  }
}

Test(wire, what_is_not_finite_never_leaves) {
  const float bad[] = {1, std::numeric_limits<float>::quiet_NaN()};
  CommandFrame frame;
  frame.values = bad;
  WireBuffer buffer;
  cr_assert_eq(encode_command(frame, buffer), 0u);
  cr_assert(state(std::numeric_limits<float>::infinity()).empty());
}

Test(wire, each_field_has_its_reason) {
  const auto c = command();
  cr_assert_eq(after(c, 0, 'X'), Reject::kMagic);
  cr_assert_eq(after(c, 4, 0), Reject::kType);
  cr_assert_eq(after(c, 4, 4), Reject::kType);
  cr_assert_eq(after(c, 5, 0), Reject::kSender);  // a robot's command
  cr_assert_eq(after(c, 5, 3), Reject::kSender);
  cr_assert_eq(after(c, 6, 8), Reject::kReserved);
  cr_assert_eq(after(c, 42, 1), Reject::kReserved);
  cr_assert_eq(after(c, 44, 1), Reject::kReserved);
  cr_assert_eq(after(c, 4, 3), Reject::kCounts);  // tick done with values
  cr_assert_eq(after(state(1), 44, 3), Reject::kReserved);
  cr_assert_eq(after(state(1), 5, 1), Reject::kSender);
}

Test(wire, other_counts_than_agreed_are_rejected) {
  Frame out;
  cr_assert_eq(decode(state(1), out, {3, 5}, 0), Reject::kCounts);
  cr_assert_eq(decode(state(1), out, {2, 4}, 0), Reject::kCounts);
  cr_assert_eq(decode(command(), out, {3, 4}, 3), Reject::kCounts);
  cr_assert_eq(decode(command(), out, {3, 4}, 2), Reject::kNone);
}
