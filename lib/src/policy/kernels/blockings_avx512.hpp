// SPDX-License-Identifier: MIT
// accumulators, block, unroll of the integer kernels on 512 bits, with and
// without VNNI: the same names, so that a logged plan runs on both.
#pragma once

#define TACTUS_INTEGER_BLOCKINGS(K)                                       \
  K(1, 1, 4), K(2, 1, 4), K(4, 1, 2), K(4, 1, 4), K(8, 1, 1), K(8, 1, 2), \
      K(10, 1, 1), K(12, 1, 1), K(16, 1, 1), K(20, 1, 1), K(25, 1, 1),    \
      K(8, 2, 1), K(8, 4, 1), K(8, 4, 2), K(16, 4, 1), K(8, 8, 1),        \
      K(4, 16, 2), K(8, 16, 1), K(12, 16, 1), K(16, 16, 1)
