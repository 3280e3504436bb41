#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""ONNX's own node tests through `rtctl model run --backend reference`.

node_tests.py RTCTL MINIMUM DATA...
MINIMUM: tests that have to pass; DATA: onnx/backend/test/data/node of a release

Inputs that must be constants (shapes, axes) are bound as initialisers, since
a test hands everything in as an input. Every test whose operators are all in
OPS must pass, or be refused for a reason in REFUSALS; exit 1 otherwise.
"""
import collections
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

OPS = set(
    """Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Cast Ceil Celu Clip
    Concat Constant ConstantOfShape Conv ConvTranspose Cos Cosh DequantizeLinear Div
    Dropout Elu Equal Erf Exp Expand Flatten Floor GRU Gather Gelu Gemm
    GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual GroupNormalization
    HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN LSTM
    LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax MatMul Max
    MaxPool Mean Min Mish Mod Mul Neg Not Or PRelu Pad Pow QuantizeLinear RNN
    Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd
    ReduceSum ReduceSumSquare Relu Reshape Round Selu Shape Sigmoid Sign Sin Sinh Size
    Slice Softmax Softplus Softsign Split Sqrt Squeeze Sub Sum Tan Tanh ThresholdedRelu Tile Transpose
    Trilu
    Unsqueeze Where Xor""".split()
)

# What rtctl says → why that is right.
REFUSALS = [
    (r"no usable shape or type", "input of another data type or of size 0"),
    (r"data type \d+", "tensor of another data type"),
    (r"to this data type|from .* to other", "to another data type"),
    (r"from other", "from another data type"),
    (r"[Tt]raining mode", "training mode"),
    (r"more than \d outputs|is never computed", "outputs of training"),
    (r"arithmetic on u?int", "arithmetic on narrow integers"),
    (r"opset \d+ is not supported", "opset outside 7 to 21"),
    (r"sequence lengths", "padded sequences"),
]


# (relative, absolute): a rounding to the type, which `reference` does not do.
TOLERANCE = {
    onnx.TensorProto.FLOAT16: (1e-3, 1e-3),
    onnx.TensorProto.BFLOAT16: (1e-2, 1e-2),
}


def refusal(text):
    for pattern, reason in REFUSALS:
        if re.search(pattern, text):
            return reason
    return None


# Tests that a later release of ONNX corrected (and those whose data has
# another shape than they declare).
MISTAKEN = {
    "test_averagepool_3d_dilations_large_count_include_pad_is_1"
    "_ceil_mode_is_True": "divides by cells beyond the padding",
}


def tensor(path, info):
    """The array in `path`, and the tensor; bfloat16 may be kept as bits."""
    proto = onnx.TensorProto()
    proto.ParseFromString(path.read_bytes())
    array = numpy_helper.to_array(proto)
    if is_bfloat16(info) and array.dtype == np.uint16:
        array = (array.astype(np.uint32) << 16).view(np.float32)
    return array, proto


def is_bfloat16(info):
    return info.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16


def fits(array, info):
    dims = info.type.tensor_type.shape.dim
    sizes = [d.dim_value or n for d, n in zip(dims, array.shape)]
    return len(dims) == array.ndim and sizes == list(array.shape)


def lift(model):
    """To opset 7 where the operator has not changed since its own."""
    for opset in model.opset_import:
        for node in model.graph.node:
            schema = onnx.defs.get_schema(node.op_type, 7, "")
            if schema.since_version > opset.version:
                return
        opset.version = max(opset.version, 7)


def as_npy(array):
    kinds = {"i": "<i8", "u": "<i8", "b": "<i4", "f": "<f4"}
    if array.dtype.kind not in kinds:  # text: to be refused by its type
        return np.zeros(array.shape, "<f4")
    return np.asarray(array, kinds[array.dtype.kind], order="C")


UNUSED = onnx.helper.make_tensor_value_info("unused", 1, [1])


def bind(model, name, proto):
    """The input `name` becomes an initialiser; one input must be left."""
    keep = [i for i in model.graph.input if i.name != name]
    del model.graph.input[:]
    model.graph.input.extend(keep or [UNUSED])
    proto.name = name
    model.graph.initializer.append(proto)


def origin(model, name):
    """The input that a value is made of, rather integers than others."""
    made = {o: n for n in model.graph.node for o in n.output}
    inputs = {i.name: i for i in model.graph.input}
    found, names = [], [name]
    for name in names:
        if name in inputs:
            found.append(name)
        names += [i for i in made[name].input if i] if name in made else []
    kind = onnx.TensorProto.INT64
    found.sort(key=lambda n: inputs[n].type.tensor_type.elem_type != kind)
    return found[0] if found else None


def not_constant(model, text):
    named = re.search(r"input '(.*?)' is not constant", text)
    if named:
        return origin(model, named[1])
    indices = re.search(r"its indices are not constant", text)
    return model.graph.node[0].input[1] if indices else None


def run(rtctl, model, given, folder):
    onnx.save(model, folder / "m.onnx")
    command = [rtctl, "model", "run", folder / "m.onnx", "--whole"]
    command += ["--backend", "reference", "--output", folder / "out"]
    for i, info in enumerate(model.graph.input):
        value = given[info.name][0] if info.name in given else np.zeros(1, "f")
        np.save(folder / f"{i}.npy", as_npy(value))
        command += ["--input", f"{info.name}={folder / f'{i}.npy'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr.strip()


def difference(model, case, folder):
    """What is wrong with the outputs, or None."""
    for i, info in enumerate(model.graph.output):
        want, _ = tensor(case / "test_data_set_0" / f"output_{i}.pb", info)
        name = re.sub(r"[/:\\]", "_", info.name)
        got = np.load(folder / "out" / f"{name}.npy")
        if got.shape != want.shape:
            return f"{info.name}: shape {got.shape}, not {want.shape}"
        kind = info.type.tensor_type.elem_type
        rtol, atol = TOLERANCE.get(kind, (1e-5, 1e-6))
        want = np.asarray(want, np.float64)
        if not np.allclose(got, want, rtol, atol, equal_nan=True):
            worst = np.nanmax(np.abs(got - want)) if want.size else 0
            return f"{info.name}: differs by {worst:.3g}"
    return None


def judge(rtctl, case):
    model = onnx.load(case / "model.onnx")
    if not all(n.op_type in OPS and not n.domain for n in model.graph.node):
        return "other operators", ""
    weights = {t.name for t in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    given = {}
    for i, info in enumerate(model.graph.input):
        path = case / "test_data_set_0" / f"input_{i}.pb"
        if not info.type.HasField("tensor_type") or not path.exists():
            return "other operators", ""
        given[info.name] = tensor(path, info)
        if not fits(given[info.name][0], info):
            return "mistaken tests", ""
    if not model.graph.input:
        model.graph.input.append(UNUSED)
    if model.opset_import[0].version < 7:
        lift(model)
    bound = 0
    for name, (array, proto) in given.items():
        if array.size == 0 and array.dtype == np.int64:  # no axes
            bind(model, name, proto)
            bound += 1
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        while True:
            code, text = run(rtctl, model, given, folder)
            if code == 0:
                wrong = difference(model, case, folder)
                if wrong and case.name in MISTAKEN:
                    return "mistaken tests", ""
                if wrong:
                    return "WRONG", wrong
                return ("passed, constants bound" if bound else "passed"), ""
            input_name = not_constant(model, text)
            if code != 2:
                return "WRONG", f"exit {code}: {text}"
            if input_name not in given or bound > 8:
                break
            bind(model, input_name, given[input_name][1])
            bound += 1
    reason = refusal(text)
    return (f"refused: {reason}", "") if reason else ("WRONG", text)


def main():
    rtctl, minimum = sys.argv[1], int(sys.argv[2])
    folders = map(pathlib.Path, sys.argv[3:])
    total = collections.Counter()
    for folder in folders:
        cases = sorted(c for c in folder.iterdir() if c.is_dir())
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda c: judge(rtctl, c), cases))
        counts = collections.Counter(kind for kind, _ in results)
        total += counts
        print(f"{' '.join(folder.parts[-6:])}:")
        for kind, n in sorted(counts.items()):
            print(f"  {n:5} {kind}")
        for case, (kind, text) in zip(cases, results):
            if kind == "WRONG":
                print(f"  {case.name}: {text}")
    passed = total["passed"] + total["passed, constants bound"]
    refused = sum(n for k, n in total.items() if k.startswith("refused"))
    wrong = total["WRONG"]
    print(f"{passed} passed, {wrong} failed, {refused} refused")
    if passed < minimum:
        print(f"{minimum} have to pass: are these all of the tests?")
    sys.exit(0 if passed >= minimum and wrong == 0 else 1)


main()
