#!/bin/bash
# SPDX-License-Identifier: MIT
# Random graphs, opset 7 to 21, on fused and reference against onnxruntime:
#   SEED=1 COUNT=300 tests/oracle/random_graphs.sh
# COUNT graphs, one per number from SEED on. A wrong one is kept under
# build/random-graphs/ and named with the command that makes it again. 77 when
# there is no python3-venv or no PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."
O=${O:-build/release}
seed=${SEED:-1} count=${COUNT:-300}
# Pairs of operators, producer → consumer, that so many graphs have to show:
# nine in ten of those that they show from any seed.
pairs=1
[ "$count" -lt 300 ] || pairs=1800
[ "$count" -lt 2000 ] || pairs=4500

source tests/oracle/lib/venv.sh
venv venv-onnx onnx 'numpy<2' onnx==1.16.2
venv venv-onnx onnxruntime onnxruntime
exec "$python" -W ignore tests/oracle/random_graphs.py \
  "$O/tests/model-batch" "$seed" "$count" $pairs
