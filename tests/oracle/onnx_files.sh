#!/bin/bash
# SPDX-License-Identifier: MIT
# The ONNX files that rtctl writes, pruned and with QuantizeLinear and
# DequantizeLinear, before onnx.checker and onnxruntime: valid, and the same
# outputs as our own reader's. 77 when there is no python3-venv or no PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."
O=${O:-build/release}
source tests/oracle/lib/venv.sh
venv venv 'onnx, onnxruntime' numpy onnx onnxruntime
exec "$python" -W ignore tests/oracle/onnx_files.py "$O/rtctl" \
  "${TACTUS_TEST_MODELS-}"
