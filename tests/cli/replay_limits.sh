#!/bin/bash
# SPDX-License-Identifier: MIT
# rtctl replay --limits: another file is read as strictly as the one that was
# recorded, all of it that the shield uses counts, its URDF too, and what a
# replay cannot change is refused.
# shellcheck source=tests/cli/lib/replay.sh
source "$(dirname "$0")/lib/replay.sh"
# other SED: the example with one thing otherwise.
other() { example; edit "$1"; }
refused() { # WORD SED
  other "$2"
  wants 2 "$1" "$rtctl" replay "$tmp/run.tlog" --limits "$tmp/arm.toml"
}

example
run_lockstep 2s --log "$tmp/run.tlog" || fail "$(cat "$tmp/run.err")"
replays 0 "$tmp/run.tlog" --limits "$tmp/arm.toml"

# Wrong files: as rtctl run says it.
refused 'arm.toml:.*perod: unknown key' 's/period="1 ms"/&, perod="2 ms"/'
refused 'limit.human.dmin: unknown key' 's/d_min="50 mm"/&, dmin="60 mm"/'
refused 'arm.toml:.*guard.bound: "10 mm": expected' 's/bound="10 ms"/bound="10 mm"/'
refused 'guard.misses: missing' 's/misses=20, //'
refused 'none.urdf: ENOENT' 's/arm.urdf/none.urdf/'
refused '\[io\]: missing' '/^io /d'
# Right files that a replay cannot follow.
refused 'loop.period is 2000000 ns' 's/period="1 ms"/period="2 ms"/'
refused 'loop.trip is 40 of 1000' 's/trip="50/trip="40/'
refused 'loop.engage_time is' 's/engage_time="0.5 s"/engage_time="0.4 s"/'
refused 'stage.check is 840000 ns' 's/check="850 us"/check="840 us"/'
refused 'stage.late.infer is keep_last 3' 's/keep_last 2/keep_last 3/'
refused 'io.transport_bound is' 's/transport_bound="1 ms"/transport_bound="2 ms"/'
refused 'policy.input is \[dq, q' 's/^input .*/input = ["dq", "q", "target", "hand"]/'
refused '"target: 4 x f32 m"' 's/shape=3/shape=4/'
refused '"hand: 6 x f32 m"' 's/kind="sphere"/&, shape=6/'
refused '"grip_at: 1 x time ns"' \
  '/^hand /a grip = {from="io", shape=1, unit="m", max_age="20 ms", stale="stop"}'
refused 'another fallback' \
  's/^\(target .*\)stale="stop"/\1stale="fallback", fallback=[0, 0, 0]/'

# What decides nothing may be otherwise.
other 's/cpu=1,/cpu=0,/; s/priority=45/priority=0/; s/then="hold"/then="silence"/'
replays 0 "$tmp/run.tlog" --limits "$tmp/arm.toml"

# Its own URDF counts: the same run with it goes otherwise in the same cycle.
example
sed -i 's/velocity="[0-9.]*"/velocity="0.5"/' "$tmp/arm.urdf"
run_lockstep 2s --log "$tmp/other.tlog" || fail "$(cat "$tmp/run.err")"
replays 1 "$tmp/run.tlog" --limits "$tmp/arm.toml"
says cycle "$("$log_edit" differ "$tmp/run.tlog" "$tmp/other.tlog" 1)"

# A program's log, first with limits of its own, then with the file of a run:
# its times are the program's.
program=$PWD/$build/cpp-arm
sed "s|../handover/||" lib/examples/cpp_arm/limits.toml >"$tmp/limits.toml"
example
edit 's/commit="960 us"/commit="900 us"/'
for limits in limits arm; do
  (cd "$tmp" && "$program" handover.onnx "$limits.toml" 1) >"$tmp/out" 2>&1 ||
    [ $? -eq 1 ] || fail "$limits.toml: $(cat "$tmp/out")"
  replays 0 "$tmp/cpp-arm.tlog"
  [ "$(number cycles "$tmp/replay.json")" -gt 500 ] || fail "too few compared"
  replays 0 "$tmp/cpp-arm.tlog" --limits "$tmp/limits.toml"
done
sed -i 's/max="1 rad/max="0.1 rad/' "$tmp/limits.toml"
replays 1 "$tmp/cpp-arm.tlog" --limits "$tmp/limits.toml"
# What it says of the program, too, is held against what the program said.
program_refused() { # KEY, what the file says, SED
  example
  edit 's/commit="960 us"/commit="900 us"/'
  edit "$3"
  wants 2 "arm.toml:.*$1: the file says $2, the program" \
    "$rtctl" replay "$tmp/cpp-arm.tlog" --limits "$tmp/arm.toml"
}
program_refused loop.period '2000000 ns' 's/period="1 ms"/period="2 ms"/'
program_refused loop.overrun rephase 's/overrun="skip"/overrun="rephase"/'
program_refused loop.trip '40 of 1000' 's/trip="50/trip="40/'
program_refused loop.engage_time '400000000 ns' \
  's/engage_time="0.5 s"/engage_time="0.4 s"/'
program_refused guard.misses 10 's/misses=20/misses=10/'
program_refused guard.commit '960000 ns' 's/commit="900 us"/commit="960 us"/'
program_refused guard.bound '9000000 ns' 's/bound="10 ms"/bound="9 ms"/'
program_refused guard.repeat '2000000 ns' 's/repeat="1 ms"/repeat="2 ms"/'
program_refused guard.then silence 's/then="hold"/then="silence"/'
program_refused guard '"none"' 's/^guard .*/guard = "none"/'
program_refused policy.input 'dq, q, target, hand' \
  's/^input .*/input = ["dq", "q", "target", "hand"]/'
program_refused policy.output.name v 's/{name="u"/{name="v"/'
program_refused policy.backend reference '/^input /a backend = "reference"'
other 's/commit="960 us"/commit="900 us"/'
replays 0 "$tmp/cpp-arm.tlog" --limits "$tmp/arm.toml"
