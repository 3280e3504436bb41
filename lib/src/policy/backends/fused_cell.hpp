// SPDX-License-Identifier: MIT
// The arithmetic of a recurrent cell after its products: steps over gates of
// `held` floats, one behind the other. One row and many rows have it in common.
#pragma once

#include <string_view>

#include "policy/backends/fused_lowering.hpp"
#include "policy/ir/recurrent.hpp"

namespace tactus::policy::fused {

class Cell {
 public:
  // `held`: whole blocks.
  Cell(Lowering& lowering, const ir::Node& node, std::size_t direction,
       std::size_t held)
      : l_(lowering), node_(node), direction_(direction), held_(held) {}

  void copy(std::size_t from, std::size_t to, std::size_t floats);
  void binary(kernels::Binary f, std::size_t x, std::size_t other,
              std::size_t y);
  // Over `gates` of them from x on.
  void activate(ir::Slot slot, std::size_t x, std::size_t y, std::size_t gates);
  struct Lstm {
    std::size_t gates, h, c, t;  // t: scratch
    std::size_t peepholes = kNowhere;
  };
  // c and h from the sums of the gates i, o, f, c at `gates`. With peepholes
  // i, o, f, one behind the other in the weights as Affine steps have them,
  // these gates see c as well, o what it becomes.
  void lstm(const Lstm& at);
  // h' = n + z (h - n) from the sum n and the update gate z; t is scratch.
  void gru(std::size_t z, std::size_t n, std::size_t h, std::size_t t);

 private:
  // gate += weights · c; t is scratch.
  void peep(std::size_t gate, std::size_t c, std::size_t t,
            std::size_t weights);

  struct Unary {
    std::string_view op;
    double params[2];
  };
  void unary(const Unary& f, std::size_t x, std::size_t y, std::size_t gates);

  Lowering& l_;
  const ir::Node& node_;
  std::size_t direction_, held_;
};

}  // namespace tactus::policy::fused
