# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# For tests/cli/replay*.sh: runs rtctl replay and looks at what it says.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
# shellcheck disable=SC2034 # the scripts use them
log_edit=$PWD/$build/tests/tlog-edit onnx_edit=$PWD/$build/tests/onnx-edit

# replays RC LOG OPTIONS...: what it says is in $tmp/replay.json.
replays() {
  local rc=0 want=$1; shift
  "$rtctl" replay "$@" --json >"$tmp/replay.json" 2>"$tmp/replay.err" || rc=$?
  [ "$rc" -eq "$want" ] || fail "exit $rc, not $want: replay $*:" \
    "$(cat "$tmp/replay.json" "$tmp/replay.err")"
}
says() { [ "$(number "$1" "$tmp/replay.json")" = "$2" ] ||
  fail "$1 is not $2: $(cat "$tmp/replay.json")"; }
noted() { grep -q "\"notes\": \[\"[^]]*$1" "$tmp/replay.json" ||
  fail "no note \"$1\": $(cat "$tmp/replay.json")"; }
field_like() { grep -q "\"field\": \"$1" "$tmp/replay.json" ||
  fail "field is not $1: $(cat "$tmp/replay.json")"; }
