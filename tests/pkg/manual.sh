#!/bin/bash
# SPDX-License-Identifier: MIT
# The man page and the bash completion name every command and option that
# rtctl has, and no other.
set -euo pipefail
cd "$(dirname "$0")/../.."
rtctl=${O:-build/release}/rtctl
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT
page=packaging/man/rtctl.1.scd
fail() { echo "manual.sh: $*" >&2; exit 1; }

if command -v scdoc >/dev/null; then
  scdoc <"$page" >"$tmp/rtctl.1"
  if command -v mandoc >/dev/null; then
    mandoc -T lint -W error "$tmp/rtctl.1" || fail "mandoc complains"
  fi
fi

commands() { # of rtctl, or of a command of it
  "$rtctl" "$@" --help | sed -n '/^Subcommands:/,$s/^  \([a-z]*\) .*/\1/p'
}
options() {
  "$rtctl" "$@" --help | grep -oE '^  [^ ]*--[a-z-]+' | grep -oE '\-\-[a-z-]+' |
    grep -vxE -- '--(help|json|version)'
}
# shellcheck source=packaging/completions/rtctl.bash
source packaging/completions/rtctl.bash
completes() { # WORD after the words before it
  local word=${*: -1}
  COMP_WORDS=(rtctl "${@:1:$#-1}" "$word")
  COMP_CWORD=$#
  COMPREPLY=()
  _rtctl 2>/dev/null
  printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -- "$word"
}
known=''
names() { # COMMAND [VERB]
  local option
  grep -qE "^\*$*\*| \*$*\*" "$page" || fail "$page: no $*"
  completes "$@" || fail "completion: no $*"
  while read -r option; do
    known+=" $option "
    grep -q -- "\*$option\*" "$page" || fail "$page: no $option of $*"
    completes "$@" "$option" || fail "completion: no $option of $*"
  done < <(options "$@" || true)
}
for command in $(commands); do
  case $command in
    model | safety)
      for verb in $(commands "$command"); do names "$command" "$verb"; done ;;
    *) names "$command" ;;
  esac
done
while read -r option; do
  [[ "$known --help --json " == *" $option "* ]] ||
    fail "$page: $option does not exist"
done < <(grep -oE '\*--[a-z-]+\*' "$page" | tr -d '*' | sort -u)
[ "$(wc -w <<<"$known")" -ge 15 ] || fail "too few options were found"
echo ok
