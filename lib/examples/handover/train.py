#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trains handover.onnx: DAgger of a damped-least-squares expert.

The expert knows the arm's kinematics and drives the flange straight to the
target; it exists only here. The network sees what the robot publishes
(q, dq, target, hand) and learns to do the same; it is not told about speed
near people, that is the shield's work.

    train.py                   trains, writes handover.onnx  (about a minute)
    train.py --untrained       the same network before training, handover_untrained.onnx

Needs numpy, onnx, onnxruntime. Golden vectors are computed by onnxruntime.
"""
import argparse
import json

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

SEED = 7
HIDDEN = 64
SPEED = 0.9           # rad/s, the largest command
STEP = 0.01           # s, of the training simulation
LAG = 0.02            # s
HOME = np.array([0, -0.6, 0, -2.2, 0, 1.6, 0.785])
Q_LO = np.array([-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973])
Q_HI = np.array([2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973])
# Craig's Denavit-Hartenberg rows: a, d, cos(alpha), sin(alpha).
ROWS = [(0, 0.333, 1, 0), (0, 0, 0, -1), (0, 0.316, 0, 1), (0.0825, 0, 0, 1),
        (-0.0825, 0.384, 0, -1), (0, 0, 0, 1), (0.088, 0, 0, 1)]
FLANGE = 0.107
TARGET_LO, TARGET_HI = np.array([0.36, -0.36, 0.22]), np.array([0.60, 0.36, 0.58])
HAND_LO, HAND_HI = np.array([0.0, -1.0, 0.0]), np.array([2.6, 1.0, 1.4])
# Normaliser of the 20 inputs, folded into the graph as Sub and Div.
MEAN = np.concatenate([HOME, np.zeros(7), [0.48, 0, 0.40], [1.3, 0, 0.7]])
SCALE = np.concatenate([np.full(7, 0.6), np.full(7, 0.6), np.full(3, 0.15), np.full(3, 1.0)])


def kinematics(q):
    """Flange positions [n, 3] and Jacobians [n, 3, 7] of joint rows [n, 7]."""
    n = len(q)
    ex, ey, ez = (np.tile(row, (n, 1)) for row in np.eye(3))
    at = np.zeros((n, 3))
    axes, points = [], []
    for i, (a, d, ca, sa) in enumerate(ROWS):
        at = at + a * ex
        y, ez = ca * ey + sa * ez, ca * ez - sa * ey
        at = at + d * ez
        c, s = np.cos(q[:, i:i + 1]), np.sin(q[:, i:i + 1])
        ex, ey = c * ex + s * y, c * y - s * ex
        axes.append(ez)
        points.append(at)
    flange = at + FLANGE * ez
    columns = [np.cross(z, flange - p) for z, p in zip(axes, points)]
    return flange, np.stack(columns, axis=2)


def expert(q, target):
    """Joint velocities towards the target, posture kept in the null space."""
    flange, jacobian = kinematics(q)
    speed = 4.0 * (target - flange)
    fast = np.linalg.norm(speed, axis=1, keepdims=True)
    speed *= np.minimum(1, 0.7 / np.maximum(fast, 1e-9))
    jt = jacobian.transpose(0, 2, 1)
    inverse = jt @ np.linalg.inv(jacobian @ jt + 0.03 ** 2 * np.eye(3))
    posture = 0.7 * (HOME - q)
    u = (inverse @ (speed - (jacobian @ posture[:, :, None])[:, :, 0])[:, :, None])[:, :, 0]
    u += posture
    return u * np.minimum(1, SPEED / np.maximum(np.abs(u).max(1, keepdims=True), 1e-9))


class Net:
    """20-64-64-7, tanh throughout; the last tanh is scaled by SPEED outside."""

    def __init__(self, rng):
        sizes = [20, HIDDEN, HIDDEN, 7]
        self.p = []
        for m, n in zip(sizes, sizes[1:]):
            self.p += [rng.normal(0, 1 / np.sqrt(m), (m, n)).astype(np.float32),
                       rng.normal(0, 0.1, n).astype(np.float32)]
        self.m = [np.zeros_like(p) for p in self.p]
        self.v = [np.zeros_like(p) for p in self.p]
        self.t = 0

    def forward(self, x):
        layers = [x]
        for w, b in zip(self.p[::2], self.p[1::2]):
            layers.append(np.tanh(layers[-1] @ w + b))
        return layers

    def act(self, observation):
        return self.forward(normal(observation))[-1] * SPEED

    def learn(self, x, y, rate):
        layers = self.forward(x)
        grads, delta = [], 2 * (layers[-1] - y) / len(x)
        for i in (2, 1, 0):
            delta = delta * (1 - layers[i + 1] ** 2)
            grads = [layers[i].T @ delta, delta.sum(0)] + grads
            delta = delta @ self.p[2 * i].T
        self.t += 1
        fix = np.sqrt(1 - 0.999 ** self.t) / (1 - 0.9 ** self.t)
        for p, g, m, v in zip(self.p, grads, self.m, self.v):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            p -= (rate * fix) * m / (np.sqrt(v) + 1e-8)


def normal(observation):
    return ((observation - MEAN) / SCALE).astype(np.float32)


def roll_out(rng, act, arms, steps, held=1.0):
    """States that `act` (mixed with the expert) visits, with the expert's answers."""
    q = HOME + rng.normal(0, 0.25, (arms, 7))
    dq = np.zeros((arms, 7))
    target = rng.uniform(TARGET_LO, TARGET_HI, (arms, 3))
    hand = rng.uniform(HAND_LO, HAND_HI, (arms, 3))
    mine = rng.random(arms) < held
    seen, answers, best = [], [], np.full(arms, np.inf)
    for step in range(steps):
        fresh = rng.random(arms) < 1 / 250
        target[fresh] = rng.uniform(TARGET_LO, TARGET_HI, (fresh.sum(), 3))
        moved = rng.random(arms) < 1 / 20
        hand[moved] = rng.uniform(HAND_LO, HAND_HI, (moved.sum(), 3))
        observation = np.hstack([q, dq, target, hand])
        answer = expert(q, target)
        if step % 5 == 0:
            seen.append(observation)
            answers.append(answer)
        u = np.where(mine[:, None], act(observation), answer)
        # Some arms are held back, as the shield will hold them.
        u *= np.where(rng.random((arms, 1)) < 0.1, 0.0, 1.0)
        dq = dq + (1 - np.exp(-STEP / LAG)) * (u - dq)
        q = np.clip(q + STEP * dq, Q_LO, Q_HI)
    return np.vstack(seen), np.vstack(answers)


def success(rng, act, arms=1000, steps=600):
    """Share of arms whose flange comes within 3 cm of the target in 6 s."""
    q, dq = np.tile(HOME, (arms, 1)) + rng.normal(0, 0.2, (arms, 7)), np.zeros((arms, 7))
    target = rng.uniform(TARGET_LO, TARGET_HI, (arms, 3))
    hand = np.tile([2.5, 0, 1.0], (arms, 1))
    best = np.full(arms, np.inf)
    for _ in range(steps):
        u = act(np.hstack([q, dq, target, hand]))
        dq = dq + (1 - np.exp(-STEP / LAG)) * (u - dq)
        q = np.clip(q + STEP * dq, Q_LO, Q_HI)
        best = np.minimum(best, np.linalg.norm(kinematics(q)[0] - target, axis=1))
    return np.mean(best < 0.03)


def train(rng, net):
    x, y = roll_out(rng, net.act, 600, 400, held=0.0)
    rounds, steps = 6, 1800
    for k in range(rounds):
        x_n, y_n = normal(x), (y / SPEED).astype(np.float32)
        for step in range(steps):
            rows = rng.integers(0, len(x_n), 1024)
            done = (k * steps + step) / (rounds * steps)
            net.learn(x_n[rows], y_n[rows], 3e-3 * (1 - done) ** 1.5 + 2e-5)
        error = np.sqrt(np.mean((net.act(x) - y) ** 2))
        print(f"round {k + 1}/{rounds}: {len(x)} states, error {error:.4f} rad/s, "
              f"success {success(np.random.default_rng(1), net.act, 300):.3f}", flush=True)
        if k + 1 < rounds:
            more = roll_out(rng, net.act, 600, 400, held=0.8)
            x, y = np.vstack([x, more[0]]), np.vstack([y, more[1]])


def graph_of(net):
    names, nodes, last = [], [], "normal"
    tensors = {"mean": MEAN.astype(np.float32), "scale": SCALE.astype(np.float32)}
    nodes.append(helper.make_node("Sub", ["obs", "mean"], ["centred"], name="normalise_sub"))
    nodes.append(helper.make_node("Div", ["centred", "scale"], ["normal"], name="normalise_div"))
    for i in range(3):
        w, b = f"w{i}", f"b{i}"
        tensors[w], tensors[b] = net.p[2 * i].T.copy(), net.p[2 * i + 1]
        out = "actions" if i == 2 else f"h{i}"
        nodes.append(helper.make_node("Gemm", [last, w, b], [f"z{i}"], name=f"layer{i}", transB=1))
        nodes.append(helper.make_node("Tanh", [f"z{i}"], [out], name=f"tanh{i}"))
        last = out
    graph = helper.make_graph(
        nodes, "handover",
        [helper.make_tensor_value_info("obs", TensorProto.FLOAT, [1, 20])],
        [helper.make_tensor_value_info("actions", TensorProto.FLOAT, [1, 7])],
        [numpy_helper.from_array(v, k) for k, v in tensors.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)],
                             ir_version=8, producer_name="handover/train.py")


def contract():
    units = {"q": ("rad", 7), "dq": ("rad/s", 7), "target": ("m", 3), "hand": ("m", 3)}
    return {"observations": [{"name": k, "shape": [n], "unit": u} for k, (u, n) in units.items()],
            "action": {"name": "u", "kind": "joint_velocity", "unit": "rad/s",
                       "output": "actions", "scale": SPEED, "rate_hz": 1000}}


def golden(model, rng):
    rows = np.hstack([HOME + rng.normal(0, 0.5, (8, 7)), rng.normal(0, 0.4, (8, 7)),
                      rng.uniform(TARGET_LO, TARGET_HI, (8, 3)),
                      rng.uniform(HAND_LO, HAND_HI, (8, 3))]).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    out = [session.run(["actions"], {"obs": row[None]})[0][0] for row in rows]
    return {"by": f"onnxruntime {onnxruntime.__version__}", "tolerance": 2e-5,
            "observation": [[float(v) for v in row] for row in rows],
            "action": [[float(v) for v in row] for row in out]}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--untrained", action="store_true")
    options.add_argument("--output")
    given = options.parse_args()
    rng = np.random.default_rng(SEED)
    net = Net(rng)
    if not given.untrained:
        train(rng, net)
    rate = success(np.random.default_rng(2), net.act)
    print(f"success in the training simulation, 1000 fresh arms: {rate:.3f}")
    model = graph_of(net)
    helper.set_model_props(model, {
        "tactus.contract": json.dumps(contract()),
        "tactus.golden": json.dumps(golden(model, np.random.default_rng(3)))})
    onnx.checker.check_model(model)
    name = "handover_untrained.onnx" if given.untrained else "handover.onnx"
    onnx.save(model, given.output or name)


if __name__ == "__main__":
    main()
