// SPDX-License-Identifier: MIT
// Products of more than one row: Linear, MatMul, Gemm.
#include <algorithm>
#include <limits>

#include "policy/backends/fused_lowering.hpp"
#include "policy/kernels/select_product.hpp"

namespace tactus::policy::fused {
namespace {

constexpr int64_t kMostOffset = std::numeric_limits<uint32_t>::max();

bool all_forward(const Walk& w) {
  return std::ranges::all_of(w.stride, [](const Dims& s) {
    return std::ranges::all_of(s, [](int64_t v) { return v >= 0; });
  });
}

// The two last axes, and the ones before.
struct MatrixView {
  View batch;
  int64_t rows, columns, row_stride, column_stride;
};

MatrixView matrix_of(View v) {
  const std::size_t rank = v.dims.size();
  MatrixView m{{v.at, {}, {}},
               v.dims[rank - 2],
               v.dims[rank - 1],
               v.stride[rank - 2],
               v.stride[rank - 1]};
  m.batch.dims.assign(v.dims.begin(), v.dims.end() - 2);
  m.batch.stride.assign(v.stride.begin(), v.stride.end() - 2);
  return m;
}

View transposed(View v) {
  std::swap(v.dims[0], v.dims[1]);
  std::swap(v.stride[0], v.stride[1]);
  return v;
}

}  // namespace

bool Lowering::has_nothing(const ir::Node& node) const {
  return std::ranges::any_of(
      node.in, [&](Id id) { return id != ir::kNone && size_of(id) == 0; });
}

// outer's operands: a, b, init, y. The last of its axes are the rows, if b
// and init allow; `step` has rows 1 otherwise.
bool Lowering::push_product(ProductStep step, const Dims& at, const Walk& outer,
                            Id made) {
  const auto outside = [](int64_t v) { return v < 0 || v > kMostOffset; };
  if (!all_forward(outer) || outer.size.size() > kOuterAxes ||
      std::ranges::any_of(at, outside)) {
    return false;
  }
  step.axes = static_cast<uint32_t>(outer.size.size());
  for (std::size_t d = 0; d < outer.size.size(); ++d) {
    step.size[d] = static_cast<std::size_t>(outer.size[d]);
    step.stride[d] = {outer.stride[0][d], outer.stride[1][d],
                      outer.stride[2][d], outer.stride[3][d]};
  }
  step.at = table(at);
  // Packed weights lie by panel, and a .tmodel keeps them.
  std::string name = "product";
  if (step.constant_b) name += std::to_string(step.shape.panel);
  add_kernel(name, step.shape.n, step.shape.k);
  const std::size_t y = step.y;
  push_tensor(step, y, made == ir::kNone ? 0 : size_of(made), made);
  return true;
}

int64_t Lowering::packed_floats(const ProductStep& step) const {
  return static_cast<int64_t>(
      kernels::packed_floats(*program_.set, step.shape));
}

void Lowering::reserve_weights(ProductStep& step, std::size_t groups) {
  const kernels::KernelSet& set = *program_.set;
  kernels::choose_blocking(set, step.shape);
  step.constant_b = step.constant_init = true;
  step.init = program_.weights.size();
  step.b = step.init + kernels::packed_bias(set, step.shape);
  program_.weights.resize(
      step.init + groups * kernels::packed_floats(set, step.shape), 0.0F);
}

void Lowering::pack_weights(const ProductStep& step, std::size_t group,
                            const kernels::Matrix& m) {
  const kernels::KernelSet& set = *program_.set;
  const std::size_t each = kernels::packed_floats(set, step.shape);
  kernels::pack_product(set, step.shape, m,
                        program_.weights.data() + step.init + group * each);
}

// The bias of what has none.
void Lowering::start_at_zero(ProductStep& step) {
  step.constant_init = true;
  step.init = program_.weights.size();
  program_.weights.resize(
      step.init + kernels::packed_bias(*program_.set, step.shape), 0.0F);
}

namespace {

// The rows of a view whose last axis is summed: x, b, init, y.
Walk lines(const View& x, int64_t n) {
  const Dims rows(x.dims.begin(), x.dims.end() - 1);
  const Dims none(rows.size(), 0);
  Dims to = dense_strides(rows);
  for (int64_t& s : to) s *= n;
  return walk(rows,
              {Dims(x.stride.begin(), x.stride.end() - 1), none, none, to});
}

}  // namespace

// Rows of x times constant weights.
Result<bool> Lowering::lower_rows(const ir::Node& node) {
  if (!graph_.is_constant(node.in[1]) || has_nothing(node)) return false;
  const auto& dims = graph_.at(node.in[1]).dims;
  const Dims& shape = graph_.at(node.in[0]).dims;
  if (shape.empty() || shape.back() != dims[1]) return false;
  kernels::Matrix m;
  m.n = static_cast<std::size_t>(dims[0]);
  m.k = static_cast<std::size_t>(dims[1]);
  m.w = ir::data_of(graph_, node.in[1]).data();
  if (node.in[2] != ir::kNone) m.b = ir::data_of(graph_, node.in[2]).data();
  View x = view_of(node.in[0]);
  Walk w = lines(x, dims[0]);
  if (!all_forward(w) || w.size.size() > kOuterAxes || x.stride.back() < 0) {
    x = {place_of(node.in[0]), x.dims, dense_strides(x.dims)};
    w = lines(x, dims[0]);
  }
  ProductStep step;
  step.a = x.at;
  step.shape.rows = static_cast<std::size_t>(w.size.back());
  step.shape.a_row = static_cast<std::size_t>(w.stride[0].back());
  step.shape.y_row = static_cast<std::size_t>(w.stride[3].back());
  step.shape.n = m.n;
  step.shape.k = m.k;
  w.size.pop_back();
  reserve_weights(step);
  pack_weights(step, 0, m);
  step.y = reserve(node.out[0]);
  finite_beyond_[static_cast<std::size_t>(node.out[0])] = true;
  return push_product(step, even_offsets(m.k, x.stride.back()), w, node.out[0]);
}

// Where a product that is only read transposed is best put; last axis last.
Dims Lowering::matmul_layout(const ir::Node& node) const {
  const Id out = node.out[0];
  const Dims& dims = graph_.at(out).dims;
  const ir::Node* user = user_[static_cast<std::size_t>(out)];
  if (user == nullptr || user->op != "Transpose" || uses_->count(out) != 1 ||
      user->ints.back() + 1 != static_cast<int64_t>(dims.size())) {
    return dense_strides(dims);
  }
  const Dims to = dense_strides(graph_.at(user->out[0]).dims);
  Dims stride(dims.size());
  for (std::size_t d = 0; d < dims.size(); ++d)
    stride[static_cast<std::size_t>(user->ints[d])] = to[d];
  return stride;
}

// b with neighbouring columns, and rows one after the other.
View Lowering::readable_columns(Id id) {
  View v = view_of(id);
  const MatrixView b = matrix_of(v);
  if ((b.columns > 1 && b.column_stride != 1) ||
      (b.rows > 1 && b.row_stride < 1))
    return {place_of(id), v.dims, dense_strides(v.dims)};
  return v;
}

Result<bool> Lowering::lower_matmul(const ir::Node& node) {
  if (has_nothing(node) || !may_round(node.out[0]) ||
      graph_.at(node.in[0]).dims.size() < 2 ||
      graph_.at(node.in[1]).dims.size() < 2) {
    return false;
  }
  const MatrixView a = matrix_of(view_of(node.in[0]));
  const MatrixView b = matrix_of(readable_columns(node.in[1]));
  if (a.row_stride < 0) return false;
  const View out{reserve(node.out[0]), graph_.at(node.out[0]).dims,
                 matmul_layout(node)};
  const MatrixView y = matrix_of(out);
  ProductStep step;
  step.a = a.batch.at;
  step.b = b.batch.at;
  step.y = out.at;
  step.shape = {static_cast<std::size_t>(a.rows),
                static_cast<std::size_t>(b.columns),
                static_cast<std::size_t>(a.columns),
                static_cast<std::size_t>(a.row_stride),
                0,
                static_cast<std::size_t>(y.row_stride),
                static_cast<std::size_t>(b.rows > 1 ? b.row_stride : 1)};
  kernels::choose_blocking(*program_.set, step.shape);
  start_at_zero(step);
  const Dims& batch = y.batch.dims;
  const Walk w =
      walk(batch, {spread(a.batch, batch).stride, spread(b.batch, batch).stride,
                   Dims(batch.size(), 0), y.batch.stride});
  finite_beyond_[static_cast<std::size_t>(node.out[0])] = true;
  if (!push_product(step, even_offsets(step.shape.k, a.column_stride), w,
                    node.out[0])) {
    return false;
  }
  lies(node.out[0], out);
  return true;
}

namespace {

bool is_plain(const ir::Node& gemm, bool bias) {
  return gemm.reals[0] == 1 && (!bias || gemm.reals[1] == 1);
}

}  // namespace

// Neither side is constant weights: those became Linear.
Result<bool> Lowering::lower_gemm(const ir::Node& node) {
  const bool bias = node.in.size() > 2 && node.in[2] != ir::kNone;
  if (has_nothing(node) || !may_round(node.out[0]) || !is_plain(node, bias))
    return false;
  View left = view_of(node.in[0]), right = view_of(node.in[1]);
  if (node.ints[0] != 0) left = transposed(left);
  if (node.ints[1] != 0) right = transposed(right);
  const Dims& dims = graph_.at(node.out[0]).dims;
  if (right.stride[1] != 1 || right.stride[0] < 1)
    right = {dense(right), right.dims, dense_strides(right.dims)};
  View init{0, dims, {0, 1}};
  if (bias) init = spread(view_of(node.in[2]), dims);
  if (init.stride[1] != 1 && dims[1] > 1)
    init = {dense(init), dims, dense_strides(dims)};
  if (left.stride[0] < 0 || init.stride[0] < 0) return false;
  ProductStep step;
  step.a = left.at;
  step.b = right.at;
  step.init = init.at;
  step.y = reserve(node.out[0]);
  step.shape = {static_cast<std::size_t>(dims[0]),
                static_cast<std::size_t>(dims[1]),
                static_cast<std::size_t>(left.dims[1]),
                static_cast<std::size_t>(left.stride[0]),
                static_cast<std::size_t>(init.stride[0]),
                static_cast<std::size_t>(dims[1]),
                static_cast<std::size_t>(right.stride[0])};
  kernels::choose_blocking(*program_.set, step.shape);
  if (!bias) start_at_zero(step);
  finite_beyond_[static_cast<std::size_t>(node.out[0])] = true;
  return push_product(step, even_offsets(step.shape.k, left.stride[1]),
                      {{}, {{}, {}, {}, {}}}, node.out[0]);
}

}  // namespace tactus::policy::fused
