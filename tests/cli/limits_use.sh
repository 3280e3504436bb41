#!/bin/bash
# SPDX-License-Identifier: MIT
# Limits from several files, and what rows say beside their limit: explained,
# run, recorded, replayed without the files; wrong ones are one clear line.
# shellcheck source=tests/cli/lib/replay.sh
source "$(dirname "$0")/lib/replay.sh"
mkdir "$tmp/site"
site() { printf '%s\n' '[limit]' "$@" >"$tmp/site/site.toml"; }
used() { example; edit '/^\[limit\]/a use = ["site/site.toml"]'; }
safety() { "$rtctl" safety "$1" "$tmp/arm.toml"; }
refused() { wants 2 "$1" safety check; } # WORD

# The site's hand may come no nearer than 80 mm; who comes near is told.
site 'human = {kind="ssm", of="hand", d_min="80 mm", speed="1.6 m/s", intrusion="0 m", sensor="15 mm", robot="5 mm", warn="20 cm", hysteresis="5 cm", severity="medium"}'
used
safety explain >"$tmp/explained"
grep -A 5 '^  human \[separation' "$tmp/explained" >"$tmp/row"
grep -q 'd_min 0.08 m' "$tmp/row" || fail "$(cat "$tmp/row")"
grep -q 'severity medium, response ladder, warn 0.2, hysteresis 0.05, from site/site.toml' \
  "$tmp/row" || fail "$(cat "$tmp/row")"
run_lockstep 6s --log "$tmp/run.tlog" || fail "$(cat "$tmp/run.err")"
grep -q '"severity": "low", "warning": true' "$tmp/run.json" ||
  fail "no warning: $(cat "$tmp/run.json")"
# Counted alike by the loop and from its log.
"$rtctl" report "$tmp/run.tlog" --json >"$tmp/report.json"
for file in run report; do
  grep -o '"by_severity": {[^}]*}\|"warned": [0-9]*' "$tmp/$file.json" \
    >"$tmp/$file.counts"
done
cmp "$tmp/run.counts" "$tmp/report.counts" || fail "$(cat "$tmp"/*.counts)"
rm -r "$tmp/site" "$tmp/arm.toml"
replays 0 "$tmp/run.tlog"
mkdir "$tmp/site"

# What asks for more than the site allows latches the loop.
site 'action = {max="0.2 rad/s", response="latch"}'
used
rc=0
run_lockstep 3s --log "$tmp/run.tlog" || rc=$?
[ "$rc" -eq 1 ] || fail "exit $rc, not 1: $(cat "$tmp/run.json" "$tmp/run.err")"
grep -q 'a limit latched' "$tmp/run.json" || fail "$(cat "$tmp/run.json")"
replays 0 "$tmp/run.tlog"

# One line, the place, what was expected.
row() { example; edit "s/^cell .*keep=\"in\"/&, $1/"; }
row 'severity="grave"'; refused 'arm.toml:.*limit.cell.severity: "grave": expected one of'
row 'severity=3'; refused 'limit.cell.severity: 3: expected one of'
row 'sevrity="low"'; refused 'limit.cell.sevrity: unknown key.*is "severity" meant'
row 'response="halt"'; refused 'limit.cell.response: "halt": expected one of "ladder"'
row 'response=["stop"]'; refused 'limit.cell.response: a list of 1: expected one of'
example; edit 's/^human .*kind="ssm"/&, response="warn"/'
refused 'limit.human.response: "warn": expected ladder, stop or latch'
row 'warn="5 s"'; refused 'limit.cell.warn: "5 s": expected a length'
row 'warn="0 cm"'; refused 'limit.cell.warn: "0 cm": expected a value above zero'
row 'hysteresis="1 cm", response="warn"'; refused 'refuses nothing'
used; rm "$tmp/site/site.toml"
refused 'arm.toml:.*limit.use\[0\]: ".*site/site.toml": No such file'
used; site 'use = ["../arm.toml"]'
refused 'site/site.toml:2:8: limit.use\[0\]: a cycle: arm.toml uses'
used; site '[robot]' 'lag = "1 ms"'; refused 'site.toml:2:2: robot: unknown key: expected one of limit'
used; site 'cell = {keep="in", box=["1 m .. 2 m", "0 m .. 1 m", "0 m .. 1 m"]}'
# A box away from the robot's base is told of, too: two lines.
safety check >"$tmp/out" 2>&1 && fail "$(cat "$tmp/out")"
grep -q 'site.toml:2:8: limit.cell: nothing is left of a keep-in box with .*arm.toml' \
  "$tmp/out" || fail "$(cat "$tmp/out")"
