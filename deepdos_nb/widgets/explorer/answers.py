"""What the models say about one crystal, and the files it can be saved as; no widget in here."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import TYPE_CHECKING

from deepdos_nb.core.errors import ConfigError, ExtrapolationWarning, WeightsError
from deepdos_nb.core.grids import Kind
from deepdos_nb.plots import spectrum_axes
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.style.palette import theme
from deepdos_nb.widgets.base.shipped import Predictor, limit

if TYPE_CHECKING:
    from pymatgen.core import Structure


@dataclass(frozen=True)
class Answers:
    """Predictions of every kind for one crystal.

    Parameters
    ----------
    results : dict
        Trace and seed-averaged spectrum by kind.
    missing : dict of str
        Why the other kinds could not be predicted.
    """

    results: dict[Kind, tuple[Trace, Spectrum]] = field(default_factory=dict)
    missing: dict[Kind, str] = field(default_factory=dict)

    def scaled(self, kind: str, electrons: float | None = None) -> tuple[Trace, Spectrum]:
        """Trace and spectrum of one kind.

        Parameters
        ----------
        kind : {"phdos", "edos"}
        electrons : float, optional
            States the electronic density is to hold below zero; as predicted without it. The
            total of phonons is fixed by the number of atoms.

        Raises
        ------
        ConfigError
            If there is no such prediction, or it has nothing below zero to be scaled.
        """
        kind = Kind(kind)
        if kind not in self.results:
            raise ConfigError("there is no spectrum yet.", remedy="Drop in a crystal first.")
        trace, spectrum = self.results[kind]
        if spectrum.kind.fixed_modes or electrons is None:
            return trace, spectrum
        predicted = below_zero(spectrum)
        if predicted <= 0:
            raise ConfigError("no states are predicted below zero, so nothing can be scaled.")
        factor = electrons / predicted
        note = f"Scaled to {electrons:g} electrons below zero; predicted were {predicted:.3g}."
        scaled = replace(
            spectrum,
            sites=spectrum.sites * factor,
            members=spectrum.members * factor,
            outside=spectrum.outside * factor,
            notes=(*spectrum.notes, note),
        )
        return replace(trace, states=trace.states * factor), scaled

    def notes(self, spectrum: Spectrum) -> list[str]:
        """Cautions of a spectrum, and why other kinds are not there."""
        missing = [
            f"{kind.particles.capitalize()}: {reason}" for kind, reason in self.missing.items()
        ]
        return [*spectrum.notes, *missing]


def ask(structure: Structure, find: Callable[[str], Predictor], max_atoms: int) -> Answers:
    """Predict every kind there is a model for.

    Parameters
    ----------
    structure : pymatgen Structure
    find : callable
        From a kind to a model; raises `WeightsError` where there is none.
    max_atoms : int

    Raises
    ------
    StructureError
        If the structure cannot be used.
    """
    answers = Answers()
    for kind in Kind:
        try:
            model = find(kind)
        except WeightsError as error:
            answers.missing[kind] = " ".join(filter(None, [error.reason, error.remedy]))
            continue
        with warnings.catch_warnings():
            # The spectrum's notes say the same, and are shown beside it.
            warnings.simplefilter("ignore", ExtrapolationWarning)
            spectrum = model.predict(structure, max_atoms=max_atoms)
            answers.results[kind] = (
                model.trace(structure, **limit(model.trace, max_atoms)),
                spectrum,
            )
    return answers


def below_zero(spectrum: Spectrum) -> float:
    """States from the window's lower end to zero, which may lie inside a cell of the grid."""
    grid = spectrum.grid
    part = ((0.0 - grid.faces[:-1]) / grid.step).clip(0.0, 1.0)
    return float((spectrum.total * part).sum() * grid.step)


def totals(spectrum: Spectrum) -> str:
    """How many states there are, and how many of them the window holds."""
    grid = spectrum.grid
    window = f"between {grid.start:g} and {grid.stop:g} {grid.unit}"
    each = spectrum.kind.modes_per_atom
    if each is not None:
        modes = each * len(spectrum.structure)
        return f"{modes:g} modes, {each:g} per atom; {spectrum.states:.2f} of them {window}"
    below = below_zero(spectrum)
    return f"{spectrum.states:.2f} states {window}, {below:.2f} of them below {grid.zero}"


def picture(spectrum: Spectrum) -> bytes:
    """The spectrum as a PNG figure for print."""
    from matplotlib.figure import Figure

    with theme(False):
        figure = Figure(figsize=(6.4, 3.8), layout="constrained")
        spectrum_axes(spectrum, figure.add_subplot(), dark=False)
        buffer = BytesIO()
        figure.savefig(buffer, format="png", dpi=200)
    return buffer.getvalue()


def makers(current: Callable[[], Spectrum]) -> dict[str, Callable[[], bytes | str]]:
    """Functions that make the files of the spectrum `current` returns, by ending."""
    return {
        "csv": lambda: str(current().to_dataframe().to_csv(index=False)),
        "json": lambda: current().to_json(),
        "png": lambda: picture(current()),
        "cif": lambda: str(current().structure.to(fmt="cif")),
    }
