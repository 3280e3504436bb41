// SPDX-License-Identifier: MIT
// Reads and writes .tmodel files (core/layout/tmodel.hpp says how they lie):
// an ONNX image with tier, calibration, kernels, accuracy and packed weights.
// Nothing in one is trusted: every size, CRC and the content's hash is checked
// before a byte is used. Set-up only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/layout/tmodel.hpp"
#include "policy/calibration.hpp"
#include "policy/plan.hpp"
#include "rt/isa.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

// Counts changes in how the fused backend packs weights that leave the names
// of its kernels as they are. Old files are packed anew then.
inline constexpr uint32_t kPacking = 1;

struct IsaKernels {
  rt::Isa isa = rt::Isa::kPortable;
  std::string kernels;             // Description::kernels
  std::vector<std::byte> weights;  // packed for them; empty: not stored
};

// What a .tmodel says beside its image.
struct Stored {
  Tier tier = Tier::kF32;
  Calibration calibration;      // no ranges: none
  std::string contract;         // JSON; empty: the model has none
  double golden_tolerance = 0;  // of this tier; 0: the model's own
  std::string accuracy;         // JSON; empty: none
  std::vector<IsaKernels> kernels;
  std::vector<SectionInfo> sections;  // of the file that was read
};

struct TmodelFile {
  std::span<const std::byte> image;  // in the bytes that were parsed
  Stored stored;
};

[[nodiscard]] bool is_tmodel(std::span<const std::byte> bytes) noexcept;
// kBadInput: one line with the byte and what is wrong there.
Result<TmodelFile> parse_tmodel(std::span<const std::byte> bytes,
                                const std::string& label);
std::vector<std::byte> write_tmodel(std::span<const std::byte> image,
                                    const Stored& stored);

// JSON of the sections kCalibration and kGolden, and back.
std::string calibration_json(const Calibration& calibration);
Result<Calibration> read_calibration(std::string_view json);
std::string tolerance_json(double tolerance);
Result<double> read_tolerance(std::string_view json);
// One whole JSON object, not nested deeper than any that Tactus writes.
[[nodiscard]] bool is_json_object(std::string_view json);

}  // namespace tactus::policy
