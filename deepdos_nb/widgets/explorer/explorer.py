"""`SpectrumExplorer`: data sets of crystals to leaf through, with reference and prediction."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets as t

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.spectra.trace import Trace
from deepdos_nb.widgets.base.downloads import Downloads
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.shipped import ShippedModels
from deepdos_nb.widgets.base.state import ViewState
from deepdos_nb.widgets.base.tabs import TabBar
from deepdos_nb.widgets.base.view import error_line, shows_errors
from deepdos_nb.widgets.crystal.structure import Backend
from deepdos_nb.widgets.explorer.collections import (
    Collection,
    WithOthers,
    as_collection,
    shipped_collections,
)
from deepdos_nb.widgets.explorer.materials import MaterialList
from deepdos_nb.widgets.explorer.opened import Opened, blank
from deepdos_nb.widgets.explorer.quicklook import QuickLook
from deepdos_nb.widgets.explorer.standing import standing, standing_html

if TYPE_CHECKING:
    from pymatgen.core import Structure

KEPT = 64
"""Opened crystals whose predictions are kept."""


class SpectrumExplorer(Pictured, ipywidgets.VBox):
    """Leaf through data sets: reference, prediction with its band, crystal in 3-D, downloads.

    Everything a click does can be done by setting a trait: `dataset`, `query`, `index` here, the
    selection in `state`.

    Parameters
    ----------
    collections : mapping of str to collection, optional
        Data sets by name; whatever `as_collection` takes: a folder, a `Dataset`, structures,
        spectra, records. By default the data sets inside the package and the example crystals.
    predictor : "shipped", object with ``predict``, mapping of kind to such objects, or None
        Loaded models; by default those whose weights are inside the package, and None for no
        predictions. They are made when a crystal is opened.
    baselines : mapping of str to object with ``predict``, optional
        Other models by name, drawn as further curves.
    state : ViewState, optional
        The selection to follow; a new one if not given.
    backend : {"auto", "nglview", "canvas"}
        See `StructureView`.

    Raises
    ------
    ConfigError
        If there is nothing to list, or the first crystal cannot be read.
    """

    dataset = t.Unicode("")
    """Name of the open data set."""

    query = t.Unicode("")
    """What the list is searched for; see `search.matches`."""

    part = t.Unicode("")
    """Part of the data set that is listed: "train", "valid", "test", or empty for all of it."""

    index = t.Int(-1)
    """Index of the open crystal in its data set; -1 before there is one."""

    error = t.Unicode("")
    """What went wrong in the last callback; shown under the views."""

    def __init__(
        self,
        collections: Mapping[str, Any] | None = None,
        predictor: Any = "shipped",
        *,
        baselines: Mapping[str, Any] | None = None,
        state: ViewState | None = None,
        backend: Backend = "auto",
    ) -> None:
        self.predictors = _by_kind(predictor)
        given = shipped_collections(self.predictors) if collections is None else collections
        self.collections: dict[str, Collection] = {k: as_collection(v) for k, v in given.items()}
        self.baselines = dict(baselines or {})
        self._opened: OrderedDict[tuple[str, int], Opened] = OrderedDict()
        first = next((name for name, c in self.collections.items() if len(c)), None)
        if first is None:
            raise ConfigError(
                "there is no crystal to show.",
                remedy="Pass a data set, a folder of CIF files, or leave `collections` out.",
            )
        self.tabs = TabBar(label="Data sets", tabs=[*map(self._tab, self.collections)])
        self.materials = MaterialList(layout={"flex": "0 0 215px", "width": "215px"})
        self.materials.fill(self.collections[first].entries)
        at = self.materials.fitting[0]
        self.opened = self._read(first, at)
        self.views = QuickLook(
            self.opened.main, **self.opened.options(), state=state, backend=backend
        )
        self.state = self.views.state
        makers: dict[str, Callable[[], bytes | str]] = {
            "png": self.png,
            "svg": self.svg,
            "csv": self.csv,
            "cif": self.cif,
        }
        self.downloads = Downloads(makers)
        self._standing, self._line = ipywidgets.HTML(), ipywidgets.HTML()
        super().__init__(self._arranged(), layout={"width": "100%"})
        self.tabs.selected = self.dataset = first
        self.index = at
        self._say()
        self._listen()

    def _arranged(self) -> list[ipywidgets.Widget]:
        right = ipywidgets.VBox(
            [self._standing, self.views, self.downloads],
            layout={"flex": "1 1 560px", "min_width": "320px", "width": "auto"},
        )
        row = ipywidgets.Box(
            [self.materials, right],
            layout={"display": "flex", "flex_flow": "row wrap", "width": "100%"},
        )
        return [self.tabs, row, self._line]

    def _listen(self) -> None:
        t.link((self.tabs, "selected"), (self, "dataset"))
        t.link((self.materials, "query"), (self, "query"))
        t.link((self.materials, "part"), (self, "part"))
        self.materials.observe(self._picked, names="selected")
        self.observe(self._change_dataset, names="dataset")
        self.observe(self._open, names="index")
        self.observe(self._report, names="error")

    def _tab(self, name: str) -> dict[str, str]:
        n = len(self.collections[name])
        return {"key": name, "title": f"{name} ({n:,})", "hint": f"{n:,} crystals"}

    @t.validate("dataset")
    def _known_dataset(self, proposal: Any) -> str:
        if proposal["value"] not in self.collections:
            known = ", ".join(self.collections)
            raise t.TraitError(f"there is no data set {proposal['value']!r}; there are {known}.")
        return str(proposal["value"])

    @t.validate("index")
    def _existing(self, proposal: Any) -> int:
        n = len(self.collections[self.dataset])
        if not -1 <= proposal["value"] < n:
            raise t.TraitError(f"there is no crystal {proposal['value']}; there are 0 to {n - 1}.")
        return int(proposal["value"])

    @shows_errors
    def _change_dataset(self, change: Any) -> None:
        self.index = -1
        self.materials.fill(self.collections[change["new"]].entries)
        if self.materials.fitting:
            self.index = self.materials.fitting[0]

    @shows_errors
    def _picked(self, change: Any) -> None:
        if change["new"] >= 0:
            self.index = change["new"]

    @shows_errors
    def _open(self, change: Any) -> None:
        index = change["new"]
        self.materials.selected = index
        if index < 0:
            return
        opened = self._read(self.dataset, index)
        self.views.show(opened.main, **opened.options())
        self.opened = opened
        self._say()

    def _say(self) -> None:
        self.materials.selected = self.index
        self.downloads.stem = f"{self.opened.main.formula}-{self.opened.main.kind}"
        opened = self.opened
        self._standing.value = standing_html(
            opened.part, referenced=opened.compared, others=opened.about_others
        )

    def _read(self, name: str, index: int) -> Opened:
        """Read and predict one crystal, or take it from those opened before."""
        key = (name, index)
        if key not in self._opened:
            collection = self.collections[name]
            structure, reference = collection.item(index)
            kind = reference.kind if reference else self._kind_of(collection)
            opened = self._predicted(structure, reference, kind)
            if isinstance(collection, WithOthers):
                opened = replace(
                    opened,
                    baselines={**opened.baselines, **collection.others(index)},
                    about_others=collection.about_others(index),
                )
            self._opened[key] = replace(opened, part=collection.entries[index].part)
            while len(self._opened) > KEPT:
                self._opened.popitem(last=False)
        self._opened.move_to_end(key)
        return self._opened[key]

    def _kind_of(self, collection: Collection) -> Kind:
        """What is predicted where there is no reference to say it."""
        stated: str | None = getattr(collection, "kind", None)
        return Kind(stated or next(iter(self.predictors), Kind.phdos))

    def _predicted(self, structure: Structure, reference: Spectrum | None, kind: Kind) -> Opened:
        model = self.predictors.get(kind)
        prediction = model.predict(structure) if model is not None else None
        main = prediction or reference or blank(structure, kind)
        others = {name: other.predict(main.structure) for name, other in self.baselines.items()}
        return Opened(
            main,
            reference if prediction is not None else None,
            {name: s for name, s in others.items() if s.kind == kind},
            model,
        )

    def trace(self, seed: int | None = None) -> Trace:
        """Every intermediate of the open crystal's prediction, for the other views.

        Raises
        ------
        ConfigError
            If there is no model for this kind of spectrum.
        """
        return self.opened.trace(seed)

    def png(self) -> bytes:
        """Spectrum and crystal as they stand, as a PNG picture."""
        return self.views.png()

    def svg(self) -> bytes:
        """The same as an SVG picture."""
        return self.views.picture("svg")

    def csv(self) -> str:
        """Prediction, sites, reference and baselines on one energy axis, as CSV text."""
        return self.opened.csv()

    def cif(self) -> str:
        """The open crystal as CIF text, its sites in the order of the site labels."""
        return self.opened.cif()

    def _report(self, _: Any) -> None:
        self._line.value = error_line(self.error)

    def describe(self) -> str:
        """The list and both views, in words."""
        where = f"{self.dataset}, crystal {self.index + 1} of {len(self.collections[self.dataset])}"
        problem = f" This view could not be updated. {self.error}" if self.error else ""
        opened = self.opened
        worth = standing(opened.part, referenced=opened.compared, others=opened.about_others)
        return f"{where}.{problem} {self.materials.describe()} {worth} {self.views.describe()}"


def _by_kind(predictor: Any) -> Mapping[Kind, Any]:
    if predictor is None:
        return {}
    if isinstance(predictor, str) and predictor == "shipped":
        return ShippedModels()
    if isinstance(predictor, Mapping):
        return {Kind(kind): model for kind, model in predictor.items()}
    if not hasattr(predictor, "predict"):
        raise ConfigError(
            f"a {type(predictor).__name__} predicts nothing.",
            remedy="Pass a loaded model, 'shipped', or a mapping of 'phdos' and 'edos' to models.",
        )
    return {Kind(getattr(predictor, "kind", Kind.phdos)): predictor}
