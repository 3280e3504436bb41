// SPDX-License-Identifier: MIT
// TensorProto: dims, type and values from raw_data, typed fields or an
// external file. Set-up only.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "policy/onnx/model.hpp"

namespace tactus::policy::onnx {

struct TensorSource {
  std::span<const std::byte> proto;
  const std::string& where;  // begins the errors
  const External& external;
  std::size_t origin = kNew;  // Tensor::origin
};

Result<std::shared_ptr<const Tensor>> read_tensor(const TensorSource& source);

}  // namespace tactus::policy::onnx
