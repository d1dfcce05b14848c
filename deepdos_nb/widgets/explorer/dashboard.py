"""`Dashboard`: everything a visitor of the web app can look at, in four tabs."""

from __future__ import annotations

from typing import Any

from deepdos_nb.widgets.base.tabbed import Tab, Tabbed
from deepdos_nb.widgets.crystal.structure import Backend
from deepdos_nb.widgets.explorer.upload import MAX_UPLOAD, UploadPredictor

STUDIES = {
    "Cu2BaMX4": "Cu₂BaMX₄",
    "CuPtFeCoNi": "CuPtFeCoNi, random alloy",
    "InP to GaP": "Ga for In, InP to GaP",
}
"""What the tabs of the case studies are called."""


class Dashboard(Tabbed):
    """A crystal of one's own, the shipped data sets, case studies, the transport laboratory.

    Parameters
    ----------
    max_bytes : int
        Largest file a visitor may drop in.
    max_seconds : float, optional
        Longest time a visitor's file may take; see `UploadPredictor`.
    first : str
        Example crystal that is there from the start.
    still : bool
        Whether the output holds a picture, for pages that run no widgets; the app's does not.
    backend : {"auto", "nglview", "canvas"}
        See `StructureView`.
    """

    def __init__(
        self,
        *,
        max_bytes: int = MAX_UPLOAD,
        max_seconds: float | None = None,
        first: str = "MgO",
        still: bool = True,
        backend: Backend = "auto",
    ) -> None:
        self.still = still

        def own() -> Any:
            view = UploadPredictor(max_bytes=max_bytes, max_seconds=max_seconds, backend=backend)
            view.choose(first)
            return view

        def data() -> Any:
            from deepdos_nb.widgets.explorer.explorer import SpectrumExplorer

            return SpectrumExplorer(backend=backend)

        def studies() -> Any:
            from deepdos_nb.cases.studies import case_studies
            from deepdos_nb.widgets.explorer.collections import as_study
            from deepdos_nb.widgets.explorer.explorer import SpectrumExplorer

            found = {STUDIES[name]: as_study(cases) for name, cases in case_studies().items()}
            return SpectrumExplorer(found, backend=backend)

        def laboratory() -> Any:
            from deepdos_nb.widgets.transport.laboratory import TransportLab

            return TransportLab()

        super().__init__(
            [
                Tab("own", "Your crystal", "Drop in a structure and see every view of it", own),
                Tab("data", "Data sets", "Leaf through crystals, with references", data),
                Tab("studies", "Case studies", "A family, an alloy, a substitution", studies),
                Tab("laboratory", "Transport laboratory", "Break the rules, see why", laboratory),
            ],
            label="What to look at",
        )
