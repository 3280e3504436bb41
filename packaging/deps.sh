#!/bin/bash
# SPDX-License-Identifier: MIT
# Installs what is missing of the named tiers (build, test, ...) with apt.
set -euo pipefail

declare -A tier_packages=(
  [build]="g++ pkgconf ca-certificates libfmt-dev libtomlplusplus-dev
    libcli11-dev nlohmann-json3-dev liburdfdom-dev libtinyxml-dev
    libeigen3-dev libdnnl-dev liburing-dev"
  [test]="git libcriterion-dev scdoc mandoc procps"
  [lint]="clang-format-19 clang-tidy-19 shellcheck universal-ctags"
  [fuzz]="clang-19 libclang-rt-19-dev"
  [bench]="rt-tests libeigen3-dev"
  [peers]="libxsmm-dev libxnnpack-dev libpthreadpool-dev libblas-dev
    libmuparser-dev libfcl-dev python3-venv"
  [oracle]="python3-venv"
  [train]="python3-venv"
)
# Writes machine code for this processor alone.
[ "$(uname -m)" != x86_64 ] || tier_packages[build]+=" libxbyak-dev"

want=""
for tier in "$@"; do
  [ -n "${tier_packages[$tier]-}" ] || {
    echo "deps.sh: unknown tier '$tier'" >&2; exit 2; }
  want+=" ${tier_packages[$tier]}"
done

missing=""
for p in $want; do
  status=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) || true
  [ "$status" = installed ] || missing+=" $p"
done
[ -n "$missing" ] || exit 0

sudo=""
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "deps.sh: as root, run: apt-get install$missing" >&2; exit 4; }
  sudo=sudo
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get -q update >&2
# shellcheck disable=SC2086  # a list of words
$sudo apt-get -qq -o DPkg::Lock::Timeout=120 install -y \
  --no-install-recommends $missing >&2
