"""The live views of the book: one page each, that needs neither Python nor a network.

python scripts/book_views.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import deepdos_nb as dd

EXAMPLE = "SrTiO3"


def main(folder: Path) -> None:
    model = dd.load_model("phdos")
    structure = dd.example(EXAMPLE)
    trace = model.trace(structure)
    records = [r for r in dd.open_dataset("embedded-phdos") if r.n_atoms <= 4][:30]
    pairs = [(model.predict(r.structure), r.reference()) for r in records]
    views = {
        "quicklook": dd.quicklook(model, structure, backend="image"),
        "attention": dd.AttentionExplorer(trace, backend="image"),
        "transport": dd.TransportStepper(trace),
        "graph": dd.GraphView(structure),
        "ensemble": dd.EnsembleView(*pairs[0], pairs=pairs),
    }
    for name, view in views.items():
        print(dd.export_html(view, folder / f"{name}.html", title=EXAMPLE))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
