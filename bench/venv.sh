#!/bin/bash
# SPDX-License-Identifier: MIT
# A Python environment with ONNX Runtime for the benches' peers and the
# differential tests: prints its interpreter, or says why there is none (77).
set -euo pipefail
cd "$(dirname "$0")/.."
venv=build/venv
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv" >/dev/null 2>&1 ||
    { echo "no python3-venv" >&2; exit 77; }
fi
if ! "$venv/bin/python" -c 'import onnx, onnxruntime' 2>/dev/null; then
  "$venv/bin/pip" -q install numpy onnx onnxruntime >/dev/null 2>&1 ||
    { echo "onnxruntime cannot be installed from PyPI" >&2; exit 77; }
fi
echo "$venv/bin/python"
