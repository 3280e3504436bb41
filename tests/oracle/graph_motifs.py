# SPDX-License-Identifier: MIT
"""What exporters make of a layer: each function adds several nodes to the
graph and returns the last value, or raises Nothing when it cannot.
"""
import math

import numpy as np
from onnx import numpy_helper

import graph_ops as ops
import graph_windows as windows
from graph_builder import Nothing, Value

# ------------------------------------------------------------------ layers


def activation(g, x):
    """Of x, whole or written out."""
    way = g.rng.choice(["Elu", "Relu", "Tanh", "LeakyRelu", "silu", "mish",
                        "gelu", "gelu_tanh", "Softplus", "Sigmoid", "Selu"])
    span = (-0.4, max(0.4, x.hi))
    if way == "silu":
        y = g.same("Sigmoid", x, (0, 1))
        return g.add("Mul", g.rng.choice([[x, y], [y, x]]), x.shape, "f", span)
    if way == "mish":
        y = g.same("Softplus", x, (0, x.bound + 1))
        y = g.same("Tanh", y, (0, 1))
        return g.add("Mul", [x, y], x.shape, "f", span)
    if way == "gelu":
        y = g.add("Div", [x, g.const(np.float32(2**0.5))], x.shape, "f",
                  (x.lo, x.hi))
        y = g.same("Erf", y, (-1, 1)) if g.has("Erf") else g.same("Tanh", y)
        y = g.add("Add", [y, g.const(np.float32(1))], x.shape, "f", (0, 2))
        y = g.add("Mul", [x, y], x.shape, "f", span)
        return g.add("Mul", [y, g.const(np.float32(0.5))], x.shape, "f", span)
    if way == "gelu_tanh":
        y = g.add("Pow", [x, g.const(np.float32(3))], x.shape)
        y = g.add("Mul", [y, g.const(np.float32(0.044715))], x.shape)
        y = g.add("Add", [x, y], x.shape)
        y = g.add("Mul", [y, g.const(np.float32(0.7978846))], x.shape)
        y = g.same("Tanh", y, (-1, 1))
        y = g.add("Add", [g.const(np.float32(1)), y], x.shape, "f", (0, 2))
        y = g.add("Mul", [g.const(np.float32(0.5)), y], x.shape)
        return g.add("Mul", [x, y], x.shape, "f", span)
    return g.same(way, x, ops.UNARY[way][1](x.lo, x.hi))


def linear(g, x, n):
    """x [1, k] → [1, n], as Gemm or as MatMul and Add."""
    k = x.shape[-1]
    w, b = g.draw((n, k), 0.8 / k**0.5), g.draw((n,), 0.2)
    span = (-2 * x.bound - 1, 2 * x.bound + 1)
    if x.rank == 2 and g.rng.random() < 0.6:
        return g.add("Gemm", [x, g.const(w), g.const(b)], (x.shape[0], n), "f",
                     span, transB=1)
    shape = x.shape[:-1] + (n,)
    y = g.add("MatMul", [x, g.const(np.ascontiguousarray(w.T))], shape, "f",
              span)
    order = g.rng.choice([[y, g.const(b)], [g.const(b), y]])
    return g.add("Add", order, shape, "f", span)


def vector(g):
    """A value [1, k] or [k]."""
    x = g.find(lambda v: 0 < v.size <= 300 and v.bound < 50 and
               (v.rank == 1 or v.rank == 2 and v.shape[0] == 1))
    if x is not None:
        return x
    x = g.pick(lambda v: v.rank > 1 and v.size <= 300)
    return g.add("Flatten", [x], (1, x.size), "f", (x.lo, x.hi), axis=0)


def mlp(g):
    x = vector(g)
    for _ in range(g.rng.randint(1, 3)):
        x = activation(g, linear(g, x, g.rng.choice([5, 8, 16, 33, 64])))
        if g.rng.random() < 0.2:
            x = g.same("Dropout", x)
    return linear(g, x, g.rng.choice([1, 4, 7, 12]))


def normaliser(g):
    """(x - mean) / deviation, clipped."""
    x = vector(g)
    mean, sd = g.draw(x.shape[-1:], 0.5), np.abs(g.draw(x.shape[-1:], 0.2))
    y = g.add("Sub", [x, g.const(mean)], x.shape)
    divide = g.rng.random() < 0.6
    sd = sd + np.float32(0.5)
    y = g.add("Div" if divide else "Mul",
              [y, g.const(sd if divide else 1 / sd)], x.shape, "f", (-9, 9))
    if g.rng.random() < 0.5 and g.opset >= 11:
        ends = [g.const(np.float32(e)) for e in (-5, 5)]
        y = g.add("Clip", [y, *ends], x.shape, "f", (-5, 5))
    return y


def gaussian_head(g):
    """A mean squashed beside a bounded deviation."""
    x = vector(g)
    if x.rank != 2:
        raise Nothing
    n = g.rng.choice([2, 6])
    both = linear(g, x, 2 * n)
    mean = Value(g.fresh("split"), (1, n), "f", both.lo, both.hi)
    sd = Value(g.fresh("split") + "_sd", (1, n), "f", both.lo, both.hi)
    at = [both.name] if g.opset < 13 or g.opset >= 18 else [
        both.name, g.ints(n, n)]
    said = {"num_outputs": 2} if g.opset >= 18 else {}
    g.node("Split", at, [mean.name, sd.name], axis=1, **said)
    g.values += [mean, sd]
    g.same("Exp", g.same("Tanh", sd, (-1, 1)), (0.3, 2.8))
    return g.same("Tanh", mean, (-1, 1))


def layer_norm(g):
    """Written out, as before opset 17."""
    x = g.pick(lambda v: v.rank > 1 and v.shape[-1] > 2)
    one = x.shape[:-1] + (1,)
    mean = g.with_axes("ReduceMean", x, [x.rank - 1], 18, one, (x.lo, x.hi))
    d = g.add("Sub", [x, mean], x.shape, "f", (-2 * x.bound, 2 * x.bound))
    square = g.add("Pow", [d, g.const(np.float32(2))], x.shape)
    v = g.with_axes("ReduceMean", square, [x.rank - 1], 18, one, (0, 9))
    v = g.add("Add", [v, g.const(np.float32(1e-3))], one, "f", (1e-3, 9))
    y = g.add("Div", [d, g.same("Sqrt", v, (0.03, 3))], x.shape)
    y = g.add("Mul", [y, g.const(g.draw(x.shape[-1:], 0.2, 1))], x.shape)
    return g.add("Add", [y, g.const(g.draw(x.shape[-1:], 0.2))], x.shape)


def unit_length(g):
    """torch.nn.functional.normalize: ReduceL2, Clip, Expand, Div."""
    x = g.pick(lambda v: v.rank == 2 and v.shape[-1] > 2)
    if g.opset < 11:
        raise Nothing
    one = (x.shape[0], 1)
    n = g.with_axes("ReduceL2", x, [-1], 18, one, (0, 99))
    n = g.add("Clip", [n, g.const(np.float32(0.1))], one, "f", (0.1, 99))
    s = g.add("Shape", [x], (2,), "s")
    n = g.add("Expand", [n, s], x.shape, "f", (0.1, 99))
    return g.add("Div", [x, n], x.shape, "f", (-1, 1))


def computed_shape(g):
    """Shape → Gather → arithmetic → Concat → Reshape, all of it constant."""
    x = g.pick(lambda v: v.rank in (2, 3, 4) and v.shape[0] * v.shape[1] > 1)
    s = g.add("Shape", [x], (x.rank,), "s")
    a, b = (g.add("Gather", [s, g.const(np.int64(i))], (), "s", axis=0)
            for i in (0, 1))
    n = g.add("Mul", [a, b], (), "s")
    if g.rng.random() < 0.5 and g.has("Mod"):
        n = g.add("Mod", [n, g.const(np.int64(1 << 40))], (), "s")
    rows, rest = x.shape[0] * x.shape[1], math.prod(x.shape[2:])
    if rows % 2 == 0:
        n = g.add("Div", [n, g.const(np.int64(2))], (), "s")
        rows, rest = rows // 2, rest * 2
    n = g.add("Unsqueeze", [n, g.ints(0)], (1,), "s") if g.opset >= 13 \
        else g.add("Unsqueeze", [n], (1,), "s", axes=[0])
    s = g.add("Concat", [n, g.ints(-1)], (2,), "s", axis=0)
    if g.rng.random() < 0.3:
        s = g.add("Cast", [s], (2,), "s", to=7)
    return g.add("Reshape", [x, s], (rows, rest), "f", (x.lo, x.hi))


def filled(g):
    """A constant of x's shape, added or compared."""
    x = g.pick(lambda v: v.rank > 0)
    if not g.has("ConstantOfShape"):
        raise Nothing
    s = g.add("Shape", [x], (x.rank,), "s")
    value = np.array([g.rng.choice([0, 0.5, 1])], np.float32)
    c = g.add("ConstantOfShape", [s], x.shape, "s",
              value=numpy_helper.from_array(value))
    op = g.rng.choice(["Add", "Mul", "Max"])
    return g.add(op, [x, c], x.shape, "f", (x.lo - 1, x.hi + 1))


def counted(g):
    """Divided by its own number of elements."""
    x = g.pick(lambda v: v.rank > 0)
    n = g.add("Cast", [g.add("Size", [x], (), "s")], (), "s", to=1)
    return g.add("Div", [x, n], x.shape, "f", (-x.bound, x.bound))


def attention(g):
    """Heads over a few tokens."""
    x = g.find(lambda v: v.rank == 3 and v.shape[0] == 1 and
               1 < v.shape[1] <= 16 and v.shape[2] % 4 == 0 and v.bound < 20)
    if x is None:
        x = g.pick(lambda v: v.size % 32 == 0 and v.bound < 20)
        x = g.reshape(x, (1, x.size // 8, 8))
    if x.shape[1] > 16:
        raise Nothing
    t, d, heads = x.shape[1], x.shape[2], g.rng.choice([1, 2, 4])
    each = d // heads
    q, k, v = (g.transpose(g.reshape(linear(g, x, d), (1, t, heads, each)),
                           [0, 2, 3, 1] if i == 1 else [0, 2, 1, 3])
               for i in range(3))
    s = g.add("MatMul", [q, k], (1, heads, t, t), "f", (-20, 20))
    s = g.add("Mul", [s, g.const(np.float32(each**-0.5))], s.shape, "f",
              (-20, 20))
    p = g.add("Softmax", [s], s.shape, "f", (0, 1), axis=3)
    y = g.add("MatMul", [p, v], v.shape, "f", (v.lo, v.hi))
    y = g.reshape(g.transpose(y, [0, 2, 1, 3]), (1, t, d))
    y = linear(g, y, d)
    return g.add("Add", [x, y], x.shape, "f",
                 (x.lo + y.lo, x.hi + y.hi))


def features(g):
    """Conv, activation, pool, flat."""
    x = windows.conv(g)
    x = activation(g, x)
    x = windows.global_pool(g, "GlobalAveragePool") or x
    return g.add("Flatten", [x], (x.shape[0], x.size // x.shape[0]), "f",
                 (x.lo, x.hi), axis=1)
