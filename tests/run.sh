#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs each named test program or script; exit 77 is a skip whose last line
# is the reason. Ends with what failed, said again, and "N passed, N failed,
# N skipped".
set -euo pipefail
passed=0 failed=0 skipped=0 broken=()
log=$(mktemp) tap=$(mktemp); trap 'rm -f "$log" "$tap"' EXIT
# Criterion says skips, with their reasons, in this format only.
export CRITERION_OUTPUTS=tap:$tap

# Its whole output here; at the end the last lines that match, because a CI
# page often shows no more than the end.
broke() { # PROGRAM PATTERN
  sed 's/^/    /' "$log"
  broken+=("$1" "$(grep -E "$2" "$log" | tail -n 12 | sed "s/^/    /" || true)")
}

# A Criterion program counts its tests itself; a filter that matches nothing
# would exit 0, so zero tests is a failure here.
count_criterion() {
  local p f c s
  p=$(sed -n 's/.*Synthesis:.*Passing: \([0-9]*\).*/\1/p' "$log")
  f=$(sed -n 's/.*Synthesis:.*Failing: \([0-9]*\).*/\1/p' "$log")
  c=$(sed -n 's/.*Synthesis:.*Crashing: \([0-9]*\).*/\1/p' "$log")
  s=$(grep -c '# SKIP' "$tap" || true)
  [ $((p + f + c + s)) -gt 0 ] || return 1
  passed=$((passed + p)) failed=$((failed + f + c)) skipped=$((skipped + s))
  [ $((f + c)) -eq 0 ] || broke "$1" "Assertion Failed|^\[FAIL\]|CRASH|The expr"
  sed -n 's/^ok - \(.*# SKIP.*\)/    \1/p' "$tap"
  printf '  %-34s %4d passed %3d failed\n' "$(basename "$1")" "$p" $((f + c))
}

for t in "$@"; do
  rc=0
  "$t" >"$log" 2>&1 </dev/null || rc=$?
  if grep -q 'Synthesis: Tested' "$log" && count_criterion "$t"; then
    continue
  fi
  case $rc in
    0) passed=$((passed + 1)); word=ok ;;
    77) skipped=$((skipped + 1)); word="SKIP: $(tail -n 1 "$log")" ;;
    *) failed=$((failed + 1)); word="FAILED ($rc)"; broke "$t" . ;;
  esac
  printf '  %-34s %s\n' "$(basename "$t")" "$word"
done
[ ${#broken[@]} -eq 0 ] || printf 'failed: %s\n%s\n' "${broken[@]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
