#!/bin/bash
# SPDX-License-Identifier: MIT
# The ONNX files that rtctl writes, pruned and with QuantizeLinear and
# DequantizeLinear, before onnx.checker and onnxruntime: valid, and the same
# outputs as our own reader's. 77 when there is no python3-venv or no PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."
O=${O:-build/release}
venv=build/venv-onnxruntime
skip() { echo "$*"; exit 77; }
if [ ! -x $venv/bin/python ]; then
  python3 -m venv $venv >/dev/null 2>&1 || skip "no python3-venv"
fi
$venv/bin/python -c 'import onnx, onnxruntime' 2>/dev/null ||
  $venv/bin/pip -q install numpy onnx onnxruntime >/dev/null 2>&1 ||
  skip "onnx and onnxruntime cannot be installed from PyPI for this Python"
exec $venv/bin/python -W ignore tests/oracle/onnx_files.py "$O/rtctl" \
  "${TACTUS_TEST_MODELS-}"
