#!/bin/bash
# SPDX-License-Identifier: MIT
# cycle_demo.sh BUILD LOG SECONDS: the handover demo in real time, recorded.
set -euo pipefail
here=$(cd "$(dirname "$0")/../lib/examples/handover" && pwd)
build=$(cd "$1" && pwd) log=$2 seconds=$3
work=$(mktemp -d)
plant=''
trap '[ -z "$plant" ] || kill "$plant" 2>/dev/null; rm -rf "$work"' EXIT
[ "$(id -u)" -eq 0 ] || export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$work}"
cp "$here"/{arm.toml,arm.urdf,handover.onnx} "$work"
sed -i -e 's/^name .*/name = "bench-cycle"/' -e '/^record /d' \
  -e 's/:5010/:5410/; s/:5011/:5411/' "$work/arm.toml"
"$build/handover-plant" --seed 4 --listen 127.0.0.1:5411 \
  --peer 127.0.0.1:5410 >"$work/plant.out" 2>&1 &
plant=$!
"$build/rtctl" run "$work/arm.toml" --duration "${seconds}s" --log "$log"
