# SPDX-License-Identifier: MIT
"""How far two right answers to a graph may be apart: every operator's result
gets noise of the size of its own rounding, and what that changes in the
outputs is measured with onnxruntime (Monte Carlo arithmetic; Parker, 1997).
"""
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

TRIALS = 3

# Nothing is rounded.
EXACT = set(
    """Identity Reshape Flatten Transpose Squeeze Unsqueeze Concat Slice Split
    Gather Expand Pad Tile Trilu Range Dropout Cast Neg Abs Relu Max Min Clip Sign Floor Ceil
    MaxPool GlobalMaxPool ReduceMax ReduceMin Hardmax Round ThresholdedRelu Where""".split())
# Sums of products, whose error follows the largest rather than the result.
SUMS = set(
    """Gemm MatMul Conv ConvTranspose LSTM GRU RNN Sum Mean ReduceSum
    ReduceMean ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare AveragePool
    GlobalAveragePool BatchNormalization""".split())
# The same, divided by a small deviation.
NORMS = {"LayerNormalization", "InstanceNormalization", "GroupNormalization"}
# Approximations: ours state their error (kernels/activations_impl.hpp),
# onnxruntime's have an absolute one near 1 too.
APPROXIMATE = set(
    """Acos Asin Atan Celu Cosh Elu Erf Exp Gelu HardSigmoid HardSwish Mish Selu Sigmoid Softmax
    LogSoftmax Sinh Softplus Softsign Tan Tanh""".split())
ABSOLUTE = {"Gelu": 1e-6, "Erf": 4e-7, "HardSwish": 5e-7}


def noise_of(op, y, x):
    """What an element of y may be off by, by one operator's own rounding,
    whose first operand is x."""
    size = np.abs(y)
    if op in SUMS or op in NORMS:
        most = max(size.max(initial=0), np.abs(x).max(initial=0))
        return 2.0**(-20 if op in NORMS else -22) * most * np.ones_like(y)
    if op in APPROXIMATE:
        return 2.0**-20 * size + ABSOLUTE.get(op, 1.2e-7)
    return 2.0**-22 * size


# ------------------------------------------------------------- onnxruntime


def session(model):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = \
        onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options,
                                        providers=["CPUExecutionProvider"])


class Noisy:
    """The model with a term to add after each operator that rounds."""

    def __init__(self, g, model):
        self.model = onnx.ModelProto()
        self.model.CopyFrom(model)
        floats = {v.name: v for v in g.values if v.kind == "f"}
        nodes, self.terms = [], {}
        for node in self.model.graph.node:
            rounds = [o for o in node.output if o in floats and
                      node.op_type not in EXACT]
            nodes.append(node)
            for name in rounds:
                at = list(node.output).index(name)
                node.output[at] = name + "_raw"
                nodes.append(helper.make_node(
                    "Add", [name + "_raw", name + "_noise"], [name]))
                self.terms[name] = (node.op_type, node.input[0],
                                    floats[name].shape)
        graph = self.model.graph
        copied = [onnx.NodeProto.FromString(n.SerializeToString())
                  for n in nodes]
        del graph.node[:]
        graph.node.extend(copied)
        for name, (_, _, shape) in self.terms.items():
            graph.input.append(helper.make_tensor_value_info(
                name + "_noise", TensorProto.FLOAT, shape))
        self.outputs = [o.name for o in graph.output]
        inputs = {i.name for i in graph.input}
        self.shown = [n for n in floats if n not in inputs]
        for name in self.shown:
            if name not in self.outputs:
                graph.output.append(helper.make_tensor_value_info(
                    name, TensorProto.FLOAT, floats[name].shape))
        self.session = session(self.model.SerializeToString())

    def values(self, feed):
        """Of everything in f32, without noise."""
        zero = {n + "_noise": np.zeros(shape, np.float32)
                for n, (_, _, shape) in self.terms.items()}
        got = self.session.run(self.shown, {**feed, **zero}) \
            if self.shown else []
        return {**feed, **dict(zip(self.shown, got))}

    def changes(self, feed, truth, rng):
        """Per output, the largest change that noise makes."""
        values = self.values(feed)
        most = [0.0] * len(truth)
        for _ in range(TRIALS):
            noise = {}
            for name, (op, first, shape) in self.terms.items():
                sign = rng.choice([-1.0, 1.0], shape)
                size = noise_of(op, values[name], values.get(first, 0))
                noise[name + "_noise"] = np.asarray(sign * size, np.float32)
            got = self.session.run(self.outputs, {**feed, **noise})
            for i, (a, b) in enumerate(zip(got, truth)):
                change = np.abs(np.asarray(a, np.float64) - b)
                most[i] = max(most[i], change.max(initial=0))
        return most
