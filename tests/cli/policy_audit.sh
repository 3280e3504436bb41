#!/bin/bash
# SPDX-License-Identifier: MIT
# No allocation, system call, lock or page fault in a call of a policy, for
# each backend that may run in the loop and each model: the demo's, and those
# of TACTUS_TEST_MODELS where that is set, and a graph of the operators that
# those do not have. That the count sees what a kernel
# does is shown by one that allocates: onednn, which the loop refuses by name.
# shellcheck source=tests/cli/lib/audit.sh
source "$(dirname "$0")/lib/audit.sh"
calls=$PWD/$build/tests/policy-calls

# audited COUNTED MODEL BACKEND...: after all of the 97 inputs were seen once (the
# C library has pages for each range of them); the counts are in $tmp/audit.json.
audited() {
  local counted=$1; shift
  rm -f "$tmp/audit.json"
  LD_PRELOAD=$audit RT_AUDIT_WARMUP=100 RT_AUDIT_CYCLES=$counted \
    RT_AUDIT_OFFEND=${offence:-} RT_AUDIT_OUT=$tmp/audit.json \
    "$calls" "$1" "$2" $((counted + 110)) "${@:3}" >"$tmp/calls" 2>&1 ||
    fail "$*: $(cat "$tmp/calls")"
  [ -s "$tmp/audit.json" ] || fail "$*: no audit"
}

models=(lib/examples/handover/handover.onnx @operators)
if [ -n "${TACTUS_TEST_MODELS:-}" ]; then
  while read -r model; do models+=("$model"); done \
    < <(find "$TACTUS_TEST_MODELS" -name '*.onnx' | sort)
fi
for model in "${models[@]}"; do
  for backend in fused reference; do
    counted=200
    [ "$backend" = fused ] || counted=20
    audited "$counted" "$model" "$backend"
    what="$model $backend: " expect
    echo "$(basename "$model"): $(cut -c 1-60 "$tmp/calls"): nothing"
  done
done

# What has no kernel in f32 is named, and as quiet.
audited 20 @operators fused
boxed=$(grep -o 'f64:[A-Za-z]*' "$tmp/calls" | sort -u | tr '\n' ' ')
want="f64:Acosh f64:Asinh f64:Atanh f64:Cast f64:DequantizeLinear f64:Fmod "
[ "$boxed" = "${want}f64:QuantizeLinear " ] ||
  fail "in double: $boxed"

offence=malloc audited 200 "${models[0]}" fused
[ "$(number allocations "$tmp/audit.json")" -eq 1 ] ||
  fail "one planted allocation: $(cat "$tmp/audit.json")"
"$rtctl" version --json | grep -q '"policy onednn"' || skip_onednn=1
if [ -z "${skip_onednn:-}" ]; then
  export TACTUS_PLUGIN_DIR=$PWD/$build
  audited 200 "${models[0]}" onednn even-if-unsafe
  [ "$(number allocations "$tmp/audit.json")" -gt 0 ] ||
    fail "onednn's allocations are not seen: $(cat "$tmp/audit.json")"
  wants 2 "backend 'onednn' may not run in the loop" \
    "$calls" "${models[0]}" onednn 1
  example
  edit '/^input /i backend = "onednn"'
  wants 2 "backend 'onednn' may not run in the loop" \
    "$rtctl" run "$tmp/arm.toml" --shadow
fi
echo "${#models[@]} models on fused and reference: nothing; what is planted is seen"
