#!/bin/bash
# SPDX-License-Identifier: MIT
# What a user may not read, write or be granted: one clear line, exit 4 (or 3
# for a required grant), nothing left.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"
# As somebody else where we are root, who may do anything.
run_as=()
if [ "$(id -u)" -eq 0 ]; then
  run_as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
  chmod 755 "$tmp"
fi
# The tree may lie where that somebody may not look.
cp "$rtctl" "$tmp/rtctl"
rtctl=$tmp/rtctl
export TACTUS_RTCTL=$rtctl
as_user() { "${run_as[@]}" "$rtctl" "$@"; }
"${run_as[@]}" test -w /dev/shm ||
  { echo "/dev/shm may not be written by users here"; exit 77; }
mkdir -m 777 "$tmp/user" && mkdir -m 555 "$tmp/locked"
export XDG_RUNTIME_DIR=$tmp/user
denied() { # WORD FILE: of the example, which nobody may read
  example
  chmod 000 "$tmp/$2"
  wants 4 "$1" as_user run "$tmp/arm.toml" --duration 1s
  chmod 644 "$tmp/$2"
  nothing_left
}
denied 'arm.toml: EACCES' arm.toml
denied 'handover.onnx: EACCES' handover.onnx
denied 'arm.urdf: EACCES' arm.urdf
edit '/^name/a record = {path="'"$tmp"'/locked/run.tlog"}'
wants 4 'locked/run.tlog: EACCES' as_user run "$tmp/arm.toml" --duration 1s
nothing_left
example
XDG_RUNTIME_DIR=$tmp/locked \
  wants 4 'locked.*EACCES' as_user run "$tmp/arm.toml" --duration 1s
nothing_left
touch "$tmp/run.tlog" && chmod 000 "$tmp/run.tlog"
wants 4 'run.tlog: EACCES' as_user replay "$tmp/run.tlog"
# A grant that is required and not given is not available here.
edit 's/require=\[\]/require=["fifo"]/'
# Also where this user may have it: the limit is lowered, for good.
ulimit -r 0
wants 3 'fifo' as_user run "$tmp/arm.toml" --duration 1s
nothing_left
