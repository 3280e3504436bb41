#!/bin/bash
# SPDX-License-Identifier: MIT
# One instruction of the shield at a time is changed (mutants.cpp): which
# change does no contract, no row's test, no oracle and no adversary notice?
#   MUTANTS=20   drawn from all; 0: each change of a line once, some hours;
#                all: in each of its inlined copies, too    SEED=1    JOBS=2
#   ONLY=past_time_impl   where source lines match: mutants.cpp, -l
# What survives is listed, by class. "same answers": not one bit of 40000
# cycles of every rung differs, from the jump that skips work to the store that
# nobody reads. "other answers": the result moves within what the tests allow.
# Fails when fewer than a quarter are noticed (two thirds are): then the tests
# have gone blind. Other answers that are right to survive, by where they are:
#   near*, project_impl, qp*   rung project proposes, the check decides: a worse
#                              proposal. Slopes are watched (near_test.cpp)
#   screen_impl, memory_impl   a bound that grows: computed instead of skipped
#   sincos, last terms         below 1e-9, which is off every limit (rounding)
#   fk_impl, sliding joints    unit-kin holds the source; few copies see one here
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${O:-build/release}
count=${MUTANTS:-20} seed=${SEED:-1} jobs=${JOBS:-2}
each=()
[ "$count" != 0 ] || each=(-e)
[ "$count" != all ] || count=0
skip() { echo "$*"; exit 77; }
[ "$(uname -m)" = x86_64 ] || skip "changes x86-64 instructions"
command -v objdump >/dev/null || skip "no objdump (binutils)"
shield=$build/mutated/unit-shield
[ -x "$shield" ] || skip "$shield is not built (make test-programs)"
# Sanitizers put checks of their own between the instructions.
if nm "$shield" | grep -qE '__(asan|tsan|ubsan)_'; then
  skip "changes instructions of a build without sanitizers"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$shield" "$work/shield"
export TACTUS_ADVERSARY=${TACTUS_ADVERSARY:-100}
export TACTUS_ORACLE=${TACTUS_ORACLE:-120}
export TACTUS_SPACE=${TACTUS_SPACE:-10} QP_PROBLEMS=${QP_PROBLEMS:-1500}
# Whoever has the same bits as the unchanged kernel is no witness.
"$build/tests/mutants" -n "$count" "${each[@]}" -s "$seed" -j "$jobs" -x Removed \
  -l "${ONLY:-}" "$work/shield" ::mutated:: --filter 'contracts/all_hold' \
  '|' --filter '@(trajectory|loads|energy|contact|barriers|expr_vm|qp)/*' \
  '|' --filter '@(oracle|rows|row_order|instant|bad_signals|rollout|near|sliding)/*' \
  '|' --filter '@(project|past_time)/!(*the_same_bits_on*)' \
  '|' --filter '@(screen|space|adversary|memory)/*' \
  '?' --filter '@(kernel/the_chosen*|past_time/the_same_bits_on*)' |
  tee -i "$work/out"
awk '/^mutants of/ { all = $4 + 0; seen = $6 + 0 }
  END { exit !(all > 0 && 4 * seen >= all) }' "$work/out" ||
  { echo "fewer than a quarter of the changes were noticed"; exit 1; }
