// SPDX-License-Identifier: MIT
#include "nets.hpp"

#include <fmt/ranges.h>

#include <cmath>

#include "../tests/unit/policy/onnx_writer.hpp"

namespace bench {
namespace {

namespace onnx = tactus::policy::test;

const char* op_of(Act act) {
  switch (act) {
    case Act::kRelu:
      return "Relu";
    case Act::kTanh:
      return "Tanh";
    case Act::kElu:
      return "Elu";
    case Act::kNone:
      break;
  }
  return "Identity";
}

std::string write(const std::vector<LayerOf>& layers) {
  onnx::OnnxFile file;
  file.input("x", {1, static_cast<int64_t>(layers.front().in)});
  std::string x = "x";
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LayerOf& l = layers[i];
    const auto in = static_cast<int64_t>(l.in);
    const auto out = static_cast<int64_t>(l.out);
    const std::string w = fmt::format("w{}", i), b = fmt::format("b{}", i);
    const std::string z = fmt::format("z{}", i);
    const std::string y =
        i + 1 < layers.size() ? fmt::format("x{}", i + 1) : "y";
    file.weight(onnx::tensor(w, {out, in}, l.w))
        .weight(onnx::tensor(b, {out}, l.b))
        .node("Gemm", {x, w, b}, {z}, {onnx::int_attribute("transB", 1)})
        .node(op_of(l.act), {z}, {y});
    x = y;
  }
  file.output("y", {1, static_cast<int64_t>(layers.back().out)});
  return file.bytes();
}

}  // namespace

std::vector<float> normal(std::size_t n, float deviation, std::mt19937& rng) {
  std::normal_distribution<float> draw(0, deviation);
  std::vector<float> v(n);
  for (float& x : v) x = draw(rng);
  return v;
}

Net make_net(const std::vector<std::size_t>& sizes,
             const std::vector<Act>& acts) {
  Net net;
  std::mt19937 rng(5);
  net.name = fmt::format("{}", fmt::join(sizes, "-"));
  for (std::size_t i = 0; i < acts.size(); ++i) {
    LayerOf l{sizes[i], sizes[i + 1], acts[i], {}, {}};
    l.w = normal(l.in * l.out, std::sqrt(1.6F / static_cast<float>(l.in)), rng);
    l.b = normal(l.out, 0.1F, rng);
    net.layers.push_back(std::move(l));
  }
  net.onnx = write(net.layers);
  return net;
}

}  // namespace bench
