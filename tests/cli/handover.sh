#!/bin/bash
# SPDX-License-Identifier: MIT
# The demo's criteria on a tenth of the paths or less (make prove: all), and
# that lockstep is deterministic: the same seed gives the same summary.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${O:-build/release}
demo=lib/examples/handover
"$demo/evidence.sh" 30 10 1 "$build"

# What the plant saw happen. Not how many frames it took: a host that freezes
# makes both sides repeat theirs.
same() {
  EPISODES_PORT=5330 "$demo/episodes.sh" human 1 3 "$build" |
    grep -o '"plant":.*"epoch"'
}
first=$(same) second=$(same)
[ "$first" = "$second" ] ||
  { printf 'two runs of one seed differ:\n%s\n%s\n' "$first" "$second"; exit 1; }

# A plant of its own says what is wrong, and leaves nothing behind.
fails() { # fails CODE WORD ARGS…
  local code=$1 word=$2 rc=0 text
  shift 2
  text=$("$build/handover-plant" "$@" 2>&1 >/dev/null) || rc=$?
  [ "$rc" -eq "$code" ] && grep -q "$word" <<<"$text" && return
  echo "handover-plant $*: exit $rc (want $code): $text"
  exit 1
}
fails 2 "not a count" --seed x
fails 2 "not a time" --duration 5
fails 2 "unrecognized" --fly
fails 2 "" --listen nowhere
fails 3 "no controller" --lockstep --wait 100ms --listen 127.0.0.1:5341
echo ok
