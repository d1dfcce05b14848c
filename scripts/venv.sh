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
            echo "set-up: installing the package python3-venv, which Python needs for environments"
            export DEBIAN_FRONTEND=noninteractive
            apt-get update -qq </dev/null || true
            apt-get install -y -qq python3-venv </dev/null >/dev/null ||
                apt-get install -y -qq "python$version-venv" </dev/null >/dev/null || true
        fi
        "$python" -c 'import ensurepip, venv' 2>/dev/null || fail \
            "this Python cannot make virtual environments (its module 'ensurepip' is missing)." \
            "On Debian or Ubuntu: sudo apt-get install python3-venv   (or python$version-venv)" \
            "Then run the same make command again."
    fi
    # A half-made environment of an interrupted run is replaced; anything else is not ours to delete.
    if [ -e "$venv" ] && [ ! -e "$venv/pyvenv.cfg" ] && [ -n "$(ls -A "$venv")" ]; then
        fail "'$venv' exists but is no virtual environment; move it away or set VENV=another-name."
    fi
    echo "set-up: making the virtual environment $venv"
    "$python" -m venv --clear "$venv"
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1
pip() { "$venv/bin/python" -m pip "$@" </dev/null; }
torch=$(grep -E '^torch==' constraints.txt)

# torch comes first and by itself, so that the build it finds is kept by everything after it.
echo "set-up: installing torch (1 of 2)"
pip install -qq -c constraints.txt "$torch"
echo "set-up: installing everything else (2 of 2; a few minutes the first time)"
pip install -qq -c constraints.txt -e '.[dev]'

pwd >"$venv/.stamp.new"
mv "$venv/.stamp.new" "$venv/.stamp"
echo "set-up: done"
