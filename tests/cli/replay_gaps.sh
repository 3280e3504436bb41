#!/bin/bash
# SPDX-License-Identifier: MIT
# rtctl replay of logs that lack something: a block lost in the middle, a ring
# whose first cycles are gone, a file cut amid a block, a killed run.
# shellcheck source=tests/cli/lib/replay.sh
source "$(dirname "$0")/lib/replay.sh"

example
run_lockstep 3s --log "$tmp/run.tlog" || fail "$(cat "$tmp/run.err")"
replays 0 "$tmp/run.tlog"
all=$(number cycles "$tmp/replay.json")
says keyframes 1

# A block is lost: counted, and the keyframe of cycle 2000 goes on.
read -r first count < <("$log_edit" drop "$tmp/run.tlog" "$tmp/gap.tlog" 1500)
replays 0 "$tmp/gap.tlog"
says gaps 1
says keyframes 2
says skipped $((1 + 2001 - first - count))
says cycles $((all - (2001 - first)))
# Not only by luck: what differs after the gap is found.
"$log_edit" flip "$tmp/gap.tlog" "$tmp/flip.tlog" 2001 q 3 12
replays 1 "$tmp/flip.tlog"
says cycle 2001

# A file cut amid a block is read to the last whole one.
kept=$("$log_edit" cut "$tmp/run.tlog" "$tmp/cut.tlog" 2500)
replays 0 "$tmp/cut.tlog"
says cycles $((kept - 1))
noted 'no end'
"$rtctl" report "$tmp/cut.tlog" --json >"$tmp/report.json"
grep -q '"ended": false' "$tmp/report.json" || fail "report: $(cat "$tmp/report.json")"
# Damage elsewhere is not read over.
cp "$tmp/run.tlog" "$tmp/bad.tlog"
printf x | dd of="$tmp/bad.tlog" bs=1 seek=$(($(stat -c %s "$tmp/run.tlog") / 2)) \
  conv=notrunc status=none
wants 2 'CRC' "$rtctl" replay "$tmp/bad.tlog"
# Limits that this build would compile otherwise are not called a difference.
"$log_edit" hash "$tmp/run.tlog" "$tmp/hash.tlog"
wants 3 'rtctl that recorded it' "$rtctl" replay "$tmp/hash.tlog"

# A ring: the file begins amid the run, at a keyframe.
edit '/^name/a record = {path="'"$tmp"'/ring.tlog", keyframe="250 ms", keep="1 s"}'
run_lockstep 3s || fail "$(cat "$tmp/run.err")"
for ring in ring.tlog ring.tlog.1; do
  "$log_edit" inputs "$tmp/$ring" "$tmp/rows.npy" 0 q >"$tmp/cycles"
  [ "$(head -n 1 "$tmp/cycles")" -gt 900 ] || fail "$ring has the beginning"
  replays 0 "$tmp/$ring"
  says skipped 0
  says cycles "$(wc -l <"$tmp/cycles")"
done
lost=$(($(head -n 1 "$tmp/cycles") + 300))
"$log_edit" drop "$tmp/ring.tlog.1" "$tmp/gap.tlog" "$lost" >"$tmp/out"
replays 0 "$tmp/gap.tlog"
says gaps 1
says keyframes 2

# A killed run: the log to the last whole block, and the name is free again.
example
start_plant --lockstep --seed 4
"$rtctl" run "$tmp/arm.toml" --lockstep --log "$tmp/killed.tlog" \
  >"$tmp/run.json" 2>"$tmp/run.err" &
killed=$!
long_enough() { [ "$(stat -c %s "$tmp/killed.tlog")" -gt 1000000 ]; }
wait_until long_enough
kill -9 "$killed"
wait "$killed" 2>/dev/null || true
stop_plant
replays 0 "$tmp/killed.tlog"
noted 'no end'
[ "$(number cycles "$tmp/replay.json")" -gt 1500 ] || fail "too few compared"
guardians_gone() { ! pgrep -f "^$rtctl guardian" -P 1; }
wait_until guardians_gone
run_lockstep 1s || fail "after a killed run: $(cat "$tmp/run.err")"
nothing_left
