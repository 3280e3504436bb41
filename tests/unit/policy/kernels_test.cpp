// SPDX-License-Identifier: MIT
// The kernels of one row beside the matrix products (gemv_test.cpp): binary
// and affine at every place a float may lie at, with IEEE's own answer; LSTM
// and GRU of every hidden size against `reference` with a derived bound; and
// whole plans on buffers at every such place, with the same bits. On every
// instruction set that is here.
#include <criterion/criterion.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>

#include "plan_rig.hpp"
#include "policy/kernels/kernel_set.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;
using kernels::kBlock;

namespace {

using Floats = std::vector<float>;

std::vector<rt::Isa> isas() {
  std::vector<rt::Isa> list;
  for (const auto isa : rt::kIsas)
    if (rt::isa_here(isa)) list.push_back(isa);
  return list;
}

Floats normal(std::mt19937& rng, std::size_t n, float deviation = 1) {
  std::normal_distribution<float> draw(0, deviation);
  Floats v(n);
  for (float& x : v) x = draw(rng);
  return v;
}

// Zeros, infinities, denormals and NaN among ordinary numbers.
Floats with_corners(std::mt19937& rng, std::size_t n) {
  static constexpr float kCorners[] = {0.0F, -0.0F,  INFINITY, -INFINITY,
                                       NAN,  1e-42F, 3e38F,    -3e38F,
                                       1.0F, -1e-42F};
  Floats v = normal(rng, n);
  for (std::size_t i = 0; i < n; ++i)
    if (rng() % 4 == 0) v[i] = kCorners[rng() % std::size(kCorners)];
  return v;
}

// A NaN's sign and payload are the processor's business.
bool same(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b);
}

// `v` from its place `shift` on, in a buffer of its own.
Floats shifted(const Floats& v, std::size_t shift) {
  Floats out(shift + v.size(), 0.0F);
  std::ranges::copy(v, out.begin() + static_cast<long>(shift));
  return out;
}

}  // namespace

Test(kernels, binary_ones_are_exact_wherever_the_floats_lie) {
  std::mt19937 rng(1);
  for (const auto isa : isas()) {
    const kernels::KernelSet& set = kernels::kernel_set(isa);
    const struct {
      kernels::Binary run;
      float (*exact)(float, float);
    } ops[] = {{set.add, [](float a, float b) { return a + b; }},
               {set.sub, [](float a, float b) { return a - b; }},
               {set.mul, [](float a, float b) { return a * b; }},
               {set.div, [](float a, float b) { return a / b; }}};
    for (std::size_t blocks = 1; blocks <= 5; ++blocks)
      for (std::size_t shift = 0; shift < kBlock; ++shift)
        for (const auto& op : ops) {
          const Floats a = with_corners(rng, blocks * kBlock);
          const Floats b = with_corners(rng, blocks * kBlock);
          const Floats x = shifted(a, shift), other = shifted(b, shift / 2);
          Floats y(kBlock + a.size() + 1, 7.0F);
          const std::size_t at = kBlock - shift;
          op.run(x.data() + shift, other.data() + shift / 2, y.data() + at,
                 blocks);
          for (std::size_t i = 0; i < a.size(); ++i)
            cr_assert(same(y[at + i], op.exact(a[i], b[i])), "%s: %g, %g",
                      rt::isa_name(isa), static_cast<double>(a[i]),
                      static_cast<double>(b[i]));
          cr_assert_eq(y[at - 1], 7.0F, "written before its output");
          cr_assert_eq(y[at + a.size()], 7.0F, "written past its output");
        }
  }
}

Test(kernels, affine_is_exact_wherever_the_floats_lie) {
  std::mt19937 rng(2);
  for (const auto isa : isas())
    for (std::size_t blocks = 1; blocks <= 5; ++blocks)
      for (std::size_t shift = 0; shift < kBlock; ++shift) {
        const Floats v = with_corners(rng, blocks * kBlock);
        const Floats weights = with_corners(rng, 3 * blocks * kBlock);
        const Floats x = shifted(v, shift), w = shifted(weights, shift);
        Floats y(v.size() + shift);
        kernels::kernel_set(isa).affine(w.data() + shift, x.data() + shift,
                                        y.data() + shift, blocks);
        for (std::size_t i = 0; i < v.size(); ++i) {
          const float* part =
              weights.data() + i / kBlock * 3 * kBlock + i % kBlock;
          const float less = v[i] - part[0];
          const float scaled = less * part[kBlock];
          cr_assert(same(y[shift + i], scaled + part[2 * kBlock]), "%s: %g",
                    rt::isa_name(isa), static_cast<double>(v[i]));
        }
      }
}

Test(kernels, activations_do_not_depend_on_where_the_floats_lie) {
  std::mt19937 rng(3);
  const float params[] = {0.5F, 1.0F};
  for (const auto isa : isas())
    for (const auto& entry : kernels::kernel_set(isa).activation)
      for (std::size_t blocks = 1; blocks <= 3; ++blocks) {
        const Floats v = normal(rng, blocks * kBlock, 3);
        Floats want = v;
        entry.apply(want.data(), blocks, params);
        for (std::size_t shift = 1; shift < kBlock; ++shift) {
          Floats y = shifted(v, shift);
          entry.apply(y.data() + shift, blocks, params);
          for (std::size_t i = 0; i < v.size(); ++i)
            cr_assert(same(y[shift + i], want[i]), "%s, %s",
                      std::string(entry.op).c_str(), rt::isa_name(isa));
        }
      }
}

// --------------------------------------------------------------- recurrent

namespace {

// One step; h and c are ordinary inputs, "x", "a" and "b".
struct Layer {
  std::string op;
  std::size_t in, hidden, gates;
  Floats w, r, bias, x, h, c;
  int64_t late;  // linear_before_reset

  Layer(std::string name, std::size_t i, std::size_t n, int64_t reset)
      : op(std::move(name)), in(i), hidden(n), late(reset) {
    std::mt19937 rng(static_cast<unsigned>(1000 * i + n));
    gates = op == "LSTM" ? 4 : 3;
    w = normal(rng, gates * n * i), r = normal(rng, gates * n * n, 0.3F);
    bias = normal(rng, 2 * gates * n);
    x = normal(rng, i), h = normal(rng, n), c = normal(rng, n);
  }
  [[nodiscard]] std::string file() const {
    const auto i = static_cast<int64_t>(in), n = static_cast<int64_t>(hidden);
    const auto g = static_cast<int64_t>(gates);
    OnnxFile f;
    f.input("x", {1, 1, i}).input("a", {1, 1, n});
    f.weight(tensor("w", {1, g * n, i}, w))
        .weight(tensor("r", {1, g * n, n}, r))
        .weight(tensor("bias", {1, 2 * g * n}, bias));
    std::vector<std::string> inputs = {"x", "w", "r", "bias", "", "a"};
    std::vector<Message> attributes = {int_attribute("hidden_size", n)};
    if (op == "LSTM") {
      f.input("b", {1, 1, n});
      inputs.emplace_back("b");
    } else {
      attributes.push_back(int_attribute("linear_before_reset", late));
    }
    f.node(op, inputs, {"", "y"}, attributes).output("y", {1, 1, n});
    return f.bytes();
  }
  // Σ|w x| + Σ|r h| + |bias| of the largest row.
  [[nodiscard]] double largest_sum() const {
    double most = 0;
    for (std::size_t row = 0; row < gates * hidden; ++row) {
      double sum = std::fabs(static_cast<double>(bias[row])) +
                   std::fabs(static_cast<double>(bias[gates * hidden + row]));
      for (std::size_t j = 0; j < in; ++j)
        sum += std::fabs(static_cast<double>(w[row * in + j] * x[j]));
      for (std::size_t j = 0; j < hidden; ++j)
        sum += std::fabs(static_cast<double>(r[row * hidden + j] * h[j]));
      most = std::max(most, sum);
    }
    return most;
  }
  // A gate errs by (k + 3) u times its sum (Higham, as in gemv_test.cpp; the
  // biases are added while packing), a GRU's candidate by its reset gate's
  // error times its own sum besides. Sigmoid and tanh do not enlarge that;
  // each adds 8 ulp (the table's bound), and the arithmetic between, of
  // values up to the largest state or 1, some 16 more.
  [[nodiscard]] double allowed() const {
    const double u = std::ldexp(1.0, -24);
    const double sum = largest_sum();
    const double gate = static_cast<double>(in + hidden + 3) * u * sum;
    double state = 1;
    for (const auto* values : {&h, &c})
      for (const float v : *values)
        state = std::max(state, std::fabs(static_cast<double>(v)));
    const double candidate = op == "GRU" ? (gate / 4 + 8 * u) * sum : 0;
    return 3 * state * gate + candidate + 32 * u * (state + 1);
  }
};

Floats run(const Layer& layer, const char* backend) {
  const std::string bytes = layer.file();
  Context context = context_of(plan_of(as_image(bytes), on(backend)));
  Floats y(layer.hidden);
  std::vector<InputView> in = {{layer.x.data()}, {layer.h.data()}};
  if (layer.op == "LSTM") in.push_back({layer.c.data()});
  const OutputView out(y);
  cr_assert(context.run(in, {&out, 1}) == Status::kOk);
  return y;
}

void check_layer(const Layer& layer) {
  const Floats want = run(layer, "reference");
  const double allowed = layer.allowed();
  for (const auto isa : isas()) {
    ::setenv("TACTUS_ISA", rt::isa_name(isa), 1);
    const Floats got = run(layer, "fused");
    ::unsetenv("TACTUS_ISA");
    for (std::size_t i = 0; i < want.size(); ++i) {
      const double error =
          std::fabs(static_cast<double>(got[i]) - static_cast<double>(want[i]));
      cr_assert(error <= allowed,
                "%s %zux%zu on %s: %zu is off by %.2g of %.2g",
                layer.op.c_str(), layer.in, layer.hidden, rt::isa_name(isa), i,
                error, allowed);
    }
  }
}

}  // namespace

Test(kernels, lstm_of_every_size_is_within_its_bound) {
  for (std::size_t n = 1; n <= 130; ++n) check_layer({"LSTM", n % 7 + 1, n, 0});
}

Test(kernels, gru_of_every_size_is_within_its_bound) {
  for (std::size_t n = 1; n <= 130; ++n)
    for (const int64_t late : {0, 1}) check_layer({"GRU", n % 5 + 1, n, late});
}

// ------------------------------------------------------------ user buffers

Test(kernels, a_run_does_not_depend_on_where_the_callers_floats_lie) {
  const Layer layer("LSTM", 19, 21, 0);
  const std::string bytes = layer.file();
  for (const auto isa : isas()) {
    ::setenv("TACTUS_ISA", rt::isa_name(isa), 1);
    Context context = context_of(plan_of(as_image(bytes)));
    ::unsetenv("TACTUS_ISA");
    Floats first;
    for (std::size_t shift = 0; shift < kBlock; ++shift) {
      const Floats x = shifted(layer.x, shift), h = shifted(layer.h, shift / 2);
      const Floats c = shifted(layer.c, kBlock - shift);
      Floats y(shift + layer.hidden);
      const InputView in[] = {{x.data() + shift},
                              {h.data() + shift / 2},
                              {c.data() + kBlock - shift}};
      const OutputView out{y.data() + shift, layer.hidden};
      cr_assert(context.run(in, {&out, 1}) == Status::kOk);
      const Floats got(out.begin(), out.end());
      if (first.empty()) first = got;
      cr_assert(got == first, "%s at %zu", rt::isa_name(isa), shift);
    }
  }
}
