#!/bin/bash
# SPDX-License-Identifier: MIT
# What the demo must show, in lockstep: FREE episodes with nobody near, HAND
# paths of a person's hand, each criterion with its figures. Exit 1 when one
# does not hold. The full set (make prove) is 1000 and 200.
#   evidence.sh FREE HAND [SEED] [BUILD]
set -euo pipefail
[ $# -ge 2 ] || { sed -n '3,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
free=$1 hand=$2 seed=${3:-1} build=${4:-build/release}
here=$(cd "$(dirname "$0")" && pwd)
base=${EPISODES_PORT:-5310}
out=$(mktemp -d)
one='' two=''
# Whatever ends this, no plant and no loop is left behind.
cleanup() {
  local p
  for p in $one $two; do kill -TERM "$p" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$out"
}
trap cleanup EXIT

run() { # run MODE COUNT PORT
  EPISODES_PORT=$3 "$here/episodes.sh" "$1" "$2" "$seed" "$build" \
    >"$out/$1" & local job=$!
  trap 'kill -TERM "$job" 2>/dev/null; wait "$job"; exit 1' TERM
  wait "$job" || { echo "$1: episodes.sh failed ($?)" >&2; return 1; }
}
# Two at a time: a plant and a loop take turns, so each pair fills one core.
(run trained "$free" "$base" && run human "$hand" "$base" &&
  run passstop "$hand" "$base") & one=$!
(run untrained "$free" $((base + 2)) && run none "$hand" $((base + 2)) &&
  run noproject "$hand" $((base + 2))) &
two=$!
wait -n || exit 1  # whichever ends first
wait -n || exit 1
one='' two=''

value() { # value MODE NAME: the first number of that name
  grep -o "\"$2\": *[0-9]*" "$out/$1" | head -n 1 | grep -o '[0-9]*$'
}
failed=0
must() { # must TEXT CONDITION…
  local text=$1; shift
  if [ "$@" ]; then echo "ok    $text"; else echo "FAIL  $text"; failed=1; fi
}
for mode in trained untrained human passstop noproject none; do
  printf -v "ok_$mode" %s "$(value "$mode" successes)"
  n=$(value "$mode" episodes)
  want=$hand
  case $mode in trained | untrained) want=$free ;; esac
  must "$mode: all $want episodes ran" "$n" -eq "$want"
done
# shellcheck disable=SC2154  # set by printf -v
{
  must "trained: $ok_trained of $free reached, at least 95 %" \
    $((100 * ok_trained)) -ge $((95 * free))
  must "untrained: $ok_untrained of $free reached, at most 5 %" \
    $((100 * ok_untrained)) -le $((5 * free))
  must "human: $(value human violations) violations, none allowed" \
    "$(value human violations)" -eq 0
  must "passstop: $(value passstop violations) violations, none allowed" \
    "$(value passstop violations)" -eq 0
  must "noproject: $(value noproject violations) violations, none allowed" \
    "$(value noproject violations)" -eq 0
  must "human: $ok_human of $hand reached, $ok_noproject without rung project" \
    "$ok_human" -ge "$ok_noproject"
  for rung in pass scale project stop; do
    must "human: $(value human $rung) on rung $rung, some" \
      "$(value human $rung)" -gt 0
  done
  # Of the ladder's own stops, while engaged: the orderly end is one too.
  for mode in human passstop; do
    must "$mode: $(value $mode engaged_verified) cycles in a verified stop \
while engaged, some; $(value $mode unverified) not verified" \
      "$(value $mode engaged_verified)" -gt 0
  done
  must "ladder $ok_human of $hand, pass-or-stop $ok_passstop: 10 points" \
    $((100 * (ok_human - ok_passstop))) -ge $((10 * hand))
  must "none: $(value none violating_paths) of $hand violate, at least 1/4" \
    $((4 * $(value none violating_paths))) -ge "$hand"
}
if [ -n "${EVIDENCE_DIR:-}" ]; then cp "$out"/* "$EVIDENCE_DIR"/; fi
exit "$failed"
