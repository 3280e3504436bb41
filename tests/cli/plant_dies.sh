#!/bin/bash
# SPDX-License-Identifier: MIT
# In real time the plant is killed while the arm moves: the loop stops, says
# which signal went stale, latches and ends with exit 1. A host that delays
# everything may latch it first; then the reason says that, and it is a skip.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"
example
start_plant --seed 4
"$rtctl" run "$tmp/arm.toml" --duration 60s --exit-on-latch --json \
  --log "$tmp/run.tlog" >"$tmp/run.json" 2>"$tmp/run.err" &
run=$!
engaged() {
  "$rtctl" status "$loop" --json >"$tmp/status.json" &&
    grep -q '"state": *"engaged"' "$tmp/status.json"
}
ended() { ! kill -0 "$run" 2>/dev/null; }
wait_until eval 'engaged || ended'
kill -9 "$plant"
rc=0
wait "$run" || rc=$?
[ "$rc" -eq 1 ] || fail "exit $rc: $(cat "$tmp/run.err" "$tmp/run.json")"
grep -q '"latched": *true' "$tmp/run.json" || fail "not latched"
grep -q '"state": *"latched"' "$tmp/run.json" || fail "the state is another"
if ! grep -q '"reason": *"[^"]*stale[^"]*signal [^"]*q' "$tmp/run.json"; then
  sed -n 's/.*"reason": *"\([^"]*\)".*/latched by the host first: \1/p' \
    "$tmp/run.json"
  exit 77
fi
plant=''
nothing_left
"$rtctl" report "$tmp/run.tlog" >"$tmp/report.txt"
grep -q latched "$tmp/report.txt" || fail "report: no latch"
