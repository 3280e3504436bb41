// SPDX-License-Identifier: MIT
// Products, reductions and layer normalisation by oneDNN.
#include <algorithm>

#include "policy/onednn/steps.hpp"

namespace tactus_onednn {
namespace {

// y = W x + b for each row of x.
StepPtr make_linear(const Plan& plan, const tactus_plugin_node& n) {
  constexpr const char* kWhy = "its weights are computed";
  const auto& w = value(plan, n.in[1]);
  const float* weights = constant_of(plan, n, 1, kWhy);
  const int64_t out = w.dims[0], in = w.dims[1];
  const auto rows = static_cast<int64_t>(value(plan, n.in[0]).size) / in;
  const memory::desc x = dense_desc({rows, in}), y = dense_desc({rows, out});
  const memory::desc any({out, in}, kF32, Tag::any), bias = dense_desc({out});
  const dnnl::inner_product_forward::desc desc(kInference, x, any, bias, y);
  const dnnl::inner_product_forward::primitive_desc chosen(desc, plan.engine);
  auto step = std::make_unique<Primitive>(
      plan, dnnl::inner_product_forward(chosen),
      std::vector<Primitive::Argument>{{DNNL_ARG_SRC, n.in[0], x},
                                       {DNNL_ARG_DST, n.out[0], y}});
  step->hold(DNNL_ARG_WEIGHTS, packed(plan, dense_desc({out, in}), weights,
                                      chosen.weights_desc()));
  step->hold(DNNL_ARG_BIAS, bias_of(plan, constant_of(plan, n, 2, kWhy), out));
  return step;
}

// The same rank on all sides: leading axes of size 1.
memory::dims widened(const tactus_plugin_value& v, std::size_t rank) {
  memory::dims dims = as_dims(v);
  dims.insert(dims.begin(), rank - dims.size(), 1);
  return dims;
}

StepPtr make_matmul(const Plan& plan, const tactus_plugin_node& n) {
  const auto& a = value(plan, n.in[0]);
  const auto& b = value(plan, n.in[1]);
  const auto& c = value(plan, n.out[0]);
  if (a.rank < 2 || b.rank < 2) throw Refused(n, "an operand is a vector");
  const memory::desc src = dense_desc(widened(a, c.rank));
  const memory::desc weights = dense_desc(widened(b, c.rank));
  const memory::desc dst = dense_desc(as_dims(c));
  const dnnl::matmul::desc desc(src, weights, dst);
  return std::make_unique<Primitive>(
      plan, dnnl::matmul({desc, plan.engine}),
      std::vector<Primitive::Argument>{{DNNL_ARG_SRC, n.in[0], src},
                                       {DNNL_ARG_WEIGHTS, n.in[1], weights},
                                       {DNNL_ARG_DST, n.out[0], dst}});
}

StepPtr make_layer_norm(const Plan& plan, const tactus_plugin_node& n) {
  only_first(plan, n);
  constexpr const char* kWhy = "its scale is computed";
  const float* scale = constant_of(plan, n, 1, kWhy);
  const float* shift = constant_of(plan, n, 2, kWhy);
  const memory::desc desc = dense_desc({n.ints[0], n.ints[1]});
  using Flags = dnnl::normalization_flags;
  const dnnl::layer_normalization_forward::desc norm(
      kInference, desc, static_cast<float>(n.reals[0]),
      Flags::use_scale | Flags::use_shift);
  auto step = std::make_unique<Primitive>(
      plan, dnnl::layer_normalization_forward({norm, plan.engine}),
      std::vector<Primitive::Argument>{{DNNL_ARG_SRC, n.in[0], desc},
                                       {DNNL_ARG_DST, n.out[0], desc}});
  step->hold(DNNL_ARG_SCALE, bias_of(plan, scale, n.ints[1]));
  step->hold(DNNL_ARG_SHIFT, bias_of(plan, shift, n.ints[1]));
  return step;
}

struct Reduction {
  std::string_view op;
  dnnl::algorithm kind;
  float power;
};
constexpr Reduction kReductions[] = {
    {"ReduceL1", dnnl::algorithm::reduction_norm_lp_power_p_sum, 1},
    {"ReduceL2", dnnl::algorithm::reduction_norm_lp_sum, 2},
    {"ReduceMean", dnnl::algorithm::reduction_mean, 0},
    {"ReduceSum", dnnl::algorithm::reduction_sum, 0},
    {"ReduceSumSquare", dnnl::algorithm::reduction_norm_lp_power_p_sum, 2}};

// ints: 1 per reduced axis.
StepPtr make_reduce(const Plan& plan, const tactus_plugin_node& n) {
  const memory::dims from = as_dims(value(plan, n.in[0]));
  memory::dims to = from;
  for (uint32_t d = 0; d < n.int_count; ++d)
    if (n.ints[d] != 0) to[d] = 1;
  if (to == from) throw Refused(n, "nothing to reduce");
  const auto* kind = std::ranges::find(kReductions, n.op, &Reduction::op);
  const memory::desc x = dense_desc(from), y = dense_desc(to);
  const dnnl::reduction::desc desc(kind->kind, x, y, kind->power, 0);
  return std::make_unique<Primitive>(
      plan, dnnl::reduction({desc, plan.engine}),
      std::vector<Primitive::Argument>{{DNNL_ARG_SRC, n.in[0], x},
                                       {DNNL_ARG_DST, n.out[0], y}});
}

constexpr Maker kMakers[] = {
    {"ReduceL1", make_reduce},        {"ReduceL2", make_reduce},
    {"ReduceMean", make_reduce},      {"ReduceSum", make_reduce},
    {"ReduceSumSquare", make_reduce}, {"Linear", make_linear},
    {"MatMul", make_matmul},          {"LayerNormalization", make_layer_norm}};

}  // namespace

memory packed(const Plan& plan, const memory::desc& given, const float* data,
              const memory::desc& wanted) {
  memory source(given, plan.engine, const_cast<float*>(data));
  memory target(wanted, plan.engine);
  dnnl::stream stream(plan.engine);
  dnnl::reorder(source, target).execute(stream, source, target);
  stream.wait();
  return target;
}

memory zeros(const Plan& plan, const memory::desc& desc) {
  memory m(desc, plan.engine);
  std::memset(m.get_data_handle(), 0, desc.get_size());
  return m;
}

memory bias_of(const Plan& plan, const float* data, int64_t n) {
  memory m = zeros(plan, dense_desc({n}));
  if (data != nullptr)
    std::copy_n(data, n, static_cast<float*>(m.get_data_handle()));
  return m;
}

std::span<const Maker> product_makers() { return kMakers; }

}  // namespace tactus_onednn
