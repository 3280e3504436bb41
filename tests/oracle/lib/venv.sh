# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# To be sourced in the source folder: Python environments under build/.
skip() { echo "$*"; exit 77; }

# venv FOLDER IMPORTS PACKAGE... → $python, which can import them; packages
# come from PyPI the first time.
venv() {
  local folder=build/$1 imports=$2
  shift 2
  python=$folder/bin/python
  [ -x "$python" ] || python3 -m venv "$folder" >/dev/null 2>&1 ||
    skip "no python3-venv"
  "$python" -c "import $imports" 2>/dev/null ||
    "$python" -m pip -q install "$@" >/dev/null 2>&1 ||
    skip "$* cannot be installed from PyPI for this Python"
}
