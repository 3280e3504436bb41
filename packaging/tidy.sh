#!/bin/bash
# SPDX-License-Identifier: MIT
# tidy.sh FILE: clang-tidy with the project's flags; prints findings only.
set -euo pipefail
flags=()
eval "flags=($(make --silent --no-print-directory tidy-flags "FILE=$1"))"
clang-tidy-19 --quiet --config-file=packaging/clang-tidy.yaml \
  --warnings-as-errors='*' "$1" -- -std=c++20 "${flags[@]}" 2>/dev/null
