#!/bin/bash
# SPDX-License-Identifier: MIT
# What the RT thread must not do, counted in the unmodified rtctl run with
# model, shield, guardian and recorder: no allocation, system call, futex,
# page fault or switch beyond its sleeps and datagrams. Then each of five
# planted offences must be seen, and nothing else.
# RT_AUDIT_CYCLES and RT_AUDIT_WARMUP (in sleeps, so that counting begins
# after the engagement) make it longer.
# shellcheck source=tests/cli/lib/audit.sh
source "$(dirname "$0")/lib/audit.sh"
cycles=${RT_AUDIT_CYCLES:-3000}
warmup=${RT_AUDIT_WARMUP:-3000}
chrt -f 46 true 2>/dev/null || skip "no SCHED_FIFO: CAP_SYS_NICE or rtprio"
[ "$(nproc)" -ge 2 ] || skip "one CPU: plant and loop need one each"

example
# With a log: the recorder's ring is filled by the audited thread.
edit "/^io /a record = {path=\"$tmp/run.tlog\", keyframe=\"1 s\", keep=\"10 min\", on_gap=\"count\"}"

# And a row that a module judges.
edit "/^ladder/i door = {kind=\"callback\", unit=\"rad\", min=\"0 rad\", \
budget=\"200 us\", module=\"$PWD/$build/tests/door.so\", symbol=\"door_clear\"}"

# A plant that waits for a core lets signals become stale; the loop would
# stop, in order, but then no motion is audited.
start_rt_plant() {
  chrt -f 44 taskset -c 0 "$plant_bin" --listen "127.0.0.1:$((port + 1))" \
    --peer "127.0.0.1:$port" --seed 3 >"$tmp/plant.out" 2>&1 &
  plant=$!
}

# audited CYCLES OFFENCE: leaves $tmp/audit.json and $tmp/run.json.
audited() {
  rm -f "$tmp/audit.json" "$tmp/run.tlog"
  start_rt_plant
  local rc=0
  LD_PRELOAD=$audit RT_AUDIT_CYCLES=$1 RT_AUDIT_WARMUP=$warmup \
    RT_AUDIT_OUT=$tmp/audit.json RT_AUDIT_OFFEND=$2 \
    "$rtctl" run "$tmp/arm.toml" --duration $(((warmup + $1) / 1000 + 1))s \
    --json >"$tmp/run.json" 2>"$tmp/run.err" || rc=$?
  stop_plant
  # 1 is a latch: the counts stand, motion is asked for below.
  [ "$rc" -le 1 ] || fail "run: exit $rc: $(cat "$tmp/run.err" "$tmp/run.json")"
  grep -q '"memlock": *"all"' "$tmp/run.json" ||
    skip "memory is not locked: CAP_IPC_LOCK or ulimit -l unlimited"
  grep -q '"fifo": *"priority' "$tmp/run.json" || skip "no SCHED_FIFO"
  [ -s "$tmp/audit.json" ] || fail "no audit: fewer sleeps than asked"
}

audited "$cycles" ''
cat "$tmp/audit.json"
expect
[ "$(number pass "$tmp/run.json")" -gt 0 ] || fail "it never moved: \
$(cat "$tmp/run.json")"
nothing_left

for offence in 'malloc allocations frees' 'futex futexes syscalls' \
  'fault faults' 'write syscalls' 'switch voluntary_switches_beyond_waits'; do
  read -r name counts <<<"$offence"
  audited 500 "$name"
  # shellcheck disable=SC2086 # a list of keys
  expect $counts
  echo "$name: seen"
done
