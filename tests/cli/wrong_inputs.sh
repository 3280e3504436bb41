#!/bin/bash
# SPDX-License-Identifier: MIT
# Each wrong input: one clear line, the exit code of its kind, nothing left.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"
run() { "$rtctl" run "$tmp/arm.toml" --duration 1s; }
# broken RC WORD SED: the example with one thing wrong.
broken() {
  example
  edit "$3"
  wants "$1" "$2" run
  nothing_left
}

wants 2 'none.toml' "$rtctl" run "$tmp/none.toml"
wants 2 'command line' "$rtctl" run
wants 2 'command line' "$rtctl" fly
broken 2 'none.onnx' 's/handover.onnx/none.onnx/'
broken 2 'arm.toml:.*period' 's/period="1 ms"/period="1 mm"/'
broken 2 'arm.toml:.*perod' 's/period="1 ms"/period="1 ms", perod="2 ms"/'
broken 2 'arm.toml:.*d_min' 's/d_min="50 mm"/d_min="50 rad"/'
broken 2 'arm.toml' 's/input  = .*/input  = ["q", "dq", "target"]/'
broken 2 'u' 's/unit="rad\/s", every/unit="deg\/s", every/'
broken 2 'misses' 's/misses=[0-9]*, //'
broken 2 '500 Hz.*1000 Hz' 's/period="1 ms"/period="2 ms"/'
broken 2 'every' 's/every=1/every=2/'
broken 2 'hand' 's/max_age="100 ms", stale="grow"/stale="grow"/'

example
head -c 2000 lib/examples/handover/handover.onnx >"$tmp/handover.onnx"
wants 2 'handover.onnx' run

example
sed -i '0,/<cylinder[^>]*>/s//<mesh filename="a.stl"\/>/' "$tmp/arm.urdf"
wants 2 'mesh' run
example
first=$(sed -n 's/.*<child link="\([^"]*\)".*/\1/p' "$tmp/arm.urdf" | tail -1)
base=$(sed -n 's/.*<parent link="\([^"]*\)".*/\1/p' "$tmp/arm.urdf" | head -1)
sed -i "s|</robot>|<joint name=\"round\" type=\"fixed\"><parent link=\"$first\"/>\
<child link=\"$base\"/></joint></robot>|" "$tmp/arm.urdf"
wants 2 'arm.urdf' run
nothing_left

# The port is in use; the same loop name is in use.
example
start_plant --lockstep
sed "s/:$port\"/:$((port + 1))\"/" "$tmp/arm.toml" >"$tmp/port.toml"
wait_until grep -qi ":$(printf %04X $((port + 1)))" /proc/net/udp
wants 3 'port' "$rtctl" run "$tmp/port.toml" --duration 1s
"$rtctl" run "$tmp/arm.toml" --lockstep --json >"$tmp/first.json" &
first_run=$!
wait_until test -e "/dev/shm/tactus.$loop"
wants 3 "$loop" "$rtctl" run "$tmp/arm.toml" --lockstep --duration 1s
kill -TERM "$first_run"
wait "$first_run" || fail "SIGTERM: exit $?: $(cat "$tmp/first.json")"
stop_plant
nothing_left

wants 3 "$loop" "$rtctl" status "$loop"
"$rtctl" status "$loop" --json >"$tmp/err.json" && fail "no such loop: exit 0"
has_keys "$tmp/err.json" schema code error
if [ "$(id -u)" -eq 0 ] && id nobody >/dev/null 2>&1; then
  touch "$tmp/secret.toml"; chmod 600 "$tmp/secret.toml"; chmod 755 "$tmp"
  wants 4 'secret.toml' setpriv --reuid nobody --clear-groups \
    "$rtctl" run "$tmp/secret.toml"
fi
