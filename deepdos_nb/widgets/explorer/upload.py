"""`UploadPredictor`: drop in a crystal, see everything the models say about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets as t

from deepdos_nb.core.errors import ConfigError, DeepDOSError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.limits import MAX_ATOMS
from deepdos_nb.core.time_limit import time_limit
from deepdos_nb.crystal.read import example, examples, parse_structure
from deepdos_nb.inference.cost import WORTH_SAYING, expected_cost, together
from deepdos_nb.plots import formula_text
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.style.palette import theme
from deepdos_nb.widgets.base.closing import close_tree
from deepdos_nb.widgets.base.downloads import Downloads
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.shipped import Predictor, shipped_model
from deepdos_nb.widgets.base.tabs import TabBar
from deepdos_nb.widgets.base.view import error_line, shows_errors
from deepdos_nb.widgets.crystal.structure import Backend
from deepdos_nb.widgets.explorer.answers import Answers, ask, makers, totals
from deepdos_nb.widgets.explorer.drop import FileDrop
from deepdos_nb.widgets.explorer.explore import Explore

if TYPE_CHECKING:
    from pymatgen.core import Structure

MAX_UPLOAD = 2_000_000
"""Largest file accepted unless stated otherwise, bytes."""


class UploadPredictor(Pictured, ipywidgets.VBox):
    """Predict the spectra of a crystal that is dropped in, chosen, or assigned.

    The file is read in memory; neither it nor its name is written anywhere.

    Parameters
    ----------
    models : mapping of str to model, optional
        Loaded models by kind ("phdos", "edos").
    load : callable
        Called with a kind that `models` lacks, once it is needed; raises `WeightsError` where
        there is none. By default the models inside the package.
    max_bytes : int
        Largest file accepted, in the browser and again in Python.
    max_atoms : int
        Largest cell accepted.
    max_seconds : float, optional
        Longest time to read a file and to predict, for processes that serve one visitor each; see
        `time_limit`.
    backend : {"auto", "nglview", "canvas"}
        See `StructureView`.
    """

    structure = t.Any(None, allow_none=True)
    """The crystal that is shown; assigning one does what dropping its file does."""

    kind = t.Enum(tuple(Kind), default_value=Kind.phdos)
    """Kind of spectrum that is shown."""

    electrons = t.Float(None, allow_none=True)
    """Electrons per cell from the window's lower end to its zero, or None: then as predicted.

    The electronic density is scaled so that it holds this many there."""

    problem = t.Unicode("")
    """Why the last file could not be used; empty while all is well."""

    error = t.Unicode("")
    """What went wrong in the last callback; shown under the view."""

    def __init__(
        self,
        models: Mapping[str, Predictor] | None = None,
        *,
        load: Callable[[str], Predictor] = shipped_model,
        max_bytes: int = MAX_UPLOAD,
        max_atoms: int = MAX_ATOMS,
        max_seconds: float | None = None,
        backend: Backend = "auto",
    ) -> None:
        unknown = sorted(set(models or {}) - set(Kind))
        if unknown:
            raise ConfigError(
                f"there is no kind of spectrum {unknown[0]!r}.", remedy=f"Use {', '.join(Kind)}."
            )
        self._models, self._load = dict(models or {}), load
        self.max_bytes, self.max_atoms, self.backend = max_bytes, max_atoms, backend
        self.max_seconds = max_seconds
        self.name = self._incoming = ""
        self.answers = Answers()
        self.views: dict[str, Explore] = {}
        self.drop = FileDrop(self.load, limit=max_bytes, examples=list(examples()))
        self.kinds = TabBar(label="Kind of spectrum")
        self.kinds.add_class("ddos-kinds")
        self.downloads = Downloads(makers(lambda: self.spectrum))
        self._stage = ipywidgets.VBox(layout={"width": "100%"})
        self._line = ipywidgets.HTML()
        super().__init__([self.drop, self._stage, self._line], layout={"width": "100%"})
        self.observe(self._predict, names="structure")
        self.observe(self._show, names=["kind", "electrons"])
        self.observe(self._say, names="problem")
        self.observe(self._report, names="error")
        self.drop.observe(self._choose, names="example")
        self.drop.observe(self._count, names="electrons")
        self.kinds.observe(self._lead, names="selected")

    # What comes in ------------------------------------------------------------------------------

    @shows_errors
    def load(self, name: str, data: bytes | str) -> None:
        """Read a structure file's contents and predict; what a drop does.

        Parameters
        ----------
        name : str
            Original name of the file, which tells its format.
        data : bytes or str
        """
        self.drop.example = ""
        self._read(name, lambda: self._parse(name, data))

    def choose(self, name: str) -> None:
        """Show one of the example crystals; what a click on its name does."""
        self.drop.example = name

    def _parse(self, name: str, data: bytes | str) -> Structure:
        size = len(data) if isinstance(data, bytes) else len(data.encode())
        if size > self.max_bytes:
            raise ConfigError(
                f"the file has {size / 1e6:.2g} MB, the limit is {self.max_bytes / 1e6:.2g} MB.",
                source=name,
                remedy="Give a file with a single structure and no volumetric data.",
            )
        return parse_structure(data, name, max_atoms=self.max_atoms)

    def _read(self, name: str, reader: Callable[[], Structure]) -> None:
        # The same crystal twice would be no change, and be passed over.
        self.structure, self.problem = None, ""
        try:
            with time_limit(self.max_seconds, what="reading this file"):
                structure = reader()
        except DeepDOSError as error:
            self.problem = str(error)
            return
        self._incoming = name
        self.structure = structure

    @shows_errors
    def _choose(self, change: Any) -> None:
        if change["new"]:
            self._read("", lambda: example(change["new"]))

    @shows_errors
    def _count(self, change: Any) -> None:
        self.electrons = change["new"]

    @shows_errors
    def _lead(self, change: Any) -> None:
        self.kind = change["new"]

    @t.validate("electrons")
    def _countable(self, proposal: Any) -> float | None:
        value = proposal["value"]
        if value is not None and not 0 < value < 1e6:
            raise t.TraitError(f"a number of electrons is positive, not {value}.")
        return None if value is None else float(value)

    # What is made of it -------------------------------------------------------------------------

    @shows_errors
    def _predict(self, _: Any = None) -> None:
        self.answers = Answers()
        # What was typed is known of the crystal before, and of no other.
        self.electrons = None
        self._discard(*self.views)
        self._stage.children = ()
        if self.structure is None:
            self._say()
            return
        self.name, self._incoming, self.problem = self._incoming, "", ""
        cost = together(expected_cost(self.structure, kind) for kind in Kind)
        self.drop.wait = f"{cost}." if cost.seconds > WORTH_SAYING else ""
        self.drop.busy = True
        try:
            with time_limit(self.max_seconds, what="this prediction"):
                self.answers = ask(self.structure, self._model, self.max_atoms)
        except DeepDOSError as error:
            self.problem = str(error)
        finally:
            self.drop.busy = False
        if self.answers.results:
            self._offer()

    def _model(self, kind: str) -> Predictor:
        if kind not in self._models:
            self._models[kind] = self._load(kind)
        return self._models[kind]

    def _offer(self) -> None:
        found = self.answers.results
        self.kinds.tabs = [
            {"key": k, "title": k.particles.capitalize(), "hint": k.grid.density_unit}
            for k in found
        ]
        if self.kind not in found:
            self.kind = next(iter(found))
        else:
            self._show()

    @shows_errors
    def _show(self, change: Any = None) -> None:
        self.drop.electrons = self.electrons
        if not self.answers.results:
            return
        if change is not None and change["name"] == "electrons":
            self._discard(Kind.edos)
        if self.kind not in self.views:
            trace, spectrum = self.answers.scaled(self.kind, self.electrons)
            self.views[self.kind] = Explore(
                trace,
                # Its cautions stand above the tabs, whichever is open; once is enough.
                ensemble=replace(spectrum, notes=()),
                model=self._model(self.kind),
                backend=self.backend,
            )
        self.kinds.selected = self.kind
        self.drop.asks_electrons = self.kind == "edos"
        self.downloads.stem = f"{self.spectrum.formula}-{self.kind}"
        tabs = [self.kinds] if len(self.answers.results) > 1 else []
        self._stage.children = (*tabs, self.views[self.kind], self.downloads)
        self._say()

    def _discard(self, *kinds: str) -> None:
        """Take the views of these kinds off the page, and close them."""
        for view in [self.views.pop(kind) for kind in kinds if kind in self.views]:
            self._stage.children = tuple(v for v in self._stage.children if v is not view)
            close_tree(view)

    @property
    def spectrum(self) -> Spectrum:
        """The spectrum that is shown.

        Raises
        ------
        ConfigError
            If there is none yet.
        """
        return self.answers.scaled(self.kind, self.electrons)[1]

    def _report(self, _: Any = None) -> None:
        self._line.value = error_line(self.error)

    def _say(self, _: Any = None) -> None:
        with self.drop.hold_sync():
            self.drop.problem = self.problem
            self.drop.message, self.drop.notes = "", []
            if self.answers.results:
                spectrum = self.spectrum
                atoms = len(spectrum.structure)
                parts = [
                    self.name,
                    formula_text(spectrum.formula),
                    f"{atoms} atom{'s' if atoms > 1 else ''} per cell",
                    totals(spectrum),
                ]
                self.drop.message = " · ".join(filter(None, parts))
                self.drop.notes = self.answers.notes(spectrum)

    def png(self) -> bytes:
        """The open view, or an invitation, as a PNG picture."""
        if self.kind in self.views:
            return self.views[self.kind].png()
        from matplotlib.figure import Figure

        with theme(False):
            figure = Figure(figsize=(6.4, 1.2))
            figure.text(0.5, 0.5, self.describe(), ha="center", va="center", fontsize=9)
            buffer = BytesIO()
            figure.savefig(buffer, format="png", dpi=110)
        return buffer.getvalue()

    def describe(self) -> str:
        """What is shown, in words."""
        if self.problem:
            return self.problem
        if self.kind not in self.views:
            return "Drop in a CIF, POSCAR or CONTCAR to see its predicted density of states."
        spectrum = self.spectrum
        notes = self.answers.notes(spectrum)
        return " ".join([f"{totals(spectrum)}.", self.views[self.kind].describe(), *notes])
