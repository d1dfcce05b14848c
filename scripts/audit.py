"""What the package depends on, all the way down: licences, and known vulnerabilities.

python scripts/audit.py            licences of all that is installed with the package
python scripts/audit.py --online   vulnerabilities too, by pip-audit, which asks the network

Licences are read from the metadata of what is installed here. A dependency under a licence that is
not on the list below, or without any, fails until a person has looked at it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
EXTRAS = ("app", "cluster")
"""Shipped with the package's own use in mind; engines and developers' tools are not shipped."""

ALLOWED = {
    "MIT": r"\bMIT\b|\bExpat\b",
    "BSD": r"\bBSD\b|\b0BSD\b",
    "Apache 2.0": r"\bApache\b",
    "PSF": r"\bPSF\b|Python Software Foundation|\bPython-2\.0\b|\bCNRI\b",
    "ISC": r"\bISC\b",
    "MPL 2.0": r"\bMPL\b|Mozilla Public License",
    "LGPL": r"\bLGPL|Lesser General Public",  # used as a library, unchanged
    "HPND": r"\bHPND\b|Historical Permission Notice",
    "zlib": r"\bzlib\b",
    "Unlicense": r"\bUnlicense\b|\bCC0\b|Public Domain",
}
"""Licences that go together with the MIT licence of this package, and how metadata name them."""

LOOKED_AT: dict[str, str] = {}
"""Packages whose metadata say nothing usable, and the licence that a person found in them."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted() -> list[Requirement]:
    """What pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    optional = project["optional-dependencies"]
    return [
        Requirement(t) for t in project["dependencies"] + [t for e in EXTRAS for t in optional[e]]
    ]


def closure(waiting: list[Requirement]) -> dict[str, Distribution]:
    """Everything that is installed because of some requirements."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        needed = waiting.pop()
        key = canonical(needed.name), frozenset(needed.extras)
        if key in seen:
            continue
        seen.add(key)
        try:
            found[key[0]] = there = distribution(needed.name)
        except PackageNotFoundError:
            continue  # for another platform
        for text in there.requires or ():
            more = Requirement(text)
            extras = ("", *needed.extras)
            if more.marker is None or any(more.marker.evaluate({"extra": e}) for e in extras):
                waiting.append(more)
    return found


def licence(there: Distribution) -> str:
    """What the metadata say: an expression, classifiers, or the first line of a text."""
    meta = there.metadata
    classifiers = [c for c in meta.get_all("Classifier") or () if c.startswith("License ::")]
    named = [c.rsplit("::", 1)[1].strip() for c in classifiers]
    first_line = (meta.get("License") or "").strip().split("\n")[0][:80]
    return meta.get("License-Expression") or "; ".join(named) or first_line


def allowed(text: str) -> bool:
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in ALLOWED.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--online", action="store_true")
    parser.add_argument("--list", action="store_true", help="print every package and licence")
    options = parser.parse_args()
    packages = closure(wanted())
    texts = {n: LOOKED_AT.get(n) or licence(d) for n, d in sorted(packages.items())}
    if options.list:
        print("\n".join(f"{name:30} {text}" for name, text in texts.items()))
    bad = {name: text for name, text in texts.items() if not allowed(text)}
    for name, text in bad.items():
        print(f"audit: {name} is under {text or 'no licence that its metadata name'!r}")
    print(f"audit: licences of {len(texts)} packages, {len(bad)} to be looked at")
    if options.online:
        pins = str(ROOT / "constraints.txt")
        command = [sys.executable, "-m", "pip_audit", "--no-deps", "-r", pins]
        return subprocess.run(command, check=False).returncode or bool(bad)
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
