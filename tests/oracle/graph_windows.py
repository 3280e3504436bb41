# SPDX-License-Identifier: MIT
"""Operators to draw, like graph_ops.py: convolutions, pools, recurrent
layers and quantisation.
"""
import math

import numpy as np

from graph_builder import ELEMENTS, Nothing, Value


def image(g, least=2):
    """A value [N, C, space…], made of something else if need be."""
    x = g.find(lambda v: v.rank in (3, 4) and min(v.shape[2:]) >= least)
    if x is not None:
        return x
    x = g.pick(lambda v: v.size % 4 == 0 and v.size >= 16)
    rest = x.size // 4
    wide = max(d for d in range(1, rest + 1)
               if rest % d == 0 and d * d <= rest)
    if rest < least:
        raise Nothing
    if wide < least:
        return g.reshape(x, (1, 4, rest))
    return g.reshape(x, (1, 4, wide, rest // wide))


def window(g, space, most=3):
    """kernel, strides, dilations and pads (begins, then ends)."""
    kernel = [g.rng.randint(1, min(most, d)) for d in space]
    strides = [g.rng.choice([1, 1, 2]) for _ in space]
    dilations = [g.rng.choice([1, 1, 2]) if (k - 1) * 2 < d else 1
                 for k, d in zip(kernel, space)]
    pads = [g.rng.randint(0, k - 1) for k in kernel * 2]
    return kernel, strides, dilations, pads


def slid(space, kernel, strides, dilations, pads, ceil=0):
    """Output sizes; None when one is empty."""
    n, out = len(space), []
    for i, d in enumerate(space):
        room = d + pads[i] + pads[n + i] - dilations[i] * (kernel[i] - 1) - 1
        if room < 0:
            raise Nothing
        size = -(-room // strides[i]) if ceil else room // strides[i]
        # A window that begins in the padding behind is none.
        if ceil and size * strides[i] >= d + pads[i]:
            size -= 1
        out.append(size + 1)
    return out


def conv(g):
    x = image(g)
    c, space = x.shape[1], x.shape[2:]
    groups = g.rng.choice([1, 1, 1] + [d for d in (2, c) if c % d == 0])
    out = groups * g.rng.choice([1, 2, 4, 5])
    kernel, strides, dilations, pads = window(g, space)
    said = {"pads": pads}
    if g.rng.random() < 0.2:
        dilations, auto = [1] * len(space), g.rng.choice(["SAME_UPPER",
                                                          "SAME_LOWER"])
        sizes = [-(-d // s) for d, s in zip(space, strides)]
        said = {"auto_pad": auto}
    else:
        sizes = slid(space, kernel, strides, dilations, pads)
    if sizes is None or x.shape[0] * out * math.prod(sizes) > ELEMENTS:
        raise Nothing
    taps = c // groups * math.prod(kernel)
    w = g.draw((out, c // groups, *kernel), 0.8 / taps**0.5)
    inputs = [x, g.const(w)]
    if g.rng.random() < 0.8:
        inputs.append(g.const(g.draw((out,), 0.2)))
    return g.add("Conv", inputs, (x.shape[0], out, *sizes), "f",
                 (-2 * x.bound - 1, 2 * x.bound + 1), kernel_shape=kernel,
                 strides=strides, dilations=dilations, group=groups, **said)


def conv_transpose(g):
    x = image(g, 1)
    c, space = x.shape[1], x.shape[2:]
    groups = g.rng.choice([1, 1] + [d for d in (2, c) if c % d == 0])
    out = g.rng.choice([1, 2, 3])
    kernel = [g.rng.randint(1, 3) for _ in space]
    strides = [g.rng.choice([1, 2]) for _ in space]
    pads = [g.rng.randint(0, (k - 1) // 2) for k in kernel] * 2
    behind = [g.rng.randint(0, s - 1) for s in strides]
    sizes = [(d - 1) * s - 2 * p + k + b for d, s, p, k, b in
             zip(space, strides, pads, kernel, behind)]
    if min(sizes) < 1 or out * groups * math.prod(sizes) > ELEMENTS:
        raise Nothing
    taps = c // groups * math.prod(kernel)
    inputs = [x, g.const(g.draw((c, out, *kernel), 0.8 / taps**0.5))]
    if g.rng.random() < 0.7:
        inputs.append(g.const(g.draw((out * groups,), 0.2)))
    return g.add("ConvTranspose", inputs,
                 (x.shape[0], out * groups, *sizes), "f",
                 (-2 * x.bound - 1, 2 * x.bound + 1), kernel_shape=kernel,
                 strides=strides, pads=pads, output_padding=behind,
                 group=groups)


def pool(g, op):
    x = image(g)
    kernel, strides, dilations, pads = window(g, x.shape[2:])
    said, ceil = {}, 0
    if g.opset >= 10 and g.rng.random() < 0.3:
        said["ceil_mode"] = ceil = 1
    if op == "AveragePool":
        dilations = [1] * len(kernel)
        if not ceil and g.rng.random() < 0.3:
            said["count_include_pad"] = 1
    elif g.opset < 10:
        dilations = [1] * len(kernel)
    else:
        said["dilations"] = dilations
    sizes = slid(x.shape[2:], kernel, strides, dilations, pads, ceil)
    if sizes is None:
        raise Nothing
    return g.add(op, [x], (*x.shape[:2], *sizes), "f",
                 (min(x.lo, 0), max(x.hi, 0)), kernel_shape=kernel,
                 strides=strides, pads=pads, **said)


def global_pool(g, op):
    x = image(g)
    ones = (1,) * (x.rank - 2)
    return g.add(op, [x], (*x.shape[:2], *ones), "f", (x.lo, x.hi))


# -------------------------------------------------------------- recurrent

GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def sequence(g):
    x = g.find(lambda v: v.rank == 3 and v.shape[0] <= 12 and
               v.shape[1] <= 4 and v.shape[2] <= 64)
    if x is not None:
        return x
    x = g.pick(lambda v: 0 < v.size <= 200)
    steps = g.rng.choice([d for d in (1, 1, 2, 3, 5) if x.size % d == 0])
    return g.reshape(x, (steps, 1, x.size // steps))


def begin(g, letter, shape):
    """Names of the state before and after: nothing, a constant, or an input
    whose output carries it to the next call."""
    way = g.rng.random()
    if way < 0.3:
        return "", None
    if way < 0.6:
        return g.const(g.draw(shape, 0.3)), None
    name = f"{letter}{len(g.states)}"
    g.states.append((Value(name + "_in", shape), Value(name + "_out", shape)))
    g.inputs.append(g.states[-1][0])
    return name + "_in", name + "_out"


def weights_of(g, op, size, hidden, d):
    """W, R and, mostly, B."""
    rows = GATES[op] * hidden
    yield g.const(g.draw((d, rows, size), 0.8 / size**0.5))
    yield g.const(g.draw((d, rows, hidden), 0.5 / hidden**0.5))
    yield g.const(g.draw((d, 2 * rows), 0.2)) if g.rng.random() < 0.8 else ""


def functions(g, op):
    """Of gates, candidate and cell, as far as the layer has them."""
    others = ["Tanh", "Relu", "Sigmoid", "Elu", "LeakyRelu", "Softsign"]
    if op == "RNN":
        return [g.rng.choice(others)]
    gates = g.rng.choice(["Sigmoid", "HardSigmoid"])
    return [gates] + [g.rng.choice(others) for _ in range(GATES[op] - 2)]


def recurrent(g, op):
    x = sequence(g)
    steps, batch, size = x.shape
    hidden = g.rng.choice([1, 3, 8, 17, 20])
    way = g.rng.choice(["forward", "forward", "reverse", "bidirectional"])
    d = 2 if way == "bidirectional" else 1
    held = (d, batch, hidden)
    inputs = [x.name, *weights_of(g, op, size, hidden, d), ""]
    outs = [Value(g.fresh(op), (steps, *held), "f", -1, 1)]
    for letter in "hc" if op == "LSTM" else "h":
        before, after = begin(g, letter, held)
        inputs.append(before)
        bound = 6 if letter == "c" else 1
        outs.append(Value(after or f"{outs[0].name}_{letter}", held, "f",
                          -bound, bound))
        if after:
            g.states[-1] = (g.states[-1][0], outs[-1])
    if op == "LSTM" and g.rng.random() < 0.1:
        inputs.append(g.const(g.draw((d, 3 * hidden), 0.2)))
    said = {"hidden_size": hidden, "direction": way}
    if op == "GRU":
        said["linear_before_reset"] = g.rng.randint(0, 1)
    if g.rng.random() < 0.3:
        said["activations"] = d * functions(g, op)
        outs[0].hi = outs[1].hi = 8
    if g.rng.random() < 0.2:
        said["clip"] = g.rng.choice([0.5, 1.5])
    while inputs[-1] == "":
        inputs.pop()
    g.node(op, inputs, [o.name for o in outs], **said)
    g.values += outs
    return outs[0]


# ----------------------------------------------------------- quantisation


def quantised(g):
    """QuantizeLinear and DequantizeLinear, per tensor or per axis."""
    x = g.pick(lambda v: v.bound < 50)
    if not g.has("QuantizeLinear"):
        raise Nothing
    kind = g.rng.choice([np.int8, np.uint8])
    zero = g.rng.choice([0, 3]) if kind == np.int8 else 128
    scale = max(x.bound, 0.5) / g.rng.choice([40, 127])
    said, shape = {}, ()
    if g.opset >= 13 and x.rank > 1 and g.rng.random() < 0.3:
        a = g.rng.randrange(x.rank)
        said, shape = {"axis": g.axis(a, x.rank)}, (x.shape[a],)
    scales = g.const((np.full(shape, scale) *
                      g.normal.uniform(0.8, 1.2, shape)).astype(np.float32))
    zeros = g.const(np.full(shape, zero, kind), plain=True)
    q = Value(g.fresh("QuantizeLinear"), x.shape, "q", x.lo, x.hi)
    g.node("QuantizeLinear", [x.name, scales, zeros], [q.name], **said)
    return g.add("DequantizeLinear", [q, scales, zeros], x.shape, "f",
                 (1.5 * x.lo - 1, 1.5 * x.hi + 1), **said)
