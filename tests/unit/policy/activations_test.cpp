// SPDX-License-Identifier: MIT
// The fused backend's activations on every instruction set that is here,
// against double libm, on a grid and on values near zero, within the bounds
// that the table states.
#include "policy/kernels/kernel_set.hpp"

#include <criterion/criterion.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "policy/ir/ops.hpp"

using namespace tactus::policy;

namespace {

struct Named {
  const char* op;
  std::vector<double> reals;  // ONNX's defaults
};

const Named kOps[] = {
    {"Abs", {}},
    {"Acos", {}},
    {"Asin", {}},
    {"Atan", {}},
    {"Ceil", {}},
    {"Celu", {1}},
    {"Clip", {-1, 2}},
    {"Cos", {}},
    {"Cosh", {}},
    {"Elu", {1}},
    {"Erf", {}},
    {"Exp", {}},
    {"Floor", {}},
    {"Gelu", {}},
    {"GeluTanh", {}},
    {"HardSigmoid", {0.2F, 0.5}},
    {"HardSwish", {}},
    {"LeakyRelu", {0.01F}},
    {"Log", {}},
    {"Mish", {}},
    {"Neg", {}},
    {"Reciprocal", {}},
    {"Relu", {}},
    {"Round", {}},
    {"Selu", {1.67326319217681884765625F, 1.05070102214813232421875F}},
    {"Sigmoid", {}},
    {"Sign", {}},
    {"Silu", {}},
    {"Sin", {}},
    {"Sinh", {}},
    {"Softplus", {}},
    {"Softsign", {}},
    {"Sqrt", {}},
    {"Tan", {}},
    {"Tanh", {}},
    {"ThresholdedRelu", {1}}};

std::vector<float> grid() {
  std::vector<float> x;
  for (int i = -500000; i <= 500000; ++i) {
    x.push_back(static_cast<float>(i) * 1.2e-4F);
  }
  for (float v = 1e-30F; v < 1; v *= 1.07F) {
    x.push_back(v);
    x.push_back(-v);
  }
  x.resize((x.size() + 15) / 16 * 16, 0.0F);
  return x;
}

// Floats of every size and sign, denormal, infinite and none: a prime number of
// bit patterns apart.
std::vector<float> all_sizes() {
  std::vector<float> x{0.0F, -0.0F, INFINITY, -INFINITY, NAN};
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += 2909)
    x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  x.resize((x.size() + 15) / 16 * 16, 1.0F);
  return x;
}

// The floats of a size that are nearest to multiples of pi/2, by their
// continued fractions (Muller, Elementary Functions, section 11): no other
// argument loses as much.
std::vector<float> near_zeros() {
  std::vector<float> x{16367173.0F * 0x1p72F, 13176795.0F, 0x1p25F, 0x1p104F};
  for (int n = 1; n < 40000; ++n) {
    const auto at = static_cast<float>(n * M_PI_2);
    for (const float v : {at, std::nextafter(at, 0.0F), -at}) x.push_back(v);
  }
  x.resize((x.size() + 15) / 16 * 16, 1.0F);
  return x;
}

using Table = std::span<const kernels::ActivationEntry>;

// Each set's own and its canonical ones.
std::vector<Table> tables() {
  std::vector<Table> list;
  for (const auto* set : kernels::kernel_sets()) {
    list.push_back(set->activation);
    list.push_back(set->canonical);
  }
  return list;
}

std::vector<float> apply(const Named& op, std::vector<float> x,
                         Table table = kernels::kPortableSet.activation) {
  float params[2] = {};
  std::ranges::transform(op.reals, params, [](double r) { return float(r); });
  const auto* entry = kernels::find_activation(table, op.op);
  cr_assert(entry != nullptr);
  entry->apply(x.data(), x.size() / kernels::kBlock, params);
  return x;
}

double exact(const Named& op, float x) {
  ir::Node node;
  node.reals = op.reals;
  const double in = static_cast<double>(x);
  double out = 0;
  const ir::In a{&in, {}, 1};
  const ir::Out b{&out, {}, 1};
  ir::find_op(op.op)->eval(node, {&a, 1}, {&b, 1});
  return out;
}

}  // namespace

namespace {

void check_error(Table table, const Named& op, const std::vector<float>& x) {
  const auto* entry = kernels::find_activation(table, op.op);
  const std::vector<float> y = apply(op, x, table);
  double worst = 0, at = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double want = exact(op, x[i]);
    const double error = std::fabs(static_cast<double>(y[i]) - want);
    const double allowed = entry->relative * std::fabs(want) + entry->absolute;
    const bool same = (std::isnan(want) && std::isnan(y[i])) ||
                      static_cast<float>(want) == y[i];
    const double ratio = same ? 0 : error / allowed;
    if (!(ratio <= worst)) worst = ratio, at = static_cast<double>(x[i]);
  }
  cr_expect(worst <= 1, "%s: %.2f of the bound at %g", op.op, worst, at);
}

}  // namespace

Test(activations, stay_within_their_stated_error) {
  const std::vector<float> x = grid();
  for (const Table table : tables())
    for (const Named& op : kOps) check_error(table, op, x);
}

Test(activations, angles_and_logarithms_do_for_every_float) {
  for (const std::vector<float>& x : {all_sizes(), near_zeros()})
    for (const Table table : tables())
      for (const char* op :
           {"Acos", "Asin", "Atan", "Ceil", "Cos", "Floor", "IsNaN", "Log",
            "Not", "Reciprocal", "Round", "Sign", "Sin", "Tan"})
        check_error(table, {op, {}}, x);
}

// What |x| ≤ 60 does not show: where a float ends, and infinities.
Test(activations, hyperbolic_ones_and_infinities_do_for_every_float) {
  const std::vector<float> x = all_sizes();
  for (const Table table : tables()) {
    check_error(table, {"Sinh", {}}, x);
    check_error(table, {"Cosh", {}}, x);
    check_error(table, {"IsInf", {1, 1}}, x);
    check_error(table, {"IsInf", {0, 1}}, x);
  }
}

Test(activations, round_has_halves_on_the_even_side) {
  const std::vector<std::pair<float, float>> cases{
      {0.5F, 0}, {1.5F, 2}, {2.5F, 2}, {-0.5F, -0.0F}, {-1.5F, -2}};
  for (const auto& [x, want] : cases) {
    const float y = apply({"Round", {}}, std::vector<float>(16, x))[0];
    cr_expect(y == want && std::signbit(y) == std::signbit(want), "%g: %g",
              double(x), double(y));
  }
}

Test(activations, zeros_keep_their_sign_and_poles_theirs) {
  const auto first = [](const char* op, float x) {
    return apply({op, {}}, std::vector<float>(16, x))[0];
  };
  for (const char* op : {"Asin", "Atan", "Round", "Sin", "Sinh", "Tan"})
    cr_assert(std::signbit(first(op, -0.0F)), "%s", op);
  cr_assert_eq(first("Log", 0.0F), -INFINITY);
  cr_assert_eq(first("Log", -0.0F), -INFINITY);
  cr_assert_eq(first("Log", INFINITY), INFINITY);
  cr_assert(std::isnan(first("Log", -1e-40F)));
  cr_assert(std::isnan(first("Sin", INFINITY)));
  cr_assert(std::isnan(first("Cos", -INFINITY)));
  cr_assert_eq(first("Reciprocal", -0.0F), -INFINITY);
}

Test(activations, canonical_ones_give_the_same_bits_on_every_set) {
  std::vector<float> x = grid();
  const std::vector<float> more = near_zeros();
  x.insert(x.end(), more.begin(), more.end());
  for (const Named& op : kOps) {
    const std::vector<float> want =
        apply(op, x, kernels::kPortableSet.canonical);
    for (const auto* set : kernels::kernel_sets()) {
      const std::vector<float> y = apply(op, x, set->canonical);
      cr_assert(std::memcmp(y.data(), want.data(), y.size() * 4) == 0, "%s, %s",
                op.op, tactus::rt::isa_name(set->isa));
    }
  }
}

Test(activations, carry_nan) {
  for (const Table table : tables())
    for (const Named& op : kOps)
      for (const float y : apply(op, std::vector<float>(16, NAN), table))
        cr_assert(std::isnan(y), "%s", op.op);
}

Test(activations, of_huge_inputs_are_their_limits) {
  const std::vector<float> big(16, 1e30F), small(16, -1e30F);
  cr_assert_eq(apply({"Tanh", {}}, big)[0], 1.0F);
  cr_assert_eq(apply({"Tanh", {}}, small)[0], -1.0F);
  cr_assert_eq(apply({"Sigmoid", {}}, big)[0], 1.0F);
  cr_assert(apply({"Sigmoid", {}}, small)[0] < 1e-37F);
  cr_assert_eq(apply({"Elu", {1}}, small)[0], -1.0F);
  cr_assert_eq(apply({"Mish", {}}, big)[0], 1e30F);
  cr_assert(std::isinf(apply({"Exp", {}}, big)[0]));
}
