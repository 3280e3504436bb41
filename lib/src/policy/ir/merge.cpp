// SPDX-License-Identifier: MIT
// Passes that fold arithmetic into weights.
#include <algorithm>
#include <cmath>

#include "policy/ir/passes.hpp"
#include "policy/ir/rewrite.hpp"

namespace tactus::policy::ir {
namespace {

using Vector = std::vector<double>;

// (x - pre) * scale + shift; an empty part is not there.
struct Parts {
  Vector pre, scale, shift;
};

Parts parts_of(const Graph& graph, const Node& affine) {
  Parts p;
  Vector* const slots[] = {&p.pre, &p.scale, &p.shift};
  for (std::size_t i = 0; i < 3; ++i) {
    if (affine.in[i + 1] != kNone) *slots[i] = data_of(graph, affine.in[i + 1]);
  }
  return p;
}

double or_zero(const Vector& v, std::size_t i) { return v.empty() ? 0 : v[i]; }
double or_one(const Vector& v, std::size_t i) { return v.empty() ? 1 : v[i]; }

Id constant(Graph& graph, Vector data) {
  if (data.empty()) return kNone;
  const auto n = static_cast<int64_t>(data.size());
  return add_constant(graph, {n}, std::move(data));
}

void set_parts(Graph& graph, Node& affine, Parts p) {
  affine.in[1] = constant(graph, std::move(p.pre));
  affine.in[2] = constant(graph, std::move(p.scale));
  affine.in[3] = constant(graph, std::move(p.shift));
}

// outer(inner(x)), keeping inner's subtraction as it is.
Parts compose(const Parts& inner, const Parts& outer, std::size_t size) {
  Parts p{inner.pre, {}, {}};
  if (!inner.scale.empty() || !outer.scale.empty()) p.scale.resize(size);
  const bool shifts =
      !inner.shift.empty() || !outer.pre.empty() || !outer.shift.empty();
  if (shifts) p.shift.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    if (!p.scale.empty())
      p.scale[i] = or_one(inner.scale, i) * or_one(outer.scale, i);
    if (!shifts) continue;
    p.shift[i] = (or_zero(inner.shift, i) - or_zero(outer.pre, i)) *
                     or_one(outer.scale, i) +
                 or_zero(outer.shift, i);
  }
  return p;
}

struct LinearParts {
  std::size_t n, k;
  Vector w, b;
};

LinearParts linear_of(const Graph& graph, const Node& linear) {
  const auto& dims = graph.at(linear.in[1]).dims;
  LinearParts l{static_cast<std::size_t>(dims[0]),
                static_cast<std::size_t>(dims[1]),
                data_of(graph, linear.in[1]),
                {}};
  l.b = linear.in[2] == kNone ? Vector(l.n, 0.0) : data_of(graph, linear.in[2]);
  return l;
}

void set_linear(Graph& graph, Node& linear, LinearParts l) {
  linear.in[1] = add_constant(
      graph, {static_cast<int64_t>(l.n), static_cast<int64_t>(l.k)},
      std::move(l.w));
  linear.in[2] = constant(graph, std::move(l.b));
}

// Folding a mean into the bias turns w·s·(x - p) into w·s·x - w·s·p: the
// two terms cancel where x is near p, and f32 weights then err by
// |s·p| / |s·(x - p)| more than before. Beyond this it stays a subtraction.
constexpr double kMaxOffset = 4;

bool may_fold(const Parts& p) {
  for (std::size_t i = 0; i < p.pre.size(); ++i) {
    if (!(std::fabs(p.pre[i] * or_one(p.scale, i)) <= kMaxOffset)) return false;
  }
  return true;
}

// Linear(Affine(x)): one observation, the affine used only here.
bool fold_before(Graph& graph, Node& linear, Node& affine) {
  Parts p = parts_of(graph, affine);
  const bool whole = may_fold(p);
  if (!whole && p.scale.empty() && p.shift.empty()) return false;
  LinearParts l = linear_of(graph, linear);
  for (std::size_t row = 0; row < l.n; ++row) {
    double* w = l.w.data() + row * l.k;
    for (std::size_t i = 0; i < l.k; ++i) {
      l.b[row] += w[i] * or_zero(p.shift, i);
      w[i] *= or_one(p.scale, i);
      if (whole) l.b[row] -= w[i] * or_zero(p.pre, i);
    }
  }
  set_linear(graph, linear, std::move(l));
  if (whole) {
    linear.in[0] = affine.in[0];
  } else {
    set_parts(graph, affine, {std::move(p.pre), {}, {}});
  }
  return true;
}

// Affine(Linear(x)): the affine's output is now the Linear's.
void fold_after(Graph& graph, const Node& linear, const Parts& p,
                Node& affine) {
  LinearParts l = linear_of(graph, linear);
  for (std::size_t row = 0; row < l.n; ++row) {
    for (std::size_t i = 0; i < l.k; ++i) {
      l.w[row * l.k + i] *= or_one(p.scale, row);
    }
    l.b[row] = (l.b[row] - or_zero(p.pre, row)) * or_one(p.scale, row) +
               or_zero(p.shift, row);
  }
  Node merged = linear;
  merged.out = affine.out;
  set_linear(graph, merged, std::move(l));
  affine = std::move(merged);
}

bool all_finite(const Parts& p) {
  for (const Vector* v : {&p.pre, &p.scale, &p.shift}) {
    for (const double x : *v) {
      if (!std::isfinite(x)) return false;
    }
  }
  return true;
}

// Every row of n gets the same: its first n stand for all.
bool repeats(Parts& p, std::size_t n) {
  for (Vector* v : {&p.pre, &p.scale, &p.shift}) {
    for (std::size_t i = n; i < v->size(); ++i) {
      if ((*v)[i] != (*v)[i - n]) return false;
    }
    if (!v->empty()) v->resize(n);
  }
  return true;
}

// Affine(Linear(x)) over any number of rows.
bool merge_after_linear(Graph& graph, const Uses& uses, Node& node) {
  const Node* linear = uses.only(node.in[0], "Linear");
  if (!linear) return false;
  Parts p = parts_of(graph, node);
  const auto n = static_cast<std::size_t>(graph.at(linear->in[1]).dims[0]);
  if (!repeats(p, n) || !all_finite(p)) return false;
  fold_after(graph, *linear, p, node);
  return true;
}

// The part of each output channel, if it is one; a plane is `plane` elements.
bool by_channel(Vector& v, std::size_t channels, std::size_t plane) {
  if (v.empty()) return true;
  Vector each(channels);
  for (std::size_t i = 0; i < v.size(); ++i) {
    double& channel = each[i / plane % channels];
    if (i < channels * plane && i % plane == 0) channel = v[i];
    if (v[i] != channel) return false;
  }
  v = std::move(each);
  return true;
}

// Affine(Conv(x)), one affine per channel: a folded batch normalisation.
bool merge_after_conv(Graph& graph, const Uses& uses, Node& node) {
  const Node* conv = uses.only(node.in[0], "Conv");
  if (!conv || !graph.is_constant(conv->in[1])) return false;
  const bool bias = conv->in.size() > 2 && conv->in[2] != kNone;
  if (bias && !graph.is_constant(conv->in[2])) return false;
  Parts p = parts_of(graph, node);
  const Value& out = graph.at(conv->out[0]);
  // A rename between them was dropped; a convolution has its own shape.
  const bool renamed = out.dims != graph.at(node.out[0]).dims;
  if (out.size() == 0 || renamed) return false;
  const auto channels = static_cast<std::size_t>(out.dims[1]);
  const auto plane =
      static_cast<std::size_t>(out.size() / out.dims[0]) / channels;
  for (Vector* v : {&p.pre, &p.scale, &p.shift}) {
    if (!by_channel(*v, channels, plane)) return false;
  }
  if (!all_finite(p)) return false;
  Vector w = data_of(graph, conv->in[1]);
  Vector b = bias ? data_of(graph, conv->in[2]) : Vector(channels, 0.0);
  const std::size_t each = w.size() / channels;
  for (std::size_t i = 0; i < w.size(); ++i) w[i] *= or_one(p.scale, i / each);
  for (std::size_t c = 0; c < channels; ++c)
    b[c] =
        (b[c] - or_zero(p.pre, c)) * or_one(p.scale, c) + or_zero(p.shift, c);
  Node merged = *conv;
  merged.out = node.out;
  merged.in.resize(3, kNone);
  merged.in[1] = add_constant(graph, graph.at(conv->in[1]).dims, std::move(w));
  merged.in[2] = constant(graph, std::move(b));
  node = std::move(merged);
  return true;
}

bool merge_one(Graph& graph, const Uses& uses, Node& node) {
  if (node.op == "Linear" && is_single_row(graph, node)) {
    const Node* affine = uses.only(node.in[0], "Affine");
    return affine && all_finite(parts_of(graph, *affine)) &&
           fold_before(graph, node, const_cast<Node&>(*affine));
  }
  if (node.op != "Affine") return false;
  if (merge_after_linear(graph, uses, node) ||
      merge_after_conv(graph, uses, node)) {
    return true;
  }
  const Node* inner = uses.only(node.in[0], "Affine");
  if (!inner) return false;
  const auto size = static_cast<std::size_t>(graph.at(node.out[0]).size());
  Parts p = compose(parts_of(graph, *inner), parts_of(graph, node), size);
  node.in[0] = inner->in[0];
  set_parts(graph, node, std::move(p));
  return true;
}

LinearParts product(const LinearParts& outer, const LinearParts& inner) {
  LinearParts l{outer.n, inner.k, Vector(outer.n * inner.k, 0.0), outer.b};
  for (std::size_t r = 0; r < outer.n; ++r) {
    for (std::size_t m = 0; m < inner.n; ++m) {
      const double w = outer.w[r * outer.k + m];
      l.b[r] += w * inner.b[m];
      for (std::size_t c = 0; c < inner.k; ++c) {
        l.w[r * l.k + c] += w * inner.w[m * inner.k + c];
      }
    }
  }
  return l;
}

bool merge_linear_one(Graph& graph, const Uses& uses, Node& node) {
  if (node.op != "Linear" || !is_single_row(graph, node)) return false;
  const Node* inner = uses.only(node.in[0], "Linear");
  if (!inner || !is_single_row(graph, *inner)) return false;
  const LinearParts a = linear_of(graph, *inner), b = linear_of(graph, node);
  if (b.n * a.k > a.n * a.k + b.n * b.k) return false;
  const Id x = inner->in[0];
  set_linear(graph, node, product(b, a));
  node.in[0] = x;
  return true;
}

using Rewrite = bool (*)(Graph&, const Uses&, Node&);

// Uses is only valid until the first change.
bool first_change(Graph& graph, Rewrite rewrite) {
  const Uses uses(graph);
  for (Node& node : graph.nodes) {
    if (rewrite(graph, uses, node)) return drop_dead(graph), true;
  }
  return false;
}

}  // namespace

bool merge_affine(Graph& graph) { return first_change(graph, merge_one); }

bool merge_linear(Graph& graph) {
  return first_change(graph, merge_linear_one);
}

}  // namespace tactus::policy::ir
