#!/bin/bash
# SPDX-License-Identifier: MIT
# README.md is true: its two make commands exist, each of its rtctl lines
# runs (in lockstep, beside the demo's plant), the lines of its C++ program
# stand in the example, which compiles with its compiler line.
# shellcheck source=tests/cli/lib/common.sh
source "$(dirname "$0")/lib/common.sh"
block() { # LANGUAGE: the fenced blocks of that language
  awk -v open='```'"$1" '/^```/ { on = !on && $0 == open; next } on' README.md
}

mapfile -t makes < <(block '' | grep -oE '^make [a-z]+')
[ ${#makes[@]} -ge 2 ] || fail "README: no make commands"
for line in "${makes[@]}"; do
  read -ra words <<<"$line"
  "${words[@]}" --dry-run >/dev/null || fail "$line"
done

example
mapfile -t lines < <(block '' | grep -E '^rtctl ' |
  sed -e 's/   .*//' -e "s/ arm$/ $loop/")
[ ${#lines[@]} -ge 6 ] || fail "README: no rtctl commands"
home=$PWD
cd "$tmp"
for line in "${lines[@]}"; do
  read -ra words <<<"$line"
  words[0]=$rtctl
  case $line in
    "rtctl run "*)
      start_plant --lockstep --seed 4
      "${words[@]}" --lockstep >out 2>err || fail "$line: $(cat err out)"
      stop_plant ;;
    "rtctl status "*)
      start_plant --lockstep --seed 4
      "$rtctl" run arm.toml --lockstep >run.out 2>&1 & run=$!
      wait_until "${words[@]}"
      kill -TERM "$run"
      wait "$run" || fail "run: $(cat run.out)"
      stop_plant ;;
    *) "${words[@]}" >out 2>err || fail "$line: $(cat err out)" ;;
  esac
done
cd "$home"
[ -s "$tmp/run.html" ] || fail "no report page"

# Every statement of the short program, apart from layout and comments.
flat() { sed 's://.*::' | tr -d ' \n'; }
whole=$(flat <lib/examples/cpp_arm/main.cpp)
for part in 'tactus::LoopBuilder<Frame>(' '.infer(*policy,' \
  '.on_late=tactus::Late::keep_last}' '&Frame::q,&Frame::dq,&Frame::target' \
  '.check(*shield,' '.act("write",{.deadline=800us},' '.build();' \
  'loop->engage();'; do
  for text in "$whole" "$(block cpp | flat)"; do
    [[ $text == *"$part"* ]] || fail "README or example: no $part"
  done
done
make -s install DESTDIR="$tmp/root" prefix=/usr >/dev/null
export PKG_CONFIG_PATH=$tmp/root/usr/lib/pkgconfig
export PKG_CONFIG_SYSROOT_DIR=$tmp/root
compile=$(grep -oE '^`c\+\+ [^`]*`' README.md | tr -d '`')
[ -n "$compile" ] || fail "README: no compiler line"
(cd lib/examples/cpp_arm && eval "$compile -o $tmp/cpp-arm")
(cd "$tmp" && LD_LIBRARY_PATH=$tmp/root/usr/lib ./cpp-arm \
  "$home/lib/examples/handover/handover.onnx" \
  "$home/lib/examples/cpp_arm/limits.toml" 1) \
  >"$tmp/out" || [ $? -eq 1 ] || fail "cpp-arm: $(cat "$tmp/out")"
# The program as it stands in the README, between declarations of its own.
{
  sed '/^int main/,$d' lib/examples/cpp_arm/main.cpp
  cat <<'C'
int main(int, char** argv) {
  auto policy = tactus::Policy::load(argv[1]);
  auto shield = tactus::Shield::load(argv[2]);
  const auto read = [](Frame&, const tactus::Tick&) noexcept {};
  const auto write = [](const Frame&, const tactus::Tick&) noexcept {
    return TACTUS_OK;
  };
C
  block cpp
  echo '}'
} >"$tmp/readme.cpp"
read -ra flags <<<"$(pkg-config --cflags tactus)"
c++ -std=c++20 -fsyntax-only -Ilib/examples/cpp_arm "$tmp/readme.cpp" \
  "${flags[@]}" || fail "README's program does not compile"
echo ok
