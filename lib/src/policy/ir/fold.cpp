// SPDX-License-Identifier: MIT
#include <algorithm>

#include "policy/ir/build.hpp"
#include "policy/ir/ops.hpp"

namespace tactus::policy::ir {
namespace {

// Bounds the time a hostile file can make us spend: 2^24 products ≈ 10 ms.
constexpr int64_t kMaxWork = int64_t{1} << 24;

bool is_cheap(const Graph& graph, const Node& node) {
  int64_t work = 1;
  for (const Id id : node.out) work += id == kNone ? 0 : graph.at(id).size();
  int64_t widest = 1;
  for (const Id id : node.in) {
    if (id != kNone) widest = std::max(widest, graph.at(id).size());
  }
  const bool product = node.op == "MatMul" || node.op == "Gemm";
  constexpr std::string_view kHeavy[] = {
      "LSTM",        "GRU",           "RNN",
      "Conv",        "ConvTranspose", "MaxPool",
      "AveragePool", "GlobalMaxPool", "GlobalAveragePool"};
  if (std::ranges::find(kHeavy, node.op) != std::end(kHeavy)) return false;
  const int64_t inner =
      product && !graph.at(node.in[0]).dims.empty()
          ? *std::ranges::max_element(graph.at(node.in[0]).dims)
          : 1;
  return work <= kMaxWork / std::max<int64_t>(inner, 1) && widest <= kMaxWork;
}

}  // namespace

bool fold(Graph& graph, const Node& node) {
  const Op* op = find_op(node.op);
  const auto constant = [&](Id id) {
    return id == kNone || graph.is_constant(id);
  };
  if (!op || !op->eval || !std::ranges::all_of(node.in, constant) ||
      !is_cheap(graph, node)) {
    return false;
  }
  std::vector<In> in;
  for (const Id id : node.in) {
    if (id == kNone) {
      in.emplace_back();
    } else {
      const Value& v = graph.at(id);
      in.push_back({v.constant->data(), v.dims, v.size()});
    }
  }
  std::vector<std::vector<double>> data;
  std::vector<Out> out;
  for (const Id id : node.out) {
    data.emplace_back(static_cast<std::size_t>(graph.at(id).size()));
    out.push_back({data.back().data(), graph.at(id).dims, graph.at(id).size()});
  }
  op->eval(node, in, out);
  for (std::size_t i = 0; i < node.out.size(); ++i) {
    graph.at(node.out[i]).constant =
        std::make_shared<const std::vector<double>>(std::move(data[i]));
  }
  return true;
}

}  // namespace tactus::policy::ir
