// SPDX-License-Identifier: MIT
// `activations`, their parameters and `clip` of LSTM, GRU and RNN.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>

#include "core/error.hpp"
#include "policy/ir/ops.hpp"
#include "policy/ir/recurrent.hpp"

namespace tactus::policy::ir {
namespace {

// Names are the same in capitals or not.
bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::optional<int64_t> index_of(std::string_view name) {
  for (std::size_t i = 0; i < kGateFunctions.size(); ++i)
    if (same_name(kGateFunctions[i], name)) return static_cast<int64_t>(i);
  return {};
}

// What is listed is for the functions that have such a parameter, in order.
class Parameters {
 public:
  Parameters(const Inference& at, std::string_view name) {
    const auto* a = find_attribute(at.source, name);
    if (a) left_ = a->floats;
  }
  double next(double otherwise) {
    if (used_ == left_.size()) return otherwise;
    return static_cast<double>(left_[used_++]);
  }

 private:
  std::span<const float> left_;
  std::size_t used_ = 0;
};

struct Defaults {
  std::string_view op;
  float alpha;
};
constexpr Defaults kAlpha[] = {
    {"Elu", 1.0F}, {"HardSigmoid", 0.2F}, {"LeakyRelu", 0.01F}};

Result<std::vector<int64_t>> functions_of(const Inference& at, std::size_t n) {
  constexpr std::string_view kOwn[] = {"Sigmoid", "Tanh", "Tanh"};
  const std::size_t slots = slots_of(at.node.op);
  const auto* a = find_attribute(at.source, "activations");
  const std::size_t given = a ? a->strings.size() : 0;
  if (given != 0 && given != slots && given != n)
    return op_error(at, fmt::format("{} activations, not {}", given, n),
                    "export again");
  std::vector<int64_t> functions;
  for (std::size_t i = 0; i < n; ++i) {
    const std::string_view own = slots == 1 ? "Tanh" : kOwn[i % slots];
    const std::string_view name =
        given == 0 ? own : std::string_view(a->strings[i % given]);
    const auto index = index_of(name);
    if (!index)
      return op_error(at, fmt::format("activation '{}'", name),
                      "export with Tanh, Sigmoid, Relu, HardSigmoid, Elu, "
                      "LeakyRelu, Softplus or Softsign");
    functions.push_back(*index);
  }
  return functions;
}

}  // namespace

Result<void> read_gate_functions(Inference& at, std::size_t directions) {
  auto functions = functions_of(at, directions * slots_of(at.node.op));
  if (!functions) return functions.error();
  const double clip = real_attribute(at.source, "clip", 0);
  if (find_attribute(at.source, "clip") && !(clip > 0))
    return op_error(at, "clip is not above zero", "export without it");
  Parameters alpha(at, "activation_alpha"), beta(at, "activation_beta");
  at.node.reals = {clip > 0 ? clip : INFINITY};
  for (const int64_t f : *functions) {
    const std::string_view name = kGateFunctions[static_cast<std::size_t>(f)];
    const auto* has = std::ranges::find(kAlpha, name, &Defaults::op);
    const bool none = has == std::end(kAlpha);
    const auto usual = none ? 0.0 : static_cast<double>(has->alpha);
    at.node.ints.push_back(f);
    at.node.reals.push_back(none ? 0 : alpha.next(usual));
    at.node.reals.push_back(name == "HardSigmoid" ? beta.next(0.5) : 0);
  }
  return {};
}

}  // namespace tactus::policy::ir
