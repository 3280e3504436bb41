// SPDX-License-Identifier: MIT
#include <muParser.h>

#include <array>

#include "expressions.hpp"

namespace bench::expressions {

struct Muparser::State {
  std::array<double, kInputs> x{};
  std::array<mu::Parser, kCount> parser;
};

Muparser::Muparser() : state_(std::make_unique<State>()) {
  for (uint32_t i = 0; i < kCount; ++i) {
    for (uint32_t k = 0; k < kInputs; ++k)
      state_->parser[i].DefineVar(fmt::format("x{}", k), &state_->x[k]);
    state_->parser[i].SetExpr(text(i));
    (void)state_->parser[i].Eval();  // compiles
  }
}

Muparser::~Muparser() = default;

void Muparser::run(const double* x, double* out) {
  std::copy(x, x + kInputs, state_->x.begin());
  for (uint32_t i = 0; i < kCount; ++i) out[i] = state_->parser[i].Eval();
}

}  // namespace bench::expressions
