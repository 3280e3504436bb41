#!/bin/bash
# SPDX-License-Identifier: MIT
# rtctl replay of a real log stops at the very cycle in which something else
# happened: a flipped bit of an input, another weight, another limit. Each
# cycle is found a second time without replay.
# shellcheck source=tests/cli/lib/replay.sh
source "$(dirname "$0")/lib/replay.sh"

example
run_lockstep 3s --log "$tmp/run.tlog" || fail "$(cat "$tmp/run.err")"
replays 0 "$tmp/run.tlog"
grep -q '"notes": \[\]' "$tmp/replay.json" || fail "$(cat "$tmp/replay.json")"

# One bit of one input in one cycle.
while read -r cycle field index bit; do
  "$log_edit" flip "$tmp/run.tlog" "$tmp/flip.tlog" "$cycle" "$field" \
    "$index" "$bit"
  replays 1 "$tmp/flip.tlog"
  says cycle "$cycle"
  field_like 'raw u\['
done <<'FLIPS'
1500 q 3 12
2222 dq 6 13
1001 hand 0 14
2999 target 2 11
FLIPS

# The lowest bit of one weight of the last layer: the outputs of both models
# over the logged inputs differ first in the row whose cycle replay names.
"$onnx_edit" weight "$tmp/handover.onnx" "$tmp/other.onnx" w2 5 0
"$log_edit" inputs "$tmp/run.tlog" "$tmp/rows.npy" 1 q dq target hand \
  >"$tmp/cycles"
for model in handover other; do
  "$rtctl" model run "$tmp/$model.onnx" --input "$tmp/rows.npy" \
    --output "$tmp/$model" >"$tmp/out"
done
row=$("$log_edit" rows "$tmp/handover/actions.npy" "$tmp/other/actions.npy" 0.9)
[ "$row" -gt 1 ] || fail "the weight matters in the first row: another one"
replays 1 "$tmp/run.tlog" --model "$tmp/other.onnx"
says cycle "$(sed -n "${row}p" "$tmp/cycles")"
field_like 'raw u\['
# A weight that the golden vectors notice: noted, and compared all the same.
"$onnx_edit" weight "$tmp/handover.onnx" "$tmp/other.onnx" w2 5 28
edit 's/"handover.onnx"/"other.onnx"/'
wants 2 'golden vector' "$rtctl" run "$tmp/arm.toml" --lockstep
replays 1 "$tmp/run.tlog" --model "$tmp/other.onnx"
says cycle 1
noted 'golden vector'

# One limit: the same run in lockstep with the other limit goes as before
# until the cycle that replay names.
for change in 's/d_min="50 mm"/d_min="60 mm"/' 's/max="1 rad/max="0.6 rad/' \
  's/misses=20/misses=10/' 's/jerk="300 /jerk="200 /'; do
  example
  edit "$change"
  run_lockstep 3s --log "$tmp/other.tlog" || fail "$(cat "$tmp/run.err")"
  replays 1 "$tmp/run.tlog" --limits "$tmp/arm.toml"
  says cycle "$("$log_edit" differ "$tmp/run.tlog" "$tmp/other.tlog" 1)"
done
