#!/bin/bash
# SPDX-License-Identifier: MIT
# Rows in space in a run of the example: shapes, a task window and the robot
# against itself, some verdicts bounded by the one before. The log holds the SRDF, so its replay needs no file, and an
# SRDF for another robot is refused.
# shellcheck source=tests/cli/lib/replay.sh
source "$(dirname "$0")/lib/replay.sh"

with_rows() {
  example
  cat >"$tmp/arm.srdf" <<'SRDF'
<robot name="arm">
  <disable_collisions link1="link1" link2="link3" reason="Never"/>
</robot>
SRDF
  edit 's/^robot .*{/&srdf="arm.srdf", /'
  cat >"$tmp/rows" <<'ROWS'
floor = {keep="out", halfspace={normal=[0,0,1], offset="-50 mm"}, allow={links=["link7"], when="target[2] > 1", for="1 s"}}
post = {keep="out", capsule={from=["0.3 m","-0.7 m","0 m"], to=["0.3 m","-0.7 m","1 m"], radius="50 mm"}}
dome = {keep="in", sphere={center=["0 m","0 m","0.3 m"], radius="1.5 m"}, except=["link1"]}
self = {kind="self", margin="2 mm"}
exact_every = 10
ROWS
  edit "/^\[limit\]/r $tmp/rows"
}

with_rows
"$rtctl" safety explain "$tmp/arm.toml" >"$tmp/out" || fail "$(cat "$tmp/out")"
for words in 'self \[self-collision' 'not link7 while target\[2\] > 1, at most' \
  'not link1$' '236 pairs of spheres' 'self.srdf'; do
  grep -q "$words" "$tmp/out" || fail "no \"$words\": $(cat "$tmp/out")"
done
run_lockstep 2s --log "$tmp/run.tlog" || fail "$(cat "$tmp/run.err")"
[ "$(number pass "$tmp/run.json")" -gt 500 ] || fail "$(cat "$tmp/run.json")"
[ "$(number recalled "$tmp/run.json")" -gt 20 ] || fail "$(cat "$tmp/run.json")"
rm "$tmp/arm.srdf"
replays 0 "$tmp/run.tlog"
wants 2 'arm.srdf: ENOENT' \
  "$rtctl" replay "$tmp/run.tlog" --limits "$tmp/arm.toml"

with_rows
sed -i 's/name="arm"/name="leg"/' "$tmp/arm.srdf"
wants 2 'arm.srdf:1:1: robot "leg": the URDF' \
  "$rtctl" safety check "$tmp/arm.toml"
