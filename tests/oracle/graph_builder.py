# SPDX-License-Identifier: MIT
"""A random ONNX graph under construction: values with shape, kind and an
interval that they stay in roughly, constants in the ways that exporters
write them, and each opset's way to say axes. graph_ops.py draws operators,
graph_motifs.py what exporters make of a layer.
"""
import math

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ELEMENTS = 1500  # of the largest value
BOUND = 200.0  # operators are not given larger ones
KINDS = {"f": TensorProto.FLOAT, "i": TensorProto.INT64,
         "b": TensorProto.BOOL}


class Nothing(Exception):
    """No value of the graph fits an operator that was drawn."""


class Value:
    def __init__(self, name, shape, kind="f", lo=-3.0, hi=3.0):
        self.name, self.shape, self.kind = name, tuple(shape), kind
        self.lo, self.hi = float(lo), float(hi)

    @property
    def size(self):
        return math.prod(self.shape)

    @property
    def rank(self):
        return len(self.shape)

    @property
    def bound(self):
        return max(abs(self.lo), abs(self.hi))


class Graph:
    def __init__(self, rng, opset, dynamo):
        self.rng, self.opset, self.dynamo = rng, opset, dynamo
        self.normal = np.random.default_rng(rng.getrandbits(32))
        self.inputs, self.outputs, self.weights = [], [], []
        self.nodes, self.values = [], []
        self.used = set()
        self.states = []  # (input value, output value)
        self.symbolic = rng.random() < 0.3

    # ------------------------------------------------------------- names

    def fresh(self, op):
        n = len(self.nodes) + len(self.weights) + len(self.inputs)
        return f"{op.lower()}_{n}" if self.dynamo else f"/{op}_{n}_output_0"

    def has(self, op):
        """Whether the opset knows the operator at all."""
        try:
            schema = onnx.defs.get_schema(op, self.opset, "")
        except onnx.defs.SchemaError:
            return False
        return not schema.deprecated

    # --------------------------------------------------------- constants

    def const(self, array, plain=False):
        """The name of a constant; `plain`: never behind another node."""
        array = np.asarray(array)
        if array.dtype == np.float64:
            array = array.astype(np.float32)
        name = self.fresh("const")
        way = self.rng.random()
        if plain or way < (0.9 if self.dynamo else 0.45):
            self.weights.append(self.tensor(array, name))
        elif array.dtype == np.float32 and way > 0.93:
            half = name + "_half"
            self.weights.append(
                numpy_helper.from_array(array.astype(np.float16), half))
            self.node("Cast", [half], [name], to=TensorProto.FLOAT)
        elif array.dtype == np.float32 and way > 0.91:
            shared = name + "_shared"
            self.weights.append(numpy_helper.from_array(array, shared))
            self.node("Identity", [shared], [name])
        elif array.size < 64:
            self.node("Constant", [], [name], **self.constant(array))
        else:
            self.weights.append(numpy_helper.from_array(array, name))
        return name

    def tensor(self, array, name):
        """Bytes, or now and then a list of numbers."""
        if array.dtype.kind in "if" and self.rng.random() < 0.1:
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            return helper.make_tensor(name, kind, array.shape, array.ravel())
        return numpy_helper.from_array(array, name)

    def constant(self, array):
        """Attributes of a Constant that is this."""
        if self.opset >= 12 and self.rng.random() < 0.3:
            name = {"f": "float", "i": "int"}.get(array.dtype.kind)
            if name and array.ndim == 0:
                return {f"value_{name}": array.item()}
            if name and array.ndim == 1 and array.size > 0:
                return {f"value_{name}s": array.tolist()}
        return {"value": self.tensor(array, "")}

    def draw(self, shape, scale=1.0, shift=0.0):
        return self.normal.normal(shift, scale, shape).astype(np.float32)

    def ints(self, *values):
        return self.const(np.array(values, np.int64))

    # ------------------------------------------------------------- nodes

    def node(self, op, inputs, outputs, **attributes):
        given = {k: v for k, v in attributes.items() if v is not None}
        self.nodes.append(helper.make_node(
            op, inputs, outputs, name=f"{op}_{len(self.nodes)}", **given))
        self.used.update(inputs)

    def add(self, op, inputs, shape, kind="f", span=(-3, 3), **attributes):
        """One node with one output, which the pool then holds."""
        names = [i.name if isinstance(i, Value) else i for i in inputs]
        out = Value(self.fresh(op), shape, kind, *span)
        self.node(op, names, [out.name], **attributes)
        self.values.append(out)
        return out

    def same(self, op, x, span=None, **attributes):
        return self.add(op, [x], x.shape, x.kind, span or (x.lo, x.hi),
                        **attributes)

    def with_axes(self, op, x, axes, since, shape, span, **attributes):
        """Axes as attribute before opset `since`, as input from it."""
        if axes is None:
            return self.add(op, [x], shape, x.kind, span, **attributes)
        if self.opset < since:
            return self.add(op, [x], shape, x.kind, span, axes=axes,
                            **attributes)
        return self.add(op, [x, self.ints(*axes)], shape, x.kind, span,
                        **attributes)

    def axis(self, at, rank):
        """`at`, or the same from the end where the opset allows it."""
        negative = self.opset >= 11 and self.rng.random() < 0.5
        return at - rank if negative else at

    # ------------------------------------------------------------- pool

    def input(self, name, shape, kind="f"):
        value = Value(name, shape, kind)
        self.inputs.append(value)
        self.values.append(value)
        return value

    def pick(self, fits=lambda v: True, kind="f"):
        """What find() finds, or Nothing is raised."""
        value = self.find(fits, kind)
        if value is None:
            raise Nothing
        return value

    def find(self, fits=lambda v: True, kind="f"):
        """A value of the pool, rather a late one; None if none fits."""
        pool = [v for v in self.values if v.kind == kind and v.size > 0
                and v.size <= ELEMENTS and v.bound <= BOUND and fits(v)]
        if not pool:
            return None
        fresh = [v for v in pool if v.name not in self.used]
        if fresh and self.rng.random() < 0.5:
            return self.rng.choice(fresh)
        late = pool[-5:] if self.rng.random() < 0.7 else pool
        return self.rng.choice(late)

    def reshape(self, x, shape):
        open_size = [d if d != max(shape) or self.rng.random() < 0.5 else -1
                     for d in shape]
        if open_size.count(-1) > 1:
            open_size = list(shape)
        return self.add("Reshape", [x, self.ints(*open_size)], shape, x.kind,
                        (x.lo, x.hi))

    def transpose(self, x, perm):
        return self.add("Transpose", [x], [x.shape[p] for p in perm], x.kind,
                        (x.lo, x.hi), perm=perm)

    # ------------------------------------------------------------- model

    def finish(self):
        """Outputs: what nobody reads, and now and then something else."""
        made = [v for v in self.values if v not in self.inputs and
                v.kind in KINDS]
        loose = [v for v in made if v.name not in self.used]
        if len(loose) > 1 and self.rng.random() < 0.1:
            loose.pop(self.rng.randrange(len(loose)))  # dead code
        others = [v for v in made if v.name in self.used]
        if others and self.rng.random() < 0.2:
            loose.append(self.rng.choice(others))
        states = [o for _, o in self.states]
        self.outputs = [v for v in loose if v not in states] + states

    def shape_of(self, value):
        dims = list(value.shape)
        if self.symbolic and value in self.inputs and dims and dims[0] == 1:
            dims[0] = "batch"
        return dims

    def info(self, value):
        return helper.make_tensor_value_info(
            value.name, KINDS[value.kind], self.shape_of(value))

    def model(self):
        inputs = [self.info(v) for v in self.inputs]
        if self.rng.random() < 0.1:  # as before IR version 4
            inputs += [helper.make_tensor_value_info(
                w.name, w.data_type, w.dims) for w in self.weights]
        graph = helper.make_graph(
            self.nodes, "random", inputs,
            [self.info(v) for v in self.outputs], self.weights)
        opset = helper.make_opsetid("", self.opset)
        ir = 4 if self.opset < 10 else 8 if self.opset < 19 else 9
        producer = "pytorch" if self.rng.random() < 0.9 else "other"
        return helper.make_model(graph, opset_imports=[opset], ir_version=ir,
                                 producer_name=producer)
