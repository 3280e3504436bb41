// SPDX-License-Identifier: MIT
// LSTM, GRU and RNN for a batch, of either direction or both, with peepholes,
// or for a long sequence: rows that share the weights. Each gate is a
// matrix of batch × hidden that lies dense, so that what follows runs over
// all rows at once. ONNX operator specification, as fused_recurrent.cpp.
#include <algorithm>

#include "policy/backends/fused_cell.hpp"

namespace tactus::policy::fused {
namespace {

constexpr std::size_t kMostSteps = 1024;  // each of them is a dozen of ours
constexpr std::size_t kMostGates = std::size_t{1} << 22;  // floats

}  // namespace

class RecurrentRows {
 public:
  RecurrentRows(Lowering& lowering, const ir::Node& node, std::size_t direction)
      : l_(lowering),
        k_(*lowering.program_.set),
        node_(node),
        direction_(direction),
        directions_(static_cast<std::size_t>(node.ints[1])),
        gates_(node.op == "LSTM"  ? 4
               : node.op == "GRU" ? 3
                                  : 1),
        steps_(dim(node.ints[4] != 0 ? 1 : 0)),
        batch_(dim(node.ints[4] != 0 ? 0 : 1)),
        in_(dim(2)),
        hidden_(static_cast<std::size_t>(node.ints[0])),
        size_(batch_ * hidden_),
        held_(blocks_of(size_) * kBlock),
        cell_(lowering, node, direction, held_) {}

  // Constant weights, not a long sequence.
  [[nodiscard]] bool fits() const;
  // This direction's part of Y, which is at y, as [T, D, B, H].
  bool run(std::size_t y);
  // Where it leaves the states.
  [[nodiscard]] std::size_t h() const { return h_; }
  [[nodiscard]] std::size_t c() const { return c_; }

 private:
  [[nodiscard]] std::size_t dim(std::size_t axis) const {
    return static_cast<std::size_t>(l_.graph_.at(node_.in[0]).dims[axis]);
  }
  [[nodiscard]] bool resets_late() const {
    return gates_ == 3 && node_.ints[3] != 0;
  }
  // This direction's of an operand with `each` elements a direction.
  [[nodiscard]] const double* weights(std::size_t input,
                                      std::size_t each) const {
    return ir::data_of(l_.graph_, node_.in[input]).data() + direction_ * each;
  }
  [[nodiscard]] const double* biases() const {
    return weights(3, 2 * gates_ * hidden_);
  }
  // What acts on gate g from outside the product with the state.
  [[nodiscard]] std::vector<double> bias(std::size_t g) const;
  struct Gates {
    std::size_t first, count;
  };
  // kProjected: bias(); kState: of the state's side alone; kNone: zeros.
  enum class Bias : uint8_t { kProjected, kState, kNone };
  ProductStep packed(std::size_t input, Gates gates, Bias bias, std::size_t k);
  bool project();
  bool add_state(ProductStep step, std::size_t h, std::size_t t, Gates gates);
  bool add_late_state();
  bool gru(std::size_t t);
  void rnn();

  void begin(std::size_t input, std::size_t state);
  void prepare();
  bool step(std::size_t t);
  std::size_t pack_peepholes();
  [[nodiscard]] std::size_t gate(std::size_t g) const { return z_ + g * held_; }
  [[nodiscard]] std::size_t projected(std::size_t g, std::size_t t) const {
    return p_ + (g * steps_ + t) * size_;
  }

  Lowering& l_;
  const kernels::KernelSet& k_;
  const ir::Node& node_;
  std::size_t direction_, directions_;
  std::size_t gates_, steps_, batch_, in_, hidden_, size_, held_;
  Cell cell_;
  ProductStep state_, candidate_;
  std::size_t peepholes_ = kNowhere;
  std::size_t p_ = 0, z_ = 0, h_ = 0, c_ = 0, t_ = 0;
};

bool RecurrentRows::fits() const {
  const Graph& g = l_.graph_;
  const auto constant = [&](std::size_t i) {
    return node_.in[i] == ir::kNone || g.is_constant(node_.in[i]);
  };
  return constant(1) && constant(2) && constant(3) && constant(7) &&
         steps_ > 0 && size_ > 0 && in_ > 0 && steps_ <= kMostSteps &&
         size_ <= kMostGates / (gates_ * steps_);
}

std::vector<double> RecurrentRows::bias(std::size_t g) const {
  std::vector<double> b(hidden_, 0.0);
  if (node_.in[3] == ir::kNone) return b;
  const double* given = biases();
  const bool apart = resets_late() && g == 2;  // the state's is reset too
  for (std::size_t i = 0; i < hidden_; ++i) {
    b[i] = given[g * hidden_ + i];
    if (!apart) b[i] += given[(gates_ + g) * hidden_ + i];
  }
  return b;
}

// Gates of W (input 1) or R (input 2), one behind the other.
ProductStep RecurrentRows::packed(std::size_t input, Gates gates, Bias bias,
                                  std::size_t k) {
  ProductStep s;
  s.shape.rows = batch_;
  s.shape.n = hidden_;
  s.shape.k = k;
  s.shape.y_row = hidden_;
  l_.reserve_weights(s, gates.count);
  for (std::size_t i = 0; i < gates.count; ++i) {
    const std::size_t g = gates.first + i;
    std::vector<double> b(hidden_, 0.0);
    if (bias == Bias::kProjected) b = this->bias(g);
    if (bias == Bias::kState && node_.in[3] != ir::kNone)
      std::copy_n(biases() + (gates_ + g) * hidden_, hidden_, b.begin());
    const double* w = weights(input, gates_ * hidden_ * k);
    l_.pack_weights(s, i, {w + g * hidden_ * k, b.data(), hidden_, k});
  }
  return s;
}

// All gates of all steps, as far as the inputs make them.
bool RecurrentRows::project() {
  View x = l_.view_of(node_.in[0]);
  if (node_.ints[4] != 0) std::swap(x.stride[0], x.stride[1]);
  if (std::ranges::min(x.stride) < 0) return false;
  ProductStep s = packed(1, {0, gates_}, Bias::kProjected, in_);
  const int64_t each = l_.packed_floats(s);
  p_ = l_.scratch(gates_ * steps_ * size_);
  s.a = x.at;
  s.y = p_;
  s.shape.a_row = static_cast<std::size_t>(x.stride[1]);
  const auto size = static_cast<int64_t>(size_);
  const auto steps = static_cast<int64_t>(steps_);
  const Walk outer =
      walk({static_cast<int64_t>(gates_), steps},
           {{0, x.stride[0]}, {each, 0}, {each, 0}, {steps * size, size}});
  return l_.push_product(s, even_offsets(in_, x.stride[2]), outer, ir::kNone);
}

// gates = projected + R h.
bool RecurrentRows::add_state(ProductStep s, std::size_t h, std::size_t t,
                              Gates gates) {
  const int64_t each = l_.packed_floats(s);
  s.a = h;
  s.y = gate(gates.first);
  s.constant_init = false;
  s.init = projected(gates.first, t);
  s.shape.a_row = s.shape.init_row = hidden_;
  const Walk outer = walk({static_cast<int64_t>(gates.count)},
                          {{0},
                           {each},
                           {static_cast<int64_t>(steps_ * size_)},
                           {static_cast<int64_t>(held_)}});
  return l_.push_product(s, even_offsets(hidden_, 1), outer, ir::kNone);
}

// The candidate's part of the state, which is reset after the product.
bool RecurrentRows::add_late_state() {
  ProductStep s = candidate_;
  s.a = h_;
  s.y = gate(2);
  s.shape.a_row = hidden_;
  return l_.push_product(s, even_offsets(hidden_, 1),
                         walk({1}, {{0}, {0}, {0}, {0}}), ir::kNone);
}

// The state's begin: the operand's, [D, B, H] or, the batch first, [B, D, H],
// or zero.
void RecurrentRows::begin(std::size_t input, std::size_t state) {
  const Id id = node_.in[input];
  if (id == ir::kNone) {
    cell_.copy(l_.scratch(size_), state, size_);
    return;
  }
  const auto batch = static_cast<int64_t>(batch_);
  const auto hidden = static_cast<int64_t>(hidden_);
  const bool first = node_.ints[4] != 0;
  const std::size_t at = direction_ * (first ? hidden_ : size_);
  const int64_t row =
      first ? static_cast<int64_t>(directions_) * hidden : hidden;
  l_.move({l_.place_of(id) + at, {batch, hidden}, {row, 1}},
          {state, {batch, hidden}, {hidden, 1}});
}

// As the scales of Affine steps, for every row of the batch.
std::size_t RecurrentRows::pack_peepholes() {
  const double* given = weights(7, 3 * hidden_);
  const std::size_t at = l_.program_.weights.size();
  l_.program_.weights.resize(at + 3 * 3 * held_, 0.0F);
  for (std::size_t gate = 0; gate < 3; ++gate)
    for (std::size_t i = 0; i < size_; ++i) {
      const std::size_t block = at + 3 * (gate * held_ + i / kBlock * kBlock);
      l_.program_.weights[block + kBlock + i % kBlock] =
          static_cast<float>(given[gate * hidden_ + i % hidden_]);
    }
  return at;
}

bool RecurrentRows::gru(std::size_t t) {
  const std::size_t z = gate(0), r = gate(1), n = gate(2);
  cell_.activate(ir::Slot::kGates, z, z, 2);
  if (resets_late()) {
    if (!add_late_state()) return false;
    cell_.binary(k_.mul, r, n, n);
    cell_.binary(k_.add, n, projected(2, t), n);
  } else {
    cell_.binary(k_.mul, r, h_, t_);
    if (!add_state(candidate_, t_, t, {2, 1})) return false;
  }
  cell_.gru(z, n, h_, t_);
  return true;
}

void RecurrentRows::rnn() { cell_.activate(ir::Slot::kGates, gate(0), h_, 1); }

void RecurrentRows::prepare() {
  z_ = l_.scratch(gates_ * held_);
  h_ = l_.scratch(held_);
  c_ = l_.scratch(held_);
  t_ = l_.scratch(held_);
  const bool gru = gates_ == 3;
  state_ = packed(2, {0, gru ? 2 : gates_}, Bias::kNone, hidden_);
  if (gru)
    candidate_ =
        packed(2, {2, 1}, resets_late() ? Bias::kState : Bias::kNone, hidden_);
  begin(5, h_);
  if (gates_ == 4) begin(6, c_);
  if (gates_ == 4 && node_.in[7] != ir::kNone) peepholes_ = pack_peepholes();
}

bool RecurrentRows::step(std::size_t t) {
  const bool is_gru = gates_ == 3;
  if (!add_state(state_, h_, t, {0, is_gru ? 2 : gates_})) return false;
  if (is_gru) return gru(t);
  gates_ == 1 ? rnn() : cell_.lstm({z_, h_, c_, t_, peepholes_});
  return true;
}

bool RecurrentRows::run(std::size_t y) {
  if (!project()) return false;
  prepare();
  const bool reversed = direction_ == 1 || node_.ints[2] != 0;
  for (std::size_t i = 0; i < steps_; ++i) {
    const std::size_t t = reversed ? steps_ - 1 - i : i;
    if (!step(t)) return false;
    cell_.copy(h_, y + (t * directions_ + direction_) * size_, size_);
  }
  return true;
}

Result<bool> Lowering::lower_recurrent_rows(const ir::Node& node) {
  if (has_nothing(node) || !RecurrentRows(*this, node, 0).fits()) return false;
  const std::size_t y = reserve(node.out[0]);
  std::vector<std::size_t> h, c;
  for (int64_t d = 0; d < node.ints[1]; ++d) {
    RecurrentRows rows(*this, node, static_cast<std::size_t>(d));
    if (!rows.run(y)) return false;
    h.push_back(rows.h());
    c.push_back(rows.c());
  }
  lies_by_time(node, y);
  join_states(node.out[1], node, h);
  if (node.op == "LSTM") join_states(node.out[2], node, c);
  return true;
}

}  // namespace tactus::policy::fused
