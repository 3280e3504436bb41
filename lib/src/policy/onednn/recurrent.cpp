// SPDX-License-Identifier: MIT
// LSTM, GRU and RNN of one direction by oneDNN. Its gates are i, f, c, o where
// ONNX's are i, o, f, c; those of a GRU are the same, z, r, h.
#include <algorithm>
#include <limits>

#include "policy/onednn/steps.hpp"

namespace tactus_onednn {
namespace {

using Order = std::vector<int64_t>;  // of oneDNN's gates, by ONNX's number

struct Layer {
  const Plan& plan;
  const tactus_plugin_node& n;
  int64_t steps, batch, in, hidden;
  Order order;

  [[nodiscard]] bool is_lstm() const { return order.size() == 4; }
  [[nodiscard]] int64_t gates() const {
    return static_cast<int64_t>(order.size());
  }
  // A GRU that resets after the product has a bias for that product alone.
  [[nodiscard]] bool resets_late() const {
    return order.size() == 3 && n.ints[3] != 0;
  }
  [[nodiscard]] bool reversed() const { return n.ints[2] != 0; }
  [[nodiscard]] memory::desc layer(int64_t width) const {
    return dense_desc({steps, batch, width});
  }
  [[nodiscard]] memory::desc state() const {
    return dense_desc({1, 1, batch, hidden});
  }
  [[nodiscard]] memory::desc any(int64_t width) const {
    return {{1, 1, width, gates(), hidden}, kF32, Tag::any};
  }
  [[nodiscard]] memory::desc bias() const {
    return dense_desc({1, 1, gates() + (resets_late() ? 1 : 0), hidden});
  }
};

// Its own are numbers 2 and 0, an RNN may choose among the first three
// (ir/recurrent.hpp).
void check_functions(const tactus_plugin_node& n) {
  const std::string_view op = n.op;
  if (n.reals[0] < std::numeric_limits<double>::infinity())
    throw Refused(n, "it clips its gates");
  const bool chooses = op == "RNN";
  for (uint32_t i = 5; i < n.int_count; ++i) {
    const int64_t own = i == 5 ? 2 : 0;
    if (chooses ? n.ints[i] > 2 : n.ints[i] != own)
      throw Refused(n, "it has other activations than its own");
  }
}

Layer layer_of(const Plan& plan, const tactus_plugin_node& n) {
  const std::string_view op = n.op;
  const auto& x = value(plan, n.in[0]);
  if (n.ints[1] != 1) throw Refused(n, "it has two directions");
  if (n.ints[4] != 0) throw Refused(n, "its batch comes first");
  if (n.in[7] >= 0) throw Refused(n, "it has peepholes");
  check_functions(n);
  for (const uint32_t i : {1U, 2U, 3U})
    static_cast<void>(constant_of(plan, n, i, "its weights are computed"));
  Order order = {0};
  if (op == "GRU") order = {0, 1, 2};
  if (op == "LSTM") order = {0, 2, 3, 1};
  return {plan,      n,         x.dims[0],       x.dims[1],
          x.dims[2], n.ints[0], std::move(order)};
}

// [G·H, width] of ONNX as the width × gates × H that is wanted.
memory weights_of(const Layer& l, int32_t id, int64_t width,
                  const memory::desc& wanted) {
  const float* from = value(l.plan, id).constant;
  std::vector<float> turned;
  for (int64_t i = 0; i < width; ++i)
    for (const int64_t gate : l.order)
      for (int64_t h = 0; h < l.hidden; ++h)
        turned.push_back(from[(gate * l.hidden + h) * width + i]);
  return packed(l.plan, dense_desc({1, 1, width, l.gates(), l.hidden}),
                turned.data(), wanted);
}

// Of the input and of the state together, but where the latter is reset late.
memory biases_of(const Layer& l) {
  memory m = zeros(l.plan, l.bias());
  auto* to = static_cast<float*>(m.get_data_handle());
  if (l.n.in[3] < 0) return m;
  const float* given = value(l.plan, l.n.in[3]).constant;
  for (const int64_t gate : l.order) {
    const bool apart = l.resets_late() && gate == 2;
    const float* of_x = given + gate * l.hidden;
    const float* of_h = of_x + l.gates() * l.hidden;
    for (int64_t h = 0; h < l.hidden; ++h)
      *to++ = apart ? of_x[h] : of_x[h] + of_h[h];
  }
  if (l.resets_late()) std::copy_n(given + 5 * l.hidden, l.hidden, to);
  return m;
}

// oneDNN's gates take NaN for 0 or for 1. Whatever reads one is none: of a
// row all units, of a cell's state its own at first.
class Nans : public Step {
 public:
  Nans(const Layer& l, StepPtr layer)
      : layer_(std::move(layer)),
        x_(l.n.in[0]),
        h_(l.n.in[5]),
        c_(l.is_lstm() ? l.n.in[6] : -1),
        y_{l.n.out[0], l.n.out[1], l.is_lstm() ? l.n.out[2] : -1},
        steps_(static_cast<std::size_t>(l.steps)),
        batch_(static_cast<std::size_t>(l.batch)),
        in_(static_cast<std::size_t>(l.in)),
        hidden_(static_cast<std::size_t>(l.hidden)),
        reversed_(l.reversed()) {}

  void run(Buffers& buffers, dnnl::stream& stream) override {
    layer_->run(buffers, stream);
    stream.wait();
    for (std::size_t row = 0; row < batch_; ++row) put_back(buffers, row);
  }

 private:
  [[nodiscard]] static bool any(const float* x, std::size_t n) {
    return std::any_of(x, x + n, [](float v) { return v != v; });
  }
  [[nodiscard]] static float* at(Buffers& buffers, int32_t id) {
    return id < 0 ? nullptr : buffers[static_cast<std::size_t>(id)].data();
  }
  void put_back(Buffers& buffers, std::size_t row) const {
    const std::size_t held = row * hidden_;
    const float* h = at(buffers, h_);
    const float* c = at(buffers, c_);
    bool all = h != nullptr && any(h + held, hidden_);
    bool cell = c != nullptr && any(c + held, hidden_);
    for (std::size_t i = 0; i < steps_; ++i) {
      const std::size_t t = (reversed_ ? steps_ - 1 - i : i) * batch_ + row;
      all = all || (cell && i > 0) || any(at(buffers, x_) + t * in_, in_);
      float* const made[] = {at(buffers, y_[0]) + t * hidden_,
                             at(buffers, y_[1]) + held,
                             y_[2] < 0 ? nullptr : at(buffers, y_[2]) + held};
      for (std::size_t u = 0; u < hidden_; ++u)
        for (float* to : made)
          if (to != nullptr && (all || (cell && c[held + u] != c[held + u])))
            to[u] = std::numeric_limits<float>::quiet_NaN();
    }
  }

  StepPtr layer_;
  int32_t x_, h_, c_, y_[3];
  std::size_t steps_, batch_, in_, hidden_;
  bool reversed_;
};

// The operands that all kinds have.
template <class Forward>
StepPtr step_of(const Layer& l,
                const typename Forward::primitive_desc& chosen) {
  std::vector<Primitive::Argument> arguments{
      {DNNL_ARG_SRC_LAYER, l.n.in[0], l.layer(l.in)},
      {DNNL_ARG_DST_LAYER, l.n.out[0], l.layer(l.hidden)},
      {DNNL_ARG_DST_ITER, l.n.out[1], l.state()}};
  if (l.n.in[5] >= 0)
    arguments.push_back({DNNL_ARG_SRC_ITER, l.n.in[5], l.state()});
  if (l.is_lstm())
    arguments.push_back({DNNL_ARG_DST_ITER_C, l.n.out[2], l.state()});
  if (l.is_lstm() && l.n.in[6] >= 0)
    arguments.push_back({DNNL_ARG_SRC_ITER_C, l.n.in[6], l.state()});
  auto step = std::make_unique<Primitive>(l.plan, Forward(chosen), arguments);
  if (l.n.in[5] < 0) step->hold(DNNL_ARG_SRC_ITER, zeros(l.plan, l.state()));
  if (l.is_lstm() && l.n.in[6] < 0)
    step->hold(DNNL_ARG_SRC_ITER_C, zeros(l.plan, l.state()));
  step->hold(DNNL_ARG_WEIGHTS_LAYER,
             weights_of(l, l.n.in[1], l.in, chosen.weights_layer_desc()));
  step->hold(DNNL_ARG_WEIGHTS_ITER,
             weights_of(l, l.n.in[2], l.hidden, chosen.weights_iter_desc()));
  step->hold(DNNL_ARG_BIAS, biases_of(l));
  return std::make_unique<Nans>(l, std::move(step));
}

dnnl::rnn_direction direction_of(const Layer& l) {
  return l.reversed() ? dnnl::rnn_direction::unidirectional_right2left
                      : dnnl::rnn_direction::unidirectional_left2right;
}

StepPtr make_lstm(const Plan& plan, const tactus_plugin_node& n) {
  const Layer l = layer_of(plan, n);
  using Lstm = dnnl::lstm_forward;
  const Lstm::desc desc(kInference, direction_of(l), l.layer(l.in), l.state(),
                        l.state(), l.any(l.in), l.any(l.hidden), l.bias(),
                        l.layer(l.hidden), l.state(), l.state());
  return step_of<Lstm>(l, {desc, plan.engine});
}

template <class Gru>
StepPtr make_gru_of(const Layer& l) {
  const typename Gru::desc desc(kInference, direction_of(l), l.layer(l.in),
                                l.state(), l.any(l.in), l.any(l.hidden),
                                l.bias(), l.layer(l.hidden), l.state());
  return step_of<Gru>(l, {desc, l.plan.engine});
}

StepPtr make_gru(const Plan& plan, const tactus_plugin_node& n) {
  const Layer l = layer_of(plan, n);
  if (l.resets_late()) return make_gru_of<dnnl::lbr_gru_forward>(l);
  return make_gru_of<dnnl::gru_forward>(l);
}

StepPtr make_rnn(const Plan& plan, const tactus_plugin_node& n) {
  constexpr dnnl::algorithm kActivations[] = {
      dnnl::algorithm::eltwise_tanh, dnnl::algorithm::eltwise_relu,
      dnnl::algorithm::eltwise_logistic};
  const Layer l = layer_of(plan, n);
  using Rnn = dnnl::vanilla_rnn_forward;
  const Rnn::desc desc(kInference, kActivations[n.ints[5]], direction_of(l),
                       l.layer(l.in), l.state(), l.any(l.in), l.any(l.hidden),
                       l.bias(), l.layer(l.hidden), l.state());
  return step_of<Rnn>(l, {desc, plan.engine});
}

constexpr Maker kMakers[] = {
    {"GRU", make_gru}, {"LSTM", make_lstm}, {"RNN", make_rnn}};

}  // namespace

std::span<const Maker> recurrent_makers() { return kMakers; }

}  // namespace tactus_onednn
