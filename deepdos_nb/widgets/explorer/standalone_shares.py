"""What an exported page needs to compute a quick look's shares, colours and words by itself."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from deepdos_nb.style.palette import share_colours
from deepdos_nb.widgets.base.payload import pack
from deepdos_nb.widgets.explorer.quicklook import QuickLook
from deepdos_nb.widgets.spectrum.plot import MOST_OVERLAID
from deepdos_nb.widgets.spectrum.scores import chips

SHADES = 256
"""Colours between no share and the largest one."""


def ingredients(look: QuickLook) -> dict[str, Any] | None:
    """Site densities of every step and what is said of them; None where sites are unknown.

    Returns
    -------
    dict
        Ready for JSON: ``sites`` are float32 of shape (steps + 1, n_sites, n_bins) in base64.
    """
    data, view, plot = look.spectrum.data, look.structure, look.spectrum
    if not data.resolved:
        return None
    steps = range(data.n_steps + 1)
    gaps = [plot.gap_at(k) for k in steps]
    colours, radii = view.plain_look()
    return {
        "sites": base64.b64encode(pack(data.steps)).decode("ascii"),
        "labels": data.labels,
        "symbols": list(data.symbols),
        "colours": colours,
        "radii": [round(float(r), 4) for r in radii],
        "shades": share_colours(np.linspace(0.0, 1.0, SHADES)),
        "rows": data.site_rows(),
        "most": MOST_OVERLAID,
        "chips": [chips(data, k) for k in steps],
        "gaps": [gap and [round(gap.low, 3), round(gap.high, 3)] for gap in gaps],
    }
