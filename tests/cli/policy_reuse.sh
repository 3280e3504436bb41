#!/bin/bash
# SPDX-License-Identifier: MIT
# Histories, state at engage, slow inputs and answers through run and replay:
# each log replays bit for bit, and what is reused changes no bit of a run.
# shellcheck source=tests/cli/lib/replay.sh
source "$(dirname "$0")/lib/replay.sh"

# with_model MODEL KEYS: the example with another model and keys of [policy].
with_model() {
  example
  edit "s|^model .*|model = \"$1\"|"
  [ -z "$2" ] || edit "/^input /a $2"
}
# same A B: no cycle of two runs differs.
same() {
  local rc=0
  "$log_edit" differ "$tmp/$1" "$tmp/$2" 1 >"$tmp/out" 2>"$tmp/err" || rc=$?
  grep -q 'no difference' "$tmp/err" || fail "$1, $2: cycle $(cat "$tmp/out")"
}
recorded() { # LOG
  run_lockstep 2s --log "$tmp/$1" || fail "$1: $(cat "$tmp/run.err")"
  [ "$(number pass "$tmp/run.json")" -gt 100 ] || fail "$1: it never moved"
  replays 0 "$tmp/$1"
}

# Stacked observations: the contract's word and the file's are one.
history='"length": 3, "every": 2, "order": "newest_first", "fill": "first"'
"$onnx_edit" stacked "$tmp/said.onnx" 3 "{$history, \"layout\": \"by_step\"}"
with_model said.onnx ''
recorded said.tlog
toml='history = {length=3, every=2, order="newest_first", fill="first", layout='
with_model said.onnx "$toml\"by_step\"}"
recorded again.tlog
same said.tlog again.tlog
with_model said.onnx "$toml\"by_signal\"}"
wants 2 'history: the contract in .* says another' "$rtctl" run "$tmp/arm.toml"
"$onnx_edit" stacked "$tmp/silent.onnx" 3
with_model silent.onnx "$toml\"by_signal\"}"
recorded silent.tlog
# The rows of a log are stacked by the file's word as by the contract's: the
# same net, whose contract makes a twentieth of its output.
spread() { # MODEL LOG
  "$rtctl" model quantize "$tmp/$1" --calibrate "$tmp/$2" --duration 20ms \
    --json >"$tmp/q.json" || fail "$1 over $2: $(cat "$tmp/q.json")"
  [ "$(number rows "$tmp/q.json")" -gt 1000 ] || fail "$(cat "$tmp/q.json")"
  number spread "$tmp/q.json"
}
awk "BEGIN { r = $(spread silent.onnx again.tlog) / $(spread said.onnx \
  said.tlog); exit !(r > 19.999 && r < 20.001) }" || fail 'stacked otherwise'
spread silent.onnx silent.tlog >"$tmp/out"
wants 2 'observed 20 values, .*silent.onnx takes 60' "$rtctl" model quantize \
  "$tmp/silent.onnx" --calibrate "$tmp/said.tlog"
with_model silent.onnx ''
wants 2 'observations have 20 elements, the inputs of .* 60' \
  "$rtctl" run "$tmp/arm.toml"
with_model silent.onnx "${toml/length=3/length=4}\"by_step\"}"
wants 2 'do not fill input .obs. (60)' "$rtctl" run "$tmp/arm.toml"

# State at engage: kept or begun anew, and a replay knows which.
"$onnx_edit" recurrent "$tmp/recurrent.onnx"
for state in keep reset; do
  with_model recurrent.onnx "state = \"$state\""
  recorded "$state.tlog"
done
"$log_edit" differ "$tmp/keep.tlog" "$tmp/reset.tlog" 1 >"$tmp/out" ||
  fail 'reset at engage changed nothing'
with_model recurrent.onnx 'answers = 16'
wants 2 'answers = 16: the model is recurrent' "$rtctl" run "$tmp/arm.toml"

# Reuse: answers alone change no bit; slow is another order of additions, the
# same whether kept or made again.
with_model handover.onnx ''
recorded plain.tlog
grep -q '"reuse": null' "$tmp/run.json" || fail "reuse: $(cat "$tmp/run.json")"
with_model handover.onnx 'answers = 64'
recorded answers.tlog
same plain.tlog answers.tlog
[ "$(number size "$tmp/run.json")" -eq 64 ] || fail "$(cat "$tmp/run.json")"
# Sensors are noisy: only a policy that looks at none meets inputs again.
"$onnx_edit" steady "$tmp/steady.onnx"
for answers in 0 4; do
  with_model steady.onnx "answers = $answers"
  edit 's|^input .*|input = ["target"]|'
  recorded "steady$answers.tlog"
done
[ "$(number hits "$tmp/run.json")" -gt 1000 ] || fail "$(cat "$tmp/run.json")"
same steady0.tlog steady4.tlog
with_model handover.onnx 'slow = ["target"]'
recorded slow.tlog
[ "$(number layers "$tmp/run.json")" -eq 1 ] || fail "$(cat "$tmp/run.json")"
[ "$(number hits "$tmp/run.json")" -gt 1000 ] || fail "$(cat "$tmp/run.json")"
with_model handover.onnx 'slow = ["hands"]'
wants 2 'arm.toml:.*slow.*hands.*a name of input' "$rtctl" run "$tmp/arm.toml"
with_model handover.onnx 'backend = "reference"\nslow = ["hand"]'
wants 2 "slow input 'hand': backend 'reference'" "$rtctl" run "$tmp/arm.toml"

# What a log says of its inputs, and what rows say.
"$rtctl" report "$tmp/slow.tlog" --json >"$tmp/report.json"
has_keys "$tmp/report.json" inputs changed repeated target
[ "$(number target "$tmp/report.json")" -lt 100 ] || fail "target moved"
[ "$(number q "$tmp/report.json")" -gt 1000 ] || fail "q stood still"
"$log_edit" inputs "$tmp/slow.tlog" "$tmp/rows.npy" 1 q dq target hand \
  >"$tmp/cycles"
"$rtctl" model slow "$tmp/handover.onnx" --input "$tmp/rows.npy" >"$tmp/slow"
grep -q '^\[policy\] slow = \["target"' "$tmp/slow" || fail "$(cat "$tmp/slow")"

# Rows over all cores are the rows one by one.
for threads in 1 3; do
  "$rtctl" model run "$tmp/handover.onnx" --input "$tmp/rows.npy" \
    --output "$tmp/$threads" --threads "$threads" >"$tmp/out"
done
cmp "$tmp/1/actions.npy" "$tmp/3/actions.npy" || fail 'threads change rows'
wants 2 'give one of them' "$rtctl" model run "$tmp/handover.onnx" \
  --input "$tmp/rows.npy" --output "$tmp/x" --signals --whole
