"""`TabBar`: a row of tabs for mouse, keyboard and screen readers."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets as t

from deepdos_nb.widgets.base.view import asset


class TabBar(anywidget.AnyWidget):
    """Tabs of which one is chosen; arrow keys move along them."""

    _esm = asset("base/common.js", "base/tabs.js")
    _css = asset("base/base.css", "base/tabs.css")

    label = t.Unicode("Views").tag(sync=True)
    """Accessible name of the row."""

    tabs: t.List[Any] = t.List().tag(sync=True)
    """One dict per tab, in order: key, title, hint."""

    selected = t.Unicode("").tag(sync=True)
    """Key of the chosen tab."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the row."""

    @t.validate("selected")
    def _known(self, proposal: Any) -> str:
        keys = [tab["key"] for tab in self.tabs]
        if proposal["value"] not in keys:
            raise t.TraitError(f"no tab {proposal['value']!r}; there are {', '.join(keys)}.")
        return str(proposal["value"])
