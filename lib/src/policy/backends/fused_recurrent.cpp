// SPDX-License-Identifier: MIT
// LSTM and GRU of one observation; where any layer's results lie.
#include <algorithm>

#include "policy/backends/fused_cell.hpp"

namespace tactus::policy::fused {

// An LSTM or GRU for one observation as steps over blocks of `held` floats,
// one per gate. ONNX operator specification: gates i, o, f, c of LSTM-14;
// z, r, h of GRU-14.
class RecurrentLowering {
 public:
  RecurrentLowering(Lowering& lowering, const ir::Node& node)
      : l_(lowering),
        node_(node),
        steps_(dim(0, 0)),
        in_(dim(0, 2)),
        hidden_(static_cast<std::size_t>(node.ints[0])),
        held_(blocks_of(hidden_) * kBlock),
        gates_(node.op == "LSTM" ? 4 : 3),
        cell_(lowering, node, 0, held_) {}

  // One direction forward, one row, constant weights, no peepholes, not a
  // long sequence; where it is rounded to integers, a state of known reach.
  [[nodiscard]] bool fits() const {
    const Graph& g = l_.graph_;
    const bool constant =
        g.is_constant(node_.in[1]) && g.is_constant(node_.in[2]) &&
        (node_.in[3] == ir::kNone || g.is_constant(node_.in[3]));
    return constant && node_.in[7] == ir::kNone && node_.ints[4] == 0 &&
           dim(0, 1) == 1 && node_.ints[1] == 1 && node_.ints[2] == 0 &&
           steps_ <= kMostSteps &&
           (ir::is_bounded(node_, 0) || !is_exact(l_.input_.tier));
  }
  Result<void> run();

 private:
  static constexpr std::size_t kMostSteps = 64;

  [[nodiscard]] std::size_t dim(std::size_t input, std::size_t axis) const {
    return static_cast<std::size_t>(l_.graph_.at(node_.in[input]).dims[axis]);
  }
  [[nodiscard]] double w(std::size_t gate, std::size_t row,
                         std::size_t i) const {
    return ir::data_of(l_.graph_,
                       node_.in[1])[(gate * hidden_ + row) * in_ + i];
  }
  [[nodiscard]] double r(std::size_t gate, std::size_t row,
                         std::size_t i) const {
    return ir::data_of(l_.graph_,
                       node_.in[2])[(gate * hidden_ + row) * hidden_ + i];
  }
  // of: 0 the input's, 1 the state's.
  [[nodiscard]] double bias(std::size_t of, std::size_t gate,
                            std::size_t row) const {
    if (node_.in[3] == ir::kNone) return 0;
    return ir::data_of(l_.graph_,
                       node_.in[3])[(of * gates_ + gate) * hidden_ + row];
  }
  [[nodiscard]] bool resets_late() const { return node_.ints[3] != 0; }

  // Rows of gate `gate` at block `at` of a matrix over [x, h].
  struct Parts {
    bool x, h;
  };
  void fill(std::vector<double>& m, std::vector<double>& b, std::size_t at,
            std::size_t gate, Parts parts) const {
    const std::size_t k = in_ + hidden_;
    for (std::size_t row = 0; row < hidden_; ++row) {
      double* to = m.data() + (at * held_ + row) * k;
      for (std::size_t i = 0; parts.x && i < in_; ++i) to[i] = w(gate, row, i);
      for (std::size_t i = 0; parts.h && i < hidden_; ++i)
        to[in_ + i] = r(gate, row, i);
      b[at * held_ + row] = (parts.x ? bias(0, gate, row) : 0) +
                            (parts.h ? bias(1, gate, row) : 0);
    }
  }
  Result<void> make_gemv();
  Result<void> make_late_gemv();
  // A product, and the rounding of its input if it is one of integers.
  struct Product {
    Step before, gemv;
  };
  // `finite`: what lies behind the values at x is.
  Result<void> make(Product& product, kernels::Matrix m, std::size_t x,
                    bool finite);
  void push(const Product& product) {
    if (product.before.count) l_.push(product.before, ir::kNone);
    l_.push(product.gemv, ir::kNone);
  }
  Result<void> add_steps(std::size_t inputs, kernels::InputSteps& to) const;

  void gru_step();
  // The state's begin: the operand's, or zero.
  void begin(std::size_t input, std::size_t state) {
    const Id id = node_.in[input];
    const std::size_t zero = id == ir::kNone ? l_.scratch(hidden_) : 0;
    cell_.copy(id == ir::kNone ? zero : l_.place_of(id), state, hidden_);
  }
  void alias(std::size_t output, std::size_t at) {
    const Id id = node_.out[output];
    l_.offset_[static_cast<std::size_t>(id)] = at;
  }

  Lowering& l_;
  const ir::Node& node_;
  std::size_t steps_, in_, hidden_, held_, gates_;
  Cell cell_;
  kernels::Format format_ = kernels::Format::kF32;
  Product gates_of_, late_;
  std::size_t xh_ = 0, h_ = 0, c_ = 0, t_ = 0, rh_ = 0;
};

// `inputs` of the sequence, then the state, which its bounded activations
// hold in [-1, 1] unless it began beyond.
Result<void> RecurrentLowering::add_steps(std::size_t inputs,
                                          kernels::InputSteps& to) const {
  if (inputs > 0) {
    if (auto ok = l_.add_steps(to, format_, node_.in[0], inputs); !ok)
      return ok;
  }
  const auto bound = l_.reach_of(node_.in[5]);
  if (!bound) return bound.error();
  const double reach = std::max(1.0, *bound);
  kernels::add_steps(to, format_, {reach, -reach, {}}, hidden_);
  return {};
}

Result<void> RecurrentLowering::make(Product& product, kernels::Matrix m,
                                     std::size_t x, bool finite) {
  m.format = format_;
  kernels::InputSteps steps;
  if (kernels::is_integer(format_)) {
    if (auto ok = add_steps(m.k - hidden_, steps); !ok) return ok;
    m.steps = &steps;
    product.before = l_.quantise(x, m);
    x = product.before.y;
  } else if (format_ == kernels::Format::kBf16 && !finite) {
    product.before = l_.padded(x, m.k);
    x = product.before.y;
    finite = true;
  }
  const auto step = l_.gemv(m, x, finite, ir::kNone);
  if (!step) return step.error();
  product.gemv = *step;
  return {};
}

Result<void> RecurrentLowering::make_gemv() {
  const bool lstm = node_.op == "LSTM";
  const std::size_t blocks = lstm || resets_late() ? 4 : 3;
  std::vector<double> m(blocks * held_ * (in_ + hidden_)), b(blocks * held_);
  for (std::size_t gate = 0; gate < (lstm ? 4U : 2U); ++gate)
    fill(m, b, gate, gate, {true, true});
  if (!lstm) fill(m, b, 2, 2, {true, false});
  if (!lstm && resets_late()) fill(m, b, 3, 2, {false, true});
  auto ok = make(gates_of_, {m.data(), b.data(), blocks * held_, in_ + hidden_},
                 xh_, true);
  if (!ok) return ok;
  return lstm || resets_late() ? Result<void>() : make_late_gemv();
}

// The candidate's product with r h, which is known only after r. Behind r h
// lies what came of padding: a NaN there stays from run to run.
Result<void> RecurrentLowering::make_late_gemv() {
  std::vector<double> m(held_ * hidden_), b(held_);
  for (std::size_t row = 0; row < hidden_; ++row) {
    for (std::size_t i = 0; i < hidden_; ++i)
      m[row * hidden_ + i] = r(2, row, i);
    b[row] = bias(1, 2, row);
  }
  rh_ = l_.scratch(held_);
  return make(late_, {m.data(), b.data(), held_, hidden_}, rh_, false);
}

void RecurrentLowering::gru_step() {
  const kernels::KernelSet& k = *l_.program_.set;
  const std::size_t z = gates_of_.gemv.y, r = z + held_, n = r + held_;
  cell_.activate(ir::Slot::kGates, z, z, 2);
  std::size_t from_h = n + held_;
  if (resets_late()) {
    cell_.binary(k.mul, r, from_h, from_h);
  } else {
    cell_.binary(k.mul, r, h_, rh_);
    push(late_);
    from_h = late_.gemv.y;
  }
  cell_.binary(k.add, n, from_h, n);
  cell_.gru(z, n, h_, t_);
}

Result<void> RecurrentLowering::run() {
  const bool lstm = node_.op == "LSTM";
  const auto format = l_.format_of(node_, in_ + hidden_);
  if (!format) return format.error();
  format_ = *format;
  xh_ = l_.scratch(in_ + hidden_);
  h_ = l_.scratch(held_);
  c_ = l_.scratch(held_);
  t_ = l_.scratch(held_);
  if (auto ok = make_gemv(); !ok) return ok;
  begin(5, h_);
  if (lstm) begin(6, c_);
  const std::size_t x = l_.place_of(node_.in[0]);
  const std::size_t y = l_.reserve(node_.out[0]);
  for (std::size_t t = 0; t < steps_; ++t) {
    cell_.copy(x + t * in_, xh_, in_);
    cell_.copy(h_, xh_ + in_, hidden_);
    push(gates_of_);
    lstm ? cell_.lstm({gates_of_.gemv.y, h_, c_, t_}) : gru_step();
    cell_.copy(h_, y + t * hidden_, hidden_);
  }
  alias(1, h_);
  if (lstm) alias(2, c_);
  return {};
}

Result<bool> Lowering::lower_recurrent(const ir::Node& node) {
  RecurrentLowering recurrent(*this, node);
  if (!recurrent.fits()) return false;
  if (auto ok = recurrent.run(); !ok) return ok.error();
  return true;
}

// Y, made as [T, D, B, H], looked at in the file's order.
void Lowering::lies_by_time(const ir::Node& node, std::size_t y) {
  const Dims& dims = graph_.at(node.out[0]).dims;
  View view{y, dims, dense_strides(dims)};
  if (node.ints[4] != 0) {  // [B, T, D, H]
    const int64_t size = dims[0] * dims[3];
    view.stride = {dims[3], dims[2] * size, size, 1};
  }
  lies(node.out[0], view);
}

// The last states of all directions as one, [D, B, H].
void Lowering::join_states(Id out, const ir::Node& node,
                           const std::vector<std::size_t>& states) {
  const auto i = static_cast<std::size_t>(out);
  if (states.size() == 1) {
    offset_[i] = states[0];
    return;
  }
  if (uses_->count(out) == 0) return;
  const Dims& dims = graph_.at(out).dims;
  View view{reserve(out), dims, dense_strides(dims)};
  const std::size_t each = size_of(out) / states.size();
  for (std::size_t d = 0; d < states.size(); ++d) {
    Step copy;
    copy.x = states[d];
    copy.y = view.at + d * each;
    copy.count = each;
    push(copy, ir::kNone);
  }
  if (node.ints[4] != 0)  // [B, D, H]
    view.stride = {dims[2], static_cast<int64_t>(each), 1};
  lies(out, view);
  finite_beyond_[i] = true;
}

}  // namespace tactus::policy::fused
