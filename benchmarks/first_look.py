"""The app's first page on a fresh interpreter: `python benchmarks/first_look.py`.

Processor seconds until `Dashboard()` stands with its first prediction, and its still picture; next
to them those of nothing but the imports of the libraries it needs. Both in turns, one thread each.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys

from deepdos_nb.core.markdown import markdown_table

LIBRARIES = "import anywidget, gemmi, ipywidgets, matplotlib.figure, nglview, pymatgen.core, torch"

DASHBOARD = """
from deepdos_nb.widgets import Dashboard
view = Dashboard()
first = time.process_time()
view._repr_mimebundle_()
"""

CODE = """
import time
first = None
{code}
last = time.process_time()
print(first or last, last)
"""


def seconds(code: str) -> tuple[float, float]:
    """Processor seconds of a fresh interpreter: until the page stands, and with its picture."""
    command = [sys.executable, "-W", "ignore", "-c", CODE.format(code=code)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    page, picture = map(float, done.stdout.split()[-2:])
    return page, picture


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    seconds(DASHBOARD)  # reads every file once
    both = [(seconds(DASHBOARD), seconds(LIBRARIES)) for _ in range(rounds)]
    page, picture, libraries = (
        statistics.median(numbers)
        for numbers in zip(*((d[0], d[1], b[1]) for d, b in both), strict=True)
    )
    print(
        markdown_table(
            ["", "processor seconds", "of the libraries' imports"],
            [
                ["imports of the libraries alone", f"{libraries:.2f}", "1.00"],
                ["page with its first prediction", f"{page:.2f}", f"{page / libraries:.2f}"],
                ["and its still picture", f"{picture:.2f}", f"{picture / libraries:.2f}"],
            ],
        )
    )


if __name__ == "__main__":
    main()
