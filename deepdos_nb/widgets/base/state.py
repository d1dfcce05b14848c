"""What a person has selected, and nothing else: no arrays, no widgets, no computing.

Every view subscribes to one `ViewState`. Setting a trait from Python does what a click does, so a
test or a lesson can drive a view without a browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets as t

MODES = ("elements", "sites", "total")
"""Ways of drawing the density: stacked by element, a row for each site, or the total alone."""


class EnergyRange(t.TraitType[tuple[float, float] | None, Any]):
    """``None``, or a pair (low, high) of finite energies with low < high."""

    info_text = "None or a pair (low, high) with low < high"

    def validate(self, obj: Any, value: Any) -> tuple[float, float] | None:
        """Return the pair as floats, in increasing order."""
        if value is None:
            return None
        try:
            low, high = sorted(float(v) for v in value)
        except (TypeError, ValueError):
            self.error(obj, value)
        if not low < high or abs(low) == float("inf") or abs(high) == float("inf"):
            self.error(obj, value)
        return low, high


class ViewState(t.HasTraits):
    """The shared selection of a set of linked views.

    Parameters
    ----------
    **traits
        Any of the traits below; an unknown name raises `TypeError`.
    """

    energy_range = EnergyRange(None, allow_none=True)
    """Selected energies (low, high) in the grid's unit, or None."""

    selected_sites = t.Tuple()
    """Indices of the selected sites, increasing."""

    hidden_elements = t.Tuple()
    """Symbols of elements switched off in the legend."""

    hidden_curves = t.Tuple()
    """Names of curves switched off in the legend: "total", "ensemble", "start", a reference's."""

    layer = t.Int(-1)
    """Decoder layer whose attention is shown; -1 is the last."""

    head = t.Int(-1)
    """Attention head that is shown; -1 is the mean over heads."""

    step = t.Int(0, min=0)
    """Step that is shown; 0 is where the transport starts."""

    mode = t.Enum(MODES, default_value="elements")
    """How the density is drawn."""

    playing = t.Bool(False)
    """Whether the steps are being played."""

    def __init__(self, **traits: Any) -> None:
        unknown = sorted(set(traits) - set(self.trait_names()))
        if unknown:
            known = ", ".join(sorted(self.class_own_traits()))
            raise TypeError(f"unknown view state {', '.join(unknown)}; known are {known}")
        super().__init__(**traits)

    @t.validate("selected_sites")
    def _sorted_indices(self, proposal: Any) -> tuple[int, ...]:
        sites: Sequence[Any] = proposal["value"]
        if not all(isinstance(i, int) and i >= 0 for i in sites):
            raise t.TraitError(f"selected sites are non-negative integers, not {sites!r}")
        return tuple(sorted(set(sites)))

    @t.validate("hidden_elements", "hidden_curves")
    def _names(self, proposal: Any) -> tuple[str, ...]:
        names: Sequence[Any] = proposal["value"]
        if not all(isinstance(s, str) for s in names):
            raise t.TraitError(f"{proposal['trait'].name} holds names, not {names!r}")
        return tuple(dict.fromkeys(names))

    def toggle_site(self, site: int) -> None:
        """Select a site, or let it go if it is selected."""
        self.selected_sites = tuple(set(self.selected_sites) ^ {site})

    def clear(self) -> None:
        """Select nothing: no range, no sites."""
        with self.hold_trait_notifications():
            self.energy_range = None
            self.selected_sites = ()
