// SPDX-License-Identifier: MIT
// What the files of the module libtactus-onednn.so share: steps over one
// buffer of f32 per value, and who makes them. dnnl throws; onednn.cpp lets
// nothing out.
#pragma once

#include <algorithm>
#include <cstring>
#include <dnnl.hpp>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "policy/plugin.h"

namespace tactus_onednn {

using dnnl::memory;
using Tag = memory::format_tag;
inline constexpr auto kF32 = memory::data_type::f32;
inline constexpr auto kInference = dnnl::prop_kind::forward_inference;

using Buffers = std::vector<std::vector<float>>;
struct Step {
  virtual ~Step() = default;
  virtual void run(Buffers& buffers, dnnl::stream& stream) = 0;
};
using StepPtr = std::unique_ptr<Step>;

struct Plan {
  const tactus_plugin_graph* graph;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  uint64_t weight_bytes = 0;
};

class Refused : public std::runtime_error {
 public:
  Refused(const tactus_plugin_node& n, const char* why)
      : std::runtime_error(std::string(n.op) + " (node '" + n.name +
                           "'): " + why) {}
};

inline const tactus_plugin_value& value(const Plan& plan, int32_t id) {
  return plan.graph->values[id];
}
// Of an input that may not be computed, or `why`; null: it is omitted.
inline const float* constant_of(const Plan& plan, const tactus_plugin_node& n,
                                uint32_t input, const char* why) {
  if (input >= n.in_count || n.in[input] < 0) return nullptr;
  const float* data = value(plan, n.in[input]).constant;
  if (data == nullptr) throw Refused(n, why);
  return data;
}
// For what computes its first output alone.
inline void only_first(const Plan& plan, const tactus_plugin_node& n) {
  const auto& g = *plan.graph;
  const auto read = [&](int32_t id) {
    const std::span outputs(g.outputs, g.output_count);
    const std::span nodes(g.nodes, g.node_count);
    const auto reads = [&](const tactus_plugin_node& other) {
      const std::span in(other.in, other.in_count);
      return std::ranges::find(in, id) != in.end();
    };
    return std::ranges::find(outputs, id) != outputs.end() ||
           std::ranges::any_of(nodes, reads);
  };
  for (uint32_t i = 1; i < n.out_count; ++i)
    if (n.out[i] >= 0 && read(n.out[i]))
      throw Refused(n, "more than its first output is used");
}
inline std::span<const int64_t> dims_of(const tactus_plugin_value& v) {
  return {v.dims, v.rank};
}
inline memory::dims as_dims(const tactus_plugin_value& v) {
  return {v.dims, v.dims + v.rank};
}
// Row-major strides.
inline memory::dims dense(const memory::dims& dims) {
  memory::dims stride(dims.size(), 1);
  for (std::size_t d = dims.size(); d-- > 1;)
    stride[d - 1] = stride[d] * dims[d];
  return stride;
}
inline memory::desc dense_desc(const memory::dims& dims) {
  return {dims, kF32, dense(dims)};
}

// A primitive between buffers; weights are held here.
class Primitive : public Step {
 public:
  struct Argument {
    int kind;  // DNNL_ARG_…
    int32_t value;
    memory::desc desc;
  };
  Primitive(const Plan& plan, dnnl::primitive primitive,
            const std::vector<Argument>& arguments)
      : primitive_(std::move(primitive)) {
    for (const Argument& a : arguments) {
      places_.push_back({a.kind, static_cast<std::size_t>(a.value)});
      arguments_.insert(
          {a.kind, memory(a.desc, plan.engine, DNNL_MEMORY_NONE)});
    }
  }
  void hold(int kind, const memory& weights) {
    arguments_.insert_or_assign(kind, weights);
  }
  void run(Buffers& buffers, dnnl::stream& stream) override {
    for (const auto& [kind, value] : places_)
      arguments_.at(kind).set_data_handle(buffers[value].data());
    primitive_.execute(stream, arguments_);
  }

 private:
  struct Place {
    int kind;
    std::size_t value;
  };
  dnnl::primitive primitive_;
  std::vector<Place> places_;
  std::unordered_map<int, memory> arguments_;
};

class Loop : public Step {
 public:
  explicit Loop(std::function<void(Buffers&)> body) : body_(std::move(body)) {}
  void run(Buffers& buffers, dnnl::stream& stream) override {
    stream.wait();
    body_(buffers);
  }

 private:
  std::function<void(Buffers&)> body_;
};

// A constant in the layout that a primitive wants.
memory packed(const Plan& plan, const memory::desc& given, const float* data,
              const memory::desc& wanted);
memory zeros(const Plan& plan, const memory::desc& desc);
// `n` floats of a constant; null: zeros.
memory bias_of(const Plan& plan, const float* data, int64_t n);

struct Maker {
  std::string_view op;
  StepPtr (*make)(const Plan&, const tactus_plugin_node&);
};
// By kind: products.cpp, recurrent.cpp, windows.cpp, loops.cpp.
std::span<const Maker> product_makers();
std::span<const Maker> recurrent_makers();
std::span<const Maker> window_makers();
std::span<const Maker> loop_makers();

}  // namespace tactus_onednn
