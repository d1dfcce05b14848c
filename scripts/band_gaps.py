"""How good are gaps that are read off predicted electronic curves: `python scripts/band_gaps.py`.

Prints the scores of some thresholds on the validation part of the embedded set, where the threshold
of `metrics.band_gap` was chosen, and those of the chosen one on the test part. Gaps beyond the
window count as 4 eV, in the reference too.
"""

from __future__ import annotations

import warnings

import numpy as np

import deepdos_nb as dd
from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import ExtrapolationWarning
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.sources.embedded import load_embedded
from deepdos_nb.metrics.band_gap import LEAST, THRESHOLD, band_gap

WIDEST = Kind.edos.grid.stop


def scores(curves: Array, gaps: Array, threshold: float) -> str:
    """One line of counts and errors; curves in states/eV per atom."""
    energies = Kind.edos.grid.energies
    windows = [band_gap(energies, curve, threshold=threshold) for curve in curves]
    found = np.minimum([0.0 if w is None else w.width for w in windows], WIDEST)
    true = np.minimum(np.where(gaps >= LEAST, gaps, 0.0), WIDEST)
    insulator = true > 0
    error = np.abs(found - true)
    return (
        f"{threshold:g} states/eV per atom: {((found > 0) & insulator).sum()} of "
        f"{insulator.sum()} insulators found, {((found > 0) & ~insulator).sum()} of "
        f"{(~insulator).sum()} metals taken for one; mean error of insulators "
        f"{error[insulator].mean():.2f} eV, of all {error.mean():.2f} eV"
    )


def main() -> None:
    model = dd.load_model("edos", device="cpu")
    warnings.simplefilter("ignore", ExtrapolationWarning)
    for part, thresholds in (("valid", (0.02, 0.03, 0.05, 0.08, 0.1)), ("test", (THRESHOLD,))):
        records = load_embedded("edos")[part]  # type: ignore[index]
        spectra = model.predict_many([record.structure for record in records])
        curves = np.array([s.total / r.n_atoms for s, r in zip(spectra, records, strict=True)])
        gaps = np.array([record.gap or 0.0 for record in records])
        for threshold in thresholds:
            print(f"{part}, {scores(curves, gaps, threshold)}", flush=True)


if __name__ == "__main__":
    main()
