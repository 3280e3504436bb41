// SPDX-License-Identifier: MIT
#include "expressions.hpp"

namespace bench::expressions {
namespace {

template <uint32_t... i>
void all(const double* x, double* out, std::integer_sequence<uint32_t, i...>) {
  ((out[i] = value<i>(x)), ...);
}

}  // namespace

void compiled(const double* x, double* out) {
  all(x, out, std::make_integer_sequence<uint32_t, kCount>());
}

}  // namespace bench::expressions
