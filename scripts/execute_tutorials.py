"""Execute the chapters of the course where they lie, and leave in them what a page can show.

    python scripts/execute_tutorials.py                             every chapter
    python scripts/execute_tutorials.py --changed                   those whose code has changed
    python scripts/execute_tutorials.py tutorials/03_encoder.ipynb  this one
    python scripts/execute_tutorials.py --times                     none, only the table of times

Figures stay as PNG, widgets as their still pictures; the state of widgets goes. What was executed,
how long it took and on what is written into the notebook's metadata, so that the tests see a
notebook whose code has changed since, and into the table of docs/tutorials.md.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import papermill
from PIL import Image

from deepdos_nb.core.files import write_text
from deepdos_nb.core.markdown import NOTHING, markdown_table

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tutorials"
PAGE = ROOT / "docs" / "tutorials.md"
MARKS = ("<!-- times -->", "<!-- /times -->")
LARGEST = 1_000_000
"""Bytes of a chapter."""

WIDGET = "application/vnd.jupyter.widget-view+json"
PICTURES = ("text/html", "image/png", "image/svg+xml")
RECORD = "deepdos_nb"
"""Key of the notebook's metadata under which a record of the run stands."""

FEW_COLOURS = 40_000
"""Bytes of an opaque picture above which it is drawn with 256 colours."""


def fingerprint(notebook: nbformat.NotebookNode) -> str:
    """A hash of the code, by which a change since the last run is seen."""
    code = [cell.source.rstrip() for cell in notebook.cells if cell.cell_type == "code"]
    return hashlib.sha256(json.dumps(code).encode("utf-8")).hexdigest()[:16]


def is_current(notebook: nbformat.NotebookNode) -> bool:
    """Whether the outputs are those of the code."""
    return notebook.metadata.get(RECORD, {}).get("code") == fingerprint(notebook)


def smaller(png: str) -> str:
    """A picture, as base64, in as few bytes as a figure needs."""
    data = base64.b64decode(png)
    picture = Image.open(io.BytesIO(data))
    # Figures that let the page's colour through keep their half-tones: their letters need them.
    if len(data) > FEW_COLOURS and picture.convert("RGBA").getextrema()[3][0] == 255:
        picture = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    best = io.BytesIO()
    picture.save(best, "PNG", optimize=True)
    return base64.b64encode(min(best.getvalue(), data, key=len)).decode("ascii")


def shown(output: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """An output without what needs a kernel; None if nothing is left of it."""
    data = output.get("data")
    if data is None:
        return output
    if data.pop(WIDGET, None) is not None and not any(data.get(kind) for kind in PICTURES):
        return None
    if "image/png" in data:
        data["image/png"] = smaller(data["image/png"])
    output.metadata = {}
    return output


def tidy(notebook: nbformat.NotebookNode) -> None:
    """Leave what a page can show, and nothing that differs from run to run for no reason."""
    for key in ("widgets", "papermill"):
        notebook.metadata.pop(key, None)
    notebook.metadata.language_info = {"name": "python"}
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags", True):
            cell.metadata.pop("tags")
        if cell.cell_type == "code":
            cell.outputs = [o for o in map(shown, cell.outputs) if o is not None]


def busy() -> float:
    """Seconds that kernels have computed so far; unlike the clock, no other program adds to it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def execute(path: Path) -> None:
    """Execute one chapter in place."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / path.name
        started, before = time.perf_counter(), busy()
        papermill.execute_notebook(
            path, target, kernel_name="python3", cwd=path.parent, progress_bar=False
        )
        seconds, processor = time.perf_counter() - started, busy() - before
        notebook = nbformat.read(target, as_version=4)
    tidy(notebook)
    notebook.metadata[RECORD] = {
        "code": fingerprint(notebook),
        "seconds": round(seconds),
        "processor_seconds": round(processor),
        "cores": os.cpu_count(),
    }
    text = nbformat.writes(notebook, version=4)
    write_text(path, text if text.endswith("\n") else text + "\n")
    size = path.stat().st_size
    print(f"{path.name}: {seconds:.0f} s ({processor:.0f} s of a core), {size / 1000:.0f} kB")
    if size > LARGEST:
        sys.exit(f"{path.name} is larger than {LARGEST} bytes: draw fewer or smaller figures.")


def times() -> str:
    """Every chapter with its exercises and how long it took, as Markdown."""
    rows = []
    for path in sorted(FOLDER.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
        tags = [tag for cell in notebook.cells for tag in cell.metadata.get("tags", [])]
        record = notebook.metadata.get(RECORD, {})
        link = f"{{doc}}`{title} <tutorials/{path.stem}>`"
        seconds = [record.get(key, NOTHING) for key in ("seconds", "processor_seconds")]
        rows.append((link, tags.count("exercise"), *seconds))
    return markdown_table(["chapter", "exercises", "clock (s)", "processor (s)"], rows, left=1)


def page() -> str:
    """docs/tutorials.md as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    return f"{before}{MARKS[0]}\n{times()}\n{MARKS[1]}{after}"


def main(arguments: list[str]) -> None:
    """Execute what is asked for."""
    named = [Path(name) for name in arguments if not name.startswith("-")]
    every = [] if "--times" in arguments else sorted(FOLDER.glob("*.ipynb"))
    for path in named or every:
        if "--changed" in arguments and is_current(nbformat.read(path, as_version=4)):
            continue
        execute(path.resolve())
    write_text(PAGE, page())


if __name__ == "__main__":
    main(sys.argv[1:])
