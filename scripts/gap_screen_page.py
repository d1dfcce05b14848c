"""Put the screen of the shipped weights into the book: `python scripts/gap_screen_page.py`.

Writes the tables of docs/results/gap_screen.md between their marks, and its picture.
"""

from __future__ import annotations

import re
from pathlib import Path

import deepdos_nb as dd
from deepdos_nb import plots
from deepdos_nb.core.files import write_text
from deepdos_nb.core.markdown import markdown_table
from deepdos_nb.data.training_sets import embedded_data
from deepdos_nb.evaluation.gap_screen import screen_records, screen_table, votes_table
from deepdos_nb.metrics.gap_screen import average_precision
from deepdos_nb.style.axes import dress, new_figure, save
from deepdos_nb.style.palette import theme

BOOK = Path(__file__).parents[1] / "docs"
PAGE = BOOK / "results" / "gap_screen.md"
PICTURE = BOOK / "gap_screen.png"


def main() -> None:
    data, model = embedded_data("edos"), dd.load_model("edos")
    parts = {"validation": data.valid, "test": data.test, "both": [*data.valid, *data.test]}
    screens = {name: screen_records(model, records) for name, records in parts.items()}
    by_atom = screen_records(model, parts["both"], per_atom=True)
    shown = {f"per cell, {name}": screen for name, screen in screens.items()}
    shown["per atom, both"] = by_atom
    votes = votes_table(screens["both"])
    rows = [[f"{share:.0%}", f"{n:.0f}", f"{found:.0%}"] for share, n, found in votes.to_numpy()]
    made = {
        "screens": screen_table(shown),
        "votes": markdown_table(list(votes.columns), rows, left=0),
    }
    text = PAGE.read_text("utf-8")
    for name, table in made.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)"
        text = re.sub(pattern, lambda m, t=table: f"{m[1]}{t}\n{m[2]}", text, flags=re.DOTALL)
    write_text(PAGE, text)
    with theme(False):
        figure = new_figure((5.4, 3.7))
        axes = figure.subplots()
        dress(axes, False)
        curves = {"0.9 states/eV per cell": screens["both"], "0.3 states/eV per atom": by_atom}
        lines = {name: screen.curve() for name, screen in curves.items()}
        areas = [f"average precision {average_precision(*line):.2f}" for line in lines.values()]
        plots.precision_recall_axes(lines, axes, picked=areas)
        save(figure, PICTURE)


if __name__ == "__main__":
    main()
