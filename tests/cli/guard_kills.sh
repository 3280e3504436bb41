#!/bin/bash
# SPDX-License-Identifier: MIT
# The controller dies or hangs while the arm moves, in real time. First the
# plant's own time-out is off: the guardian's frames must bring the arm to
# rest along the verified path. Then there is no guardian: the plant times
# out. KILLS each (5); after every one the next run, or a rearm, must move
# the arm again. A takeover that came later than the guardian's bound is wrong
# unless the plant's witness on the guardian's processor was held up too; at
# most a fifth may be excused so, or there are more kills, up to twice as many.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"
not_instrumented
kills=${KILLS:-5}
RANDOM=${SEED:-7}
# shellcheck source=tests/cli/lib/kills.sh
source tests/cli/lib/kills.sh

# ---- the judge; decel, jerk, lag (rad/s2, rad/s3, s) and the times are those
# of the shipped file, in ticks of 1 ms: misses + commit + one of delay jitter,
# and the guardian's bound. Slack: a gap that begins before its witness is due.
witness=0,47 # the guardian's processor, the priority above its own
takeovers() { # of the plant that has ended
  grep -q '"pinned":true' "$tmp/plant.json" ||
    fail "the witness is not on the guardian's processor"
  grep -o '"begin_tick":[^}]*' "$tmp/plant.json" | tr -d '[]"' |
    sed -e 's/[a-z_]*://g' -e 's/,/ /g' || true
}
judge() { # KILLS, takeovers in $tmp/stops: 0, 1 wrong, 2 too many excused
  awk -v kills="$1" -v decel=6 -v jerk=300 -v lag=0.02 -v due=22 \
    -v silence=32 -v slack=3 -f tests/cli/lib/takeovers.awk "$tmp/stops" \
    >"$tmp/verdict"
}

# The judge itself: a guardian that sleeps 60 ms where its processor is free
# is wrong; one that something above everybody kept from running is excused.
asleep() {
  local guardian
  guardian=$(pgrep -P "$run" -f guardian)
  kill -STOP "$guardian"
  kill -KILL "$run"
  gone
  sleep 0.06
  kill -CONT "$guardian"
}
held_up() {
  # shellcheck disable=SC2016 # expanded there
  chrt -f 98 taskset -c "${witness%,*}" bash -c '
    kill -KILL "$1"
    until=$((${EPOCHREALTIME/./} + 60000))
    while [ "${EPOCHREALTIME/./}" -lt $until ]; do :; done' _ "$run"
  gone
}
no_guardian() { ! pgrep -f "^$rtctl guardian"; }
judged() { # asleep|held_up RC: that late takeover gives RC, in three tries
  local try rc
  for try in 1 2 3; do
    start_plant --no-human --seed "$try" --witness $witness
    start_run kill
    until_moving
    "$1"
    wait_until no_guardian
    stop_plant
    takeovers >"$tmp/stops"
    rc=0
    judge 1 || rc=$?
    sed "s/^  silent/$1: silent/; /^guardian:/d" "$tmp/verdict"
    [ "$rc" -ne "$2" ] || return 0
  done
  fail "$1: the judge says $rc, not $2"
}

# ---- with the guardian, the plant's time-out off
with_guardian() {
  up "$1"
  # A stopped run is rearmed and seen to move before it is ended: the next
  # kind may need another library setting.
  if [ -n "$run" ]; then until_engaged; sleep 0.3; end_run; fi
}
dropped=0
round() { # KILLS beside one plant; its takeovers are added to $tmp/stops
  start_plant --no-human --seed $((11 + kill_number)) --witness $witness
  series "$1" with_guardian
  orderly_run
  stop_plant
  nothing_left
  takeovers >>"$tmp/stops"
  # The frame that was held between check and send came after the guardian's.
  dropped=$((dropped + $(sed 's/.*"controller"://; s/"guardian".*//' \
    "$tmp/plant.json" | grep -o '"old epoch":[0-9]*' | grep -o '[0-9]*$')))
}
example
judged asleep 1
! chrt -f 98 true 2>/dev/null || judged held_up 2
: >"$tmp/stops"
round "$kills"
rc=0
judge "$kill_number" || rc=$?
while [ "$rc" -eq 2 ] && [ "$kill_number" -lt $((2 * kills)) ]; do
  tail -n 1 "$tmp/verdict"
  echo "the host delayed more than a fifth: more kills"
  round $((kills / 5 + 1))
  rc=0
  judge "$kill_number" || rc=$?
done
cat "$tmp/verdict"
[ "$rc" -ne 2 ] || fail "the host delayed more than a fifth of $kill_number"
[ "$rc" -eq 0 ] || fail "a takeover is wrong: $(cat "$tmp/plant.json")"
if [ "$kills" -ge 5 ]; then
  [ "$dropped" -ge $((kill_number / 5)) ] || fail "$dropped late frames dropped"
  echo "late frames dropped by epoch: $dropped"
fi

# ---- without it, the plant times out
without_guardian() {
  case $1 in
    kill | segfault) ;;
    *) kill -KILL "$run"; gone ;;
  esac
}
edit 's/^guard .*/guard = "none"/'
edit 's/^robot *= {/&timeout="200 ms", /'
start_plant --no-human --seed 12 --timeout 200ms
series "$kills" without_guardian
orderly_run
stop_plant
nothing_left
timeouts=$(number timeouts "$tmp/plant.json")
echo "without a guardian: $kills kills, $timeouts time-outs in motion"
grep -q '"at_rest":true' "$tmp/plant.json" || fail "the arm is not at rest"
grep -q '"guardian_stops":\[\]' "$tmp/plant.json" || fail "a guardian's stop"
[ $((timeouts * 2)) -ge "$kills" ] || fail "$timeouts time-outs of $kills"
