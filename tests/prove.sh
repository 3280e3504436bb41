#!/bin/bash
# SPDX-License-Identifier: MIT
# The long evidence, one set after the other, with its figures:
#   tests/prove.sh [BUILD] [PART...]     BUILD: build/release
# PART  audit     RT_AUDIT_CYCLES=100000   what the RT thread must not do
#       policies  TACTUS_TEST_MODELS=      nor a call of any model
#       kills     KILLS=20                 the loop killed while it moves
#       shield    TACTUS_PROVE=1           the adversary's million states,
#                 two million evaluations of random expressions
#                 (empty: what make check does)
#       oracle    ORACLE=8000000           states that the oracle judges, too,
#                 and with those beside thresholds 20 million in all
#       loop      LOOP_CYCLES=10000000     adversarial policy, hand and host in
#                 the demo's plant, in virtual time: storms, and duels that a
#                 search makes nearer; promises broken; success with the ladder
#       mutants   MUTANTS=0                the shield's instructions, one at a
#                 time; as many, 0: each change of a source line once, all
#       episodes  FREE=1000 HAND=200       the demo's criteria, in lockstep
#       qp        QP_PROBLEMS=4000000      rung project's solver
#       operators                          ONNX's node tests (PyPI)
#       graphs    COUNT=2500 SEED=1        random graphs, onnxruntime (PyPI)
# Exit 1 when a part failed, 3 when none did but one could not run here: it
# says why, is named at the end, and has proven nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
[ $# -eq 0 ] || shift
known=(audit policies kills shield qp oracle loop mutants episodes operators graphs)
[ $# -gt 0 ] || set -- "${known[@]}"
failed=() skipped=() held=()

part() { # part NAME TEXT COMMAND...
  local name=$1 text=$2 rc=0 begin=$SECONDS
  shift 2
  printf '\n== %s: %s\n' "$name" "$text"
  O=$build "$@" || rc=$?
  case $rc in
    0) echo "== $name: holds ($((SECONDS - begin)) s)"; held+=("$name") ;;
    77) echo "== $name: SKIPPED"; skipped+=("$name") ;;
    *) echo "== $name: FAILED ($rc)"; failed+=("$name") ;;
  esac
}
# PROGRAM ARG...: a Criterion program; no test that the filter names is failure.
tests_in() {
  local log rc=0
  log=$(mktemp)
  "$@" 2>&1 | tee "$log" || rc=$?
  grep -q 'Tested: [1-9]' "$log" || rc=1
  rm -f "$log"
  return "$rc"
}
audit() {
  export RT_AUDIT_CYCLES=${RT_AUDIT_CYCLES:-100000}
  part audit "$RT_AUDIT_CYCLES cycles of rtctl run, no call, fault or switch" \
    tests/cli/rt_audit.sh
}
policies() {
  part policies "no allocation, call or fault in any model's run" \
    tests/cli/policy_audit.sh
}
kills() {
  export KILLS=${KILLS:-20}
  part kills "$KILLS kills, the guardian plays the plan" \
    tests/cli/guard_kills.sh
}
shield() {
  export TACTUS_PROVE=${TACTUS_PROVE-1}
  local text="a million adversarial states"
  if [ -z "$TACTUS_PROVE" ]; then unset TACTUS_PROVE; text="ten thousand"; fi
  part shield "$text, judged by a plant of its own" \
    tests_in "$build/tests/unit-safety" --verbose=1
}
qp() {
  export QP_PROBLEMS=${QP_PROBLEMS:-4000000}
  part qp "$QP_PROBLEMS programs: degenerate, nearly parallel, infeasible" \
    tests_in "$build/tests/unit-safety" --filter 'qp/*'
}
# FUNCTION FILTER1 FILTER2: with seed 1 and 2 at once; fails when either does.
both_seeds() {
  local other rc=0
  "$1" 2 "$3" & other=$!
  "$1" 1 "$2" || rc=$?
  wait "$other" || rc=$?
  return "$rc"
}
half_the_states() { # SEED FILTER
  TACTUS_ORACLE=$((ORACLE / 2)) TACTUS_SEED=$1 \
    tests_in "$build/tests/unit-safety" --filter "$2" --verbose=1
}
half_the_cycles() { # SEED FILTER
  LOOP_CYCLES=$((LOOP_CYCLES / 2)) LOOP_SEED=$1 \
    tests_in "$build/tests/unit-demo" --filter "$2" --verbose=1
}
oracle() {
  ORACLE=${ORACLE:-8000000}
  part oracle "$ORACLE states, and 1.5 times as many beside thresholds" \
    both_seeds half_the_states 'oracle/*' 'oracle/*'
}
loop() {
  LOOP_CYCLES=${LOOP_CYCLES:-10000000}
  part loop "$LOOP_CYCLES cycles against policy and hand, by the demo's plant" \
    both_seeds half_the_cycles 'loop/*' 'loop/nothing*'
}
mutants() {
  export MUTANTS=${MUTANTS:-0}
  part mutants "$MUTANTS changed instructions (0: each line's) and who notices" \
    tests/mutation/mutants.sh
}
episodes() {
  local free=${FREE:-1000} hand=${HAND:-200}
  mkdir -p "$build/evidence"
  EVIDENCE_DIR=$build/evidence part episodes \
    "$free free, $hand hand paths, 6 modes ($build/evidence)" \
    lib/examples/handover/evidence.sh "$free" "$hand" 1 "$build"
}
operators() {
  part operators "ONNX's own node tests, opset 7 to 21, on reference" \
    tests/oracle/node_tests.sh
}
graphs() {
  export COUNT=${COUNT:-2500}
  part graphs "$COUNT random graphs on fused and reference, by onnxruntime" \
    tests/oracle/random_graphs.sh
}

for name in "$@"; do
  if [[ " ${known[*]} " == *" $name "* ]]; then
    "$name"
  else
    echo "prove.sh: $name: no such part; see the file's head" >&2
    exit 2
  fi
done
printf '\n%d of %d parts hold' ${#held[@]} $#
[ ${#skipped[@]} -eq 0 ] || printf '; not run: %s' "${skipped[*]}"
[ ${#failed[@]} -eq 0 ] || printf '; FAILED: %s' "${failed[*]}"
echo
[ ${#failed[@]} -eq 0 ] || exit 1
[ ${#held[@]} -eq $# ] || exit 3
