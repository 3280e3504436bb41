// SPDX-License-Identifier: MIT
// LSTM and GRU with the default activations, layout 0, no sequence lengths,
// no peepholes, no clip (ONNX operator specification, LSTM-14 and GRU-14).
// Omitted outputs are made, and one more holds the gates, so that eval
// allocates nothing. Shapes: X [T,B,I], W [D,G·H,I], R [D,G·H,H],
// bias [D,2·G·H], h0 and c0 [D,B,H], Y [T,D,B,H].
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "policy/ir/ops.hpp"

namespace tactus::policy::ir {
namespace {

using Dims = std::vector<int64_t>;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

void ensure_output(Inference& at, std::size_t i, Dims dims) {
  if (at.node.out.size() <= i) at.node.out.resize(i + 1, kNone);
  Id& id = at.node.out[i];
  if (id == kNone) id = at.graph.add({});
  set_output(at, i, std::move(dims), DType::kF32);
}

Result<int64_t> directions_of(const Inference& at) {
  const auto* a = find_attribute(at.source, "direction");
  if (!a || a->s == "forward" || a->s.empty()) return 1;
  if (a->s == "reverse") return 1;
  if (a->s == "bidirectional") return 2;
  return op_error(at, "direction '" + a->s + "'", "use forward");
}

bool defaults_only(const Inference& at) {
  for (const char* name : {"activations", "activation_alpha", "activation_beta",
                           "clip", "input_forget"}) {
    if (find_attribute(at.source, name)) return false;
  }
  return int_attribute(at.source, "layout", 0) == 0;
}

struct Sizes {
  int64_t steps, batch, in, hidden, directions;
};

Result<Sizes> sizes_of(const Inference& at, int64_t gates) {
  const Dims& x = input(at, 0).dims;
  auto directions = directions_of(at);
  if (!directions) return directions.error();
  if (!defaults_only(at) || has_input(at, 4) || has_input(at, 7)) {
    return op_error(at,
                    "uses sequence lengths, peepholes, clip, other "
                    "activations or layout 1",
                    "export the plain layer");
  }
  const Dims& w = input(at, 1).dims;
  const Dims& r = input(at, 2).dims;
  const int64_t d = *directions;
  const int64_t hidden = r.size() == 3 ? r[2] : 0;
  if (x.size() != 3 || w != Dims{d, gates * hidden, x[2]} ||
      r != Dims{d, gates * hidden, hidden} || hidden == 0) {
    return op_error(at, "its inputs do not fit each other", "export again");
  }
  return Sizes{x[0], x[1], x[2], hidden, d};
}

Result<void> check_size(const Inference& at, std::size_t i, int64_t size) {
  if (!has_input(at, i) || input(at, i).size() == size) return {};
  return op_error(at, fmt::format("input {} has another size", i),
                  "export again");
}

Result<void> infer_recurrent(Inference& at, int64_t gates) {
  auto s = sizes_of(at, gates);
  if (!s) return s.error();
  const int64_t state = s->directions * s->batch * s->hidden;
  if (auto ok = check_size(at, 3, s->directions * 2 * gates * s->hidden); !ok) {
    return ok;
  }
  if (auto ok = check_size(at, 5, state); !ok) return ok;
  if (auto ok = check_size(at, 6, state); !ok) return ok;
  const auto* a = find_attribute(at.source, "direction");
  at.node.ints = {s->hidden, s->directions, a && a->s == "reverse",
                  int_attribute(at.source, "linear_before_reset", 0)};
  at.node.in.resize(7, kNone);
  const Dims held{s->directions, s->batch, s->hidden};
  ensure_output(at, 0, {s->steps, s->directions, s->batch, s->hidden});
  ensure_output(at, 1, held);
  ensure_output(at, 2, held);
  ensure_output(at, 3, {2 * gates * s->hidden});
  return {};
}

// One direction of one batch row, as offsets into the operands.
struct Lane {
  const Node& node;
  std::span<const In> in;
  std::span<const Out> out;
  int64_t direction, row, hidden, width, batch, steps;

  [[nodiscard]] bool reversed() const {
    return direction == 1 || node.ints[2] != 0;
  }
  [[nodiscard]] int64_t held() const {
    return (direction * batch + row) * hidden;
  }
  [[nodiscard]] const double* x(int64_t t) const {
    return in[0].data + (t * batch + row) * width;
  }
  // W x + Wb for `rows` gate rows, and R h + Rb, kept apart.
  void project(int64_t rows, const double* x, const double* h,
               double* gates) const {
    const double* w = in[1].data + direction * rows * width;
    const double* r = in[2].data + direction * rows * hidden;
    const double* b = in[3].data ? in[3].data + direction * 2 * rows : nullptr;
    for (int64_t g = 0; g < rows; ++g) {
      double from_x = b ? b[g] : 0, from_h = b ? b[rows + g] : 0;
      for (int64_t i = 0; i < width; ++i) from_x += w[g * width + i] * x[i];
      for (int64_t i = 0; i < hidden; ++i) from_h += r[g * hidden + i] * h[i];
      gates[g] = from_x;
      gates[rows + g] = from_h;
    }
  }
};

void lstm_step(const Lane& lane, const double* x, double* h, double* c) {
  const int64_t n = lane.hidden;
  double* z = lane.out[3].data;
  lane.project(4 * n, x, h, z);
  for (int64_t i = 0; i < n; ++i) {
    const auto gate = [&](int64_t k) {
      return z[k * n + i] + z[(4 + k) * n + i];
    };
    c[i] = sigmoid(gate(2)) * c[i] + sigmoid(gate(0)) * std::tanh(gate(3));
    h[i] = sigmoid(gate(1)) * std::tanh(c[i]);
  }
}

// Gates z, r, h. Without linear_before_reset the reset gate acts on h before
// the product, so the candidate's product is done again with r·h.
void gru_step(const Lane& lane, const double* x, double* h, double*) {
  const int64_t n = lane.hidden;
  double* z = lane.out[3].data;
  double* r = z + n;
  double* candidate = z + 2 * n;
  const double* from_h = z + 3 * n;
  lane.project(3 * n, x, h, z);
  for (int64_t i = 0; i < 2 * n; ++i) z[i] = sigmoid(z[i] + from_h[i]);
  const double* weights = lane.in[2].data + (lane.direction * 3 + 2) * n * n;
  const double* bias = lane.in[3].data
                           ? lane.in[3].data + (lane.direction * 6 + 5) * n
                           : nullptr;
  for (int64_t i = 0; i < n; ++i) {
    double reset = r[i] * from_h[2 * n + i];
    if (lane.node.ints[3] == 0) {
      reset = bias ? bias[i] : 0;
      for (int64_t k = 0; k < n; ++k) reset += weights[i * n + k] * r[k] * h[k];
    }
    candidate[i] = std::tanh(candidate[i] + reset);
  }
  for (int64_t i = 0; i < n; ++i) {
    h[i] = (1 - z[i]) * candidate[i] + z[i] * h[i];
  }
}

using Step = void (*)(const Lane&, const double*, double*, double*);

void start(const In& initial, int64_t at, int64_t n, double* state) {
  if (initial.data) {
    std::copy_n(initial.data + at, n, state);
  } else {
    std::fill_n(state, n, 0.0);
  }
}

void run_lane(const Lane& lane, Step step) {
  double* h = lane.out[1].data + lane.held();
  double* c = lane.out[2].data + lane.held();
  start(lane.in[5], lane.held(), lane.hidden, h);
  start(lane.in[6], lane.held(), lane.hidden, c);
  for (int64_t i = 0; i < lane.steps; ++i) {
    const int64_t t = lane.reversed() ? lane.steps - 1 - i : i;
    step(lane, lane.x(t), h, c);
    const int64_t y = (t * lane.node.ints[1] + lane.direction) * lane.batch;
    std::copy_n(h, lane.hidden,
                lane.out[0].data + (y + lane.row) * lane.hidden);
  }
}

template <Step S>
void eval(const Node& node, std::span<const In> in, std::span<const Out> out) {
  const auto x = in[0].dims;
  for (int64_t d = 0; d < node.ints[1]; ++d) {
    for (int64_t row = 0; row < x[1]; ++row) {
      run_lane({node, in, out, d, row, node.ints[0], x[2], x[1], x[0]}, S);
    }
  }
}

Result<void> infer_lstm(Inference& at) { return infer_recurrent(at, 4); }
Result<void> infer_gru(Inference& at) { return infer_recurrent(at, 3); }

constexpr Op kOps[] = {
    {"GRU", 3, 6, infer_gru, eval<gru_step>},
    {"LSTM", 3, 8, infer_lstm, eval<lstm_step>},
};

}  // namespace

std::span<const Op> recurrent_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
