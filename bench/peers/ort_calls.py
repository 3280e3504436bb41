# SPDX-License-Identifier: MIT
"""ONNX Runtime as called through Python: times calls on request.

usage: ort_calls.py MODEL; each line on stdin is a number of calls, the
answer a line of their nanoseconds. One thread, CPU provider.
"""
import sys
import time

import numpy as np
import onnxruntime as ort

options = ort.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = ort.InferenceSession(sys.argv[1], options,
                               providers=["CPUExecutionProvider"])
feed_of = {i.name: [d if isinstance(d, int) else 1 for d in i.shape]
           for i in session.get_inputs()}
rng = np.random.default_rng(7)
feeds = [{name: rng.normal(size=shape).astype(np.float32)
          for name, shape in feed_of.items()} for _ in range(64)]
names = [o.name for o in session.get_outputs()]
print("onnxruntime", ort.__version__, flush=True)
for line in sys.stdin:
    spent = []
    for i in range(int(line)):
        begin = time.perf_counter_ns()
        session.run(names, feeds[i % 64])
        spent.append(time.perf_counter_ns() - begin)
    print(*spent, flush=True)
