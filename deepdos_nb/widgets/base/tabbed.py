"""`Tabbed`: views in tabs, each made when it is first opened."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import ipywidgets
import traitlets as t

from deepdos_nb.core.collecting import without_collecting
from deepdos_nb.widgets.base.pictured import Pictured
from deepdos_nb.widgets.base.tabs import TabBar
from deepdos_nb.widgets.base.view import error_line, shows_errors


@dataclass(frozen=True)
class Tab:
    """One tab: its key, its title, a hint, and how its view is made."""

    key: str
    title: str
    hint: str
    make: Callable[[], Any]


class Tabbed(Pictured, ipywidgets.VBox):
    """Views of which one is shown. A view is made when its tab is first opened, and kept.

    Parameters
    ----------
    tabs : iterable of Tab
        At least one; the first is open. Views have ``png()`` and ``describe()``.
    label : str
        Accessible name of the row of tabs.
    """

    selected = t.Unicode("")
    """Key of the open tab."""

    error = t.Unicode("")
    """What went wrong in the last callback; shown under the views."""

    def __init__(self, tabs: Iterable[Tab], label: str = "Views") -> None:
        self.offered = {tab.key: tab for tab in tabs}
        self.views: dict[str, Any] = {}
        first = next(iter(self.offered))
        self.tabs = TabBar(
            label=label,
            tabs=[{"key": v.key, "title": v.title, "hint": v.hint} for v in self.offered.values()],
            selected=first,
        )
        self._stage = ipywidgets.VBox(layout={"width": "100%"})
        self._line = ipywidgets.HTML()
        row = [self.tabs] if len(self.offered) > 1 else []
        super().__init__([*row, self._stage, self._line], layout={"width": "100%"})
        self.selected = self._worked = first
        # Not as a callback: a first view that cannot be made is an error of who asked for it.
        self._put(first)
        self.observe(self._open, names="selected")
        self.observe(self._report, names="error")
        self.tabs.observe(self._lead, names="selected")

    @t.validate("selected")
    def _existing(self, proposal: Any) -> str:
        if proposal["value"] not in self.offered:
            known = ", ".join(self.offered)
            raise t.TraitError(f"no view {proposal['value']!r} here; there are {known}.")
        return str(proposal["value"])

    @shows_errors
    def _lead(self, change: Any) -> None:
        self.selected = change["new"]

    @shows_errors
    def _open(self, _: Any) -> None:
        self.tabs.selected = self.selected
        try:
            self._put(self.selected)
        except Exception:
            self.selected = self._worked  # the tab whose view is still on the page
            raise
        self._worked = self.selected

    @without_collecting()
    def _put(self, chosen: str) -> None:
        """Show one view, made where it was not yet, in place of the others."""
        if chosen not in self.views:
            self.views[chosen] = self.offered[chosen].make()
            self._stage.children = tuple(self.views.values())
        for key, view in self.views.items():
            # Hidden and not removed: a 3-D view made anew would forget how it was turned.
            view.layout.display = None if key == chosen else "none"

    def _report(self, _: Any) -> None:
        self._line.value = error_line(self.error)

    @property
    def view(self) -> Any:
        """The open view."""
        return self.views[self.selected]

    def describe(self) -> str:
        """The open view, in words, and which others there are."""
        others = [tab.title for key, tab in self.offered.items() if key != self.selected]
        text = str(self.view.describe())
        return f"{text} Further views: {', '.join(others)}." if others else text

    def png(self) -> bytes:
        """The open view as it stands, as a PNG picture."""
        picture: bytes = self.view.png()
        return picture
