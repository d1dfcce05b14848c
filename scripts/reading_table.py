"""Read every file of the corpus in tests/reading_corpus and write what came of it.

python scripts/reading_table.py          print the table
python scripts/reading_table.py --write  put it into docs/reading.md
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "crystal")]

from reading_corpus import CLASSES, Right, cases  # noqa: E402
from test_corpus import complaint_about  # noqa: E402

from deepdos_nb.core.files import write_text  # noqa: E402

PAGE = ROOT / "docs" / "reading.md"
MARKS = ("<!-- table -->", "<!-- /table -->")


def table() -> str:
    """Class, files, right, with a note, refused, and failures."""
    rows = [
        "| Class | Tries | Right | Right, with a note | Refused | Failures |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    sums = [0] * 5
    found = cases()
    for kind in CLASSES:
        here = [case for case in found if case.kind == kind]
        right = [c for c in here if isinstance(c.expected, Right)]
        noted = [c for c in right if isinstance(c.expected, Right) and c.expected.note]
        failed = [c for c in here if complaint_about(c)]
        counts = [
            len(here), len(right) - len(noted), len(noted), len(here) - len(right), len(failed),
        ]  # fmt: skip
        sums = [a + b for a, b in zip(sums, counts, strict=True)]
        rows.append(f"| {kind} | {' | '.join(map(str, counts))} |")
    rows.append(f"| **all** | {' | '.join(f'**{n}**' for n in sums)} |")
    return "\n".join(rows)


def main() -> None:
    made = table()
    if "--write" not in sys.argv[1:]:
        print(made)
        return
    before, rest = PAGE.read_text("utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    write_text(PAGE, f"{before}{MARKS[0]}\n{made}\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
