#!/bin/bash
# SPDX-License-Identifier: MIT
# What the shield found: the same from a running loop, at its end, and from
# its log; and one cycle's check told again.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"

# members FILE: what is compared, without margins that a log does not have.
members() {
  grep -o '"safe": [a-z]*' "$1"
  grep -o '"safety_score_mean": [0-9.]\{6\}' "$1"
  grep -o '"engaged_cycles": [0-9]*, "safe_cycles": [0-9]*' "$1"
  grep -o '"violations": {"total": .*"recent": \[{"cycle": [0-9]*' "$1"
  grep -o '"id": "[a-z.]*", "kind": "[a-z]*", "times": [0-9]*, "cycles": [0-9]*' \
    "$1"
}
example
run_lockstep 6s --log "$tmp/run.tlog" || fail "$(cat "$tmp/run.err")"
"$rtctl" report "$tmp/run.tlog" --html "$tmp/r.html" --json >"$tmp/report.json"
[ "$(members "$tmp/run.json" | wc -l)" -ge 11 ] ||
  fail "too little: $(members "$tmp/run.json")"
[ "$(members "$tmp/run.json")" = "$(members "$tmp/report.json")" ] ||
  fail "$(members "$tmp/run.json") is not $(members "$tmp/report.json")"
[ "$(number total "$tmp/run.json")" -gt 0 ] || fail "nothing was violated"
grep -q 'Violations.*cycle' "$tmp/r.html" || fail "the page has none"
"$rtctl" report "$tmp/run.tlog" >"$tmp/report.txt"
grep -q '^  human \[hard\]: [1-9]' "$tmp/report.txt" || fail "the text has none"

# explain: CYCLE as text and as JSON.
explain() {
  "$rtctl" explain "$tmp/run.tlog" --cycle "$1" --json >"$tmp/e.json"
  "$rtctl" explain "$tmp/run.tlog" --cycle "$1" >"$tmp/e.txt"
}
e_has() { grep -q "$1" "$tmp/$2" || fail "no $1 in: $(cat "$tmp/$2")"; }
# find_rung RUNG FIRST STEP: sets $found to a cycle with that rung.
find_rung() {
  local c
  for ((c = $2; c < 1900; c += $3)); do
    "$rtctl" explain "$tmp/run.tlog" --cycle $c --json >"$tmp/e.json"
    ! grep -q "\"flags\": .* \"rung\": \"$1\"" "$tmp/e.json" || break
  done
  [ "$c" -lt 1900 ] || fail "no cycle on rung $1"
  found=$c
}
find_rung pass 700 41
explain "$found"
e_has '"rung": "pass", "taken": true' e.json
e_has '"found": true.*"distance": 0.*it passes as it was' e.json
find_rung stop 700 11
explain "$found"
e_has '"rung": "stop", "taken": true' e.json
e_has '"unit": "m", "kind": "hard"' e.json
e_has 'pass *row .* is violated by .* at link .* and hand' e.txt
e_has '> stop *the running plan goes on' e.txt
e_has 'nearest safe action: ' e.txt

# A policy that asks for more than it may have: scaled.
edit 's/max="1 rad\/s"/max="0.2 rad\/s"/'
run_lockstep 2s --log "$tmp/run.tlog" || fail "$(cat "$tmp/run.err")"
[ "$(number scale "$tmp/run.json")" -gt 0 ] || fail "nothing was scaled"
[ "$(number high "$tmp/run.json")" -gt 0 ] || fail "$(cat "$tmp/run.json")"
find_rung scale 550 13
explain "$found"
e_has '"rung": "scale", "taken": true' e.json
e_has 'pass *row action.max is violated by .* rad/s at joint' e.txt
e_has 'nearest safe action: search: bisection' e.txt
e_has '"found": true' e.json

# Where the state is not known, and where there is no such cycle.
explain 0
e_has '"check": {"judged": null, "missing": ' e.json
e_has 'check: not computed again: ' e.txt
wants 2 'no cycle 99999' "$rtctl" explain "$tmp/run.tlog" --cycle 99999
wants 2 'cycle' "$rtctl" explain "$tmp/run.tlog" --cycle -1
size=$(stat -c %s "$tmp/run.tlog")
printf '\377' | dd of="$tmp/run.tlog" bs=1 seek=$((size / 2)) conv=notrunc \
  status=none
wants 2 'run.tlog' "$rtctl" explain "$tmp/run.tlog" --cycle 1000
nothing_left

# While it runs, from another process.
start_plant --lockstep --seed 4
"$rtctl" run "$tmp/arm.toml" --lockstep --json >"$tmp/run.json" &
run=$!
engaged() {
  "$rtctl" status "$loop" --json >"$tmp/status.json" &&
    grep -q '"engaged_cycles": *[1-9]' "$tmp/status.json"
}
wait_until engaged
"$rtctl" status "$loop" --json >"$tmp/status.json"
"$rtctl" status "$loop" >"$tmp/status.txt"
has_keys "$tmp/status.json" safe safety_score safety_score_mean worst_row \
  violations total last_60s by_severity recent rows worst_margin margin
grep -q '^violations:' "$tmp/status.txt" || fail "$(cat "$tmp/status.txt")"
kill -TERM "$run"
wait "$run" || fail "$(cat "$tmp/run.json")"
stop_plant
nothing_left
