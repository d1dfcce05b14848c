"""Records of a data set as an explorer lists them: with their parts, and other models' curves."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.errors import DataError
from deepdos_nb.data.baseline_curves import BaselineCurves, embedded_baselines
from deepdos_nb.data.sources.embedded import honest_part
from deepdos_nb.data.splits import BENCHMARK, part_of
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.widgets.base.payload import TOTAL_ONLY
from deepdos_nb.widgets.explorer.search import Entry, entry_of

if TYPE_CHECKING:
    from pymatgen.core import Structure

EMBEDDED = {
    "embedded-edos": "DFT electrons",
    "embedded-phdos": "ML-potential phonons",
}
"""Data sets inside the package, and what their tabs are called."""


class Records:
    """A `Dataset`, or any sequence of `Record`.

    Records of the embedded sets and of the benchmark are told apart by the part they belong to;
    of any other source it is not known what a model has learnt from it.

    Parameters
    ----------
    records : sequence of Record
        With ``entries()``, as a `Dataset` has, no record is read for its entry.
    """

    def __init__(self, records: Any) -> None:
        self.records = records

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def entries(self) -> list[Entry]:
        """One entry for each record."""
        if hasattr(self.records, "entries"):
            return [
                Entry(str(e.material_id), e.formula, int(e.n_atoms), tuple(e.elements), _part(e))
                for e in self.records.entries()
            ]
        return [replace(entry_of(r.structure, r.material_id), part=_part(r)) for r in self.records]

    def item(self, index: int) -> tuple[Structure, Spectrum]:
        """Structure and reference of one record."""
        record = self.records[index]
        if record.site_shape is None:
            reference = replace(record.reference(even=True), notes=(TOTAL_ONLY,))
        else:
            reference = record.reference()
        return reference.structure, reference

    def others(self, index: int) -> dict[str, Spectrum]:
        """What other models predict for one record, by their names; see `baseline_curves`."""
        record = self.records[index]
        curves = _baselines(record.source)
        if curves is None:
            return {}
        reference = self.item(index)[1]
        n, states = len(reference.structure), reference.total.sum()
        return {
            name: replace(
                reference,
                sites=np.repeat(curve[None] * (states / n), n, axis=0),
                members=np.zeros((0, len(curve))),
                source=name,
                notes=(TOTAL_ONLY,),
            )
            for name, curve in curves.of(record.material_id).items()
        }

    def about_others(self, index: int) -> str:
        """How the other models of one record were trained, in words; empty where there is none."""
        record = self.records[index]
        curves = _baselines(record.source)
        if curves is None or not curves.of(record.material_id):
            return ""
        models = ", ".join(
            f"{name} {facts['epochs']} epochs" for name, facts in curves.facts["models"].items()
        )
        return f"{curves.facts['protocol']} {models}."


def _part(record: Any) -> str:
    if record.source in EMBEDDED:
        return honest_part(record) or ""
    return (part_of(record) or "") if record.source == BENCHMARK else ""


def _baselines(source: str) -> BaselineCurves | None:
    if source not in EMBEDDED:
        return None
    try:
        return embedded_baselines(source.removeprefix("embedded-"))
    except DataError:
        return None
