#!/bin/bash
# SPDX-License-Identifier: MIT
# Custom expressions: wrong ones get one line that points into them, explain
# says what each costs, and a run says what they run as, to the same bits.
# shellcheck source=tests/cli/lib/replay.sh
source "$(dirname "$0")/lib/replay.sh"

# row TEXT REST: the example with this expression among its limits.
row() {
  example
  edit "/^\[signal\]/,/^\[/s/^target .*max_age/target = {from=\"io\", shape=3, \
unit=\"m\", range=\"-2 m .. 2 m\", max_age/"
  edit "/^ladder/i own = {kind=\"expr\", expr=\"$1\", $2}"
}
# wrong WORD TEXT [REST]
wrong() {
  row "$2" "${3:-max=\"1 rad/s\"}"
  wants 2 "$1" "$rtctl" safety check "$tmp/arm.toml"
  wants 2 "$1" "$rtctl" run "$tmp/arm.toml" --duration 1s
  nothing_left
}

line=$(($(sed -n '/^ladder/=' lib/examples/handover/arm.toml) - 1))
# Lines of the private copy: its record line is gone, the row came.
at="arm.toml:$line"
wrong "$at:32: limit.own.expr: \"rad/s and rad\": expected operands of one" \
  'u[0] + q[0]'
wrong "$at:27: limit.own.expr: \"targt\": expected a signal.*target.*meant" \
  'targt.x'
wrong "$at:.*limit.own.max: \"1 m\": expected an angular speed" 'u[0]' 'max="1 m"'

row 'abs(u[0]) + abs(u[1])' 'max="1.9 rad/s"'
text=$("$rtctl" safety explain "$tmp/arm.toml")
for word in 'own \[expression, hard' 'abs(u\[0\]) + abs(u\[1\]) <= 1.9 rad/s' \
  'operations on 8 lanes, 1 times' 'rounding below .* taken off the limit'; do
  grep -q "$word" <<<"$text" || fail "explain: no '$word' in: $text"
done

# As machine code where it can be had, and replayed by it and without it.
edit "/^own/a far = {kind=\"expr\", expr=\"cos(q[0]) * '0.3 m' + target.x\", max=\"4 m\"}"
run_lockstep 2s --log "$tmp/jit.tlog" || fail "$(cat "$tmp/run.err")"
grep -Eq '"expressions": *"(jit avx|vm)' "$tmp/run.json" ||
  fail "granted: $(cat "$tmp/run.json")"
TACTUS_JIT=off run_lockstep 2s --log "$tmp/vm.tlog" || fail "$(cat "$tmp/run.err")"
grep -q '"expressions": *"vm"' "$tmp/run.json" ||
  fail "granted: $(cat "$tmp/run.json")"
replays 0 "$tmp/jit.tlog"
replays 0 "$tmp/vm.tlog"
nothing_left

# Required as machine code, the VM is not enough.
row 'abs(u[0])' 'max="1 rad/s"'
edit 's/require=\[/&"expressions"/'
TACTUS_JIT=off wants 3 'require: expressions (jit): .*TACTUS_JIT=off' \
  "$rtctl" run "$tmp/arm.toml" --duration 1s
nothing_left
