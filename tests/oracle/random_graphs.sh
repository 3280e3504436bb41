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
skip() { echo "$*"; exit 77; }

venv=build/venv-onnx
if [ ! -x $venv/bin/python ]; then
  python3 -m venv $venv >/dev/null 2>&1 || skip "no python3-venv"
fi
$venv/bin/python -c 'import onnx' 2>/dev/null ||
  $venv/bin/pip -q install 'numpy<2' onnx==1.16.2 >/dev/null 2>&1 ||
  skip "onnx 1.16.2 cannot be installed from PyPI for this Python"
$venv/bin/python -c 'import onnxruntime' 2>/dev/null ||
  $venv/bin/pip -q install onnxruntime >/dev/null 2>&1 ||
  skip "onnxruntime cannot be installed from PyPI for this Python"
exec $venv/bin/python -W ignore tests/oracle/random_graphs.py \
  "$O/tests/model-batch" "$seed" "$count" $pairs
