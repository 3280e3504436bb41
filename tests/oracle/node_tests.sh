#!/bin/bash
# SPDX-License-Identifier: MIT
# ONNX's own node tests, as four releases shipped them (opset 7 to 21), and
# its models converted from PyTorch, through `rtctl model run` on `reference`:
#   tests/oracle/node_tests.sh [RELEASE...]
# Counts go to stdout; 1 when an answer was wrong or a refusal unknown, 77
# when there is no python3-venv or no PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."
O=${O:-build/release}
minimum=1
[ $# -gt 0 ] || { set -- 1.2.1 1.5.0 1.8.1; minimum=1600; }
source tests/oracle/lib/venv.sh
# The last release with opset 21: it reads the tests and has its own.
venv venv-onnx onnx 'numpy<2' onnx==1.16.2
own=$("$python" -c 'import onnx; print(onnx.__path__[0])')

# Of the older ones only the data is used, whatever Python they were for.
data=("$own/backend/test/data/node" "$own/backend/test/data/pytorch-converted"
  "$own/backend/test/data/pytorch-operator")
for release in "$@"; do
  folder=build/onnx-data/$release
  if [ ! -d "$folder" ]; then
    "$python" -m pip -q download --no-deps --only-binary=:all: \
      --python-version 36 --abi cp36m --platform manylinux1_x86_64 \
      --platform manylinux2010_x86_64 -d build/onnx-data "onnx==$release" \
      >/dev/null 2>&1 || skip "onnx $release cannot be had from PyPI"
    python3 -m zipfile -e build/onnx-data/onnx-"$release"-*.whl "$folder"
  fi
  data+=("$folder/onnx/backend/test/data/node")
done
exec "$python" -W ignore tests/oracle/node_tests.py "$O/rtctl" \
  $minimum "${data[@]}"
