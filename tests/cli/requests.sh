#!/bin/bash
# SPDX-License-Identifier: MIT
# A running loop through its socket: status, engage, stop, reload; SIGTERM.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"
example
start_plant --lockstep --seed 4
"$rtctl" run "$tmp/arm.toml" --lockstep --no-engage --json \
  --log "$tmp/run.tlog" >"$tmp/run.json" &
run=$!
is() {
  "$rtctl" status "$loop" --json >"$tmp/is.json" &&
    grep -q "\"state\": *\"$1\"" "$tmp/is.json"
}
wait_until is ready
"$rtctl" status "$loop" --json >"$tmp/status.json"
has_keys "$tmp/status.json" schema state cycles rungs granted guard limit \
  guardian acted_for played bound_broken frames send_failures stops verified \
  unverified engaged_verified stop_unverified stop_unverified_now
"$rtctl" status "$loop" >"$tmp/status.txt"
grep -q state "$tmp/status.txt" || fail "status has no text"
"$rtctl" reload "$loop" >/dev/null || fail "reload in ready"
# Limits change, the log goes on in a new file; nothing else may change.
edit 's/max="1 rad\/s"/max="0.9 rad\/s"/'
"$rtctl" reload "$loop" --json >"$tmp/reload.json" || fail "reload of limits"
grep -q '"log": *"[^"]*run-3.tlog"' "$tmp/reload.json" || fail "no new log"
# So do those that a used file has.
echo 'limit.action = {max="0.8 rad/s"}' >"$tmp/site.toml"
edit '/^\[limit\]/a use = ["site.toml"]'
"$rtctl" reload "$loop" >/dev/null || fail "reload of a used file"
echo 'limit.action = {max="0.8 rad"}' >"$tmp/site.toml"
wants 2 'site.toml:1:.*limit.action.max' "$rtctl" reload "$loop"
echo 'limit.action = {max="0.8 rad/s"}' >"$tmp/site.toml"
cp "$tmp/arm.toml" "$tmp/good.toml"
awk '/^target/ { held = $0; next } { print } /^hand/ { print held }' \
  "$tmp/good.toml" >"$tmp/arm.toml"
wants 2 'order' "$rtctl" reload "$loop"
cp "$tmp/good.toml" "$tmp/arm.toml"
edit 's/misses=20/misses=19/'
wants 2 'guard.misses has changed' "$rtctl" reload "$loop"
"$rtctl" engage "$loop" >/dev/null
wait_until is engaged
wants 3 'engaged' "$rtctl" reload "$loop"
"$rtctl" stop "$loop" >/dev/null
wait_until is ready
"$rtctl" engage "$loop" --json >"$tmp/engage.json"
has_keys "$tmp/engage.json" schema
wait_until is engaged
kill -TERM "$run"
wait "$run" || fail "SIGTERM: exit $?: $(cat "$tmp/run.json")"
grep -q '"state": *"idle"' "$tmp/run.json" || fail "it did not end idle"
stop_plant
nothing_left
for log in run run-2 run-3 run-4; do
  "$rtctl" replay "$tmp/$log.tlog" >"$tmp/replay" ||
    fail "$log: $(cat "$tmp/replay")"
done
"$rtctl" version --json >"$tmp/version.json"
has_keys "$tmp/version.json" schema version isa features granted fifo memlock \
  qos tsc stamps record memlock_bytes refused missing
grep -q '"policy onednn"' "$tmp/version.json" || fail "no onednn, here or not"
# Alone in a folder it has no module beside it, and says so.
mkdir "$tmp/alone"
cp "$rtctl" "$tmp/alone/"
if "$tmp/alone/rtctl" version >"$tmp/alone/text" &&
  ! grep -q 'policy onednn (module' "$tmp/alone/text"; then # none installed
  grep -q 'missing *policy onednn: .*libtactus-onednn.so' "$tmp/alone/text" ||
    fail "$(cat "$tmp/alone/text")"
fi
if [ "$(id -u)" -eq 0 ] && id nobody >/dev/null 2>&1; then
  chmod -R a+rX "$tmp"
  prlimit --rtprio=0 --memlock=65536 setpriv --reuid nobody --clear-groups \
    "$tmp/alone/rtctl" version --json >"$tmp/nobody.json"
  for name in fifo memlock; do
    grep -q "\"$name\": *false" "$tmp/nobody.json" &&
      grep -q "\"$name\": *\"" "$tmp/nobody.json" ||
      fail "$name without privileges: $(cat "$tmp/nobody.json")"
  done
fi
