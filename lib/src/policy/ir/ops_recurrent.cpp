// SPDX-License-Identifier: MIT
// LSTM, GRU and RNN over full sequences (ONNX operator specification, LSTM-14,
// GRU-14 and RNN-14; gate_functions.cpp). Omitted outputs are made, and one
// more holds the gates, so that eval allocates nothing. Shapes: X [T,B,I], W
// [D,G·H,I], R [D,G·H,H], bias [D,2·G·H], h0 and c0 [D,B,H], peepholes [D,3·H],
// Y [T,D,B,H]; with layout 1 X [B,T,I], h0 and c0 [B,D,H], Y [B,T,D,H].
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "policy/ir/libm.hpp"
#include "policy/ir/ops.hpp"
#include "policy/ir/recurrent.hpp"

namespace tactus::policy::ir {
namespace {

using Dims = std::vector<int64_t>;

double clip(double x, double low, double high) {
  const double y = x < low ? low : x;
  return y > high ? high : y;
}

// In the order of kGateFunctions.
using Function = double (*)(double x, double alpha, double beta);
constexpr Function kFunctions[] = {
    [](double x, double, double) { return tanh_of(x); },
    [](double x, double, double) { return x < 0 ? 0 : x; },
    [](double x, double, double) { return 1 / (1 + exp_of(-x)); },
    [](double x, double a, double) { return x > 0 ? x : a * expm1_of(x); },
    [](double x, double a, double b) { return clip(a * x + b, 0, 1); },
    [](double x, double a, double) { return x < 0 ? a * x : x; },
    [](double x, double, double) {
      return (x < 0 ? 0 : x) + log1p_of(exp_of(-std::fabs(x)));
    },
    [](double x, double, double) { return x / (1 + std::fabs(x)); }};
static_assert(std::size(kFunctions) == kGateFunctions.size());

Result<int64_t> directions_of(const Inference& at) {
  const auto* a = find_attribute(at.source, "direction");
  if (!a || a->s == "forward" || a->s.empty()) return 1;
  if (a->s == "reverse") return 1;
  if (a->s == "bidirectional") return 2;
  return op_error(at, "direction '" + a->s + "'", "use forward");
}

// Lengths that say what the shape says are none.
Result<void> check_lengths(const Inference& at, int64_t steps) {
  auto lengths = integers_of(at, "sequence_lens", 4);
  if (!lengths) return lengths.error();
  const auto whole = [&](int64_t n) { return n == steps; };
  if (std::ranges::all_of(lengths->values, whole)) return {};
  return op_error(at, "sequence lengths", "export without padded sequences");
}

Result<void> check_plain(const Inference& at) {
  if (int_attribute(at.source, "input_forget", 0) != 0) {
    return op_error(at, "input_forget", "export the layer without it");
  }
  return {};
}

struct Sizes {
  int64_t steps, batch, in, hidden, directions;
  bool batch_first;
};

Result<Sizes> sizes_of(const Inference& at, int64_t gates) {
  const Dims& x = input(at, 0).dims;
  auto directions = directions_of(at);
  if (!directions) return directions.error();
  const Dims& w = input(at, 1).dims;
  const Dims& r = input(at, 2).dims;
  const int64_t d = *directions;
  const int64_t hidden = r.size() == 3 ? r[2] : 0;
  const bool said = int_attribute(at.source, "hidden_size", hidden) == hidden;
  if (x.size() != 3 || w != Dims{d, gates * hidden, x[2]} || !said ||
      r != Dims{d, gates * hidden, hidden} || hidden == 0) {
    return op_error(at, "its inputs do not fit each other", "export again");
  }
  const bool batch_first = int_attribute(at.source, "layout", 0) != 0;
  const Sizes s{x[batch_first ? 1 : 0],
                x[batch_first ? 0 : 1],
                x[2],
                hidden,
                d,
                batch_first};
  if (auto ok = check_lengths(at, s.steps); !ok) return ok.error();
  return s;
}

Result<void> check_size(const Inference& at, std::size_t i, int64_t size) {
  if (!has_input(at, i) || input(at, i).size() == size) return {};
  return op_error(at, fmt::format("input {} has another size", i),
                  "export again");
}

Dims held_dims(const Sizes& s) {
  if (s.batch_first) return {s.batch, s.directions, s.hidden};
  return {s.directions, s.batch, s.hidden};
}

Result<void> infer_recurrent(Inference& at, int64_t gates) {
  if (auto ok = check_plain(at); !ok) return ok;
  auto s = sizes_of(at, gates);
  if (!s) return s.error();
  const int64_t state = s->directions * s->batch * s->hidden;
  if (auto ok = check_size(at, 3, s->directions * 2 * gates * s->hidden); !ok) {
    return ok;
  }
  if (auto ok = check_size(at, 5, state); !ok) return ok;
  if (auto ok = check_size(at, 6, state); !ok) return ok;
  if (auto ok = check_size(at, 7, s->directions * 3 * s->hidden); !ok)
    return ok;
  const auto* a = find_attribute(at.source, "direction");
  at.node.ints = {s->hidden, s->directions, a && a->s == "reverse",
                  int_attribute(at.source, "linear_before_reset", 0),
                  s->batch_first};
  if (auto ok =
          read_gate_functions(at, static_cast<std::size_t>(s->directions));
      !ok)
    return ok;
  at.node.in.resize(8, kNone);
  at.node.in[4] = kNone;
  Dims all = held_dims(*s);
  all.insert(all.begin() + (s->batch_first ? 1 : 0), s->steps);
  ensure_output(at, 0, all, DType::kF32);
  ensure_output(at, 1, held_dims(*s), DType::kF32);
  ensure_output(at, 2, held_dims(*s), DType::kF32);
  ensure_output(at, 3, {2 * gates * s->hidden}, DType::kF32);
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
  [[nodiscard]] bool batch_first() const { return node.ints[4] != 0; }
  [[nodiscard]] int64_t held() const {
    return (batch_first() ? row * node.ints[1] + direction
                          : direction * batch + row) *
           hidden;
  }
  [[nodiscard]] const double* x(int64_t t) const {
    return in[0].data +
           (batch_first() ? row * steps + t : t * batch + row) * width;
  }
  [[nodiscard]] double* y(int64_t t) const {
    const int64_t d = node.ints[1];
    return out[0].data + (batch_first() ? (row * steps + t) * d + direction
                                        : (t * d + direction) * batch + row) *
                             hidden;
  }
  // Of a gate's sum; the cell's is not clipped.
  [[nodiscard]] double through(Slot slot, double x) const {
    const double most = slot == Slot::kCell ? INFINITY : gate_clip(node);
    const auto f =
        gate_function(node, static_cast<std::size_t>(direction), slot);
    return kFunctions[f.index](clip(x, -most, most), f.alpha, f.beta);
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
  const double* p = lane.in[7].data;  // peepholes iof
  if (p) p += lane.direction * 3 * n;
  lane.project(4 * n, x, h, z);
  for (int64_t i = 0; i < n; ++i) {
    const auto gate = [&](int64_t k) {
      const double peep = p && k < 3 ? p[k * n + i] * c[i] : 0;
      return z[k * n + i] + z[(4 + k) * n + i] + peep;
    };
    const double in_gate = lane.through(Slot::kGates, gate(0));
    const double forget = lane.through(Slot::kGates, gate(2));
    c[i] = forget * c[i] + in_gate * lane.through(Slot::kCandidate, gate(3));
    // Its peephole sees the new c.
    const double out_gate = lane.through(Slot::kGates, gate(1));
    h[i] = out_gate * lane.through(Slot::kCell, c[i]);
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
  for (int64_t i = 0; i < 2 * n; ++i)
    z[i] = lane.through(Slot::kGates, z[i] + from_h[i]);
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
    candidate[i] = lane.through(Slot::kCandidate, candidate[i] + reset);
  }
  for (int64_t i = 0; i < n; ++i) {
    h[i] = (1 - z[i]) * candidate[i] + z[i] * h[i];
  }
}

void rnn_step(const Lane& lane, const double* x, double* h, double*) {
  const int64_t n = lane.hidden;
  double* z = lane.out[3].data;
  lane.project(n, x, h, z);
  for (int64_t i = 0; i < n; ++i) {
    h[i] = lane.through(Slot::kGates, z[i] + z[n + i]);
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
    std::copy_n(h, lane.hidden, lane.y(t));
  }
}

template <Step S>
void eval(const Node& node, std::span<const In> in, std::span<const Out> out) {
  const auto x = in[0].dims;
  const bool batch_first = node.ints[4] != 0;
  const int64_t steps = x[batch_first ? 1 : 0], batch = x[batch_first ? 0 : 1];
  for (int64_t d = 0; d < node.ints[1]; ++d) {
    for (int64_t row = 0; row < batch; ++row) {
      run_lane({node, in, out, d, row, node.ints[0], x[2], batch, steps}, S);
    }
  }
}

Result<void> infer_lstm(Inference& at) { return infer_recurrent(at, 4); }
Result<void> infer_gru(Inference& at) { return infer_recurrent(at, 3); }
Result<void> infer_rnn(Inference& at) { return infer_recurrent(at, 1); }

constexpr Op kOps[] = {
    {"GRU", 3, 6, infer_gru, eval<gru_step>, 4},
    {"LSTM", 3, 8, infer_lstm, eval<lstm_step>, 4},
    {"RNN", 3, 6, infer_rnn, eval<rnn_step>, 4},
};

}  // namespace

std::span<const Op> recurrent_ops() noexcept { return kOps; }

}  // namespace tactus::policy::ir
