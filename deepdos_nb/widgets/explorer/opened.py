"""One crystal an explorer has opened: its spectra, and its files for download."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind, grid_for
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.widgets.base.payload import NOTHING_KNOWN, sites_known

if TYPE_CHECKING:
    from pymatgen.core import Structure


@dataclass(frozen=True)
class Opened:
    """What is shown of one crystal.

    Parameters
    ----------
    main : Spectrum
        The prediction; without a model the reference.
    reference : Spectrum or None
        What the prediction is compared with.
    baselines : mapping of str to Spectrum
    model : object with ``trace``, or None
    part : {"train", "valid", "test", ""}
        Of its data set.
    about_others : str
        How the models of `baselines` were trained, where that is known.
    """

    main: Spectrum
    reference: Spectrum | None = None
    baselines: Mapping[str, Spectrum] = field(default_factory=dict)
    model: Any = None
    part: str = ""
    about_others: str = ""

    @property
    def compared(self) -> bool:
        """Whether a prediction is held against a reference, or the reference stands alone."""
        alone = self.model is None and NOTHING_KNOWN not in self.main.notes
        return self.reference is not None or alone

    def options(self) -> dict[str, Any]:
        """Arguments of `QuickLook` beside the spectrum itself."""
        return {"reference": self.reference, "baselines": self.baselines}

    def trace(self, seed: int | None = None) -> Trace:
        """Every intermediate of one seed, or of the mean of all."""
        if not hasattr(self.model, "trace"):
            raise ConfigError(
                "there is no model that could be traced.", remedy="Pass a loaded model."
            )
        trace: Trace = self.model.trace(self.main.structure, seed=seed)
        return trace

    def csv(self) -> str:
        """All curves on one energy axis; units in the names of the columns."""
        unit = self.main.grid.density_unit
        frame = self.main.to_dataframe()
        if not sites_known(self.main):
            frame = frame.iloc[:, :2]
        columns = {c: f"{c} ({unit})" for c in frame.columns[1:]}
        columns["total"] = f"{self.main.source}: total ({unit})"
        frame = frame.rename(columns=columns)
        others = dict(self.baselines)
        if self.reference is not None:
            others = {self.reference.source: self.reference} | others
        atoms = len(self.main.structure)
        for name, spectrum in others.items():
            frame[f"{name}: total ({unit})"] = spectrum.total * (atoms / len(spectrum.structure))
        return str(frame.to_csv(index=False, float_format="%.6g"))

    def cif(self) -> str:
        """The crystal in P1, so that its sites keep their order."""
        from pymatgen.io.cif import CifWriter

        return str(CifWriter(self.main.structure))


def blank(structure: Structure, kind: Kind) -> Spectrum:
    """A spectrum of zeros, for a crystal of which nothing but the structure is known."""
    zeros = np.zeros((len(structure), grid_for(kind).n_bins))
    return Spectrum(kind, structure, zeros, source="nothing", notes=(NOTHING_KNOWN,))
