#!/bin/bash
# SPDX-License-Identifier: MIT
# Layout, dependency rule, shell scripts, sizes, and clang-tidy on the
# sources that changed against LINT_BASE (default: ten commits ago).
set -euo pipefail
cd "$(dirname "$0")/.."
bad=0
complain() { echo "lint: $*" >&2; bad=1; }

mapfile -t sources < <(git ls-files '*.cpp' '*.hpp' '*.c' '*.h')
clang-format-19 --dry-run -Werror "${sources[@]}" || bad=1
mapfile -t scripts < <(git ls-files '*.sh' '.ci/run')
shellcheck -x -S warning "${scripts[@]}" || bad=1

# Fixed top level.
allowed=' Makefile README.md LICENSE CHANGELOG.md CONTRIBUTING.md VERSION kmod
 bpf lib cli tests bench packaging .ci .clang-format .gitignore '
for entry in $(git ls-files | cut -d/ -f1 | sort -u); do
  grep -qw -- "${entry}" <<<"$allowed" ||
    complain "$entry: not a top-level entry of the house"
done

# Who may include whom: rooms of a higher level see lower ones, not siblings.
level() {
  case $1 in
    core) echo 0 ;; rt) echo 1 ;; policy|kin|safety|io|guard) echo 2 ;;
    trace|telemetry|host) echo 3 ;; config) echo 4 ;; capi) echo 5 ;;
    *) echo 9 ;;
  esac
}
while IFS=: read -r file include; do
  from=$(cut -d/ -f3 <<<"$file") to=${include%%/*}
  if [ ! -d "lib/src/$to" ] || [ "$from" = "$to" ]; then continue; fi
  [ "$from/$to" = safety/kin ] && continue
  [ "$(level "$to")" -lt "$(level "$from")" ] ||
    complain "$file includes $include: $from may not depend on $to"
done < <(git ls-files 'lib/src/*' | grep -E '\.(cpp|hpp)$' |
  xargs grep -HoE '^#include "[a-z_/0-9]+\.hpp"' |
  sed -E 's/#include "(.*)"/\1/')

# No heavy header in a header (but for the module that is nothing else), no
# -ffast-math, SPDX first.
git ls-files 'lib/*.hpp' 'cli/*.hpp' ':!lib/src/policy/onednn' | xargs grep -nE \
  '#include <(CLI|toml\+\+|nlohmann/json\.hpp|prometheus|dnnl|Eigen|cuda)' &&
  complain "heavy library included in a header"
git grep -nE '^[^#]*-ffast-math' -- '*.mk' Makefile && complain "fast-math"
for f in "${sources[@]}"; do
  head -1 "$f" | grep -q SPDX || complain "$f:1: no SPDX line"
done

# Sizes, for information; fails only far outside the habit.
long=$(ctags -x --c++-kinds=f --fields=+e --output-format=json \
  "${sources[@]}" 2>/dev/null | sed -nE \
  's/.*"name": "([^"]*)", "path": "([^"]*)".*"line": ([0-9]+).*"end": ([0-9]+).*/\2:\3 \1 \4/p' |
  awk '{split($1,a,":"); n=$3-a[2]+1; if (n>60) print $1, $2, n " lines"}')
[ -z "$long" ] || echo "functions above 60 lines:"$'\n'"$long"

# A shallow or young history has no parent: then everything changed.
base=${LINT_BASE:-$(git rev-parse -q --verify HEAD~10 ||
  git hash-object -t tree /dev/null)}
mapfile -t changed < <(git diff --name-only --diff-filter=d "$base" -- \
  'lib/src/*.cpp' 'cli/*.cpp' 'bench/*.cpp' 2>/dev/null || true)
if [ ${#changed[@]} -gt 0 ]; then
  printf '%s\0' "${changed[@]}" | xargs -0 -P 2 -n 1 packaging/tidy.sh || bad=1
fi
exit $bad
