#!/bin/bash
# SPDX-License-Identifier: MIT
# Rows that a module judges: rtctl run loads it and stops where it says so; the
# log has what it gave, so a replay needs no module and is identical; what
# cannot be called is refused before anything runs.
# shellcheck source=tests/cli/lib/replay.sh
source "$(dirname "$0")/lib/replay.sh"

door() { # SYMBOL MODULE
  example
  cp "$build/tests/door.so" "$tmp/"
  edit "/^ladder/i door = {kind=\"callback\", unit=\"m\", min=\"0 m\", \
budget=\"200 us\", module=\"$2\", symbol=\"$1\"}"
}

door door_opens door.so
"$rtctl" safety explain "$tmp/arm.toml" >"$tmp/out"
grep -q 'door \[callback, hard' "$tmp/out" || fail "$(cat "$tmp/out")"
grep -q 'response stop' "$tmp/out" || fail "$(cat "$tmp/out")"
grep -q 'margin >= 0 m: door_opens of door.so; within 0.0002 s' "$tmp/out" ||
  fail "$(cat "$tmp/out")"

run_lockstep 3s --log "$tmp/door.tlog" || fail "$(cat "$tmp/run.err")"
grep -Eq '"id": "door", "kind": "hard", "times": 7, "cycles": 280' \
  "$tmp/run.json" || fail "$(cat "$tmp/run.json")"
[ "$(number pass "$tmp/run.json")" -gt 300 ] || fail "$(cat "$tmp/run.json")"
rm "$tmp/door.so"
replays 0 "$tmp/door.tlog"
[ "$(number cycles "$tmp/replay.json")" -gt 2000 ] ||
  fail "$(cat "$tmp/replay.json")"
nothing_left

# A cycle of the door's: the row by name, why, and no rung in between.
"$rtctl" explain "$tmp/door.tlog" --cycle 1210 >"$tmp/out"
grep -q 'row door is violated' "$tmp/out" || fail "$(cat "$tmp/out")"

# Another callback than the log's has no margins there.
cp "$build/tests/door.so" "$tmp/"
edit 's/^door = /gate = /'
wants 2 'limit.gate: a callback that the log' \
  "$rtctl" replay "$tmp/door.tlog" --limits "$tmp/arm.toml"

refused() { # WORD SYMBOL MODULE
  door "$2" "$3"
  wants 2 "$1" "$rtctl" run "$tmp/arm.toml" --duration 1s
  nothing_left
}
refused 'limit.door: module .*nowhere.so: ' door_opens nowhere.so
refused 'limit.door: module .*door_window' door_window door.so
door door_opens door.so
edit 's/, module="door.so", symbol="door_opens"//'
wants 2 'limit.door: nothing registers this callback' \
  "$rtctl" run "$tmp/arm.toml" --duration 1s
nothing_left
