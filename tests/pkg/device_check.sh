#!/bin/bash
# SPDX-License-Identifier: MIT
# The check's headers compile for a GPU as they stand: clang makes PTX of the
# kernel, nothing in it is missing, no multiplication is fused into an addition,
# roots are rounded correctly. Where there is a GPU it runs, and has the bits of
# the portable kernel; nothing of CUDA's is needed but its driver, which takes a
# minute over the PTX.
#   CYCLES=2000   of each image
set -euo pipefail
cd "$(dirname "$0")/../.."
skip() { echo "$*"; exit 77; }
fail() { echo "device_check: $*"; exit 1; }
clang=$(command -v clang++-19 || command -v clang++) || skip "no clang++"
"$clang" --print-targets 2>/dev/null | grep -q nvptx64 ||
  skip "$clang has no NVPTX target"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
"$clang" -x cuda --cuda-device-only --cuda-gpu-arch=sm_80 -nocudainc \
  -nocudalib -Wno-unknown-cuda-version -std=c++20 -O1 -ffp-contract=off \
  -Ilib/include -Ilib/src -S -o "$work/check.ptx" tests/pkg/device_check.cu
grep -q '\.entry .*check_each' "$work/check.ptx" || fail "no entry check_each"
! grep '\.extern' "$work/check.ptx" || fail "calls what is not there"
! grep -E 'fma\.rn\.f(32|64)' "$work/check.ptx" || fail "fused"
grep -q 'sqrt\.rn\.f64' "$work/check.ptx" || fail "no correctly rounded root"
! grep -E '(sqrt|div|rcp)\.approx' "$work/check.ptx" || fail "approximates"

build=${O:-build/release} rc=0
"$build/tests/device-cycles" "$work/check.ptx" "${CYCLES:-2000}" || rc=$?
[ "$rc" != 77 ] || { echo "compiled for a GPU, not run"; exit 0; }
[ "$rc" = 0 ] || fail "not the portable kernel's bits"
