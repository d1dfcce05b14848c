"""The live views of the book: one page each, that needs neither Python nor a network.

python scripts/book_views.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import deepdos_nb as dd
from deepdos_nb.core.files import write_text

EXAMPLE = "SrTiO3"
TELL_HEIGHT = """<script>
  const tell = () => parent.postMessage({ height: document.body.scrollHeight }, "*");
  new ResizeObserver(tell).observe(document.body);
</script>
</body>"""
"""For `docs/_static/book.js`, which makes the frame as high as the view."""


def main(folder: Path) -> None:
    model = dd.load_model("phdos")
    structure = dd.example(EXAMPLE)
    trace = model.trace(structure)
    records = [r for r in dd.open_dataset("embedded-phdos") if r.n_atoms <= 4][:30]
    pairs = [(model.predict(r.structure), r.reference()) for r in records]
    stepper = dd.TransportStepper(trace)
    stepper.state.step = trace.n_steps
    views = {
        "quicklook": dd.quicklook(model, structure, backend="image"),
        "attention": dd.AttentionExplorer(trace, backend="image"),
        "transport": stepper,
        "bands": dd.BandView(dd.vibrations(model, structure)),
        "graph": dd.GraphView(structure),
        "ensemble": dd.EnsembleView(*pairs[0], pairs=pairs),
    }
    for name, view in views.items():
        shown = pairs[0][0].formula if name == "ensemble" else EXAMPLE
        page = dd.export_html(view, folder / f"{name}.html", title=shown)
        write_text(page, page.read_text("utf-8").replace("</body>", TELL_HEIGHT))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
