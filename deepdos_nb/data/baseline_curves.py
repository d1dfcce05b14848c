"""What re-implemented published models predict for the embedded crystals they were not trained on.

Curves and not weights: for some two hundred crystals of each kind they take a fiftieth of the room,
and are shown at once. `scripts/baseline_curves.py` trains the models and writes them, with their
settings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.files import DAMAGED_ARCHIVE, write_arrays
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.curve_codes import decoded, encoded

FILE = "baselines.npz"


@dataclass(frozen=True)
class BaselineCurves:
    """Predicted totals of several models.

    Parameters
    ----------
    materials : tuple of str
        Identifiers of the crystals, all of the validation or the test part.
    totals : mapping of str to ndarray, shape (n_materials, n_bins)
        By model; each curve sums to one, since these models predict shapes.
    facts : mapping
        How they were trained, ready for JSON: "protocol" in words, and settings by model.
    """

    materials: tuple[str, ...]
    totals: Mapping[str, Array]
    facts: Mapping[str, Any] = field(default_factory=dict)

    def of(self, material: str) -> dict[str, Array]:
        """Curves for one crystal by model; empty where none is stored."""
        if material not in self.materials:
            return {}
        row = self.materials.index(material)
        return {name: curves[row] for name, curves in self.totals.items()}


def write_baseline_curves(path: str | Path, curves: BaselineCurves) -> Path:
    """Write curves in twelve bits a value; see `curve_codes`."""
    arrays: dict[str, Array] = {
        "materials": np.array(curves.materials),
        "facts": np.array(json.dumps(dict(curves.facts), sort_keys=True)),
    }
    for name, totals in curves.totals.items():
        rows = list(totals[:, None, None, :])
        arrays[f"{name} codes"], arrays[f"{name} scales"] = encoded(rows)
    return write_arrays(path, arrays)


def read_baseline_curves(path: str | Path) -> BaselineCurves:
    """Read what `write_baseline_curves` wrote.

    Raises
    ------
    DataError
        If there is no such file, or it is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            materials = tuple(file["materials"].tolist())
            facts = json.loads(str(file["facts"]))
            one: Array = np.ones(len(materials), dtype=int)
            totals = {
                key.removesuffix(" codes"): decoded(
                    file[key], file[key.replace(" codes", " scales")], one
                )[:, 0]
                for key in file.files
                if key.endswith(" codes")
            }
    except DAMAGED_ARCHIVE as error:
        raise DataError(
            f"no curves of baselines can be read ({error}).",
            source=str(path),
            remedy="Make them with `python scripts/baseline_curves.py`.",
        ) from error
    return BaselineCurves(materials, totals, facts)


@cache
def embedded_baselines(kind: str) -> BaselineCurves:
    """The curves inside the package.

    Parameters
    ----------
    kind : {"edos", "phdos"}

    Raises
    ------
    DataError
        If this copy of the package holds none.
    """
    home = Path(str(resources.files("deepdos_nb.data"))) / "embedded" / Kind(kind)
    return read_baseline_curves(home / FILE)
