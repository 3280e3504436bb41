#!/bin/bash
# SPDX-License-Identifier: MIT
# The C++ and the C example, as their READMEs run them: guardian started,
# more cycles pass than stop, a verified standstill at the end, exit 0, a log
# that reports the same and replays bit for bit.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"

# A copy of the folders, so that the READMEs' relative paths hold.
mkdir -p "$tmp/lib/examples"
cp -r lib/examples/{cpp_arm,c_arm,handover} "$tmp/lib/examples/"
mkdir "$tmp/build" && ln -s "$PWD/$build" "$tmp/build/release"

fenced() { awk '/^```/ { on = !on; next } on' "$1"; }

# A host that loses time may latch the loop: that has a reason, and exit 1.
# Three times in a row is no accident.
run_example() { # command line
  local try rc
  for try in 1 2 3; do
    rc=0
    eval "$1" >out 2>err || rc=$?
    [ "$rc" -ne 0 ] || return 0
    [ "$rc" -eq 1 ] && grep -q '; latched: ' out || break
    echo "try $try: $(tail -n 1 out)"
  done
  fail "$1: exit $rc: $(cat out err)"
}

check_run() { # what the program printed, and its log
  local log=$1 pass stop
  read -r pass stop < <(
    sed -n 's/.* cycles: \([0-9]*\) pass, .* \([0-9]*\) stop; ended.*/\1 \2/p' out)
  [ "${pass:-0}" -gt 1000 ] && [ "$pass" -gt "$stop" ] ||
    fail "few passes: $(cat out)"
  [ "$stop" -gt 0 ] || fail "no stop at the end: $(cat out)"
  grep -q '; ended at standstill$' out || fail "the end: $(cat out)"
  "$rtctl" report "$log" --json >report.json || fail "report"
  [ "$(number pass report.json)" -eq "$pass" ] || fail "pass: $(cat report.json)"
  [ "$(number stop report.json)" -eq "$stop" ] || fail "stop: $(cat report.json)"
  grep -q '"state": *"idle"' report.json || fail "state: $(cat report.json)"
  grep -q '"latched": *false' report.json || fail "latched"
  grep -q '"ended": *true' report.json || fail "the log has no end"
  grep -q '"guardian": *"pid [0-9]' report.json || fail "no guardian granted"
  "$rtctl" replay "$log" --json >replay.json || fail "replay: $(cat replay.json)"
  grep -q '"identical": *true' replay.json || fail "replay: $(cat replay.json)"
  [ "$(number cycles replay.json)" -gt 1000 ] || fail "few replayed cycles"
}

unset TACTUS_RTCTL
for arm in cpp_arm c_arm; do
  cd "$tmp/lib/examples/$arm"
  mapfile -t lines < <(fenced README.md)
  [ ${#lines[@]} -eq 4 ] || fail "$arm/README.md: ${#lines[@]} lines"
  eval "${lines[0]}"
  run_example "${lines[1]}"
  check_run "${arm/_/-}.tlog"
  for line in "${lines[@]:2}"; do
    eval "$line" >shown || fail "$line: $(cat shown)"
  done
  loop=${arm/_/-}
  nothing_left
done
