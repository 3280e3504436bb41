# SPDX-License-Identifier: MIT
# onnx_files.py RTCTL [FOLDER]: prunes and exports each model (the example's,
# and those of the folder), checks the files with onnx and compares onnxruntime
# with `rtctl model run --backend reference` on them.
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort

rtctl, folder = sys.argv[1], sys.argv[2]
EXAMPLE = "lib/examples/handover/handover.onnx"
NAMES = ["b2_mlp", "go2_him", "tron1_pf_encoder", "tron1_wf_policy",
         "shapes/rsl_rl_norm", "shapes/sb3_ppo", "shapes/sac_gaussian",
         "shapes/depth_cnn"]


def run(*args):
    done = subprocess.run([rtctl, "model", *args, "--json"],
                          capture_output=True, text=True)
    return done.returncode, done.stdout


def inputs_of(path, rows=32):
    rng = np.random.default_rng(3)
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    made = {}
    for i in session.get_inputs():
        shape = [d if isinstance(d, int) else 1 for d in i.shape]
        made[i.name] = rng.normal(size=[rows] + shape).astype("f4")
    return made


def outputs_of(path, feed):
    options = ort.SessionOptions()
    # Rewrites of quantised graphs round elsewhere than the graph says.
    options.graph_optimization_level = \
        ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(path, options,
                                   providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    rows = len(next(iter(feed.values())))
    out = [session.run(None, {k: v[r] for k, v in feed.items()})
           for r in range(rows)]
    return {n: np.stack([o[i] for o in out]) for i, n in enumerate(names)}


def ours(path, feed, tmp):
    args = []
    for name, value in feed.items():
        np.save(f"{tmp}/in.{name}.npy", value)
        args += ["--input", f"{name}={tmp}/in.{name}.npy"]
    code, text = run("run", path, *args, "--output", f"{tmp}/out",
                     "--backend", "reference")
    assert code == 0, text
    return f"{tmp}/out"


def compare(path, feed, tmp, steps):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    theirs = outputs_of(path, feed)
    folder = ours(path, feed, tmp)
    for name, value in theirs.items():
        got = np.load(f"{folder}/{name}.npy").reshape(value.shape)
        size = float(np.abs(value).max()) or 1.0
        off = np.abs(got - value) / size
        # A sum at the edge of a rounding step may fall on either side of it.
        worst, share = float(off.max()), float((off > 1e-4).mean())
        assert worst <= steps and share <= 0.02, (path, name, worst, share)
    return len(theirs)


def judge(path):
    checked = 0
    with tempfile.TemporaryDirectory() as tmp:
        feed = inputs_of(path)
        calibrate = []
        for name, value in feed.items():
            np.save(f"{tmp}/c.{name}.npy", value)
            calibrate += ["--calibrate", f"{name}={tmp}/c.{name}.npy"]
        for kind in ("pruned", "qdq"):
            file = f"{tmp}/{kind}.onnx"
            if kind == "pruned":
                code, text = run("prune", path, "--keep", "50%", *calibrate,
                                 "--duration", "10ms", "--output", file)
                steps = 1e-4
            else:
                code, text = run("quantize", path, *calibrate, "--duration",
                                 "10ms", "--output", file)
                steps = 0.02
            if code != 0:
                print(f"  {path} {kind}: {json.loads(text)['error'][:90]}")
                continue
            checked += compare(file, feed, tmp, steps)
            before, after = onnx.load(path), onnx.load(file)
            kept = {p.key for p in before.metadata_props} - {"tactus.golden"}
            assert kept == {p.key for p in after.metadata_props}
            assert before.opset_import == after.opset_import
            assert [i.name for i in before.graph.input] == \
                [i.name for i in after.graph.input]
    return checked


models = [EXAMPLE]
if folder:
    models += [os.path.join(folder, n + ".onnx") for n in NAMES]
total = sum(judge(m) for m in models)
least = 2 if not folder else 12
print(f"{len(models)} models, {total} outputs of written files agree")
sys.exit(0 if total >= least else 1)
