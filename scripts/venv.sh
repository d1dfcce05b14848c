#!/usr/bin/env bash
# Makes or updates the virtual environment. Safe to interrupt and to run again: the stamp that says
# "current" is written last, and pip goes on from whatever is installed already.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
venv=${VENV:-.venv}

fail() {
    printf 'set-up: %s\n' "$@" >&2
    exit 1
}

command -v "$python" >/dev/null || fail "'$python' was not found." \
    "Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3 ..."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail \
    "'$python' is $("$python" -V), but Python 3.11 or newer is needed." \
    "Name another one: make PYTHON=python3.12 ..."

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            # torch comes first and by itself, so that the build it finds is kept by everything after it.
echo "set-up: installing torch (1 of 2)"
pip install -qq -c constraints.txt "$torch"
echo "set-up: installing everything else (2 of 2; a few minutes the first time)"
pip install -qq -c constraints.txt -e '.[dev]'

pwd >"$venv/.stamp.new"
mv "$venv/.stamp.new" "$venv/.stamp"
echo "set-up: done"
