#!/bin/bash
# SPDX-License-Identifier: MIT
# rtctl run against the plant in lockstep: it engages, moves, ends in order,
# its JSON has what API.md promises, and the log replays bit for bit.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"
example
run_lockstep 3s --log "$tmp/run.tlog" || fail "run: $? $(cat "$tmp/run.err")
$(cat "$tmp/run.json")"
has_keys "$tmp/run.json" schema cycles released executed skipped bad rungs \
  pass scale project stop state lateness_ns p50 p95 p99 p999 max stages_ns \
  sense infer check act late granted log refused stops verified unverified \
  engaged_verified stop_unverified stop_unverified_now
# Every cycle on rung stop is one or the other.
[ $(($(number verified "$tmp/run.json") + $(number unverified \
  "$tmp/run.json"))) -eq "$(number stop "$tmp/run.json")" ] ||
  fail "stops do not add up: $(cat "$tmp/run.json")"
[ "$(number verified "$tmp/run.json")" -gt 0 ] || fail "its end: unverified"
[ "$(number released "$tmp/run.json")" -ge 3000 ] || fail "too few releases"
[ "$(number pass "$tmp/run.json")" -gt 100 ] || fail "it never moved"
nothing_left

"$rtctl" replay "$tmp/run.tlog" --json >"$tmp/replay.json" ||
  fail "replay: $(cat "$tmp/replay.json")"
has_keys "$tmp/replay.json" schema cycles gaps identical first_difference
grep -q '"identical": *true' "$tmp/replay.json" || fail "replay differs"
[ "$(number cycles "$tmp/replay.json")" -gt 1500 ] || fail "too few compared"

# Other limits: the first cycle that they change is named.
edit 's/max="1 rad/max="0.02 rad/'
rc=0
"$rtctl" replay "$tmp/run.tlog" --limits "$tmp/arm.toml" --json \
  >"$tmp/limits.json" || rc=$?
[ "$rc" -eq 1 ] || fail "other limits: exit $rc: $(cat "$tmp/limits.json")"
grep -q '"identical": *false' "$tmp/limits.json" || fail "limits: no finding"

# Another model, untrained (single weights: replay.sh).
cp lib/examples/handover/handover_untrained.onnx "$tmp/other.onnx"
rc=0
"$rtctl" replay "$tmp/run.tlog" --model "$tmp/other.onnx" --json \
  >"$tmp/model.json" || rc=$?
[ "$rc" -eq 1 ] || fail "other model: exit $rc: $(cat "$tmp/model.json")"

"$rtctl" report "$tmp/run.tlog" --html "$tmp/r.html" --json >"$tmp/report.json"
has_keys "$tmp/report.json" schema cycles rungs stops
for key in verified unverified engaged_verified; do
  [ "$(number $key "$tmp/report.json")" -eq "$(number $key "$tmp/run.json")" ] ||
    fail "report and run differ in $key"
done
grep -q '<svg' "$tmp/r.html" || fail "the page has no figure"
"$rtctl" explain "$tmp/run.tlog" --cycle 1500 >"$tmp/explain.txt"
grep -q 1500 "$tmp/explain.txt" || fail "explain"

# Either side held up again and again, so that the other repeats itself: the
# same run, bit by bit.
example
held_up() {
  for _ in 1 2 3; do
    for pid in "$1" "$plant"; do
      kill -STOP "$pid" && sleep 0.25 && kill -CONT "$pid" && sleep 0.02
    done
  done
}
start_plant --lockstep --seed 4
"$rtctl" run "$tmp/arm.toml" --lockstep --duration 3s --json \
  --log "$tmp/held.tlog" >"$tmp/run.json" 2>"$tmp/run.err" &
run=$!
held_up "$run" || fail "over before it was held up: $(cat "$tmp/run.json")"
wait "$run" || fail "held up: $(cat "$tmp/run.json" "$tmp/run.err")"
stop_plant
difference=$("$build/tests/tlog-edit" differ "$tmp/run.tlog" "$tmp/held.tlog" \
  0 2>&1) && fail "held up, it differs from cycle $difference"
[ "$difference" = "tlog-edit: no difference" ] || fail "$difference"

# The strictest guard: one miss is enough. The cycle that engages owes no
# commit, so nothing is missed.
example
edit 's/misses=20/misses=1/'
run_lockstep 2s || fail "misses = 1: $(cat "$tmp/run.json")"
grep -q '"latched": *false' "$tmp/run.json" || fail "misses = 1: latched"
nothing_left
