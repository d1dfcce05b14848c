"""`SiteTable`: the ranked list of sites beside the crystal, for eyes, keyboards and readers."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets as t

from deepdos_nb.widgets.base.view import asset


class SiteTable(anywidget.AnyWidget):
    """Sites by their share of states; each row is a switch that selects its site."""

    _esm = asset("base/common.js", "crystal/sites.js")
    _css = asset("base/base.css", "crystal/sites.css")

    caption = t.Unicode("").tag(sync=True)
    """What the shares are shares of."""

    rows: t.List[Any] = t.List().tag(sync=True)
    """One dict per site, in order: site, label, share (0 … 1), colour; perhaps a second share."""

    columns: t.List[str] = t.List().tag(sync=True)
    """Names of the two shares of each row; empty where there is one."""

    selected_sites: t.List[int] = t.List().tag(sync=True)
    """Indices of the selected sites."""

    error = t.Unicode("").tag(sync=True)
    """What went wrong in the last callback; shown under the table."""
