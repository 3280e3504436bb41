#!/bin/bash
# SPDX-License-Identifier: MIT
# N seeded episodes in lockstep: a plant and rtctl run, one process each.
#   episodes.sh MODE N [SEED] [BUILD]
# MODE: trained    the trained policy, nobody near
#       untrained  the same network before training, nobody near
#       human      the trained policy, N paths of a person's hand
#       passstop   the same with the ladder cut to pass and stop
#       noproject  the same without rung project
#       none       the same with limit = "none"
# Prints {"mode":…,"plant":{…},"run":{…}}. Needs no privileges.
# EPISODES_PORT (default: the shipped 5010) moves both ports.
set -euo pipefail
usage() { sed -n '3,12s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
mode=$1 count=$2 seed=${3:-1}
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${4:-build/release}" && pwd)
port=${EPISODES_PORT:-5010}
work=$(mktemp -d)
[ "$(id -u)" -eq 0 ] || export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$work}"
plant='' run=''
cleanup() {
  [ -z "$run" ] || kill -KILL "$run" 2>/dev/null || true
  [ -z "$plant" ] || kill -KILL "$plant" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' TERM INT

# arm.toml, changed only in what the mode is about.
edit=(-e "s#\"arm.urdf\"#\"$here/arm.urdf\"#"
  -e "s#\"handover.onnx\"#\"$here/handover.onnx\"#"
  -e "s#^name .*#name = \"arm-$port\"#"
  -e "s#127.0.0.1:5010#127.0.0.1:$port#"
  -e "s#127.0.0.1:5011#127.0.0.1:$((port + 1))#"
  -e "/^record /d")
human=(--no-human)
case $mode in
  trained) ;;
  untrained) edit+=(-e 's#/handover.onnx#/handover_untrained.onnx#') ;;
  human) human=() ;;
  passstop) human=() edit+=(-e '/^ladder/s#"scale", "project", ##') ;;
  noproject) human=() edit+=(-e '/^ladder/s#"project", ##') ;;
  none) human=()
    edit+=(-e '/^\[limit\]/,$d' -e '/^name /a limit = "none"') ;;
  *) usage ;;
esac
sed "${edit[@]}" "$here/arm.toml" >"$work/arm.toml"

"$build/handover-plant" --lockstep --seed "$seed" --episodes "$count" \
  "${human[@]}" --listen "127.0.0.1:$((port + 1))" \
  --peer "127.0.0.1:$port" --json "$work/plant.json" &
plant=$!
"$build/rtctl" run "$work/arm.toml" --lockstep --json >"$work/run.json" &
run=$!

# The summary appears whole when the last episode is over; the plant goes on
# answering, so that the loop can stop in order. If either dies, so does the
# other by its watchdog.
while [ ! -e "$work/plant.json" ] && kill -0 "$run" 2>/dev/null &&
  kill -0 "$plant" 2>/dev/null; do sleep 0.1; done
kill -TERM "$run" 2>/dev/null || true
rc=0
wait "$run" || rc=$?
run=''
kill -TERM "$plant" 2>/dev/null || true
wait "$plant" || { code=$?; [ "$rc" -ne 0 ] || rc=$code; }
plant=''
if [ ! -s "$work/plant.json" ] || [ ! -s "$work/run.json" ]; then
  echo "episodes.sh: no result (exit $rc)" >&2
  exit $((rc == 0 ? 5 : rc))
fi
printf '{"mode":"%s","exit":%d,"plant":%s,"run":%s}\n' "$mode" "$rc" \
  "$(cat "$work/plant.json")" "$(tr -d '\n' <"$work/run.json")"
exit "$rc"
