#!/usr/bin/env bash
# Builds the wheel, installs it into a fresh environment, and predicts the example crystals there: without
# a home folder, with LANG=C, in another folder, with the environment read-only (but root may write anywhere).
#
#   PYTHON=python3.12 CONSTRAINTS=constraints-oldest.txt OUT=out bash scripts/wheel_check.sh
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
constraints=$(realpath "${CONSTRAINTS:-constraints.txt}")
place=$(mktemp -d)
trap 'chmod -R u+w "$place"; rm -rf "$place"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1

echo "wheel: building"
"$python" -m venv "$place/venv"
pip() { "$place/venv/bin/python" -m pip -q "$@" </dev/null; }
pip wheel --no-deps -w "$place/wheel" .
wheel=$(echo "$place"/wheel/*.whl)

echo "wheel: installing with $(basename "$constraints") on $("$python" -V)"
# torch comes first and by itself, as in venv.sh.
pip install "$(grep -E '^torch==' "$constraints")"
pip install -c "$constraints" "$wheel"
chmod -R a-w "$place/venv"

# Nothing of this shell's, neither its home nor its language.
bare() { (cd "$place" && env -i PATH=/usr/bin:/bin LANG=C HOME=/nonexistent TMPDIR="$place" "$@"); }
echo "wheel: predicting"
bare "$place/venv/bin/deepdos" demo --out "$place/figures"
bare "$place/venv/bin/deepdos" demo --kind edos --out "$place/figures"
found=$(find "$place/figures" -name '*.png' -size +5k | wc -l)
[ "$found" = 26 ] || { echo "wheel: $found figures instead of 26" >&2; exit 1; }

# What an extra would bring says so in one line; nothing else is missed without any.
for command in "app" "data get materials_project --ids mp-1" "label $place/nothing.cif"; do
    answer=$(bare "$place/venv/bin/deepdos" $command 2>&1) && { echo "wheel: '$command' ran" >&2; exit 1; }
    if grep -q Traceback <<<"$answer"; then
        printf 'wheel: %s\n' "'$command' ended in a traceback:" "$answer" >&2
        exit 1
    fi
    echo "wheel: '$command' says: $(head -n 1 <<<"$answer")"
done
left=$(find "$place" -maxdepth 1 -mindepth 1 ! -name venv ! -name wheel ! -name figures)
[ -z "$left" ] || { echo "wheel: left behind: $left" >&2; exit 1; }
echo "wheel: done"
