#!/bin/bash
# SPDX-License-Identifier: MIT
# Every symbol that the library exports is declared in tactus.h and called by
# a unit test; every function that tactus.h declares is exported.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${O:-build/release}

exported=$(nm -D --defined-only "$build/libtactus.so.0" |
  awk '$2 == "T" { sub("@.*", "", $3); print $3 }' | sort)
declared=$(grep -v '^#define' lib/include/tactus/tactus.h | tr '\n' ' ' |
  grep -oE 'TACTUS_API [^;(]*' | grep -oE 'tactus_[a-z_]+ *$' | tr -d ' ' |
  sort)
[ "$(wc -w <<<"$exported")" -ge 20 ] || { echo "no symbols found"; exit 1; }
if ! diff <(echo "$exported") <(echo "$declared"); then
  echo "exported (<) and declared (>) differ"
  exit 1
fi
missing=0
for name in $exported; do
  grep -qw "$name" tests/unit/capi/*_test.cpp tests/unit/capi/rig.hpp ||
    { echo "$name: no test in tests/unit/capi calls it"; missing=1; }
done
exit $missing
