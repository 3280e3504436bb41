#!/bin/bash
# SPDX-License-Identifier: MIT
# Past-time rows in a run: they stop what may not go on, say so by name, and a
# replay is identical, also from a keyframe in the middle of their windows.
# shellcheck source=tests/cli/lib/replay.sh
source "$(dirname "$0")/lib/replay.sh"

row() { # TEXT REST: the example with this expression among its limits.
  example
  edit "/^\[signal\]/,/^\[/s/^target .*max_age/target = {from=\"io\", shape=3, \
unit=\"m\", range=\"-2 m .. 2 m\", max_age/"
  edit "/^ladder/i own = {kind=\"expr\", expr=\"$1\", $2}"
}
wrong() { # WORD REST
  row 'abs(dq[0])' "max=\"1 rad/s\", $2"
  wants 2 "$1" "$rtctl" safety check "$tmp/arm.toml"
}
wrong 'limit.own.past: "always 2 s": expected "historically 2 s"' \
  'past="always 2 s"'
wrong 'limit.own.at_most: "2 s in 2 s": expected a time in a longer one' \
  'at_most="2 s in 2 s"'
wrong 'every motion with its stop takes longer' 'past="once 50 ms"'

# Faster than 0.2 rad/s for half a second in four: used up within the run.
row 'abs(dq[0]) + abs(dq[1]) + abs(dq[3])' \
  'max="0.2 rad/s", at_most="0.5 s in 4 s"'
edit "/^own/a seen = {kind=\"expr\", expr=\"norm(target)\", min=\"1 mm\", \
past=\"once 2 s\"}"
edit "/^own/a calm = {kind=\"expr\", expr=\"norm(target)\", max=\"2 m\", \
past=\"historically 1 s\"}"
"$rtctl" safety explain "$tmp/arm.toml" >"$tmp/out"
for word in 'own \[past-time, hard' 'but for 0.5 s of the last 4 s, in 32 slots' \
  'at some instant of the last 2 s' 'throughout the last 1 s'; do
  grep -q "$word" "$tmp/out" || fail "explain: no '$word' in: $(cat "$tmp/out")"
done

# A duty's window begins as used up: nothing engages for its first 4 s, less
# what is allowed.
run_lockstep 8s --log "$tmp/run.tlog" || fail "$(cat "$tmp/run.err")"
pass=$(number pass "$tmp/run.json")
[ "$pass" -ge 100 ] || fail "$pass passes: $(cat "$tmp/run.json")"
[ "$pass" -le 4500 ] || fail "$pass passes: the window was not begun as used up"
"$rtctl" report "$tmp/run.tlog" >"$tmp/out"
grep -q '^  own \[hard\]: [1-9]' "$tmp/out" || fail "$(cat "$tmp/out")"
replays 0 "$tmp/run.tlog"
says keyframes 1

# From the keyframe after a gap, whose windows it has.
"$log_edit" drop "$tmp/run.tlog" "$tmp/gap.tlog" 5500 >/dev/null
replays 0 "$tmp/gap.tlog"
says gaps 1
says keyframes 2

# Another window is another run, from the cycle that replay names.
edit 's/0.5 s in 4 s/0.6 s in 4 s/'
replays 1 "$tmp/run.tlog" --limits "$tmp/arm.toml"
nothing_left
