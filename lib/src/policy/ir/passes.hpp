// SPDX-License-Identifier: MIT
// Graph → smaller graph with the same meaning. Nothing here knows a backend.
// Arithmetic is in double; each rewrite is exact up to rounding, and those
// that would cancel (a mean far from zero folded into a bias) are not done.
// Set-up only.
#pragma once

#include "policy/ir/graph.hpp"

namespace tactus::policy::ir {

// All passes, until nothing changes (bounded by the number of nodes).
void optimise(Graph& graph);

// One by one, for tests; true if the graph changed.
bool spell_out(Graph& graph);  // norms, Sum, … by other operators
// For a backend that has none of groups: by LayerNormalization. Not in
// optimise.
bool spell_out_norms(Graph& graph);
bool drop_renames(Graph& graph);      // Reshape to the same shape, of Reshape
bool make_linear(Graph& graph);       // Gemm and MatMul by constants → Linear
bool make_affine(Graph& graph);       // Add, Sub, Mul, Div by constants; x^2
bool find_activations(Graph& graph);  // x·sigmoid(x) → Silu, Mish, Gelu
bool merge_affine(Graph& graph);      // into what is before or after
bool merge_linear(Graph& graph);      // Linear of Linear, where it is smaller
bool sink_slices(Graph& graph);       // Slice of an activation or of Linear
bool drop_dead(Graph& graph);         // what no output needs

}  // namespace tactus::policy::ir
