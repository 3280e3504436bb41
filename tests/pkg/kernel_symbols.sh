#!/bin/bash
# SPDX-License-Identifier: MIT
# What is compiled for one instruction set shares no name with the rest: the
# linker would keep one copy for all, and a machine without that set dies.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${O:-build/release}
found=0
for isa in avx2 avx512 avx512vnni; do
  while read -r object; do
    found=$((found + 1))
    shared=$(nm -C --defined-only "$object" | grep -E ' [WVu] ' |
      grep -v "::$isa::" || true)
    [ -z "$shared" ] || { echo "$object: $shared" >&2; exit 1; }
    # The table itself, or a kernel: nothing else may run there.
    nm -C --defined-only "$object" | grep -E " [TW] .*::$isa::|Kernel" \
      >/dev/null || { echo "$object: no kernel in it" >&2; exit 1; }
  done < <(find "$build/lib" -name "$isa.o")
done
[ "$found" -gt 0 ] || { echo "built portable: no such kernels"; exit 77; }
