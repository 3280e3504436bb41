#!/bin/bash
# SPDX-License-Identifier: MIT
# What the machine gave is what run, status and log say, and what a file may
# require: an unknown name is a wrong file, a missing grant exit 3.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"
run() { "$rtctl" run "$tmp/arm.toml" --duration 1s "$@"; }
# requiring NAME: the example with that grant required.
requiring() {
  example
  edit "s/require=\[\]/require=[\"$1\"]/"
}

requiring mlock
wants 2 'arm.toml:.*"mlock".*memlock.*guardian_fifo' run
nothing_left
# A CPU that no machine has; then what nobody asked for.
requiring affinity
TACTUS_CPU=4000 wants 3 'require: affinity (cpu 4000)' run
nothing_left
requiring record
wants 3 'require: record: .*record.path' run
requiring expressions
wants 3 'require: expressions: .*kind = "expr"' run
requiring guardian_fifo
TACTUS_PRIORITY=0 wants 3 'require: guardian_fifo: .*loop.priority' run
nothing_left
# A refused one leaves no log behind either.
requiring affinity
TACTUS_CPU=4000 wants 3 'affinity' run --log "$tmp/none.tlog"
[ ! -e "$tmp/none.tlog" ] || fail "a log is left behind"

# Time is the plant's: what is real-time is not asked, and not required.
requiring fifo
edit 's/require=\[/&"wake", "stamps", "record", "guardian", /'
run_lockstep 1s --log "$tmp/run.tlog" || fail "lockstep: $(cat "$tmp/run.err")"
has_keys "$tmp/run.json" clock wake stamps record guardian guardian_memlock \
  refused
"$rtctl" report "$tmp/run.tlog" >"$tmp/report.txt"
for name in clock wake stamps record guardian guardian_memlock; do
  grep -q "^[a-z ]* $name: \|^granted *$name: " "$tmp/report.txt" ||
    fail "the log does not say $name: $(cat "$tmp/report.txt")"
done

# In real time each asked one is there, given or refused with a reason.
example
start_plant --seed 4
run --log "$tmp/real.tlog" --json >"$tmp/real.json" 2>"$tmp/err" || true
stop_plant
has_keys "$tmp/real.json" memlock stack affinity fifo qos tsc lead wake stamps \
  record guardian guardian_memlock guardian_affinity guardian_fifo refused
nothing_left
