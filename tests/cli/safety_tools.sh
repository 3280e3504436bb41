#!/bin/bash
# SPDX-License-Identifier: MIT
# rtctl safety bench, diff and fuzz: what they say, and their exit codes.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"
example
cp "$tmp/arm.toml" "$tmp/first.toml"

# gives RC COMMAND...: exit code; what it says is in $tmp/said.json.
gives() {
  local rc=0 want=$1; shift
  "$rtctl" safety "$@" --json >"$tmp/said.json" 2>"$tmp/err" || rc=$?
  [ "$rc" -eq "$want" ] || fail "exit $rc, not $want: $*: $(cat "$tmp/said.json")"
}
says() { grep -q "$1" "$tmp/said.json" || fail "no $1: $(cat "$tmp/said.json")"; }

# How long it takes is the machine's; that it is compared is ours.
edit 's/check="850 us"/check="400001 ns"/'
gives 1 bench "$tmp/arm.toml" --cases 300
says '"left_ns": 1, "within": false'
example
"$rtctl" safety bench "$tmp/arm.toml" --cases 2000 --json >"$tmp/said.json" ||
  [ $? -eq 1 ] || fail "bench: $(cat "$tmp/said.json")"
has_keys "$tmp/said.json" schema cpu isa check_ns all pass scale stop p50 p99 \
  p999 max families humans boxes rest_p50_ns worst_p99_ns deadline_ns \
  predicted_ns rest_predicted_ns worst_cycle_predicted_ns
"$rtctl" safety bench "$tmp/arm.toml" --cases 300 >"$tmp/said.txt" ||
  [ $? -eq 1 ] || fail "bench as text"
grep -q 'p99 .* the .* that the check stage has' "$tmp/said.txt" ||
  fail "$(cat "$tmp/said.txt")"

# A program's limits, without their program; what it says of the times, too.
mine=$tmp/cpp_arm/limits.toml
mkdir "$tmp/cpp_arm" "$tmp/handover"
cp lib/examples/handover/arm.urdf "$tmp/handover/"
cp lib/examples/cpp_arm/limits.toml "$mine"
for verb in explain check; do
  gives 0 "$verb" "$mine"
  says '"rows": \[.*joint'
done
gives 0 diff "$mine" "$mine"
gives 0 fuzz "$mine" --cases 200
"$rtctl" safety explain "$mine" >"$tmp/said.txt"
grep -q 'guard.commit  *900000 ns  *.*limits.toml:5' "$tmp/said.txt" ||
  fail "$(cat "$tmp/said.txt")"
sed -i 's/period="1 ms", //' "$mine"
wants 2 'limits.toml: loop.period: missing: .* a program' \
  "$rtctl" safety check "$mine"
cp lib/examples/cpp_arm/limits.toml "$mine"
sed -i '/^guard/d' "$mine"
wants 2 'guard.commit: missing' "$rtctl" safety explain "$mine"
sed -i '1i guard = "none"' "$mine"
gives 0 check "$mine"
sed -i '1i limits = {}' "$mine"
wants 2 'limits.toml:.*limits: ' "$rtctl" safety check "$mine"

# Who is refused by prediction: check and run. Who only looks is not.
gives 0 check "$tmp/arm.toml"
says '"budget_us": 450, "budget_from": "stage.check - stage.infer"'
has_keys "$tmp/said.json" unit units predicted_us never_bind isa motions \
  motion_us worst_cycle_us
edit 's/^ladder = /budget = "3 us"\n&/'
gives 2 check "$tmp/arm.toml"
says 'worst cycle of the check is predicted .*3 us (limit.budget).*most expensive'
(cd "$tmp" && wants 2 'limit.budget' "$rtctl" run arm.toml --lockstep)
gives 0 explain "$tmp/arm.toml"
says '"budget_us": 3, "budget_from": "limit.budget"'
gives 0 fuzz "$tmp/arm.toml" --cases 20
gives 0 diff "$tmp/first.toml" "$tmp/arm.toml"
example

# Rows that never bind are said, not refused; what nothing satisfies is.
edit 's/^cell /hall = {keep="in", box=["-1 m .. 1 m","-1 m .. 1 m","-1 m .. 2 m"]}\n&/'
gives 0 check "$tmp/arm.toml"
says '"never_bind": \[{"row": "hall", "because": "cell implies it", "proof": "'
"$rtctl" safety check "$tmp/arm.toml" >"$tmp/said.txt"
grep -q '^  hall: cell implies it: ' "$tmp/said.txt" ||
  fail "$(cat "$tmp/said.txt")"
edit 's/^hall .*/hall = {keep="in", box=["0 m .. 20 mm","-1 m .. 1 m","-1 m .. 2 m"]}/'
wants 2 'arm.toml:[0-9]*:[0-9]*: limit.*: nothing satisfies it' \
  "$rtctl" safety check "$tmp/arm.toml"
example

gives 0 diff "$tmp/first.toml" "$tmp/arm.toml"
says '"looser": false'
edit 's/d_min="50 mm"/d_min="60 mm"/'
gives 0 diff "$tmp/first.toml" "$tmp/arm.toml"
says '"way": "tightened", "of": "row human", "figure": "d_min".*"unit": "m"'
gives 1 diff "$tmp/arm.toml" "$tmp/first.toml"
says '"way": "loosened", "of": "row human"'
edit 's/^cell /pole = {keep="out", capsule={from=["2 m","0 m","0 m"], to=["2 m","0 m","1 m"], radius="80 mm"}}\n&/'
cp "$tmp/arm.toml" "$tmp/pole.toml"
edit 's/radius="80 mm"}}/radius="70 mm"}}/'
gives 1 diff "$tmp/pole.toml" "$tmp/arm.toml"
says '"way": "loosened", "of": "row pole", "figure": "radius"'
edit '/^pole /d'
edit '/^cell /d'
gives 1 diff "$tmp/first.toml" "$tmp/arm.toml"
says '"way": "removed", "of": "row cell"'
"$rtctl" safety diff "$tmp/arm.toml" "$tmp/first.toml" >"$tmp/said.txt" &&
  fail "looser: exit 0"
grep -q '^added *row cell' "$tmp/said.txt" || fail "$(cat "$tmp/said.txt")"

gives 0 fuzz "$tmp/first.toml" --cases 100 --seed 5
says '"cases": 100,.*"finding": null'
[ "$(number accepted "$tmp/said.json")" -gt 0 ] || fail "nothing was accepted"
[ "$(number edges "$tmp/said.json")" -gt 10 ] || fail "no edge was reached"
[ "$(number spoilt "$tmp/said.json")" -gt 1000 ] || fail "nothing was spoilt"
"$rtctl" safety fuzz "$tmp/first.toml" --cases 5 >"$tmp/said.txt" 2>"$tmp/err"
grep -q 'nothing found' "$tmp/said.txt" || fail "fuzz as text"
[ ! -s "$tmp/err" ] || fail "progress without a terminal: $(cat "$tmp/err")"

for verb in bench fuzz explain check; do
  wants 2 'none.toml' "$rtctl" safety $verb "$tmp/none.toml"
  wants 2 'command line' "$rtctl" safety $verb
done
wants 2 'none.toml' "$rtctl" safety diff "$tmp/first.toml" "$tmp/none.toml"
wants 2 'command line' "$rtctl" safety diff "$tmp/first.toml"
wants 2 'command line' "$rtctl" safety bench "$tmp/first.toml" --cases 0
wants 2 'command line' "$rtctl" safety fuzz "$tmp/first.toml" --seed x
edit 's/d_min="60 mm"/d_min="60 rad"/'
wants 2 'arm.toml:.*d_min' "$rtctl" safety fuzz "$tmp/arm.toml"
wants 2 'arm.toml:.*d_min' "$rtctl" safety diff "$tmp/first.toml" "$tmp/arm.toml"
