#!/bin/bash
# SPDX-License-Identifier: MIT
# A C and a C++ consumer against an installed tree, found by pkg-config.
set -euo pipefail
cd "$(dirname "$0")/../.."
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT

make -s install DESTDIR="$tmp" prefix=/usr >/dev/null
export PKG_CONFIG_PATH=$tmp/usr/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$tmp
export LD_LIBRARY_PATH=$tmp/usr/lib

cat >"$tmp/c.c" <<'C'
#include <stdio.h>
#include <tactus/tactus.h>
int main(void) {
  tactus_error error = {0};
  if (tactus_policy_load("/none.onnx", NULL, &error)) return 1;
  printf("%s: %d %s\n", tactus_version(), (int)error.code, error.text);
  return error.code == 2 ? 0 : 1;
}
C
cat >"$tmp/cpp.cpp" <<'C'
#include <cstdio>
#include <tactus/tactus.hpp>
using namespace std::chrono_literals;
struct Frame {
  std::array<float, 2> q;
  tactus::Time q_at;
};
TACTUS_FIELDS(Frame, q, q_at)
int main() {
  auto loop = tactus::LoopBuilder<Frame>({.name = "c",
                                           .period = 1ms,
                                           .require = {tactus::Grant::memlock}})
                  .sense("read", {.deadline = 200us},
                         [](Frame&, const tactus::Tick&) noexcept {})
                  .build();
  if (loop) return 1;  // nothing checks and nothing acts: refused
  std::printf("%s\n", loop.error().text());
  return loop.error().exit_code() == 2 ? 0 : 1;
}
C
read -ra flags <<<"$(pkg-config --cflags --libs tactus)"
warn=(-Wall -Wextra -Wconversion -Wshadow -Werror)
gcc -std=c11 "${warn[@]}" "$tmp/c.c" "${flags[@]}" -o "$tmp/c"
g++ -std=c++20 "${warn[@]}" "$tmp/cpp.cpp" "${flags[@]}" -o "$tmp/cpp"
"$tmp/c"
"$tmp/cpp"

# Public headers compile with the oldest compiler that we promise.
if command -v clang++-14 >/dev/null; then
  clang++-14 -std=c++20 "${warn[@]}" -fsyntax-only "$tmp/cpp.cpp" \
    -I"$tmp/usr/include"
fi
# Only the C ABI leaves the library.
nm -D --defined-only "$tmp/usr/lib/libtactus.so.0" | awk '{print $3}' |
  grep -v '^tactus_\|^TACTUS_' && { echo "foreign symbol exported"; exit 1; }
make -s uninstall DESTDIR="$tmp" prefix=/usr
[ -z "$(find "$tmp/usr" -type f)" ] || { find "$tmp/usr" -type f; exit 1; }
