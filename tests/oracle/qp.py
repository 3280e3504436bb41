# SPDX-License-Identifier: MIT
"""Holds rung project's solver against DAQP and OSQP.

usage: qp-problems COUNT SEED | qp.py; prints counts and times, 1 on a
disagreement that the problem does not explain.
"""
import collections
import sys
import time

import daqp
import numpy as np
import osqp
import scipy.sparse as sparse

SOLVED, INFEASIBLE, CAP = 1, 2, 3


def parse(line):
    word = line.split()
    n, m, status, iterations = map(int, word[1:5])
    x = np.array(word[6:], dtype=float)
    parts = np.split(x, np.cumsum([n, n, m * n, m]))
    scale, target, rows, bound, u = parts
    return (word[0], status, float(word[5]), scale, target,
            rows.reshape(m, n), bound, u)


def by_daqp(scale, target, rows, bound):
    """In v = (u - target) / scale; None where it finds nothing."""
    a = np.ascontiguousarray(rows * scale)
    upper = bound - rows @ target
    n, m = len(scale), len(bound)
    begin = time.perf_counter_ns()
    v, _, flag, _ = daqp.solve(np.eye(n), np.zeros(n), a, upper,
                               np.full(m, -1e30),
                               np.zeros(m, dtype=np.int32))
    spent = time.perf_counter_ns() - begin
    return (target + scale * np.array(v) if flag > 0 else None), spent


def by_osqp(scale, target, rows, bound):
    a = sparse.csc_matrix(rows * scale)
    solver = osqp.OSQP()
    solver.setup(sparse.eye(len(scale), format="csc"), np.zeros(len(scale)),
                 a, np.full(len(bound), -np.inf), bound - rows @ target,
                 verbose=False, eps_abs=1e-9, eps_rel=1e-9, max_iter=20000)
    begin = time.perf_counter_ns()
    result = solver.solve()
    spent = time.perf_counter_ns() - begin
    solved = result.info.status == "solved"
    return (target + scale * result.x if solved else None), spent


def distance(u, scale, target):
    return np.linalg.norm((u - target) / scale)


def main():
    times = collections.defaultdict(list)
    count = collections.Counter()
    bad = 0
    for line in sys.stdin:
        kind, status, ns, scale, target, rows, bound, u = parse(line)
        count["problems"] += 1
        times["tactus"].append(ns)
        for name, solve in (("daqp", by_daqp), ("osqp", by_osqp)):
            other, spent = solve(scale, target, rows, bound)
            times[name].append(spent)
            if other is None or status != SOLVED:
                # An infeasible verdict must not face a clean solution.
                clean = other is not None and np.max(
                    rows @ other - bound) <= -1e-6
                if status == INFEASIBLE and clean:
                    count[f"{name} solves what we call infeasible"] += 1
                    bad += 1
                count[f"{name} and we not both solved"] += 1
                continue
            count[f"{name} and we solved"] += 1
            mine = distance(u, scale, target)
            theirs = distance(other, scale, target)
            # Ours keeps the rows; a longer way than theirs is not nearest. A
            # row's miss counts by its length: theirs stop at 1e-6 of any.
            length = np.linalg.norm(rows * scale, axis=1)
            if np.max((rows @ other - bound) / length) > 1e-7:
                count[f"{name} misses a row"] += 1
                continue
            count[f"{name} compared"] += 1
            if mine > theirs + 1e-4 * (1 + theirs):
                count[f"{name} is nearer ({kind})"] += 1
                bad += 1
    for name, value in sorted(count.items()):
        print(f"{value:8d} {name}")
    for name, spent in times.items():
        p50, p99 = np.percentile(spent, [50, 99])
        print(f"{name}: p50 {p50:.0f} ns, p99 {p99:.0f} ns, p50 / tactus "
              f"{p50 / np.median(times['tactus']):.1f}")
    print("daqp and osqp are called through Python")
    return 1 if bad or count["daqp compared"] == 0 else 0


sys.exit(main())
