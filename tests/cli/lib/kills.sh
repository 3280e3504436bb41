# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2154 # common.sh sets what this reads
# For guard_kills.sh, after common.sh: a run that is brought to move, goes
# down in one of several ways, and moves again.
hang=$PWD/$build/tests/libhang.so
kinds=(kill stop segfault hang stop-at-send)
run='' state=''
more_cleanup() {
  [ -z "$run" ] || kill -KILL "$run" 2>/dev/null || true
  cleanup
}
trap more_cleanup EXIT
ulimit -c 0

start_run() { # KIND
  local at=now
  [ "$1" != stop-at-send ] || at=send
  LD_PRELOAD=$hang HANG_AT=$at "$rtctl" run "$tmp/arm.toml" \
    --duration 600s --json >"$tmp/run.json" 2>"$tmp/run.err" &
  run=$!
}
look() {
  kill -0 "$run" 2>/dev/null || fail "the run ended: $(cat "$tmp/run.err" \
    "$tmp/run.json")"
  "$rtctl" status "$loop" --json >"$tmp/status.json" 2>/dev/null || return 1
  state=$(sed -n 's/.*"state": *"\([a-z]*\)".*/\1/p' "$tmp/status.json" |
    head -n 1)
}
# A host that holds everything up may latch the loop by itself: rearmed.
until_engaged() {
  local i
  for ((i = 0; i < 400; i++)); do
    if look; then
      case $state in
        engaged) return 0 ;;
        latched) "$rtctl" rearm "$loop" >/dev/null 2>&1 || true ;;
        ready) "$rtctl" engage "$loop" >/dev/null 2>&1 || true ;;
      esac
    fi
    sleep 0.05
  done
  fail "never engaged: $(cat "$tmp/status.json" "$tmp/run.err")"
}
# Engaged for 0.6 to 2.6 s: blending in, at full speed, between two targets.
until_moving() {
  until_engaged
  sleep "$((RANDOM % 2)).$((600 + RANDOM % 400))"
  until_engaged
}
# It stops before its next send; a host that latched it in this very moment
# leaves nothing to send until it is rearmed.
until_stopped() {
  local i
  for ((i = 0; i < 400; i++)); do
    [ "$(cut -d' ' -f3 "/proc/$run/stat")" != T ] || return 0
    sleep 0.01
    [ $((i % 50)) -lt 49 ] || ! look || case $state in
      latched) "$rtctl" rearm "$loop" >/dev/null 2>&1 || true ;;
      ready) "$rtctl" engage "$loop" >/dev/null 2>&1 || true ;;
    esac
  done
  fail "it did not stop before a send: $state"
}
gone() { wait "$run" 2>/dev/null || true; run=''; }

down() { # KIND: the controller goes; ends when it is at rest or dead
  case $1 in
    kill) kill -KILL "$run"; gone ;;
    segfault) kill -SEGV "$run"; gone ;;
    stop) kill -STOP "$run" ;;
    hang) kill -USR1 "$run" ;;
    stop-at-send) kill -USR1 "$run"; until_stopped ;;
  esac
  sleep 0.8
}
# What was only stopped goes on, finds the guardian in charge, latches, is
# rearmed and moves again. What hangs must be killed.
up() {
  case $1 in
    hang) kill -KILL "$run"; gone ;;
    stop | stop-at-send)
      kill -CONT "$run"
      for ((i = 0; i < 100; i++)); do
        if look && [ "$state" = latched ]; then break; fi
        sleep 0.05
      done
      [ "$state" = latched ] || fail "$1: $state, not latched"
      grep -q '"reason": *"guardian acted: missed commits' \
        "$tmp/status.json" ||
        fail "$1: another reason: $(cat "$tmp/status.json")"
      grep -q '"played": *"committed plan"' "$tmp/status.json" ||
        fail "$1: $(cat "$tmp/status.json")"
      ;;
  esac
}
end_run() {
  [ -n "$run" ] || return 0
  kill -TERM "$run"
  local rc=0
  wait "$run" || rc=$?
  run=''
  [ "$rc" -eq 1 ] || fail "exit $rc after a latch, not 1"
}

# What a killed run left behind is taken over by this one, which ends in
# order (exit 1: a host that held it up had latched it).
orderly_run() {
  start_run kill
  until_engaged
  sleep 0.3
  kill -TERM "$run"
  local rc=0
  wait "$run" || rc=$?
  run=''
  [ "$rc" -le 1 ] || fail "the last run: exit $rc: $(cat "$tmp/run.err")"
}

kill_number=0
series() { # KILLS AFTER: one after the other, beside one plant
  local n i kind
  for ((n = 0; n < $1; n++)); do
    kind=${kinds[kill_number++ % ${#kinds[@]}]}
    [ -n "$run" ] || start_run "$kind"
    until_moving
    down "$kind"
    "$2" "$kind"
  done
}
