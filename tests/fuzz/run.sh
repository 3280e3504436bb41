#!/bin/bash
# SPDX-License-Identifier: MIT
# run.sh SECONDS PROGRAM...: fuzzes each for that long, as many at once as
# there are processors; a finding's input stays beside the corpus.
set -euo pipefail
seconds=$1; shift

fuzz() { # PROGRAM
  local name corpus seeds args
  name=$(basename "$1")
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus"
  seeds=tests/fuzz/seeds/${name%_fuzz}
  args=("$corpus"); [ -d "$seeds" ] && args+=("$seeds")
  [ -f "$seeds.dict" ] && args+=("-dict=$seeds.dict")
  if "$1" -max_total_time="$seconds" -seed=1 -rss_limit_mb=4096 \
      -timeout=10 -artifact_prefix="build/fuzz/$name-" "${args[@]}" \
      >"build/fuzz/$name.log" 2>&1; then
    echo "  $name: $(grep -oE '^Done [0-9]+ runs.*' "build/fuzz/$name.log")"
  else
    printf '%s\n' "  $name: FOUND" "$(tail -n 40 "build/fuzz/$name.log")"
    return 1
  fi
}
export -f fuzz
export seconds

# 123 when one of them found something.
printf '%s\0' "$@" |
  xargs -0 -n 1 -P "$(nproc)" bash -euo pipefail -c 'fuzz "$1"' fuzz
