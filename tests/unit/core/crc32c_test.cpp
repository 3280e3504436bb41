// SPDX-License-Identifier: MIT
#include "core/crc32c.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cstring>
#include <string_view>

namespace {

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

// RFC 3720, appendix B.4, and the usual check value.
Test(crc32c, agrees_with_published_vectors) {
  cr_assert(eq(u32, tactus::crc32c(bytes("123456789")), 0xE3069283));
  const std::string_view zeros(
      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
      32);
  cr_assert(eq(u32, tactus::crc32c(bytes(zeros)), 0x8A9136AA));
}

Test(crc32c, can_be_continued_from_a_previous_result) {
  const uint32_t head = tactus::crc32c(bytes("12345"));
  cr_assert(eq(u32, tactus::crc32c(bytes("6789"), head), 0xE3069283));
}
