// SPDX-License-Identifier: MIT
// Products: Linear, Gemm, MatMul. Eigen behind row-wise products only: its
// blocked matrix product may allocate, matrix times vector on contiguous
// memory does not.
#include <Eigen/Core>

#include "core/error.hpp"
#include "policy/ir/ops.hpp"

namespace tactus::policy::ir {
namespace {

using Vector = Eigen::Map<Eigen::VectorXd>;
using ConstVector = Eigen::Map<const Eigen::VectorXd>;
using RowMajor =
    Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic,
                                   Eigen::RowMajor>>;
using ColMajor = Eigen::Map<const Eigen::MatrixXd>;

void eval_linear(const Node&, std::span<const In> in,
                 std::span<const Out> out) {
  const int64_t n = in[1].dims[0], k = in[1].dims[1];
  const RowMajor w(in[1].data, n, k);
  for (int64_t row = 0; row * n < out[0].size; ++row) {
    Vector y(out[0].data + row * n, n);
    y.noalias() = w * ConstVector(in[0].data + row * k, k);
    if (in.size() > 2 && in[2].data) y += ConstVector(in[2].data, n);
  }
}

// y [n] = B^T x for row-major B [k, n].
void times(const double* x, const double* b, int64_t k, int64_t n, double* y) {
  Vector(y, n).noalias() = ColMajor(b, n, k) * ConstVector(x, k);
}

struct Matrix {
  const double* data;
  int64_t row_stride, col_stride;
};

void plain_product(Matrix a, Matrix b, int64_t k, const Out& out, int64_t n,
                   double alpha) {
  for (int64_t i = 0; i < out.size; ++i) {
    double sum = 0;
    for (int64_t j = 0; j < k; ++j) {
      sum += a.data[i / n * a.row_stride + j * a.col_stride] *
             b.data[j * b.row_stride + i % n * b.col_stride];
    }
    out.data[i] = alpha * sum;
  }
}

void eval_gemm(const Node& node, std::span<const In> in,
               std::span<const Out> out) {
  const bool ta = node.ints[0] != 0, tb = node.ints[1] != 0;
  const int64_t k = in[0].dims[ta ? 0 : 1], n = out[0].dims[1];
  const int64_t lda = in[0].dims[1], ldb = in[1].dims[1];
  const Matrix a{in[0].data, ta ? 1 : lda, ta ? lda : 1};
  const Matrix b{in[1].data, tb ? 1 : ldb, tb ? ldb : 1};
  plain_product(a, b, k, out[0], n, node.reals[0]);
  if (in.size() < 3 || !in[2].data) return;
  Broadcast c(out[0].dims, in[2].dims);
  for (int64_t i = 0; i < out[0].size; ++i, c.next()) {
    out[0].data[i] += node.reals[1] * in[2].data[c.offset()];
  }
}

std::span<const int64_t> batch_of(std::span<const int64_t> dims) {
  return dims.size() > 2 ? dims.first(dims.size() - 2)
                         : std::span<const int64_t>{};
}

void eval_matmul(const Node& node, std::span<const In> in,
                 std::span<const Out> out) {
  const int64_t m = node.ints[0], k = node.ints[1], n = node.ints[2];
  const auto batch = out[0].dims.first(static_cast<std::size_t>(node.ints[3]));
  Broadcast a(batch, batch_of(in[0].dims));
  Broadcast b(batch, batch_of(in[1].dims));
  for (int64_t done = 0; done < out[0].size; a.next(), b.next()) {
    for (int64_t row = 0; row < m; ++row, done += n) {
      times(in[0].data + (a.offset() * m + row) * k,
            in[1].data + b.offset() * k * n, k, n, out[0].data + done);
    }
  }
}

Result<void> infer_gemm(Inference& at) {
  const auto& a = input(at, 0).dims;
  const auto& b = input(at, 1).dims;
  if (a.size() != 2 || b.size() != 2) {
    return op_error(at, "its inputs are not matrices", "export again");
  }
  const bool ta = int_attribute(at.source, "transA", 0) != 0;
  const bool tb = int_attribute(at.source, "transB", 0) != 0;
  at.node.ints = {ta, tb};
  at.node.reals = {real_attribute(at.source, "alpha", 1),
                   real_attribute(at.source, "beta", 1)};
  const int64_t m = a[ta ? 1 : 0], n = b[tb ? 0 : 1];
  if (a[ta ? 0 : 1] != b[tb ? 1 : 0]) {
    return op_error(at,
                    fmt::format("inner sizes {} and {} differ", a[ta ? 0 : 1],
                                b[tb ? 1 : 0]),
                    "export again");
  }
  const std::vector<int64_t> dims{m, n};
  if (has_input(at, 2)) {
    auto sum = broadcast(at, dims, input(at, 2).dims);
    if (!sum) return sum.error();
    if (*sum != dims) return op_error(at, "bias is too large", "export again");
  }
  set_output(at, 0, dims, input(at, 0).dtype);
  return {};
}

Result<void> infer_matmul(Inference& at) {
  const std::vector<int64_t> a = input(at, 0).dims;
  const std::vector<int64_t> b = input(at, 1).dims;
  if (a.empty() || b.empty()) {
    return op_error(at, "an input is a scalar", "use Mul");
  }
  const int64_t m = a.size() > 1 ? a[a.size() - 2] : 1;
  const int64_t n = b.size() > 1 ? b.back() : 1;
  const int64_t inner = b.size() > 1 ? b[b.size() - 2] : b[0];
  if (a.back() != inner) {
    return op_error(
        at, fmt::format("inner sizes {} and {} differ", a.back(), inner),
        "export again");
  }
  auto dims = broadcast(at, batch_of(a), batch_of(b));
  if (!dims) return dims.error();
  at.node.ints = {m, inner, n, static_cast<int64_t>(dims->size())};
  if (a.size() > 1) dims->push_back(m);
  if (b.size() > 1) dims->push_back(n);
  set_output(at, 0, *dims, input(at, 0).dtype);
  return {};
}

constexpr Op kOps[] = {
    {"Gemm", 2, 3, infer_gemm, eval_gemm},
    {"Linear", 3, 3, nullptr, eval_linear},
    {"MatMul", 2, 2, infer_matmul, eval_matmul},
};

}  // namespace

std::span<const Op> matrix_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
