#!/usr/bin/env bash
# Installs what `deepdos label` computes with: GPAW (compiled here), SevenNet and phonopy.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${VENV:-.venv}/bin/python
packages=(libxc-dev libopenblas-dev libfftw3-dev gcc g++)

missing=()
for package in "${packages[@]}"; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "engines: installing ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq </dev/null || true
        apt-get install -y -qq "${missing[@]}" </dev/null >/dev/null
    else
        printf '%s\n' "engines: GPAW is compiled and needs ${missing[*]}." \
            "On Debian or Ubuntu: sudo apt-get install ${missing[*]}" \
            "Elsewhere install libxc, OpenBLAS, FFTW and a C++ compiler, then run this again." >&2
        command -v g++ >/dev/null || exit 1
    fi
fi

config=$(mktemp --suffix=.py)
trap 'rm -f "$config"' EXIT
cat >"$config" <<'PYTHON'
compiler = "g++"
libraries = ["xc", "openblas", "fftw3"]
fftw = True
mpi = False
PYTHON
echo "engines: compiling GPAW and installing SevenNet and phonopy (about two minutes)"
GPAW_CONFIG=$config "$python" -m pip install -qq -c constraints.txt -e '.[label]' </dev/null
"$python" -c 'import gpaw, sevenn, phonopy; print("engines: ready: GPAW", gpaw.__version__)'
