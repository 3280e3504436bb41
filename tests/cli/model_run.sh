#!/bin/bash
# SPDX-License-Identifier: MIT
# rtctl model run: says what it ran on, and runs nothing else than was asked
# for in silence.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"
example
onnx=$tmp/handover.onnx

# One row of zeros for 20 float32.
{ printf '\x93NUMPY\x01\x00\x76\x00'
  printf '%-117s\n' \
    "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 20), }"
  head -c 80 /dev/zero; } >"$tmp/zeros.npy"
"$rtctl" model quantize "$onnx" --calibrate "$tmp/zeros.npy" --duration 20ms \
  --tier int8 --max-error 10 --output "$tmp/8.tmodel" >"$tmp/out"

run() { # MODEL OPTIONS...
  "$rtctl" model run "$1" --input "$tmp/zeros.npy" --output "$tmp/ran" "${@:2}"
}
ran() { # BACKEND TIER MODEL OPTIONS...
  run "${@:3}" --json >"$tmp/ran.json"
  grep -q "\"backend\": \"$1\", \"tier\": \"$2\"" "$tmp/ran.json" ||
    fail "not $1, $2: $(cat "$tmp/ran.json")"
}
ran fused f32 "$onnx"
ran fused bf16 "$onnx" --tier bf16
ran reference f32 "$onnx" --backend reference
ran fused int8 "$tmp/8.tmodel"
ran reference f32 "$tmp/8.tmodel" --backend reference --tier f32
run "$tmp/8.tmodel" >"$tmp/out"
grep -q '(fused, int8)' "$tmp/out" || fail "$(cat "$tmp/out")"

# A tier is not exchanged for f32, nor signals for inputs.
for backend in reference onednn; do
  wants 2 "8.tmodel: backend $backend has no tier int8.*tier f32" \
    run "$tmp/8.tmodel" --backend "$backend"
done
"$build/tests/onnx-edit" stacked "$tmp/silent.onnx" 1
wants 2 'silent.onnx has no contract' run "$tmp/silent.onnx" --signals
edit 's|^model .*|model = "8.tmodel"\nbackend = "reference"|'
wants 2 '8.tmodel: backend reference has no tier int8' \
  "$rtctl" run "$tmp/arm.toml" --lockstep
echo ok
