// SPDX-License-Identifier: MIT
#include "policy/qdq.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "policy/image.hpp"
#include "policy/observe.hpp"
#include "policy/onnx/writer.hpp"

namespace tactus::policy {
namespace {

using onnx::Node;
using onnx::Tensor;

constexpr int kPerChannelOpset = 13;

struct Span {
  double low = 0, high = 0;  // with zero: it must be exact
};

class Exporter {
 public:
  Exporter(const ModelPlan& plan, const Rows& rows)
      : label_(plan.describe().label), plan_(plan), rows_(rows) {}
  Result<QdqExport> run();

 private:
  [[nodiscard]] bool fits(const Node& n) const;
  [[nodiscard]] const ir::Value* find(const std::string& name) const;
  Result<void> observe();
  void quantise(Node node);
  std::string activation(const std::string& name);
  std::string weights(const std::string& name, std::size_t axis);
  std::string constant(const std::string& base, Tensor tensor);
  std::string fresh(const std::string& base) const;
  void add(const char* op, std::vector<std::string> in, const std::string& out,
           int64_t axis);

  const std::string& label_;
  const ModelPlan& plan_;
  const Rows& rows_;
  OpenedModel opened_;
  std::map<std::string, Span> span_;         // of each product's input
  std::map<std::string, std::string> done_;  // value → its dequantised twin
  std::vector<Node> nodes_;
  QdqExport export_;
};

const ir::Value* Exporter::find(const std::string& name) const {
  const auto& values = opened_.built.graph.values;
  const auto it = std::ranges::find(values, name, &ir::Value::name);
  return it == values.end() ? nullptr : &*it;
}

// What is computed times a constant f32 matrix.
bool Exporter::fits(const Node& n) const {
  const bool product = n.op == "Gemm" || n.op == "MatMul";
  if (!product || !onnx::is_standard(n) || n.inputs.size() < 2) return false;
  const ir::Value* x = find(n.inputs[0]);
  const ir::Value* w = find(n.inputs[1]);
  return x && w && !x->constant && w->constant && w->dims.size() == 2 &&
         x->dtype == DType::kF32 && w->dtype == DType::kF32 &&
         std::ranges::all_of(*w->constant, [](double v) {
           return std::isfinite(v);  // rounded, it would be a number
         });
}

Result<void> Exporter::observe() {
  std::vector<ir::Id> watched;
  const auto& values = opened_.built.graph.values;
  for (const Node& n : opened_.model.nodes) {
    if (!fits(n) || span_.contains(n.inputs[0])) continue;
    span_.emplace(n.inputs[0], Span{});
    watched.push_back(static_cast<ir::Id>(find(n.inputs[0]) - values.data()));
  }
  bool finite = true;
  each_row(opened_.built, &rows_, [&](ir::Interpreter& net) {
    for (const ir::Id id : watched) {
      const ir::Value& v = opened_.built.graph.at(id);
      Span& span = span_[v.name];
      for (const double x :
           std::span(net.read(id), static_cast<std::size_t>(v.size()))) {
        finite = finite && std::isfinite(x);
        span.low = std::min(span.low, x);
        span.high = std::max(span.high, x);
      }
    }
    return finite;
  });
  if (finite) return {};
  return bad_input(
      "{}: a value is not finite over these rows: leave such rows "
      "out",
      rows_.source);
}

std::string Exporter::fresh(const std::string& base) const {
  const auto taken = [&](const std::string& name) {
    const auto makes = [&](const Node& n) {
      return std::ranges::find(n.outputs, name) != n.outputs.end();
    };
    return find(name) != nullptr || std::ranges::any_of(nodes_, makes) ||
           std::ranges::any_of(opened_.model.initializers,
                               [&](const auto& t) { return t->name == name; });
  };
  std::string name = base;
  for (int i = 2; taken(name); ++i) name = fmt::format("{}{}", base, i);
  return name;
}

std::string Exporter::constant(const std::string& base, Tensor tensor) {
  tensor.name = fresh(base);
  std::string name = tensor.name;
  opened_.model.initializers.push_back(
      std::make_shared<Tensor>(std::move(tensor)));
  return name;
}

void Exporter::add(const char* op, std::vector<std::string> in,
                   const std::string& out, int64_t axis) {
  Node n{op, out, "", std::move(in), {out}, {}};
  if (axis >= 0) {
    onnx::Attribute a;
    a.name = "axis";
    a.type = 2;
    a.i = axis;
    n.attributes.push_back(a);
  }
  nodes_.push_back(std::move(n));
}

// uint8 over what was seen.
std::string Exporter::activation(const std::string& name) {
  const auto it = done_.find(name);
  if (it != done_.end()) return it->second;
  constexpr double kSteps = 255;
  const Span& s = span_[name];
  const double scale = s.high > s.low ? (s.high - s.low) / kSteps : 1;
  const double zero = std::clamp(std::nearbyint(-s.low / scale), 0.0, kSteps);
  const std::string sc =
      constant(name + ".scale", {"", DType::kF32, {}, {scale}});
  const std::string zp = constant(name + ".zero", {"", DType::kU8, {}, {zero}});
  const std::string q = fresh(name + ".quantised");
  const std::string d = fresh(name + ".dequantised");
  add("QuantizeLinear", {name, sc, zp}, q, -1);
  add("DequantizeLinear", {q, sc, zp}, d, -1);
  done_.emplace(name, d);
  return d;
}

// int8, one scale per output.
std::string Exporter::weights(const std::string& name, std::size_t axis) {
  const std::string key = fmt::format("{} {}", name, axis);
  if (const auto it = done_.find(key); it != done_.end()) return it->second;
  const ir::Value& w = *find(name);
  constexpr double kSteps = 127;
  const auto n = static_cast<std::size_t>(w.dims[axis]);
  const std::size_t inner = axis == 0 ? static_cast<std::size_t>(w.dims[1]) : 1;
  std::vector<double> scale(n, 0.0);
  const auto channel = [&](std::size_t i) { return i / inner % n; };
  for (std::size_t i = 0; i < w.constant->size(); ++i) {
    double& s = scale[channel(i)];
    s = std::max(s, std::fabs((*w.constant)[i]) / kSteps);
  }
  for (double& s : scale) {
    s = static_cast<double>(static_cast<float>(s));
    if (s == 0) s = 1;
  }
  Tensor q{"", DType::kI8, w.dims, {}};
  for (std::size_t i = 0; i < w.constant->size(); ++i) {
    q.data.push_back(std::nearbyint((*w.constant)[i] / scale[channel(i)]));
  }
  const std::string weight = constant(name + ".int8", std::move(q));
  const std::string sc = constant(
      name + ".scale", {"", DType::kF32, {static_cast<int64_t>(n)}, scale});
  const std::string d = fresh(name + ".dequantised");
  add("DequantizeLinear", {weight, sc}, d, static_cast<int64_t>(axis));
  done_.emplace(key, d);
  return d;
}

void Exporter::quantise(Node node) {
  const bool turned =
      node.op == "Gemm" && ir::int_attribute(node, "transB", 0) != 0;
  node.inputs[0] = activation(node.inputs[0]);
  node.inputs[1] = weights(node.inputs[1], turned ? 0 : 1);
  nodes_.push_back(std::move(node));
  ++export_.products;
}

Result<QdqExport> Exporter::run() {
  auto opened = open_model(plan_.image(), label_);
  if (!opened) return opened.error();
  opened_ = std::move(*opened);
  if (opened_.model.opset < kPerChannelOpset) {
    return bad_input(
        "{}: opset {}: scales per channel need opset {} or later: export the "
        "model again, or write a .tmodel",
        label_, opened_.model.opset, kPerChannelOpset);
  }
  if (auto ok = observe(); !ok) return ok.error();
  for (const Node& n : opened_.model.nodes) {
    if (fits(n)) {
      quantise(n);
    } else {
      nodes_.push_back(n);
    }
  }
  if (export_.products == 0) {
    return bad_input(
        "{}: no Gemm or MatMul by constant f32 weights: nothing "
        "to quantise",
        label_);
  }
  opened_.model.nodes = std::move(nodes_);
  drop_unread(opened_.model);
  drop_golden(opened_.model);
  auto bytes = onnx::rewrite(onnx_part(plan_.image()), opened_.model);
  if (!bytes) return bytes.error();
  export_.file = std::move(*bytes);
  return std::move(export_);
}

}  // namespace

Result<QdqExport> export_qdq(const ModelPlan& plan, const Rows& rows) {
  return Exporter(plan, rows).run();
}

}  // namespace tactus::policy
