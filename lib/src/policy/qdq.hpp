// SPDX-License-Identifier: MIT
// The model with QuantizeLinear/DequantizeLinear around its Gemm and MatMul,
// for other runtimes: weights in int8 per output channel, their inputs in
// uint8 over the range that the rows reached; all else stays f32. Set-up only.
#pragma once

#include <string>

#include "policy/rows.hpp"
#include "tactus/result.hpp"

namespace tactus::policy {

struct QdqExport {
  std::string file;          // ONNX; golden vectors are left out
  std::size_t products = 0;  // that were quantised
};

// kBadInput: an opset before 13 (scales per channel), or nothing to quantise.
Result<QdqExport> export_qdq(const ModelPlan& plan, const Rows& rows);

}  // namespace tactus::policy
