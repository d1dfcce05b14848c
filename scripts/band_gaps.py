"""How good are gaps that are read off electronic curves: `python scripts/band_gaps.py`.

Prints the scores of some thresholds and reaches on the predicted validation part of the embedded
set, where those of `metrics.band_gap` were chosen, those of the chosen ones on the test part, and
what the references themselves give. Gaps beyond the window count as 4 eV, in the reference too.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

import deepdos_nb as dd
from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ExtrapolationWarning
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.records import Record
from deepdos_nb.data.sources.embedded import load_embedded
from deepdos_nb.metrics.band_gap import LEAST, REACH, THRESHOLD, band_gap

WIDEST = Kind.edos.grid.stop
INSIDE = (0.6, 3.5)
"""Gaps that the reading can be held against, eV: well above `LEAST`, well inside the window."""

THRESHOLDS = (0.02, 0.03, 0.05, 0.08, 0.1)
REACHES = (0.2, 0.3, 0.35, 0.4, 0.45, 0.48, 0.5, 0.55, 0.7)


def widths(curves: Array, threshold: float, reach: float) -> Array:
    """Gaps read off curves in states/eV per atom, eV; 0 where there is none."""
    energies = Kind.edos.grid.energies
    found = [band_gap(energies, curve, threshold=threshold, reach=reach) for curve in curves]
    return np.minimum([0.0 if gap is None else gap.width for gap in found], WIDEST)


def true_gaps(records: Sequence[Record]) -> Array:
    """Gaps of the references, eV; 0 where they count as none."""
    gaps = np.array([record.gap or 0.0 for record in records])
    return np.minimum(np.where(gaps >= LEAST, gaps, 0.0), WIDEST)


def scores(curves: Array, true: Array, threshold: float, reach: float) -> str:
    """One line of counts and errors."""
    found = widths(curves, threshold, reach)
    insulator, told = true > 0, found > 0
    error = np.abs(found - true)
    return (
        f"{threshold:g} states/eV per atom, within {reach:g} eV: {(told & insulator).sum()} of "
        f"{insulator.sum()} insulators found, {(told & ~insulator).sum()} of "
        f"{(~insulator).sum()} metals taken for one, {(found[~insulator] > 2.0).sum()} of them "
        f"with more than 2 eV; Matthews {matthews(told, insulator):.3f}; mean error of insulators "
        f"{error[insulator].mean():.2f} eV, of all {error.mean():.2f} eV"
    )


def matthews(told: Array, insulator: Array) -> float:
    """Matthews' correlation of yes and no, nan where one of them never occurs."""
    if told.all() or not told.any():
        return float("nan")
    return float(np.corrcoef(told, insulator)[0, 1])


def bias(curves: Array, true: Array, reach: float) -> str:
    """One line on how far the gaps inside `INSIDE` are off."""
    inside = (true > INSIDE[0]) & (true < INSIDE[1])
    off = widths(curves[inside], THRESHOLD, reach) - true[inside]
    return (
        f"{inside.sum()} gaps of {INSIDE[0]} to {INSIDE[1]} eV, within {reach:g} eV: bias "
        f"{off.mean():+.2f} eV, mean error {np.abs(off).mean():.2f} eV, "
        f"{(np.abs(off) > 0.5).mean():.0%} off by more than 0.5 eV"
    )


def main() -> None:
    parts = load_embedded("edos")
    model = dd.load_model("edos", device="cpu")
    warnings.simplefilter("ignore", ExtrapolationWarning)
    chosen = [(THRESHOLD, REACH)]
    tried = [(t, REACH) for t in THRESHOLDS] + [(THRESHOLD, r) for r in REACHES]
    for part, settings in (("valid", tried), ("test", chosen)):
        records = parts[part]  # type: ignore[index]
        spectra = model.predict_many([record.structure for record in records])
        curves = np.array([s.total / r.n_atoms for s, r in zip(spectra, records, strict=True)])
        true = true_gaps(records)
        for threshold, reach in settings:
            print(f"{part}, {scores(curves, true, threshold, reach)}", flush=True)
        print(f"{part}, {bias(curves, true, REACH)}", flush=True)
    records = [record for part in parts.values() for record in part]
    curves = np.array([r.shape * r.states / r.grid.step / r.n_atoms for r in records])
    for reach in (REACH, 0.3):
        print(f"references, {scores(curves, true_gaps(records), THRESHOLD, reach)}")
        print(f"references, {bias(curves, true_gaps(records), reach)}")


if __name__ == "__main__":
    main()
