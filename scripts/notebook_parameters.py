"""Write what the notebooks' parameters are into docs/howto/experiments.md.

python scripts/notebook_parameters.py          print the page as it should be
python scripts/notebook_parameters.py --write  write it
"""

from __future__ import annotations

import sys
from pathlib import Path

from deepdos_nb.core.markdown import markdown_table
from deepdos_nb.sweeps.parameters import Parameter, read_parameters

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "howto" / "experiments.md"
MARKS = ("<!-- parameters -->", "<!-- /parameters -->")


def tables() -> str:
    """A heading and a table for every notebook with parameters."""
    found = {p.stem: read_parameters(p) for p in sorted((ROOT / "notebooks").glob("*.ipynb"))}
    parts = []
    for name, parameters in found.items():
        if parameters:
            rows = [
                (f"`{p.name}`", _allowed(p), f"`{p.default!r}`", p.help)
                for p in parameters.values()
            ]
            head = ["parameter", "allowed", "by default", "meaning"]
            parts.append(f"### {name}\n\n{markdown_table(head, rows)}")
    return "\n\n".join(parts)


def _allowed(parameter: Parameter) -> str:
    return parameter.describe().replace("inf)", "∞)").replace("'", "`")


def page() -> str:
    """The page as it should be."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    return f"{before}{MARKS[0]}\n{tables()}\n{MARKS[1]}{rest.partition(MARKS[1])[2]}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page())
