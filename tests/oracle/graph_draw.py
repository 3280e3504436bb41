# SPDX-License-Identifier: MIT
"""Which operators and motifs a random graph is drawn from."""
import contextlib
import functools
import random

import graph_layers as layers
import graph_motifs as motifs
import graph_ops as ops
import graph_windows as windows
from graph_builder import Graph, Nothing

SINGLE = [functools.partial(ops.unary, op=op) for op in ops.UNARY]
SINGLE += [functools.partial(ops.binary, op=op) for op in ops.SPANS]
SINGLE += [functools.partial(ops.logic, op=op) 
           for op in ("Not", "And", "Or", "Xor")]
SINGLE += [functools.partial(ops.is_odd, op=op) for op in ("IsNaN", "IsInf")]
SINGLE += [functools.partial(ops.reduce, op=op) for op in (
    "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMax",
    "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare")]
SINGLE += [functools.partial(ops.argmax, op=op) for op in ("ArgMax", "ArgMin")]
SINGLE += [functools.partial(ops.softmax, op=op)
           for op in ("Softmax", "LogSoftmax", "Hardmax")]
SINGLE += [functools.partial(windows.pool, op=op)
           for op in ("MaxPool", "AveragePool")]
SINGLE += [functools.partial(windows.global_pool, op=op)
           for op in ("GlobalMaxPool", "GlobalAveragePool")]
SINGLE += [functools.partial(windows.recurrent, op=op)
           for op in windows.GATES]
SINGLE += 2 * [layers.gemm, layers.matmul, ops.where, ops.whole_numbers]
SINGLE += [
    ops.clip, ops.compare, ops.dropout, ops.integer, ops.power,
    ops.prelu, layers.batch_norm, layers.concat, layers.expand,
    layers.flatten, layers.gather, layers.group_norm, layers.instance_norm,
    layers.layer_norm, layers.pad, layers.ranged, layers.reshape, layers.slices, layers.split,
    layers.squeeze, layers.tile, layers.transpose, layers.trilu, layers.unsqueeze, windows.conv,
    windows.conv_transpose, windows.quantised]
MOTIFS = [
    motifs.attention, motifs.computed_shape, motifs.counted, motifs.features,
    motifs.filled, motifs.gaussian_head, motifs.layer_norm, motifs.mlp,
    motifs.mlp, motifs.normaliser, motifs.unit_length]
SHAPES = [(1, 12), (1, 45), (1, 16), (30,), (1, 48), (1, 3, 12, 12),
          (1, 8, 20), (2, 4, 6, 6), (1, 12, 16), (5, 1, 8), (1, 1, 10, 14),
          (4, 6), (1, 100), (3, 1, 5), (1,), ()]
LEAST = 8  # nodes, not counting constants


def nodes_of(g):
    return sum(n.op_type != "Constant" for n in g.nodes)


def random_graph(seed, attempt):
    rng = random.Random(f"{seed} {attempt}")
    g = Graph(rng, 7 + seed % 15, rng.random() < 0.4)
    for i in range(rng.choice([1, 1, 2, 3])):
        g.input(f"x{i}", rng.choice(SHAPES))
    want = rng.randint(LEAST, 26)
    motif = 0.5
    for _ in range(400):
        if nodes_of(g) >= want:
            break
        with contextlib.suppress(Nothing):
            rng.choice(MOTIFS if rng.random() < motif else SINGLE)(g)
        motif = 0.06
    g.finish()
    return g
