// SPDX-License-Identifier: MIT
// A multi-layer perceptron and whoever can run it: what the inference bench
// compares. Set-up may do anything; run() is what is timed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

enum class Act { kNone, kRelu, kTanh, kElu };

struct LayerOf {
  std::size_t in = 0, out = 0;
  Act act = Act::kNone;
  std::vector<float> w;  // [out, in] row-major
  std::vector<float> b;
};

struct Net {
  std::string name;  // "48-256-256-12"
  std::vector<LayerOf> layers;
  std::string onnx;  // the same as a file's bytes, input "x", output "y"
  [[nodiscard]] std::size_t inputs() const { return layers.front().in; }
  [[nodiscard]] std::size_t outputs() const { return layers.back().out; }
  [[nodiscard]] std::size_t bytes() const {
    std::size_t n = 0;
    for (const LayerOf& l : layers) n += l.w.size() + l.b.size();
    return n * sizeof(float);
  }
};

class Peer {
 public:
  explicit Peer(std::string name) : name_(std::move(name)) {}
  virtual ~Peer() = default;
  [[nodiscard]] const std::string& name() const { return name_; }
  virtual void run(const float* x, float* y) = 0;
  // Of weights, as they lie in memory; 0: not told.
  [[nodiscard]] virtual std::size_t bytes() const { return 0; }

 private:
  std::string name_;
};

// Null, with the reason, where the machine lacks it.
struct Made {
  std::unique_ptr<Peer> peer;
  std::string missing;
};
using Make = Made (*)(const Net& net);

Made make_naive(const Net& net);
Made make_eigen(const Net& net);
Made make_onednn(const Net& net);
Made make_libxsmm(const Net& net);
Made make_xnnpack(const Net& net);
Made make_onnxruntime(const Net& net);
Made make_read_loop(const Net& net);  // the net's bytes in f32
// Another footprint.
std::unique_ptr<Peer> read_loop(std::string name, std::size_t bytes);
// Ours; a tier that this build lacks is missing, by name.
Made make_tactus(const Net& net);
Made make_tactus_bf16(const Net& net);
Made make_tactus_int16(const Net& net);
Made make_tactus_int8(const Net& net);

// Eigen's vectorised activation, for peers that have none of their own.
void activate(Act act, float* y, std::size_t n);

}  // namespace bench
