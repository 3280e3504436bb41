#!/bin/bash
# SPDX-License-Identifier: MIT
# A log's kernels are those that replay, whoever chose them: by rule in
# lockstep, by time in real time, by name. Another choice has other bits, so a
# replay that chose anew would find a difference in the first cycle.
# shellcheck source=tests/cli/lib/replay.sh
source "$(dirname "$0")/lib/replay.sh"

example
rule=$("$rtctl" model inspect "$tmp/handover.onnx" --json |
  sed -n 's/.*"kernels": "\([^"]*\)".*/\1/p')
[[ $rule == fused/*\;gemv*:64x20\;* ]] || fail "kernels: $rule"
ran() { # KERNELS: the log's head names them
  "$rtctl" report "$tmp/run.tlog" --html "$tmp/run.html" >"$tmp/report.txt"
  grep -qF "$1" "$tmp/run.html" || fail "the log does not say $1"
}

run_lockstep 1s --log "$tmp/run.tlog" || fail "$(cat "$tmp/run.err")"
ran "$rule"

# The first layer by another kernel: which there are depends on the
# instruction set, so a few are tried.
other=''
for name in 1x1u1 2x1u1 4x1u1 6x1u1 8x1u1 2x2u1 4x2u1 1x16u1 4x16u1; do
  kernels=$(sed "s/gemv[^:]*:64x20/gemv$name:64x20/" <<<"$rule")
  [ "$kernels" != "$rule" ] || continue
  example
  edit "/^input /i kernels = \"$kernels\""
  rm -f "$tmp/run.tlog"
  run_lockstep 1s --log "$tmp/run.tlog" || continue
  other=$kernels
  break
done
[ -n "$other" ] || fail "no other kernel for the first layer: $(cat "$tmp/run.err")"
ran "$other"
replays 0 "$tmp/run.tlog"
replays 0 "$tmp/run.tlog" --model "$tmp/handover.onnx"
grep -q '"notes": \[\]' "$tmp/replay.json" || fail "$(cat "$tmp/replay.json")"

# In real time the kernels are the fastest of this load.
example
start_plant --seed 4
rm -f "$tmp/run.tlog"
"$rtctl" run "$tmp/arm.toml" --no-engage --duration 1s --log "$tmp/run.tlog" \
  >"$tmp/run.txt" 2>"$tmp/run.err" || fail "$(cat "$tmp/run.err")"
stop_plant
replays 0 "$tmp/run.tlog"
[ "$(number cycles "$tmp/replay.json")" -gt 100 ] || fail "$(cat "$tmp/replay.json")"

example
edit '/^input /i kernels = "tmied"'
wants 2 'policy.kernels' "$rtctl" run "$tmp/arm.toml" --lockstep
example
edit '/^input /i kernels = "fused/2:f32:portable;gemv9x9u9:64x20"'
wants 3 'gemv' "$rtctl" run "$tmp/arm.toml" --lockstep
