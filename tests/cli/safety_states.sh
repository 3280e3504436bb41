#!/bin/bash
# SPDX-License-Identifier: MIT
# rtctl safety check FILE --states: a verdict for each row, what of it is
# counted and written, and what is refused.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"
example
arm=$tmp/arm.toml

# table FILE COLUMNS VALUE...: float32, C order.
table() {
  perl -e 'my ($columns, @v) = @ARGV;
    my $head = "{\x27descr\x27: \x27<f4\x27, \x27fortran_order\x27: False, " .
      "\x27shape\x27: (" . @v / $columns . ", $columns), }";
    $head .= " " x (117 - length $head) . "\n";
    print "\x93NUMPY\x01\x00", pack("v", 118), $head, pack("f<*", @v);' \
    "${@:2}" >"$1"
}
home="0 -0.6 0 -2.2 0 1.6 0.785"
rest="0 0 0 0 0 0 0" at="0.4 0 0.4"
# At rest with the hand away; the same towards a hand at the flange; at rest.
moving="0.5 0 0 0 0 0 0"
# shellcheck disable=SC2086  # lists of numbers
table "$tmp/states.npy" 20 $home $rest $at 2.5 0 1 \
  $home $moving $at 0.55 0.1 0.6 $home $rest $at 2.5 0 1
# shellcheck disable=SC2086
table "$tmp/actions.npy" 7 $rest $moving 0.5 0 0 0 0 0 0

rc=0
"$rtctl" safety check "$arm" --states "$tmp/states.npy" --json \
  --actions "$tmp/actions.npy" --output "$tmp/margins.npy" \
  >"$tmp/said.json" 2>"$tmp/err" || rc=$?
[ "$rc" -eq 1 ] || fail "exit $rc: $(cat "$tmp/said.json" "$tmp/err")"
[ ! -s "$tmp/err" ] || fail "progress without a terminal: $(cat "$tmp/err")"
says() { grep -q "$1" "$tmp/said.json" || fail "no $1: $(cat "$tmp/said.json")"; }
says '"schema": "tactus/safety-check-states/1"'
says '"rows": 3, "safe": 1'
says '"human": 1'
says '"action.rate": 1'
says '"worst": {"index": [12], "row": "[a-z.]*", "margin": -'
# The margins, in order: what is safe is not below zero.
perl -e 'local $/; my @m = unpack("f<*", substr(<STDIN>, 128));
  exit !(@m == 3 && $m[0] >= 0 && $m[1] < 0 && $m[2] < 0);' \
  <"$tmp/margins.npy" || fail "margins: $(od -f "$tmp/margins.npy" | tail -3)"

# Without actions the motion goes on: rest stays rest.
rc=0
"$rtctl" safety check "$arm" --states "$tmp/states.npy" >"$tmp/said.txt" ||
  rc=$?
[ "$rc" -eq 1 ] || fail "exit $rc"
grep -q '^2 of 3 states safe as asked' "$tmp/said.txt" ||
  fail "$(cat "$tmp/said.txt")"
grep -q '^worst: state 1 (from 0), margin -' "$tmp/said.txt" ||
  fail "$(cat "$tmp/said.txt")"

# At that instant: what moves towards the hand is beyond v_max(d), with no rung.
rc=0
"$rtctl" safety check "$arm" --states "$tmp/states.npy" --instant --json \
  >"$tmp/said.json" || rc=$?
[ "$rc" -eq 1 ] || fail "exit $rc: $(cat "$tmp/said.json")"
says '"instant": true, "rows": 3, "safe": 2, "violated": {"human.now": 1}'
if grep -q '"rungs"' "$tmp/said.json"; then fail "rungs of an instant"; fi

cp "$tmp/states.npy" "$tmp/nan.npy" # in row 2, column 3
printf '\0\0\300\177' | dd of="$tmp/nan.npy" bs=1 seek=$((128 + 4 * 43)) \
  conv=notrunc status=none
wants 2 'nan.npy: row 2, column 3 (from 0) is nan' \
  "$rtctl" safety check "$arm" --states "$tmp/nan.npy"
wants 2 'actions.npy: shape \[3,7\], not \[rows,20\]: a row is q 7, dq 7' \
  "$rtctl" safety check "$arm" --states "$tmp/actions.npy"
# shellcheck disable=SC2086
table "$tmp/two.npy" 7 $rest $rest
wants 2 'two.npy: 2 rows of 7 joints, 3 states' "$rtctl" safety check "$arm" \
  --states "$tmp/states.npy" --actions "$tmp/two.npy"
wants 2 'none.npy' "$rtctl" safety check "$arm" --states "$tmp/none.npy"
wants 2 'command line' "$rtctl" safety check "$arm" --actions "$tmp/two.npy"
wants 2 'command line' "$rtctl" safety check "$arm" --instant
"$rtctl" safety check "$arm" --json | grep -q '"schema": "tactus/safety-check/1"' ||
  fail "the file alone"
