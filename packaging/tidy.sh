#!/bin/bash
# SPDX-License-Identifier: MIT
# tidy.sh FILE: clang-tidy with the project's flags; prints findings only.
set -euo pipefail
clang-tidy-19 --quiet --config-file=packaging/clang-tidy.yaml \
  --warnings-as-errors='*' "$1" -- -std=c++20 -Ilib/include -Ilib/src \
  -DTACTUS_VERSION='"0"' 2>/dev/null
