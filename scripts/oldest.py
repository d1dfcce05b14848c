"""The oldest versions that pyproject.toml allows, as a constraints file.

python scripts/oldest.py          print it
python scripts/oldest.py --write  into constraints-oldest.txt

`make wheel-check CONSTRAINTS=constraints-oldest.txt` installs with it.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "constraints-oldest.txt"
HEAD = "# Oldest versions that pyproject.toml allows; written by scripts/oldest.py.\n"


def oldest() -> str:
    """One line for every dependency of the package itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = []
    for text in project["dependencies"]:
        needed = Requirement(text)
        version = next(s.version for s in needed.specifier if s.operator in (">=", "=="))
        lines.append(f"{needed.name}=={version}\n")
    return HEAD + "".join(sorted(lines))


def main() -> None:
    if "--write" in sys.argv[1:]:
        OUT.write_text(oldest(), encoding="utf-8")
    else:
        print(oldest(), end="")


if __name__ == "__main__":
    main()
