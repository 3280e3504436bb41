#!/bin/bash
# SPDX-License-Identifier: MIT
# run.sh SECONDS PROGRAM...: fuzzes each for that long; a finding stops it
# and its input stays beside the corpus.
set -euo pipefail
seconds=$1; shift
failed=0
for program in "$@"; do
  name=$(basename "$program")
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus"
  seeds=tests/fuzz/seeds/${name%_fuzz}
  args=("$corpus"); [ -d "$seeds" ] && args+=("$seeds")
  [ -f "$seeds.dict" ] && args+=("-dict=$seeds.dict")
  if "$program" -max_total_time="$seconds" -seed=1 -rss_limit_mb=4096 \
      -timeout=10 -artifact_prefix="build/fuzz/$name-" "${args[@]}" \
      >"build/fuzz/$name.log" 2>&1; then
    echo "  $name: $(grep -oE '^Done [0-9]+ runs.*' "build/fuzz/$name.log")"
  else
    failed=1; echo "  $name: FOUND"; tail -n 40 "build/fuzz/$name.log"
  fi
done
exit $failed
