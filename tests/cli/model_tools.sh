#!/bin/bash
# SPDX-License-Identifier: MIT
# rtctl model quantize, prune, bench and inspect on the example's model, and
# on real policies where TACTUS_TEST_MODELS names a folder of them.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"
model() { "$rtctl" model "$@"; }
json() { "$rtctl" model "$@" --json; }
example
onnx=$tmp/handover.onnx

# Observations as a run records them; 20 values of float32 per row by hand.
not_instrumented
run_lockstep 1s --log "$tmp/run.tlog" || fail "the run: $(cat "$tmp/run.err")"
npy() { # npy FILE ROWS COLUMNS: float32 between -1.5 and 1.5
  perl -e 'srand(7); my ($rows, $columns) = @ARGV;
    my $head = "{\x27descr\x27: \x27<f4\x27, \x27fortran_order\x27: False, " .
      "\x27shape\x27: ($rows, $columns), }";
    $head .= " " x (117 - length $head) . "\n";
    print "\x93NUMPY\x01\x00", pack("v", 118), $head;
    print pack("f<", rand() + rand() + rand() - 1.5)
      for 1 .. $rows * $columns;' "$2" "$3" >"$1"
}
npy "$tmp/rows.npy" 64 20
npy "$tmp/short.npy" 64 19
cp "$tmp/rows.npy" "$tmp/nan.npy" # in row 3, column 5
printf '\0\0\300\177' | dd of="$tmp/nan.npy" bs=1 seek=$((128 + 4 * 65)) \
  conv=notrunc status=none

# Every tier is a row; the log's rows are the cycles in which the policy ran.
json quantize "$onnx" --calibrate "$tmp/run.tlog" --duration 50ms \
  --output "$tmp/a.tmodel" >"$tmp/q.json" || fail "$(cat "$tmp/q.json")"
has_keys "$tmp/q.json" schema machine l2_bytes tiers recommended reason spread
[ "$(grep -o '"tier"' "$tmp/q.json" | wc -l)" -eq 4 ] || fail "not four tiers"
grep -q '"unit": "rad/s"' "$tmp/q.json" || fail "no unit: $(cat "$tmp/q.json")"
[ "$(number rows "$tmp/q.json")" -ge 900 ] || fail "too few rows of the log"

# The .tmodel runs wherever the ONNX file does, from its packed weights.
json inspect "$tmp/a.tmodel" >"$tmp/i.json"
has_keys "$tmp/i.json" tier bit_exact cache storage sections packed_for
grep -q '"used_packed": true' "$tmp/i.json" || fail "packed anew: $(cat "$tmp/i.json")"
model inspect "$tmp/a.tmodel" >"$tmp/i.txt"
grep -q 'used as it is' "$tmp/i.txt" || fail "$(cat "$tmp/i.txt")"
json verify "$tmp/a.tmodel" >"$tmp/v.json" || fail "$(cat "$tmp/v.json")"
grep -q '"stored": {"tier": "[a-z0-9]*", "ok": true' "$tmp/v.json" ||
  fail "the stored tier: $(cat "$tmp/v.json")"
sed -i "s/handover.onnx/a.tmodel/" "$tmp/arm.toml"
run_lockstep 1s --log "$tmp/tm.tlog" || fail "the .tmodel: $(cat "$tmp/run.err")"
"$rtctl" replay "$tmp/tm.tlog" --json >"$tmp/r.json" ||
  fail "replay of a .tmodel: $(cat "$tmp/r.json")"
grep -q '"identical": true' "$tmp/r.json" || fail "$(cat "$tmp/r.json")"
# f32 has the same bits from either file, on the same kernels.
json quantize "$onnx" --calibrate "$tmp/rows.npy" --duration 50ms --tier f32 \
  --output "$tmp/f.tmodel" >"$tmp/f.json"
json inspect "$tmp/f.tmodel" >"$tmp/i.json"
kernels=$(grep -o '"kernels": "fused/[^"]*"' "$tmp/i.json" | cut -d'"' -f4)
[ -n "$kernels" ] || fail "no kernels: $(cat "$tmp/i.json")"
model run "$onnx" --input "$tmp/rows.npy" --kernels "$kernels" \
  --output "$tmp/onnx" >/dev/null
model run "$tmp/f.tmodel" --input "$tmp/rows.npy" --output "$tmp/tmodel" \
  >/dev/null
cmp "$tmp/onnx/actions.npy" "$tmp/tmodel/actions.npy" || fail "other bits"
# Tier int16 has them on any, also where the C library has no FMA to use.
json quantize "$onnx" --calibrate "$tmp/rows.npy" --duration 50ms --tier int16 \
  --max-error 10 --output "$tmp/e.tmodel" >"$tmp/f.json"
model run "$tmp/e.tmodel" --input "$tmp/rows.npy" --output "$tmp/here" >/dev/null
TACTUS_ISA=portable GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2 \
  model run "$tmp/e.tmodel" --input "$tmp/rows.npy" --output "$tmp/there" \
  >/dev/null
cmp "$tmp/here/actions.npy" "$tmp/there/actions.npy" || fail "other bits in int16"
wants_kernels() { # WHICH TEXT
  ! "$rtctl" model run "$onnx" --input "$tmp/rows.npy" --kernels "$1" \
    --output "$tmp/none" >"$tmp/out" 2>&1 || fail "kernels $1"
  grep -q "$2" "$tmp/out" || fail "$(cat "$tmp/out")"
}
wants_kernels fastest "'fastest': expected rule, timed"
wants_kernels '' "'': expected rule, timed"
wants_kernels 'rule --backend reference' 'expected rule, timed'
TACTUS_ISA=portable "$rtctl" model inspect "$tmp/f.tmodel" >"$tmp/i.txt"
storage='packed anew here'
grep -q 'for portable;' "$tmp/i.txt" && storage='used as it is'
grep -q "$storage" "$tmp/i.txt" || fail "$(cat "$tmp/i.txt")"

# An error that nothing but f32 can keep: the reason says so.
json quantize "$onnx" --calibrate "$tmp/rows.npy" --duration 50ms \
  --max-error 1e-12 >"$tmp/f.json"
grep -q '"recommended": "f32"' "$tmp/f.json" || fail "$(cat "$tmp/f.json")"
grep -q 'no other tier is both faster' "$tmp/f.json" || fail "$(cat "$tmp/f.json")"

# Pruned: smaller, still a model, its contract kept, its golden vectors not.
json prune "$onnx" --keep 50% --calibrate "$tmp/run.tlog" --duration 50ms \
  --output "$tmp/p.onnx" >"$tmp/p.json" || fail "$(cat "$tmp/p.json")"
has_keys "$tmp/p.json" schema layers speedup accuracy golden_dropped
[ "$(number weight_bytes_after "$tmp/p.json")" -lt \
  "$(number weight_bytes_before "$tmp/p.json")" ] || fail "not smaller"
[ "$(number golden_dropped "$tmp/p.json")" -gt 0 ] || fail "golden vectors kept"
[ "$(stat -c %s "$tmp/p.onnx")" -lt "$(stat -c %s "$onnx")" ] || fail "file"
json inspect "$tmp/p.onnx" >"$tmp/i.json"
grep -q '"self_checked": true' "$tmp/i.json" || fail "$(cat "$tmp/i.json")"
grep -q '"unit": "rad/s"' "$tmp/i.json" || fail "no contract"
model prune "$onnx" --keep 32 --duration 50ms --output "$tmp/p2.onnx" \
  >"$tmp/p.txt"
grep -q 'weights alone' "$tmp/p.txt" || fail "$(cat "$tmp/p.txt")"
json verify "$tmp/p.onnx" >/dev/null || fail "backends differ on a pruned file"

# QDQ for other runtimes, read by our own reader here (onnxruntime in
# tests/oracle/qdq.sh).
json quantize "$onnx" --calibrate "$tmp/rows.npy" --duration 50ms \
  --max-error 10 --output "$tmp/q.onnx" >"$tmp/f.json" || fail "$(cat "$tmp/f.json")"
grep -q '"products"' "$tmp/f.json" || fail "$(cat "$tmp/f.json")"
model inspect "$tmp/q.onnx" >/dev/null || fail "the QDQ file"

json bench "$onnx" --calibrate "$tmp/rows.npy" --duration 50ms >"$tmp/b.json"
has_keys "$tmp/b.json" cpu p50_ns p99_ns max_ns rows backend
[ "$(grep -o '"kernels"' "$tmp/b.json" | wc -l)" -ge 2 ] || fail "one row"
model bench "$onnx" --backend fused --duration 20ms >/dev/null

# Wrong inputs.
q() { "$rtctl" model quantize "$onnx" --duration 10ms "$@"; }
wants 2 'calibrate' "$rtctl" model quantize "$onnx"
wants 2 'none.npy' q --calibrate "$tmp/none.npy"
wants 2 '64,19.*actions\|64,19.*input' q --calibrate "$tmp/short.npy"
wants 2 'nan.npy: row 3, column 5 (from 0) is nan' q --calibrate "$tmp/nan.npy"
wants 2 'no input' q --calibrate "z=$tmp/rows.npy"
wants 2 'give it alone' q --calibrate "$tmp/run.tlog" --calibrate "$tmp/rows.npy"
wants 2 'not a .tlog' q --calibrate "$(cp "$onnx" "$tmp/x.tlog"; echo "$tmp/x.tlog")"
wants 2 '"int4"' q --calibrate "$tmp/rows.npy" --tier int4
wants 2 'max-error' q --calibrate "$tmp/rows.npy" --max-error -1
wants 2 'max-error' q --calibrate "$tmp/rows.npy" --max-error x
wants 2 '.tmodel or .onnx' q --calibrate "$tmp/rows.npy" --output "$tmp/a.bin"
wants 2 'none/a.tmodel' q --calibrate "$tmp/rows.npy" --output "$tmp/none/a.tmodel"
wants 2 'are allowed' q --calibrate "$tmp/rows.npy" --max-error 1e-6 \
  --output "$tmp/q2.onnx"
[ ! -e "$tmp/q2.onnx" ] || fail "written all the same"
wants 2 'is int8' q --calibrate "$tmp/rows.npy" --tier int16 --output "$tmp/q2.onnx"
wants 2 'made from' q --calibrate "$tmp/rows.npy" --output "$onnx"
p() { "$rtctl" model prune "$onnx" --duration 10ms --output "$tmp/w.onnx" "$@"; }
wants 2 'keep' p
wants 2 'keep "0%"' p --keep 0%
wants 2 'keep "100%"' p --keep 100%
wants 2 'keep "-3"' p --keep=-3
wants 2 'keep "many"' p --keep many
wants 2 'no layer can be pruned' p --keep 99999
wants 2 'end it in .onnx' "$rtctl" model prune "$onnx" --keep 50% --output "$tmp/w.tmodel"
wants 2 'short.npy' p --keep 50% --calibrate "$tmp/short.npy"
wants 2 'nan.npy: row 3, column 5' p --keep 50% --calibrate "$tmp/nan.npy"
[ ! -e "$tmp/w.onnx" ] || fail "pruned by what is not finite"
wants 2 'backend "gpu"' "$rtctl" model bench "$onnx" --backend gpu
wants 2 'none.onnx' "$rtctl" model bench "$tmp/none.onnx"
wants 2 'parse duration\|duration' "$rtctl" model bench "$onnx" --duration soon
wants 2 'short.npy' "$rtctl" model bench "$onnx" --calibrate "$tmp/short.npy"

# A .tmodel with any byte changed, cut short or extended.
i() { "$rtctl" model inspect "$tmp/bad.tmodel"; }
size=$(stat -c %s "$tmp/f.tmodel")
for at in 0 9 17 40 127 130 200 $((size / 2)) $((size - 1)); do
  cp "$tmp/f.tmodel" "$tmp/bad.tmodel"
  byte=$(od -An -tu1 -j "$at" -N 1 "$tmp/bad.tmodel")
  printf '%b' "\\x$(printf %02x $((byte ^ 1)))" |
    dd of="$tmp/bad.tmodel" bs=1 seek="$at" conv=notrunc status=none
  wants 2 'bad.tmodel' i
done
head -c $((size - 1)) "$tmp/f.tmodel" >"$tmp/bad.tmodel"
wants 2 'bad.tmodel: byte 16: made with' i
{ cat "$tmp/f.tmodel"; echo; } >"$tmp/bad.tmodel"
wants 2 'bad.tmodel: byte 16: made with' i

# Real policies: pruned and quantised, each by what it takes.
models=${TACTUS_TEST_MODELS-}
if [ -z "$models" ]; then echo "ok (TACTUS_TEST_MODELS is not set)"; exit 0; fi
for name in b2_mlp tron1_wf_policy shapes/sac_gaussian; do
  rows=$models/$name.obs.npy
  [ -e "$rows" ] || rows=$models/$name.in.obs.npy
  json prune "$models/$name.onnx" --keep 50% --calibrate "$rows" \
    --duration 200ms --output "$tmp/p.onnx" >"$tmp/p.json" ||
    fail "$name: $(cat "$tmp/p.json")"
  [ "$(number weight_bytes_after "$tmp/p.json")" -lt \
    "$(number weight_bytes_before "$tmp/p.json")" ] || fail "$name: not smaller"
  json verify "$tmp/p.onnx" >/dev/null || fail "$name: backends differ"
  json quantize "$models/$name.onnx" --calibrate "$rows" --duration 200ms \
    --output "$tmp/m.tmodel" >"$tmp/q.json" || fail "$name: $(cat "$tmp/q.json")"
  model inspect "$tmp/m.tmodel" >/dev/null || fail "$name"
done
wants 2 'recurrent' "$rtctl" model prune "$models/anydrive_lstm.onnx" \
  --keep 50% --output "$tmp/p.onnx"
echo ok
