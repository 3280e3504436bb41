#!/bin/bash
# SPDX-License-Identifier: MIT
# A Python environment with ONNX Runtime for the benches' peers: prints its
# interpreter, or says why there is none (77).
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/oracle/lib/venv.sh
venv venv 'onnx, onnxruntime' numpy onnx onnxruntime
echo "$python"
