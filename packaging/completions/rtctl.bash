# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Completion of rtctl for bash: commands, options, files by kind, and the
# names of running loops.
_rtctl_loops() {
  local segment
  for segment in /dev/shm/tactus.*; do
    [ ! -e "$segment" ] || echo "${segment#/dev/shm/tactus.}"
  done
}
_rtctl_files() { # SUFFIX...: files that end so, and folders
  local cur=$1 suffix
  shift
  for suffix in "$@"; do compgen -f -X "!*.$suffix" -- "$cur"; done
  compgen -d -- "$cur"
}
_rtctl() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
  local command=${COMP_WORDS[1]-} words='' suffix=''
  compopt -o filenames 2>/dev/null
  case $prev in
    --backend) words='fused reference onednn' ;;
    --tier) words='auto f32 bf16 int16 int8' ;;
    --duration) words='1s 10s 60s' ;;
    --model) suffix='onnx tmodel' ;;
    --limits) suffix=toml ;;
    --log) suffix=tlog ;;
    --html) suffix=html ;;
    --input) suffix=npy ;;
    --calibrate) suffix='npy tlog' ;;
    --keep) words='75% 50%' ;;
    --output) mapfile -t COMPREPLY < <(_rtctl_files "$cur" onnx tmodel); return ;;
  esac
  if [ -z "$words$suffix" ]; then
    case $COMP_CWORD:$command in
      1:*) words='run status engage stop rearm reload replay report explain
        model safety guardian version --help' ;;
      *:run) suffix=toml words='--duration --shadow --lockstep --no-engage
        --exit-on-latch --log' ;;
      *:status | *:engage | *:stop | *:rearm | *:reload)
        words=$(_rtctl_loops) ;;
      *:replay) suffix=tlog words='--model --limits' ;;
      *:report) suffix=tlog words='--html' ;;
      *:explain) suffix=tlog words='--cycle' ;;
      2:model) words='inspect verify bench run quantize prune slow' ;;
      *:model) suffix='onnx tmodel' words='--backend --input --output --tier
        --whole --calibrate --duration --max-error --keep --signals --threads
        --most --kernels' ;;
      2:safety) words='explain check bench diff fuzz' ;;
      *:safety) suffix='toml npy' words='--cases --seed --states --actions
        --instant --output' ;;
      *:guardian) words='--fd --pidfd --cpu --priority' ;;
    esac
    [ "$COMP_CWORD" -eq 1 ] || words+=' --json --help'
  fi
  mapfile -t COMPREPLY < <(
    compgen -W "$words" -- "$cur"
    # shellcheck disable=SC2086  # a list of suffixes
    [ -z "$suffix" ] || [[ $cur == -* ]] || _rtctl_files "$cur" $suffix
  )
}
complete -F _rtctl rtctl
