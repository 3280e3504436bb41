#!/bin/bash
# SPDX-License-Identifier: MIT
# Rung project's solver beside DAQP and OSQP, called through Python:
#   tests/oracle/qp.sh [COUNT] [SEED]
# Counts and times go to stdout; 1 on a disagreement, 77 when there is no
# python3-venv or no PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."
O=${O:-build/release}
venv=build/venv-qp
skip() { echo "$*"; exit 77; }

if [ ! -x $venv/bin/python ]; then
  python3 -m venv $venv >/dev/null 2>&1 || skip "no python3-venv"
fi
$venv/bin/python -c 'import daqp, osqp, scipy' 2>/dev/null ||
  $venv/bin/pip -q install numpy scipy daqp osqp >/dev/null 2>&1 ||
  skip "daqp and osqp cannot be installed from PyPI for this Python"
"$O/tests/qp-problems" "${1:-3000}" "${2:-1}" |
  $venv/bin/python -W ignore tests/oracle/qp.py
