// SPDX-License-Identifier: MIT
// The module libtactus-onednn.so: oneDNN runs products, windows,
// recurrent layers and activations, the rest is loops. Not RT-safe: oneDNN 2.6
// allocates on each inner product. dnnl throws; nothing leaves this file as an
// exception.
#include <algorithm>
#include <cstdio>

#include "policy/onednn/steps.hpp"

namespace {

using namespace tactus_onednn;
using dnnl::algorithm;

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

// oneDNN's take NaN for 0, for a bound or for infinity: it is put back.
class Activation : public Step {
 public:
  Activation(const tactus_plugin_node& n, StepPtr f)
      : f_(std::move(f)),
        x_(static_cast<std::size_t>(n.in[0])),
        y_(static_cast<std::size_t>(n.out[0])) {}
  void run(Buffers& buffers, dnnl::stream& stream) override {
    f_->run(buffers, stream);
    stream.wait();
    std::ranges::transform(buffers[x_], buffers[y_], buffers[y_].begin(),
                           [](float x, float y) { return x != x ? x : y; });
  }

 private:
  StepPtr f_;
  std::size_t x_, y_;
};

StepPtr make_activation(const Plan& plan, const tactus_plugin_node& n,
                        const Eltwise& kind) {
  const auto size = static_cast<int64_t>(value(plan, n.out[0]).size);
  const auto real = [&](uint32_t i, float otherwise) {
    return i < n.real_count ? static_cast<float>(n.reals[i]) : otherwise;
  };
  const memory::desc row = dense_desc({1, size});
  const dnnl::eltwise_forward::desc desc(dnnl::prop_kind::forward_inference,
                                         kind.kind, row, real(0, kind.alpha),
                                         real(1, kind.beta));
  auto f = std::make_unique<Primitive>(
      plan, dnnl::eltwise_forward({desc, plan.engine}),
      std::vector<Primitive::Argument>{{DNNL_ARG_SRC, n.in[0], row},
                                       {DNNL_ARG_DST, n.out[0], row}});
  return std::make_unique<Activation>(n, std::move(f));
}

bool has_nothing(const Plan& plan, const tactus_plugin_node& n) {
  const auto empty = [&](int32_t id) {
    return id >= 0 && value(plan, id).size == 0;
  };
  return std::any_of(n.in, n.in + n.in_count, empty) ||
         std::any_of(n.out, n.out + n.out_count, empty);
}

StepPtr make_step(const Plan& plan, const tactus_plugin_node& node) {
  if (has_nothing(plan, node)) throw Refused(node, "a value has no elements");
  for (const auto makers :
       {product_makers(), recurrent_makers(), window_makers(), loop_makers()})
    for (const Maker& m : makers)
      if (m.op == node.op) return m.make(plan, node);
  for (const Eltwise& e : kEltwise)
    if (e.op == node.op) return make_activation(plan, node, e);
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
