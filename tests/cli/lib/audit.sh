# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# For tests/cli/*_audit.sh: what a thread must not do is counted by a preloaded
# library, and left in $tmp/audit.json.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
not_instrumented
audit=$PWD/$build/tests/librt_audit.so

skip() { echo "$*"; exit 77; }
[ "$(uname -m)" = x86_64 ] || skip "the auditor is written for x86-64"
grep -qs trap /proc/sys/kernel/seccomp/actions_avail ||
  skip "no seccomp filters in this kernel"
[ -e "$audit" ] || fail "$audit: make test-programs"

# expect KEY...: these counts are above zero, all others are zero. $what says
# of what they are.
expect() {
  local key value
  for key in allocations frees syscalls futexes faults \
    voluntary_switches_beyond_waits; do
    value=$(number "$key" "$tmp/audit.json")
    case " $* " in
      *" $key "*) [ "$value" -gt 0 ] || fail "${what:-}$key not seen: \
$(cat "$tmp/audit.json")" ;;
      *) [ "$value" -eq 0 ] || fail "${what:-}$key: $(cat "$tmp/audit.json")" ;;
    esac
  done
}
