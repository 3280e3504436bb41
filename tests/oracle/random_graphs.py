#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random graphs on our backends against onnxruntime without optimisation.

random_graphs.py MODEL_BATCH SEED COUNT PAIRS
PAIRS: ordered pairs producer → consumer that have to be seen

How far two right answers may be apart is measured: every operator's result
gets noise of the size of its own rounding (graph_noise.py), and the tolerance
is TIMES the largest change seen in an output. A graph whose outputs noise moves
by more than UNSTABLE is drawn again: a comparison or a rounding stands on
its edge, or it cannot be computed in f32. Exit 1 when an answer was wrong,
a refusal is not in REFUSALS, or there were too many of them.
"""
import collections
import multiprocessing
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx.external_data_helper import set_external_data

from graph_draw import LEAST, nodes_of, random_graph
from graph_noise import Noisy, session

BACKENDS = ["fused", "reference"]
TIMES = 4
UNSTABLE = 1e-3  # of an output's largest value
ATTEMPTS = 25
REFUSED_AT_MOST = 0.02  # of all graphs
KEPT = pathlib.Path("build/random-graphs")

# What rtctl says → why that is right.
REFUSALS = [(r"its indices are not constant", "indices that are computed")]

# ------------------------------------------------------------------- a case


def save(model, folder, apart):
    """`apart`: float weights in a file of their own."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    for tensor in model.graph.initializer if apart else []:
        if tensor.data_type == TensorProto.FLOAT and tensor.raw_data:
            set_external_data(tensor, "weights.bin")
    onnx.save(model, folder / "m.onnx")


def called(model, rng):
    """The model with a few neighbouring nodes as a function of its own."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    nodes = list(model.graph.node)
    first = int(rng.integers(0, len(nodes)))
    end = int(rng.integers(first + 1, len(nodes) + 1))
    body, rest = nodes[first:end], nodes[:first] + nodes[end:]
    made = {o for n in body for o in n.output if o}
    read = {i for n in rest for i in n.input} | \
        {o.name for o in model.graph.output}
    given = sorted({i for n in body for i in n.input if i} - made)
    results = sorted(made & read)
    if not results:
        return model
    # What is made and only read in there may be a result that nobody wants.
    spare = [name for name in sorted(made - read) if rng.random() < 0.3]
    call = helper.make_node("Part", given, [""] * len(spare) + results,
                            domain="own")
    function = helper.make_function("own", "Part", given, spare + results,
                                    body, model.opset_import)
    copies = [onnx.NodeProto.FromString(n.SerializeToString())
              for n in nodes[:first] + [call] + nodes[end:]]
    del model.graph.node[:]
    model.graph.node.extend(copies)
    model.functions.append(function)
    model.opset_import.append(helper.make_opsetid("own", 1))
    model.ir_version = max(model.ir_version, 8)
    return model


class Case:
    """A graph that onnxruntime runs and noise leaves alone."""

    def __init__(self, seed, folder):
        self.skipped = collections.Counter()
        for attempt in range(ATTEMPTS):
            g = random_graph(seed, attempt)
            if nodes_of(g) < LEAST or not g.outputs:
                self.skipped["small"] += 1
                continue
            why = self.try_graph(g, np.random.default_rng([seed, attempt]),
                                 folder)
            if why is None:
                return
            self.skipped[why] += 1
        raise RuntimeError(f"{seed}: no graph in {ATTEMPTS}: {self.skipped}")

    def try_graph(self, g, rng, folder):
        """None, or why another one has to be drawn."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.g, self.model = g, g.model()
        feed = {v.name: np.asarray(rng.normal(0, 1, v.shape).clip(-3, 3),
                                   np.float32) for v in g.inputs}
        apart, model = rng.random() < 0.15, self.model
        if g.opset >= 14 and rng.random() < 0.2:
            model = called(model, rng)
        save(model, folder, apart)
        try:
            truth = session(str(folder / "m.onnx")).run(
                [v.name for v in g.outputs], feed)
            self.truth = [np.asarray(t, np.float64) for t in truth]
            changes = Noisy(g, self.model).changes(feed, self.truth, rng)
        except Exception as error:  # onnxruntime's have no common base
            text = re.sub(r".*(Error\]|Message:)", "", str(error).strip())
            return f"onnxruntime: {text[-100:]}"
        states = [s for s, _ in g.states]
        order = [v for v in g.inputs if v not in states] + states
        for i, v in enumerate(order):
            np.save(folder / f"{i}.npy", feed[v.name])
        return self.judge_noise(changes)

    def judge_noise(self, changes):
        self.tolerance = []
        for v, t, change in zip(self.g.outputs, self.truth, changes):
            if v.shape != t.shape:
                raise RuntimeError(f"{v.name}: {v.shape}, not {t.shape}")
            largest = np.abs(t).max(initial=0)
            if not largest < 1e5:
                return "huge or not finite"
            limit = UNSTABLE * max(largest, 0.01) if v.kind == "f" else 0
            if not change <= limit:
                return "unstable"
            self.tolerance.append(TIMES * change + 2.0**-21 * largest)
        return None

    def difference(self, folder):
        """What is wrong with the outputs there, or None."""
        for out, want, most in zip(self.g.outputs, self.truth,
                                   self.tolerance):
            name = re.sub(r"[/:\\]", "_", out.name)
            got = np.load(folder / f"{name}.npy")
            if got.shape != want.shape:
                return f"{out.name}: shape {got.shape}, not {want.shape}"
            off = np.abs(got - want).max(initial=0)
            if not off <= (most if out.kind == "f" else 0):
                return f"{out.name}: off by {off:.3g}, allowed {most:.2g}"
        return None

    def pairs(self):
        made = {o: n.op_type for n in self.model.graph.node
                for o in n.output}
        return {(made[i], n.op_type) for n in self.model.graph.node
                for i in n.input if i in made and made[i] != "Constant"}


class Driver:
    """model-batch, started again when it died."""

    def __init__(self, program):
        self.program, self.process = program, None

    def run(self, folder):
        if self.process is None:
            self.process = subprocess.Popen(
                [self.program, *BACKENDS], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True)
        print(folder, file=self.process.stdin, flush=True)
        answers = {}
        for _ in BACKENDS:
            line = self.process.stdout.readline()
            if not line:
                code, self.process = self.process.wait(), None
                return {b: answers.get(b, f"died with {code}")
                        for b in BACKENDS}
            name, _, text = line.rstrip("\n").partition(" ")
            answers[name] = text
        return answers


def judge(seed):
    """(kind, texts, pairs, operators' skips) of one seed."""
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place) / "graph"
        case = Case(seed, folder)
        kind, texts = "right", []
        for backend, text in driver.run(folder).items():
            if text != "ok":
                reason = next((r for p, r in REFUSALS if re.search(p, text)),
                              None)
                kind = f"refused: {reason}" if reason else "WRONG"
                texts.append(f"{backend}: {text}")
                continue
            wrong = case.difference(folder / backend)
            if wrong:
                kind = "WRONG"
                texts.append(f"{backend}: {wrong}")
        if kind == "WRONG":
            shutil.copytree(folder, KEPT / str(seed), dirs_exist_ok=True)
        pairs = case.pairs() if kind == "right" else set()
        return seed, kind, texts, pairs, case.skipped, case.g.opset


def begin(program):
    global driver
    onnxruntime.set_default_logger_severity(4)
    driver = Driver(program)


def table(pairs):
    """A row per producer, a column per consumer, by number."""
    ops = sorted({op for pair in pairs for op in pair})
    width = max(map(len, ops)) + 4
    print(f"{len(ops)} operators, producer ↓ consumer →")
    for digit in (10, 1):
        print(" " * width, *(i // digit % 10 for i in range(len(ops))),
              sep="")
    for i, op in enumerate(ops):
        row = "".join("#" if (op, c) in pairs else "·" for c in ops)
        print(f"{i:3} {op:{width - 4}}{row}")


def main():
    program, seed, count, least = sys.argv[1], *map(int, sys.argv[2:])
    shutil.rmtree(KEPT, ignore_errors=True)
    kinds, skipped = collections.Counter(), collections.Counter()
    pairs, opsets = set(), set()
    with multiprocessing.Pool(2, begin, [program]) as pool:
        for at, kind, texts, seen, skips, opset in pool.imap(
                judge, range(seed, seed + count), 8):
            kinds[kind] += 1
            skipped += skips
            pairs |= seen
            opsets.add(opset)
            if kind == "WRONG":
                print(f"{KEPT}/{at}: {'; '.join(texts)}\n  again: SEED={at} "
                      f"COUNT=1 tests/oracle/random_graphs.sh")
    table(pairs)
    for why, n in skipped.most_common(12):
        print(f"  {n:5} drawn again: {why}")
    for kind, n in sorted(kinds.items()):
        print(f"  {n:5} {kind}")
    refused = sum(n for k, n in kinds.items() if k.startswith("refused"))
    print(f"{kinds['right']} of {count} graphs right on {BACKENDS[0]} and "
          f"{BACKENDS[1]}, {kinds['WRONG']} mismatches, {refused} refused by "
          f"name; {len(pairs)} pairs; opset {min(opsets)} to {max(opsets)}")
    if len(pairs) < least:
        print(f"{least} pairs have to be seen")
    wrong = kinds["WRONG"] or refused > REFUSED_AT_MOST * count
    sys.exit(1 if wrong or len(pairs) < least else 0)


if __name__ == "__main__":
    main()
