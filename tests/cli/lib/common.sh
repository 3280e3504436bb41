# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# For tests/cli/*.sh: a private copy of the handover example (own ports, own
# loop name, own runtime folder), the plant, and checks that end the test.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
build=${O:-build/release}
rtctl=$PWD/$build/rtctl
plant_bin=$PWD/$build/handover-plant
tmp=$(mktemp -d)
loop=t$$
port=$((20000 + $$ % 20000))
plant=''
export XDG_RUNTIME_DIR=$tmp/run NO_COLOR=1 TACTUS_RTCTL=$rtctl
unset TACTUS_CPU TACTUS_PRIORITY
mkdir -p "$XDG_RUNTIME_DIR"

cleanup() {
  [ -z "$plant" ] || kill "$plant" 2>/dev/null || true
  wait 2>/dev/null || true
  rm -rf "$tmp"
}
trap cleanup EXIT

fail() { echo "FAILED (${BASH_LINENO[*]}): $*" >&2; exit 1; }

# Real time is the released program's; instrumented it keeps no deadline, and
# its run-time wants to be the first library.
not_instrumented() {
  case ${build##*/} in
    asan | ubsan | tsan) echo "real time, and ${build##*/} is slow"; exit 77 ;;
  esac
}

# example: $tmp/arm.toml beside its URDF and model.
example() {
  cp lib/examples/handover/{arm.toml,arm.urdf,handover.onnx} "$tmp/"
  sed -i -e "s/^name .*/name = \"$loop\"/" -e "s/:5010/:$port/" \
    -e "s/:5011/:$((port + 1))/" -e '/^record /d' "$tmp/arm.toml"
}
# edit SED-EXPRESSION: of the private TOML; it must change something.
edit() {
  cp "$tmp/arm.toml" "$tmp/before.toml"
  sed -i "$1" "$tmp/arm.toml"
  ! cmp -s "$tmp/arm.toml" "$tmp/before.toml" || fail "no change by: $1"
}
start_plant() { # options of handover-plant
  "$plant_bin" --listen "127.0.0.1:$((port + 1))" --peer "127.0.0.1:$port" \
    --json "$tmp/plant.json" "$@" >"$tmp/plant.out" 2>&1 &
  plant=$!
}
stop_plant() {
  kill "$plant" 2>/dev/null || true
  wait "$plant" 2>/dev/null || true
  plant=''
}
run_lockstep() { # duration, more options of rtctl run
  local duration=$1; shift
  start_plant --lockstep --seed 4
  local rc=0
  "$rtctl" run "$tmp/arm.toml" --lockstep --duration "$duration" --json "$@" \
    >"$tmp/run.json" 2>"$tmp/run.err" || rc=$?
  stop_plant
  return $rc
}
# number KEY FILE: the first number of that name.
number() {
  sed -n "s/.*\"$1\": *\(-\{0,1\}[0-9.e+-]*\).*/\1/p" "$2" | head -n 1
}
has_keys() { # FILE KEY...
  local file=$1 key; shift
  for key in "$@"; do
    grep -q "\"$key\"" "$file" || fail "$file: no \"$key\": $(cat "$file")"
  done
}
# Nothing of this loop is left: segment, socket, guardian.
nothing_left() {
  [ ! -e "/dev/shm/tactus.$loop" ] || fail "a segment is left behind"
  local socket
  for socket in "$XDG_RUNTIME_DIR" /run; do
    [ ! -e "$socket/tactus/$loop.sock" ] || fail "a socket is left behind"
  done
  ! pgrep -f "^$rtctl guardian" -P 1 >/dev/null || fail "a guardian is left"
}
# wants RC WORD COMMAND...: exit code, and one line on stderr with the word.
wants() {
  local rc=0 want=$1 word=$2; shift 2
  "$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
  [ "$rc" -eq "$want" ] || fail "exit $rc, not $want: $*: $(cat "$tmp/err")"
  [ "$(wc -l <"$tmp/err")" -eq 1 ] || fail "not one line: $(cat "$tmp/err")"
  grep -q "$word" "$tmp/err" || fail "no \"$word\" in: $(cat "$tmp/err")"
}
wait_until() { # COMMAND...: at most 20 s
  local i
  for ((i = 0; i < 400; i++)); do
    ! "$@" >/dev/null 2>&1 || return 0
    sleep 0.05
  done
  fail "never: $*"
}
