#!/bin/bash
# SPDX-License-Identifier: MIT
# Rung project's solver beside DAQP and OSQP, called through Python:
#   tests/oracle/qp.sh [COUNT] [SEED]
# Counts and times go to stdout; 1 on a disagreement, 77 when there is no
# python3-venv or no PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."
O=${O:-build/release}
source tests/oracle/lib/venv.sh
venv venv-qp 'daqp, osqp, scipy' numpy scipy daqp osqp
"$O/tests/qp-problems" "${1:-3000}" "${2:-1}" |
  "$python" -W ignore tests/oracle/qp.py
