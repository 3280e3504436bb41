// SPDX-License-Identifier: MIT
// ONNX Runtime in this process: the library of its Python wheel, through the
// C interface. One thread, CPU, every graph optimisation; inputs and outputs
// are buffers that stay, so that a run() is its Run alone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

struct Tensor {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> data = {};  // sized by OrtModel
};

class OrtModel {
 public:
  // Null, with the reason, where the library or the model cannot be loaded.
  static std::unique_ptr<OrtModel> load(const std::string& path,
                                        std::vector<Tensor> inputs,
                                        std::vector<Tensor> outputs,
                                        std::string& missing);
  ~OrtModel();
  OrtModel(const OrtModel&) = delete;
  OrtModel& operator=(const OrtModel&) = delete;

  [[nodiscard]] std::vector<Tensor>& inputs() { return inputs_; }
  [[nodiscard]] std::vector<Tensor>& outputs() { return outputs_; }
  // False if ONNX Runtime reports an error.
  bool run();

  static const std::string& version();  // "" where it is not here

 private:
  OrtModel() = default;
  void* session_ = nullptr;
  std::vector<Tensor> inputs_, outputs_;
  std::vector<const char*> names_in_, names_out_;
  std::vector<void*> values_in_, values_out_;
};

}  // namespace bench
