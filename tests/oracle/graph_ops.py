# SPDX-License-Identifier: MIT
"""Operators to draw: each function adds one to the graph and returns its
value, or raises Nothing when it cannot.
"""
import math

import numpy as np
from onnx import TensorProto

from graph_builder import ELEMENTS, Nothing


def rising(f):
    return lambda lo, hi: (f(lo), f(hi))


def within(lo, hi):
    return lambda *_: (lo, hi)


def sigmoid(x):
    return 1 / (1 + math.exp(-max(min(x, 50), -50)))


def sized(lo, hi):
    most = max(abs(lo), abs(hi))
    return -most, most


def anything(v):
    return True


# name: what it may be given, the interval that comes of it
UNARY = {
    "Abs": (anything, lambda lo, hi: (0 if lo < 0 < hi else
                                      min(abs(lo), abs(hi)),
                                      max(abs(lo), abs(hi)))),
    "Acos": (lambda v: v.bound < 0.99, lambda lo, hi: (math.acos(hi),
                                                       math.acos(lo))),
    "Acosh": (lambda v: v.lo > 1.05, rising(math.acosh)),
    "Asin": (lambda v: v.bound < 0.99, rising(math.asin)),
    "Asinh": (anything, rising(math.asinh)),
    "Atan": (anything, rising(math.atan)),
    "Atanh": (lambda v: v.bound < 0.97, rising(math.atanh)),
    "Ceil": (anything, lambda lo, hi: (lo, hi + 1)),
    "Celu": (anything, rising(lambda x: max(x, -1))),
    "Cos": (anything, within(-1, 1)),
    "Cosh": (lambda v: v.bound < 5, lambda lo, hi: (
        1 if lo < 0 < hi else min(math.cosh(lo), math.cosh(hi)),
        max(math.cosh(lo), math.cosh(hi)))),
    "Elu": (anything, rising(lambda x: max(x, -2))),
    "Erf": (anything, within(-1, 1)),
    "Exp": (lambda v: v.hi < 4 and v.lo > -20, rising(math.exp)),
    "Floor": (anything, lambda lo, hi: (lo - 1, hi)),
    "Gelu": (anything, rising(lambda x: max(x, -0.2))),
    "HardSigmoid": (anything, within(0, 1)),
    "HardSwish": (anything, rising(lambda x: max(x, -0.4))),
    "Identity": (anything, lambda lo, hi: (lo, hi)),
    "LeakyRelu": (anything, sized),
    "Log": (lambda v: v.lo > 0.02, rising(math.log)),
    "Mish": (anything, rising(lambda x: max(x, -0.4))),
    "Neg": (anything, lambda lo, hi: (-hi, -lo)),
    "Reciprocal": (lambda v: v.lo > 0.05, lambda lo, hi: (1 / hi, 1 / lo)),
    "Relu": (anything, rising(lambda x: max(x, 0))),
    "Round": (anything, lambda lo, hi: (lo - 0.5, hi + 0.5)),
    "Selu": (anything, rising(lambda x: max(1.06 * x, -1.8))),
    "Sigmoid": (anything, rising(sigmoid)),
    "Sign": (anything, within(-1, 1)),
    "Sin": (anything, within(-1, 1)),
    "Sinh": (lambda v: v.bound < 5, rising(math.sinh)),
    "Softplus": (anything, rising(
        lambda x: math.log1p(math.exp(x)) if x < 30 else x)),
    "Softsign": (anything, rising(lambda x: x / (1 + abs(x)))),
    "Sqrt": (lambda v: v.lo > 0.01, rising(math.sqrt)),
    "Tan": (lambda v: v.bound < 1.4, rising(math.tan)),
    "Tanh": (anything, rising(math.tanh)),
    "ThresholdedRelu": (anything, rising(lambda x: max(x, 0))),
}
ALPHA = {"Celu": (0.5, 1.5), "Elu": (0.3, 1.5), "LeakyRelu": (0.01, 0.3),
         "ThresholdedRelu": (0.0, 1.0)}


def unary(g, op):
    if not g.has(op):
        raise Nothing
    fits, span = UNARY[op]
    x = g.pick(fits)
    attributes = {}
    if op in ALPHA and g.rng.random() < 0.6:
        attributes["alpha"] = g.rng.uniform(*ALPHA[op])
    if op == "HardSigmoid" and g.rng.random() < 0.5:
        attributes = {"alpha": 0.3, "beta": 0.4}
    if op == "Selu" and g.rng.random() < 0.3:
        attributes = {"alpha": 1.5, "gamma": 1.0}
    if op == "Gelu":
        attributes["approximate"] = g.rng.choice(["none", "tanh"])
    return g.same(op, x, span(x.lo, x.hi), **attributes)


def clip(g):
    x = g.pick()
    lo, hi = -g.rng.uniform(0.1, 2), g.rng.uniform(0.1, 2)
    span = (max(lo, min(x.lo, hi)), min(hi, max(x.hi, lo)))
    if g.opset < 11:
        return g.same("Clip", x, span, min=lo, max=hi)
    ends = [x, g.const(np.float32(lo)), g.const(np.float32(hi))]
    if g.rng.random() < 0.2:
        ends, span = [x, "", ends[2]], (min(x.lo, hi), span[1])
    return g.add("Clip", ends, x.shape, "f", span)


def dropout(g):
    return g.same("Dropout", g.pick())


# ------------------------------------------------------------ two operands


def broadcastable(a, b):
    return all(x in (1, y) or y == 1 for x, y in
               zip(reversed(a), reversed(b)))


def joined(a, b):
    n = max(len(a), len(b))
    a, b = (1,) * (n - len(a)) + a, (1,) * (n - len(b)) + b
    return tuple(y if x == 1 else x for x, y in zip(a, b))


def small_shape(g, shape):
    """What broadcasts to `shape`: trailing axes, some of them 1."""
    kept = shape[g.rng.randint(0, len(shape)):] if shape else ()
    return tuple(d if g.rng.random() < 0.7 else 1 for d in kept)


def positive(v):
    return v.lo > 0.1


def operand(g, x, fits=anything, equal=False):
    """(name, shape, lo, hi): another value or a constant; `equal`: of the
    same shape."""
    other = g.find(lambda v: broadcastable(v.shape, x.shape) and fits(v) and
                   math.prod(joined(v.shape, x.shape)) <= ELEMENTS and
                   (v.shape == x.shape or not equal))
    if other is not None and g.rng.random() < 0.6:
        return other.name, other.shape, other.lo, other.hi
    shape = x.shape if equal else small_shape(g, x.shape)
    sure = fits is positive
    data = g.draw(shape, 0.2 if sure else 1, 1.5 if sure else 0)
    data = np.maximum(data, 0.2) if sure else data
    return g.const(data), shape, float(data.min()), float(data.max())


def products(a, b, c, d):
    ends = [a * c, a * d, b * c, b * d]
    return min(ends), max(ends)


SPANS = {
    "Add": lambda a, b, c, d: (a + c, b + d),
    "Sub": lambda a, b, c, d: (a - d, b - c),
    "Mul": products,
    "Div": lambda a, b, c, d: products(a, b, 1 / d, 1 / c),
    "Min": lambda a, b, c, d: (min(a, c), min(b, d)),
    "Max": lambda a, b, c, d: (max(a, c), max(b, d)),
    "Sum": lambda a, b, c, d: (a + c, b + d),
    "Mean": lambda a, b, c, d: ((a + c) / 2, (b + d) / 2),
    "Mod": lambda a, b, c, d: (min(a, 0), max(b, 0)),
}


def binary(g, op):
    x = g.pick()
    sure = positive if op in ("Div", "Mod") else anything
    equal = g.opset < 8 and op in ("Min", "Max", "Sum", "Mean")
    name, shape, lo, hi = operand(g, x, sure, equal)
    span = SPANS[op](x.lo, x.hi, lo, hi)
    if op == "Mod":
        if not g.has("Mod"):
            raise Nothing
        return g.add(op, [x, name], joined(x.shape, shape), "f", span, fmod=1)
    order = [x.name, name]
    if op in ("Add", "Mul", "Min", "Max") and g.rng.random() < 0.4:
        order.reverse()
    return g.add(op, order, joined(x.shape, shape), "f", span)


def power(g):
    exponent = g.rng.choice([2.0, 2.0, 3.0, 0.5, 1.0, -1.0, 1.7])
    whole = exponent in (1, 2, 3)
    x = g.pick(lambda v: v.bound < 5 if whole else v.lo > 0.1)
    ends = [abs(x.lo) ** exponent, abs(x.hi) ** exponent]
    if whole:
        ends = [-max(ends) if exponent != 2 and x.lo < 0 else 0, max(ends)]
    return g.add("Pow", [x, g.const(np.float32(exponent))], x.shape, "f",
                 (min(ends), max(ends)))


def prelu(g):
    x = g.pick()
    slope = np.abs(g.draw(small_shape(g, x.shape), 0.3))
    return g.add("PRelu", [x, g.const(slope)], x.shape, "f",
                 sized(x.lo, x.hi))


# -------------------------------------------------- comparisons, choices


def compare(g, op=None):
    op = op or g.rng.choice(["Greater", "Less", "GreaterOrEqual",
                             "LessOrEqual", "Equal"])
    if not g.has(op) or g.opset < (11 if op == "Equal" else 9):
        raise Nothing
    x = g.pick()
    name, shape, _, _ = operand(g, x)
    return g.add(op, [x, name], joined(x.shape, shape), "b", (0, 1))


def is_odd(g, op):
    """IsNaN or IsInf, of a value or of its root, which may be none."""
    if not g.has(op):
        raise Nothing
    x = g.pick()
    if op == "IsNaN" and x.lo < 0 and g.rng.random() < 0.5:
        name = g.fresh("Sqrt")
        g.node("Sqrt", [x.name], [name])
        return g.add(op, [name], x.shape, "b", (0, 1))
    return g.add(op, [x], x.shape, "b", (0, 1))


def logic(g, op):
    x = g.find(kind="b") or compare(g, "Greater")
    if op == "Not":
        return g.same("Not", x)
    y = g.pick(lambda v: broadcastable(v.shape, x.shape), "b")
    return g.add(op, [x, y], joined(x.shape, y.shape), "b", (0, 1))


def where(g):
    c = g.find(kind="b") or compare(g, "Less")
    if not g.has("Where"):
        raise Nothing
    x = g.pick(lambda v: broadcastable(v.shape, c.shape))
    name, shape, lo, hi = operand(g, x)
    out = joined(joined(x.shape, shape), c.shape)
    if not broadcastable(shape, joined(x.shape, c.shape)):
        raise Nothing
    return g.add("Where", [c, x, name], out, "f",
                 (min(x.lo, lo), max(x.hi, hi)))


def whole_numbers(g):
    """Integers and bits from floats, and back."""
    kind = g.rng.choice("bif")
    x = g.pick(lambda v: v.bound < 100, kind)
    to = g.rng.choice({"f": ["i", "b"], "i": ["f", "f", "b"],
                       "b": ["f", "i"]}[kind])
    code = {"f": TensorProto.FLOAT, "i": TensorProto.INT64,
            "b": TensorProto.BOOL}[to]
    span = (0, 1) if "b" in (to, kind) else (x.lo, x.hi)
    return g.add("Cast", [x], x.shape, to, span, to=code)


def integer(g):
    x = g.find(kind="i") or argmax(g)
    op = g.rng.choice(["Add", "Sub", "Mul", "Div", "Mod"])
    c = g.rng.randint(2, 5)
    if not g.has(op):
        raise Nothing
    span = {"Add": (x.lo + c, x.hi + c), "Sub": (x.lo - c, x.hi - c),
            "Mul": (x.lo * c, x.hi * c), "Div": (x.lo, x.hi),
            "Mod": (0, c)}[op]
    return g.add(op, [x, g.const(np.int64(c))], x.shape, "i", span)


# ------------------------------------------------------------- reductions

SINCE = {"ReduceSum": 13}


def reduce(g, op):
    product = op == "ReduceProd"
    fits = {"ReduceProd": lambda v: v.bound < 2,
            "ReduceLogSum": lambda v: v.lo > 0.05,
            "ReduceLogSumExp": lambda v: v.bound < 30}.get(op, anything)
    x = g.pick(lambda v: v.rank > 0 and fits(v))
    count = g.rng.randint(1, x.rank)
    axes = sorted(g.rng.sample(range(x.rank), count))
    if product:
        axes = axes[:1]
    keep = g.rng.randint(0, 1)
    shape = [1 if i in axes else d for i, d in enumerate(x.shape)
             if keep or i not in axes]
    n = math.prod(x.shape[a] for a in axes)
    if product and n > 8:
        raise Nothing
    spans = {"ReduceMean": (x.lo, x.hi), "ReduceMax": (x.lo, x.hi),
             "ReduceMin": (x.lo, x.hi), "ReduceProd": (-2**n, 2**n),
             "ReduceSum": (x.lo * n, x.hi * n), "ReduceL1": (0, x.bound * n),
             "ReduceL2": (0, x.bound * n**0.5),
             "ReduceLogSum": (-3, math.log(n * x.bound + 1)),
             "ReduceLogSumExp": (x.lo, x.hi + math.log(n)),
             "ReduceSumSquare": (0, x.bound**2 * n)}
    named = [g.axis(a, x.rank) for a in axes]
    if len(axes) == x.rank and g.rng.random() < 0.3:
        named = None
    return g.with_axes(op, x, named, SINCE.get(op, 18), shape, spans[op],
                       keepdims=None if keep else 0)


def argmax(g, op="ArgMax"):
    x = g.pick(lambda v: v.rank > 0)
    a, keep = g.rng.randrange(x.rank), g.rng.randint(0, 1)
    shape = [1 if i == a else d for i, d in enumerate(x.shape)
             if keep or i != a]
    return g.add(op, [x], shape, "i", (0, x.shape[a]),
                 axis=g.axis(a, x.rank), keepdims=keep)


def softmax(g, op):
    x = g.pick(lambda v: v.rank > 0 and v.bound < 30)
    a = g.rng.randrange(x.rank)
    n = math.prod(x.shape[a:]) if g.opset < 13 else x.shape[a]
    low = 2 * x.bound + math.log(n)
    span = {"Softmax": (math.exp(-low), 1), "LogSoftmax": (-low, 0),
            "Hardmax": (0, 1)}[op]
    return g.same(op, x, span, axis=g.axis(a, x.rank))

