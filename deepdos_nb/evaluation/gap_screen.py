"""What the screen for valence-band gaps of an ensemble is worth: curve, interval, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.markdown import markdown_table, number
from deepdos_nb.data.records import Record
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.metrics.gap_screen import (
    average_precision,
    f1_interval,
    gap_scores,
    precision_recall,
)
from deepdos_nb.metrics.valence_gap import THRESHOLD, Gap, emptiest_window, vb_gap

PER_ATOM = 0.3
"""Density below which a bin counts as empty, states/eV per atom: the published threshold of a cell,
divided by the median number of atoms in the cells of the package's labels."""


@dataclass(frozen=True)
class Screen:
    """One screen over some materials.

    Parameters
    ----------
    predicted, reference : list of Gap or None
        One a material.
    emptiness : ndarray, shape (n,)
        Highest density in the emptiest window of the predicted curve, see `emptiest_window`.
    votes : ndarray, shape (n,)
        Share of the seeds that find a gap.
    """

    predicted: list[Gap | None]
    reference: list[Gap | None]
    emptiness: Array
    votes: Array

    @property
    def positive(self) -> Array:
        """Which materials have a gap, bool, shape (n,)."""
        return np.array([gap is not None for gap in self.reference])

    def curve(self) -> tuple[Array, Array]:
        """Precision and recall, see `metrics.gap_screen.precision_recall`."""
        return precision_recall(self.emptiness, self.positive)


def screen_records(
    ensemble: Ensemble, records: Sequence[Record], *, per_atom: bool = False
) -> Screen:
    """Screen electronic records for a gap inside the valence band.

    Parameters
    ----------
    ensemble : Ensemble
        Electrons.
    records : sequence of Record
        With their numbers of states.
    per_atom : bool
        Count a bin as empty below `PER_ATOM` states/eV per atom instead of `THRESHOLD` states/eV
        per cell, so that the answer does not depend on the choice of cell.

    Raises
    ------
    ConfigError
        If a record is not electronic, or its number of states is not known.
    """
    wrong = [r.material_id for r in records if r.kind != Kind.edos or r.states is None]
    if wrong:
        raise ConfigError(f"{wrong[0]} has no electronic density of states with its size.")
    grid, limit = Kind.edos.grid, PER_ATOM if per_atom else THRESHOLD
    graphs = [ensemble.graph(r.structure, r.orbits) for r in records]
    predicted, reference, emptiness, votes = [], [], [], []
    for record, (density, _, states) in zip(records, ensemble.predict_graphs(graphs), strict=True):
        size = grid.step * (record.n_atoms if per_atom else 1)
        seeds = density.sum(axis=1) * states[:, None] / size
        mean = seeds.mean(axis=0)
        true = record.shape * (record.states or 0.0) / size
        predicted.append(vb_gap(grid.energies, mean, threshold=limit))
        reference.append(vb_gap(grid.energies, true, threshold=limit))
        emptiness.append(emptiest_window(grid.energies, mean, threshold=limit))
        found = [vb_gap(grid.energies, seed, threshold=limit) is not None for seed in seeds]
        votes.append(np.mean(found))
    return Screen(predicted, reference, np.array(emptiness), np.array(votes))


def screen_table(screens: dict[str, Screen]) -> str:
    """Markdown table: one line a screen, with the interval of its F₁ over materials."""
    lines = []
    for name, screen in screens.items():
        scores = gap_scores(screen.predicted, screen.reference)
        low, high = f1_interval(screen.predicted, screen.reference)
        lines.append(
            [
                name,
                f"{scores['n']:.0f}",
                f"{scores['positives']:.0f}",
                f"{scores['picked']:.0f}",
                *(number(scores[key], ".2f") for key in ("precision", "recall", "f1")),
                f"{low:.2f}–{high:.2f}",
                number(scores["mcc"], ".2f"),
                number(average_precision(*screen.curve()), ".2f"),
            ]
        )
    heads = ["screen", "materials", "positives", "picked", "precision", "recall", "F₁", "95 %"]
    return markdown_table([*heads, "Matthews", "average precision"], lines, left=1)


def votes_table(screen: Screen) -> pd.DataFrame:
    """How often materials have a gap, by the share of seeds that find one.

    Returns
    -------
    DataFrame
        One row for every share that occurs: "seeds that find a gap" (share), "materials", "have
        one" (share).
    """
    rows = pd.DataFrame({"share": screen.votes, "positive": screen.positive})
    grouped = rows.groupby("share")["positive"].agg(["size", "mean"]).reset_index()
    grouped.columns = pd.Index(["seeds that find a gap", "materials", "have one"])
    return grouped
