// SPDX-License-Identifier: MIT
// The module libtactus-onednn.so: oneDNN runs products and activations, the
// element-wise rest is loops. Not RT-safe: oneDNN 2.6 allocates on each
// inner product. dnnl throws; nothing leaves this file as an exception.
#include <dnnl.hpp>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "policy/plugin.h"

namespace {

using dnnl::algorithm;
using dnnl::memory;
using Tag = memory::format_tag;

// One step over the arena of f32 buffers, one per value.
using Buffers = std::vector<std::vector<float>>;
struct Step {
  virtual ~Step() = default;
  virtual void run(Buffers& buffers, dnnl::stream& stream) = 0;
};

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

const tactus_plugin_value& value(const Plan& plan, int32_t id) {
  return plan.graph->values[id];
}

memory::desc row(int64_t n) {
  return {{1, n}, memory::data_type::f32, Tag::ab};
}

// ------------------------------------------------------------------ steps

class Product : public Step {
 public:
  Product(const Plan& plan, const tactus_plugin_node& node);
  void run(Buffers& buffers, dnnl::stream& stream) override {
    src_.set_data_handle(buffers[x_].data());
    dst_.set_data_handle(buffers[y_].data());
    product_.execute(stream, {{DNNL_ARG_SRC, src_},
                              {DNNL_ARG_WEIGHTS, weights_},
                              {DNNL_ARG_BIAS, bias_},
                              {DNNL_ARG_DST, dst_}});
  }

 private:
  std::size_t x_, y_;
  std::vector<float> zero_bias_;
  memory src_, weights_, bias_, dst_;
  dnnl::inner_product_forward product_;
};

Product::Product(const Plan& plan, const tactus_plugin_node& node)
    : x_(static_cast<std::size_t>(node.in[0])),
      y_(static_cast<std::size_t>(node.out[0])) {
  const auto& w = value(plan, node.in[1]);
  const int64_t n = w.dims[0], k = w.dims[1];
  const memory::desc any({n, k}, memory::data_type::f32, Tag::any);
  const memory::desc plain({n, k}, memory::data_type::f32, Tag::ab);
  const memory::desc bias({n}, memory::data_type::f32, Tag::a);
  const dnnl::inner_product_forward::desc desc(
      dnnl::prop_kind::forward_inference, row(k), any, bias, row(n));
  const dnnl::inner_product_forward::primitive_desc chosen(desc, plan.engine);
  const memory given(plain, plan.engine, const_cast<float*>(w.constant));
  weights_ = memory(chosen.weights_desc(), plan.engine);
  dnnl::stream stream(plan.engine);
  memory source = given;
  dnnl::reorder(source, weights_).execute(stream, source, weights_);
  stream.wait();
  zero_bias_.assign(static_cast<std::size_t>(n), 0.0F);
  float* b = node.in[2] < 0
                 ? zero_bias_.data()
                 : const_cast<float*>(value(plan, node.in[2]).constant);
  bias_ = memory(bias, plan.engine, b);
  src_ = memory(row(k), plan.engine, DNNL_MEMORY_NONE);
  dst_ = memory(row(n), plan.engine, DNNL_MEMORY_NONE);
  product_ = dnnl::inner_product_forward(chosen);
}

struct Eltwise {
  std::string_view op;
  algorithm kind;
  float alpha, beta;  // where the operator has no reals
};
constexpr Eltwise kEltwise[] = {
    {"Abs", algorithm::eltwise_abs, 0, 0},
    {"Clip", algorithm::eltwise_clip_v2, 0, 0},
    {"Elu", algorithm::eltwise_elu, 1, 0},
    {"Exp", algorithm::eltwise_exp, 0, 0},
    {"Gelu", algorithm::eltwise_gelu_erf, 0, 0},
    {"GeluTanh", algorithm::eltwise_gelu_tanh, 0, 0},
    {"HardSwish", algorithm::eltwise_hardswish, 0, 0},
    {"LeakyRelu", algorithm::eltwise_relu, 0, 0},
    {"Log", algorithm::eltwise_log, 0, 0},
    {"Mish", algorithm::eltwise_mish, 0, 0},
    {"Neg", algorithm::eltwise_linear, -1, 0},
    {"Relu", algorithm::eltwise_relu, 0, 0},
    {"Sigmoid", algorithm::eltwise_logistic, 0, 0},
    {"Silu", algorithm::eltwise_swish, 1, 0},
    {"Softplus", algorithm::eltwise_soft_relu, 0, 0},
    {"Sqrt", algorithm::eltwise_sqrt, 0, 0},
    {"Tanh", algorithm::eltwise_tanh, 0, 0},
};

class Activation : public Step {
 public:
  Activation(const Plan& plan, const tactus_plugin_node& node,
             const Eltwise& kind)
      : x_(static_cast<std::size_t>(node.in[0])),
        y_(static_cast<std::size_t>(node.out[0])) {
    const auto size = static_cast<int64_t>(value(plan, node.out[0]).size);
    const auto real = [&](uint32_t i, float otherwise) {
      return i < node.real_count ? static_cast<float>(node.reals[i])
                                 : otherwise;
    };
    const dnnl::eltwise_forward::desc desc(
        dnnl::prop_kind::forward_inference, kind.kind, row(size),
        real(0, kind.alpha), real(1, kind.beta));
    f_ = dnnl::eltwise_forward({desc, plan.engine});
    src_ = memory(row(size), plan.engine, DNNL_MEMORY_NONE);
    dst_ = memory(row(size), plan.engine, DNNL_MEMORY_NONE);
  }
  void run(Buffers& buffers, dnnl::stream& stream) override {
    src_.set_data_handle(buffers[x_].data());
    dst_.set_data_handle(buffers[y_].data());
    f_.execute(stream, {{DNNL_ARG_SRC, src_}, {DNNL_ARG_DST, dst_}});
  }

 private:
  std::size_t x_, y_;
  memory src_, dst_;
  dnnl::eltwise_forward f_;
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

using StepPtr = std::unique_ptr<Step>;

StepPtr make_affine(const Plan& plan, const tactus_plugin_node& n) {
  const float* part[3];
  for (int i = 0; i < 3; ++i) {
    part[i] = n.in[i + 1] < 0 ? nullptr : value(plan, n.in[i + 1]).constant;
  }
  const auto x = static_cast<std::size_t>(n.in[0]);
  const auto y = static_cast<std::size_t>(n.out[0]);
  return std::make_unique<Loop>([=](Buffers& b) {
    for (std::size_t i = 0; i < b[y].size(); ++i) {
      float v = b[x][i];
      if (part[0]) v -= part[0][i];
      if (part[1]) v *= part[1][i];
      if (part[2]) v += part[2][i];
      b[y][i] = v;
    }
  });
}

StepPtr make_copy(const Plan&, const tactus_plugin_node& n) {
  const auto x = static_cast<std::size_t>(n.in[0]);
  const auto y = static_cast<std::size_t>(n.out[0]);
  return std::make_unique<Loop>([=](Buffers& b) { b[y] = b[x]; });
}

StepPtr make_slice(const Plan& plan, const tactus_plugin_node& n) {
  const auto& in = value(plan, n.in[0]);
  const auto& out = value(plan, n.out[0]);
  for (uint32_t d = 0; d + 1 < in.rank; ++d) {
    if (in.dims[d] != 1) throw Refused(n, "only slices of one row");
  }
  if (in.rank == 0 || (out.size > 1 && n.ints[2 * in.rank - 1] != 1)) {
    throw Refused(n, "only slices with step 1");
  }
  const auto x = static_cast<std::size_t>(n.in[0]);
  const auto y = static_cast<std::size_t>(n.out[0]);
  const auto start = static_cast<std::ptrdiff_t>(n.ints[in.rank - 1]);
  return std::make_unique<Loop>([=](Buffers& b) {
    std::copy_n(b[x].begin() + start, b[y].size(), b[y].begin());
  });
}

template <class F>
StepPtr make_binary(const Plan& plan, const tactus_plugin_node& n) {
  if (value(plan, n.in[0]).size != value(plan, n.in[1]).size) {
    throw Refused(n, "operands of different size");
  }
  const auto a = static_cast<std::size_t>(n.in[0]);
  const auto c = static_cast<std::size_t>(n.in[1]);
  const auto y = static_cast<std::size_t>(n.out[0]);
  return std::make_unique<Loop>([=](Buffers& b) {
    std::ranges::transform(b[a], b[c], b[y].begin(), F());
  });
}

StepPtr make_concat(const Plan& plan, const tactus_plugin_node& n) {
  const auto& out = value(plan, n.out[0]);
  for (int64_t d = 0; d < n.ints[0]; ++d) {
    if (out.dims[d] != 1) throw Refused(n, "only along the row");
  }
  const std::vector<int32_t> parts(n.in, n.in + n.in_count);
  const auto y = static_cast<std::size_t>(n.out[0]);
  return std::make_unique<Loop>([=](Buffers& b) {
    auto to = b[y].begin();
    for (const int32_t p : parts) {
      to = std::ranges::copy(b[static_cast<std::size_t>(p)], to).out;
    }
  });
}

StepPtr make_product(const Plan& plan, const tactus_plugin_node& n) {
  if (static_cast<int64_t>(value(plan, n.in[0]).size) !=
      value(plan, n.in[1]).dims[1]) {
    throw Refused(n, "more than one row");
  }
  return std::make_unique<Product>(plan, n);
}

struct Maker {
  std::string_view op;
  StepPtr (*make)(const Plan&, const tactus_plugin_node&);
};
constexpr Maker kMakers[] = {{"Linear", make_product},
                             {"Affine", make_affine},
                             {"Reshape", make_copy},
                             {"Slice", make_slice},
                             {"Concat", make_concat},
                             {"Add", make_binary<std::plus<float>>},
                             {"Sub", make_binary<std::minus<float>>},
                             {"Mul", make_binary<std::multiplies<float>>},
                             {"Div", make_binary<std::divides<float>>}};

StepPtr make_step(const Plan& plan, const tactus_plugin_node& node) {
  for (const Maker& m : kMakers) {
    if (m.op == node.op) return m.make(plan, node);
  }
  for (const Eltwise& e : kEltwise) {
    if (e.op == node.op) return std::make_unique<Activation>(plan, node, e);
  }
  throw Refused(node, "oneDNN does not run it here");
}

// ---------------------------------------------------------------- executor

struct Run {
  const Plan& plan;
  Buffers buffers;
  std::vector<StepPtr> steps;
  dnnl::stream stream;

  explicit Run(const Plan& p) : plan(p), stream(p.engine) {
    const auto& g = *p.graph;
    for (uint32_t i = 0; i < g.value_count; ++i) {
      const auto& v = g.values[i];
      buffers.emplace_back(v.size, 0.0F);
      if (v.constant) std::copy_n(v.constant, v.size, buffers[i].begin());
    }
    for (uint32_t i = 0; i < g.node_count; ++i) {
      steps.push_back(make_step(p, g.nodes[i]));
    }
  }
  void run(const float* const* inputs, float* const* outputs) {
    const auto& g = *plan.graph;
    for (uint32_t i = 0; i < g.input_count; ++i) {
      auto& to = buffers[static_cast<std::size_t>(g.inputs[i])];
      std::copy_n(inputs[i], to.size(), to.begin());
    }
    for (const auto& step : steps) step->run(buffers, stream);
    stream.wait();
    for (uint32_t i = 0; i < g.output_count; ++i) {
      const auto& from = buffers[static_cast<std::size_t>(g.outputs[i])];
      std::ranges::copy(from, outputs[i]);
    }
  }
};

template <class F>
void* guarded(char* error, size_t size, F make) noexcept {
  try {
    return make();
  } catch (const dnnl::error& e) {
    std::snprintf(error, size, "oneDNN: %s", e.what());
  } catch (const std::exception& e) {
    std::snprintf(error, size, "%s", e.what());
  }
  return nullptr;
}

void* compile(const tactus_plugin_graph* graph, char* error, size_t size) {
  return guarded(error, size, [&]() -> void* {
    auto plan = std::make_unique<Plan>();
    plan->graph = graph;
    const Run probe(*plan);  // refuses now what could not run later
    for (uint32_t i = 0; i < graph->value_count; ++i) {
      const auto& v = graph->values[i];
      if (v.constant) plan->weight_bytes += v.size * sizeof(float);
    }
    return plan.release();
  });
}

void release(void* plan) { delete static_cast<Plan*>(plan); }

uint64_t weight_bytes(const void* plan) {
  return static_cast<const Plan*>(plan)->weight_bytes;
}

void* open(const void* plan, char* error, size_t size) {
  return guarded(error, size, [&]() -> void* {
    return new Run(*static_cast<const Plan*>(plan));
  });
}

void close(void* executor) { delete static_cast<Run*>(executor); }

int32_t run(void* executor, const float* const* inputs, float* const* outputs) {
  char ignored[64];
  const auto body = [&]() -> void* {
    static_cast<Run*>(executor)->run(inputs, outputs);
    return executor;
  };
  return guarded(ignored, sizeof ignored, body) ? 0 : 1;
}

#define TACTUS_TEXT(x) #x
#define TACTUS_VERSION_OF(a, b, c) \
  TACTUS_TEXT(a) "." TACTUS_TEXT(b) "." TACTUS_TEXT(c)

constexpr tactus_plugin kPlugin = {
    sizeof(tactus_plugin),
    TACTUS_PLUGIN_ABI,
    0,
    "onednn",
    TACTUS_VERSION_OF(DNNL_VERSION_MAJOR, DNNL_VERSION_MINOR,
                      DNNL_VERSION_PATCH),
    compile,
    release,
    weight_bytes,
    open,
    close,
    run};

}  // namespace

extern "C" __attribute__((visibility("default"))) const tactus_plugin*
tactus_policy_plugin(void) {
  return &kPlugin;
}
