// SPDX-License-Identifier: MIT
// Functions that a model brings along (onnx.proto3, FunctionProto). Set-up
// only.
#pragma once

#include "policy/onnx/model.hpp"
#include "tactus/result.hpp"

namespace tactus::policy::onnx {

// The model with the nodes of each function in place of its calls. What stands
// in between has names of its own, and no place in the file. Errors: kBadInput,
// and what a file may make of it is bounded.
Result<Model> inlined(const Model& model);

}  // namespace tactus::policy::onnx
