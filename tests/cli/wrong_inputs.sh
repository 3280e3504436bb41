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
broken 2 'observations' 's/^input .*/input = ["q", "dq", "target"]/'
# The model observes other sizes and has another contract than the file says.
broken 2 "observation 'hand' size is '6'" 's/kind="sphere"/&, shape=6/'
broken 2 'action unit is .deg/s.' 's/unit="rad\/s", every/unit="deg\/s", every/'
broken 2 'misses' 's/misses=[0-9]*, //'
broken 2 '500 Hz.*1000 Hz' 's/period="1 ms"/period="2 ms"/'
broken 2 'every' 's/every=1/every=2/'
broken 2 'hand' 's/max_age="100 ms", stale="grow"/stale="grow"/'

# other_model WORD OLD NEW: the model with one text in it changed.
other_model() {
  example
  "$build/tests/onnx-edit" text lib/examples/handover/handover.onnx \
    "$tmp/handover.onnx" "$2" "$3"
  wants 2 "handover.onnx.*$1" run
  nothing_left
}
other_model "Tand (node '.*', opset 17): .*select outputs" Tanh Tand
other_model "action is output 'actionz'" '"actions"' '"actionz"'
other_model 'observations have 21 elements, .* 20' '[3], "unit' '[4], "unit'
other_model 'tactus.contract: .*unknown key' '"rate_hz"' '"rate_HZ"'
other_model 'tactus.golden: it is not JSON' '"by": "onnx' '"by"; "onnx'
other_model "golden has an unknown key 'bi'" '"by": "onnx' '"bi": "onnx'
other_model "says 'joint_position'" joint_velocity joint_position
example
"$build/tests/onnx-edit" weight lib/examples/handover/handover.onnx \
  "$tmp/handover.onnx" w2 5 28
wants 2 'golden vector .*tolerance' run
example
head -c 2000 lib/examples/handover/handover.onnx >"$tmp/handover.onnx"
wants 2 'handover.onnx' run
nothing_left

example
rm "$tmp/arm.urdf"
wants 2 'arm.toml:[0-9:]*: robot.urdf: .*arm.urdf: ENOENT' run
example
: >"$tmp/arm.urdf"
wants 2 'arm.toml:[0-9:]*: robot.urdf: .*arm.urdf: .*is empty' run
broken 2 'arm.toml:.*: robot.srdf: .*none.srdf: ENOENT' \
  's/urdf="arm.urdf"/&, srdf="none.srdf"/'
broken 2 'arm.toml:.*: robot.overshoot: .*expected a length' \
  's/urdf="arm.urdf"/&, overshoot="2 m"/'
example
sed -i '0,/<cylinder[^>]*>/s//<mesh filename="a.stl"\/>/' "$tmp/arm.urdf"
wants 2 'mesh' run
example
first=$(sed -n 's/.*<child link="\([^"]*\)".*/\1/p' "$tmp/arm.urdf" | tail -1)
base=$(sed -n 's/.*<parent link="\([^"]*\)".*/\1/p' "$tmp/arm.urdf" | head -1)
sed -i "s|</robot>|<joint name=\"round\" type=\"fixed\"><parent link=\"$first\"/>\
<child link=\"$base\"/></joint></robot>|" "$tmp/arm.urdf"
wants 2 'arm.urdf' run
example
edit '/^name/a record = {path="'"$tmp"'/none/run.tlog"}'
wants 2 'none/run.tlog: ENOENT' run
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

# Tiers: a name, what a tier needs, where there is one.
tier() {
  "$rtctl" model run lib/examples/handover/handover.onnx \
    --input "$tmp/none.npy" --output "$tmp/out" --tier "$@"
}
wants 2 'int12.*expected auto, f32, bf16, int16 or int8' tier int12
wants 2 'tier int16.*there is no calibration.*rtctl model quantize' tier int16
wants 2 'backend reference has no tier bf16.*fused' \
  tier bf16 --backend reference
