# SPDX-License-Identifier: MIT
"""Operators to draw, like graph_ops.py: what moves values, and layers with
weights or windows.
"""
import math

import numpy as np

from graph_builder import ELEMENTS, Nothing

# ------------------------------------------------------------ moving values


def flatten(g):
    x = g.pick(lambda v: v.rank > 0)
    a = g.rng.randint(0, x.rank)
    shape = (math.prod(x.shape[:a]), math.prod(x.shape[a:]))
    named = g.axis(a, x.rank) if a < x.rank else a
    return g.add("Flatten", [x], shape, "f", (x.lo, x.hi), axis=named)


def factors(g, n, rank):
    """`rank` sizes whose product is n."""
    sizes = []
    for _ in range(rank - 1):
        sizes.append(g.rng.choice([d for d in range(1, n + 1) if n % d == 0]))
        n //= sizes[-1]
    sizes.append(n)
    g.rng.shuffle(sizes)
    return sizes


def reshape(g):
    x = g.pick()
    return g.reshape(x, factors(g, x.size, g.rng.randint(1, 4)))


def transpose(g):
    x = g.pick(lambda v: v.rank > 1)
    perm = list(range(x.rank))
    g.rng.shuffle(perm)
    return g.transpose(x, perm)


def squeeze(g):
    x = g.pick(lambda v: 1 in v.shape)
    ones = [i for i, d in enumerate(x.shape) if d == 1]
    axes = sorted(g.rng.sample(ones, g.rng.randint(1, len(ones))))
    shape = [d for i, d in enumerate(x.shape) if i not in axes]
    named = [g.axis(a, x.rank) for a in axes]
    if len(axes) == len(ones) and g.rng.random() < 0.3:
        named = None
    return g.with_axes("Squeeze", x, named, 13, shape, (x.lo, x.hi))


def unsqueeze(g):
    x = g.pick(lambda v: v.rank < 4)
    rank = x.rank + g.rng.randint(1, 4 - x.rank)
    axes = sorted(g.rng.sample(range(rank), rank - x.rank))
    shape = list(x.shape)
    for a in axes:
        shape.insert(a, 1)
    named = [g.axis(a, rank) for a in axes]
    return g.with_axes("Unsqueeze", x, named, 13, shape, (x.lo, x.hi))


def concat(g):
    x = g.pick(lambda v: v.rank > 0)
    a = g.rng.randrange(x.rank)

    def beside(shape):
        return shape[:a] + shape[a + 1:]

    parts = [x]
    for _ in range(g.rng.randint(1, 2)):
        y = g.pick(lambda v: v.rank == x.rank and
                   beside(v.shape) == beside(x.shape))
        parts.append(y)
    names = [p.name for p in parts]
    shape = list(x.shape)
    shape[a] = sum(p.shape[a] for p in parts)
    if math.prod(shape) > ELEMENTS:
        raise Nothing
    if g.rng.random() < 0.2:
        names.append(g.const(g.draw(x.shape)))
        shape[a] += x.shape[a]
    g.rng.shuffle(names)
    span = (min(-3, *(p.lo for p in parts)), max(3, *(p.hi for p in parts)))
    return g.add("Concat", names, shape, "f", span, axis=g.axis(a, x.rank))


def piece(g, n):
    """(start, end, step, length) of one axis; the end may lie beyond."""
    step = g.rng.choice([1, 1, 1, 2, -1])
    if step < 0:
        start = g.rng.randrange(n)
        end = g.rng.choice([-n - 1, -2**31]) if g.rng.random() < 0.7 else 0
        length = start + 1 if end < 0 else start
        return (start, end, step, length)
    start = g.rng.randrange(n)
    end = g.rng.choice([n, 2**31 - 1, 2**63 - 1, g.rng.randint(start + 1, n)])
    length = -(-(min(end, n) - start) // step)
    if g.rng.random() < 0.3 and start > 0:
        start -= n
    return (start, end, step, length)


def slices(g):
    x = g.pick(lambda v: v.rank > 0)
    axes = sorted(g.rng.sample(range(x.rank), g.rng.randint(1, x.rank)))
    shape, cuts = list(x.shape), []
    for a in axes:
        cut = piece(g, x.shape[a])
        if g.opset < 10 and cut[2] != 1 or cut[3] == 0:
            raise Nothing
        shape[a] = cut[3]
        cuts.append(cut)
    starts, ends, steps = [[c[i] for c in cuts] for i in range(3)]
    if g.opset < 10:
        return g.add("Slice", [x], shape, "f", (x.lo, x.hi), starts=starts,
                     ends=ends, axes=axes)
    names = [g.axis(a, x.rank) for a in axes]
    inputs = [x, g.ints(*starts), g.ints(*ends), g.ints(*names)]
    if any(s != 1 for s in steps) or g.rng.random() < 0.5:
        inputs.append(g.ints(*steps))
    return g.add("Slice", inputs, shape, "f", (x.lo, x.hi))


def split(g):
    x = g.pick(lambda v: v.rank > 0 and max(v.shape) > 1)
    a = g.rng.choice([i for i, d in enumerate(x.shape) if d > 1])
    first = g.rng.randint(1, x.shape[a] - 1)
    sizes = [first, x.shape[a] - first]
    parts = []
    for size in sizes:
        shape = list(x.shape)
        shape[a] = size
        parts.append(type(x)(g.fresh("split") + f"_{len(parts)}", shape, "f",
                             x.lo, x.hi))
    names = [p.name for p in parts]
    named = g.axis(a, x.rank)
    equal = sizes[0] == sizes[1]
    if g.opset < 13:
        sizes = None if equal and g.rng.random() < 0.5 else sizes
        g.node("Split", [x.name], names, axis=named, split=sizes)
    elif g.opset >= 18 and equal and g.rng.random() < 0.5:
        g.node("Split", [x.name], names, axis=named, num_outputs=2)
    else:
        g.node("Split", [x.name, g.ints(*sizes)], names, axis=named)
    g.values.extend(parts)
    return parts[0]


def gather(g):
    x = g.pick(lambda v: v.rank > 0)
    a = g.rng.randrange(x.rank)
    n = x.shape[a]
    low = -n if g.opset >= 11 else 0
    index = [g.rng.randrange(low, n) for _ in range(g.rng.randint(1, n))]
    index = np.array(g.rng.choice([index[0], index]), np.int64)
    shape = x.shape[:a] + index.shape + x.shape[a + 1:]
    return g.add("Gather", [x, g.const(index)], shape, "f", (x.lo, x.hi),
                 axis=g.axis(a, x.rank))


def expand(g):
    x = g.pick(lambda v: v.rank < 4 and v.size < 64)
    if not g.has("Expand"):
        raise Nothing
    shape = [g.rng.randint(1, 3) if d == 1 else d for d in x.shape]
    if g.rng.random() < 0.5:
        shape.insert(0, g.rng.randint(1, 3))
    return g.add("Expand", [x, g.ints(*shape)], shape, "f", (x.lo, x.hi))


def pad(g):
    """Around a value, or of it where a constant pads by less than nothing."""
    x = g.pick(lambda v: 0 < v.rank < 5)
    mode = g.rng.choice(["constant", "constant", "reflect", "edge"])
    if g.opset >= 19 and g.rng.random() < 0.25:
        mode = "wrap"
    least = -1 if mode == "constant" and g.rng.random() < 0.3 else 0
    most = {"reflect": lambda d: d - 1, "wrap": lambda d: d}.get(
        mode, lambda d: 2)
    pads = [g.rng.randint(max(least, 1 - d) if i < x.rank else 0,
                          min(2, most(d)))
            for i, d in enumerate(x.shape * 2)]
    shape = [d + a + b for d, a, b in zip(x.shape, pads, pads[x.rank:])]
    if math.prod(shape) > ELEMENTS:
        raise Nothing
    value = round(g.rng.uniform(-2, 2), 2)
    if mode != "constant" or g.rng.random() < 0.4:
        value = 0
    span = (min(x.lo, value), max(x.hi, value))
    if g.opset < 11:
        return g.add("Pad", [x], shape, "f", span, mode=mode, pads=pads,
                     value=float(value))
    inputs = [x, g.ints(*pads)]
    if value or g.rng.random() < 0.3:
        inputs.append(g.const(np.float32(value)))
    return g.add("Pad", inputs, shape, "f", span, mode=mode)


def tile(g):
    x = g.pick(lambda v: 0 < v.rank < 5)
    times = [g.rng.choice([1, 1, 2, 3]) for _ in x.shape]
    shape = [d * n for d, n in zip(x.shape, times)]
    if math.prod(shape) > ELEMENTS:
        raise Nothing
    return g.add("Tile", [x, g.ints(*times)], shape, "f", (x.lo, x.hi))


def trilu(g):
    x = g.pick(lambda v: v.rank > 1)
    if not g.has("Trilu"):
        raise Nothing
    inputs = [x]
    if g.rng.random() < 0.6:
        inputs.append(g.const(np.int64(g.rng.randint(-3, 3))))
    return g.add("Trilu", inputs, x.shape, "f", (min(x.lo, 0), max(x.hi, 0)),
                 upper=g.rng.randint(0, 1))


def ranged(g):
    """A value and its places."""
    x = g.pick(lambda v: v.rank > 0 and v.shape[-1] < 40)
    if not g.has("Range"):
        raise Nothing
    n, step = x.shape[-1], g.rng.choice([0.5, 1.0, -0.25])
    ends = [g.const(np.float32(v)) for v in (1, 1 + n * step, step)]
    name = g.fresh("Range")
    g.node("Range", ends, [name])
    ends = (1 + (n - 1) * step, 1)
    return g.add("Add", [x, name], x.shape, "f",
                 (x.lo + min(ends), x.hi + max(ends)))


# ------------------------------------------------------------- matrices


def spread_of(x, n):
    """The interval of a sum of n products with weights of 1/sqrt(n)."""
    return -2 * x.bound - 1, 2 * x.bound + 1


def gemm(g):
    x = g.pick(lambda v: v.rank == 2 and max(v.shape) <= 200)
    m, k = x.shape
    n = g.rng.choice([1, 3, 8, 12, 17, 32, 64])
    trans_a, trans_b = int(g.rng.random() < 0.15), g.rng.randint(0, 1)
    if trans_a:
        m, k = k, m
    if m * n > ELEMENTS:
        raise Nothing
    w = g.draw((n, k) if trans_b else (k, n), 0.8 / k**0.5)
    bias = g.rng.choice([(n,), (n,), (1, n), (m, 1), (1,), ()])
    inputs = [x, g.const(w), g.const(g.draw(bias, 0.3))]
    if g.opset >= 11 and g.rng.random() < 0.2:
        inputs.pop()
    factor = g.rng.choice([None, None, 0.5])
    return g.add("Gemm", inputs, (m, n), "f", spread_of(x, k),
                 transA=trans_a, transB=trans_b, alpha=factor,
                 beta=g.rng.choice([None, None, 2.0]))


def matmul(g):
    x = g.pick(lambda v: v.rank > 0 and v.shape[-1] <= 200)
    k, span = x.shape[-1], spread_of(x, x.shape[-1])
    n = g.rng.choice([1, 4, 9, 16, 33])
    if g.rng.random() < 0.3:
        y = g.find(lambda v: v.rank > 1 and v.rank == x.rank and
                   v.shape[:-2] == x.shape[:-2] and v.shape[-2] == k and
                   v.bound * x.bound * k < 100)
        if y is not None:
            shape = x.shape[:-1] + y.shape[-1:]
            most = x.bound * y.bound * k
            return g.add("MatMul", [x, y], shape, "f", (-most, most))
    if x.size // k * n > ELEMENTS:
        raise Nothing
    w = g.const(g.draw((k, n), 0.8 / k**0.5))
    shape = x.shape[:-1] + ((n,) if x.rank > 1 else (n,))
    return g.add("MatMul", [x, w], shape, "f", span)


# ---------------------------------------------------------- normalisation


def layer_norm(g):
    x = g.pick(lambda v: v.rank > 0 and v.shape[-1] > 1)
    if not g.has("LayerNormalization"):
        raise Nothing
    a = g.rng.randint(max(0, x.rank - 2), x.rank - 1)
    shape = x.shape[a:]
    inputs = [x, g.const(g.draw(shape, 0.2, 1))]
    if g.rng.random() < 0.7:
        inputs.append(g.const(g.draw(shape, 0.2)))
    return g.same("LayerNormalization", x, (-10, 10), axis=a - x.rank,
                  epsilon=1e-3) if len(inputs) == 1 else g.add(
        "LayerNormalization", inputs, x.shape, "f", (-10, 10),
        axis=g.axis(a, x.rank), epsilon=g.rng.choice([None, 1e-3]))


def per_channel(g, c):
    return [g.const(g.draw((c,), 0.2, 1)), g.const(g.draw((c,), 0.2))]


def batch_norm(g):
    x = g.pick(lambda v: v.rank > 1)
    c = x.shape[1]
    mean = g.const(g.draw((c,), 0.5))
    variance = g.const(np.abs(g.draw((c,), 0.3)) + np.float32(0.5))
    return g.add("BatchNormalization",
                 [x, *per_channel(g, c), mean, variance], x.shape, "f",
                 (-3 * x.bound - 3, 3 * x.bound + 3),
                 epsilon=g.rng.choice([None, 1e-3]))


def instance_norm(g):
    x = g.pick(lambda v: v.rank > 2 and math.prod(v.shape[2:]) > 3)
    return g.add("InstanceNormalization", [x, *per_channel(g, x.shape[1])],
                 x.shape, "f", (-10, 10), epsilon=1e-3)


def group_norm(g):
    x = g.pick(lambda v: v.rank > 2 and v.shape[1] > 1 and
               math.prod(v.shape[2:]) > 2)
    if not g.has("GroupNormalization") or g.opset < 21:
        raise Nothing
    c = x.shape[1]
    groups = g.rng.choice([d for d in range(1, c + 1) if c % d == 0])
    return g.add("GroupNormalization", [x, *per_channel(g, c)], x.shape, "f",
                 (-10, 10), epsilon=1e-3, num_groups=groups)
