// SPDX-License-Identifier: MIT
// The .tmodel file: a model with what was measured and decided about it.
// Little endian:
//
//   TmodelHeader                 fixed, with its own CRC
//   TmodelSection[sections]      table: kind, CRC, offset, size, ISA
//   section bytes                each on a 64 byte boundary, zeros between
//
// Sections follow each other in the order of the table and end with the file,
// so that every byte is part of something that is checked. content_hash is
// XXH64 of all that comes after the header.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tactus::layout {

inline constexpr uint64_t kTmodelMagic = 0x314C444D54434154;  // "TACTMDL1"
inline constexpr uint32_t kTmodelVersion = 1;
inline constexpr uint32_t kTmodelMaxSections = 32;
inline constexpr uint32_t kTmodelAnyIsa = UINT32_MAX;

enum class TmodelSectionKind : uint32_t {
  kImage = 1,        // the ONNX file, or a bundle of it and its data files
  kContract = 2,     // JSON, the text of tactus.contract in the image
  kGolden = 3,       // JSON: this tier's tolerance for the image's vectors
  kTier = 4,         // text: f32, bf16, int16 or int8
  kCalibration = 5,  // JSON: source, rows, ranges
  kKernels = 6,      // text: Description::kernels, one section per ISA
  kAccuracy = 7,     // JSON: what rtctl model quantize reported
  kPacked = 8,       // TmodelPacked and the weights, one section per ISA
};

struct TmodelHeader {
  uint64_t magic;
  uint32_t version;
  uint32_t header_size;  // sizeof(TmodelHeader)
  uint64_t file_size;
  uint64_t content_hash;
  uint32_t sections;
  uint32_t sections_crc;  // of the section table
  uint64_t reserved[10];
  uint32_t reserved_end;
  uint32_t crc;  // of everything before
};

struct TmodelSection {
  uint32_t kind;  // TmodelSectionKind; unknown ones are skipped
  uint32_t crc;
  uint64_t offset;
  uint64_t size;
  uint32_t isa;  // rt::Isa, or kTmodelAnyIsa
  uint32_t reserved;
};

// Weights as the fused backend holds them. Of use only to the build that packs
// alike: `packing` counts changes of that.
struct TmodelPacked {
  uint32_t packing;
  uint32_t reserved_begin;
  uint64_t image_hash;    // XXH64 of the kImage section
  uint64_t kernels_hash;  // XXH64 of this ISA's kKernels section
  uint64_t size;          // bytes behind this
  uint64_t reserved[4];
};

[[nodiscard]] constexpr uint64_t tmodel_align(uint64_t bytes) {
  return (bytes + 63) & ~uint64_t{63};
}

static_assert(sizeof(TmodelHeader) == 128);
static_assert(offsetof(TmodelHeader, content_hash) == 24);
static_assert(offsetof(TmodelHeader, crc) == 124);
static_assert(sizeof(TmodelSection) == 32);
static_assert(offsetof(TmodelSection, isa) == 24);
static_assert(sizeof(TmodelPacked) == 64);
static_assert(offsetof(TmodelPacked, reserved) == 32);

}  // namespace tactus::layout
