"""Colours that stay legible on white and on JupyterLab's dark grey, for every kind of eye.

Every colour here keeps a contrast of at least 3:1 against both backgrounds, which confines its
luminance to a narrow range. Within that range neighbours in the list were chosen to stay apart for
normal, protanopic and deuteranopic vision.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

LIGHT = "#ffffff"
"""Background of the light theme."""

DARK = "#111111"
"""Background of JupyterLab's dark theme."""

INK = {False: "#1f2328", True: "#d8dce2", None: "#7a7a7a"}
"""Text and axes: on light, on dark, and a grey that can be read on both."""

TOTAL = "#6e7787"
"""Line of a total density."""

SPREAD = "#8791a1"
"""Band of one standard deviation over seeds; drawn translucent."""

REFERENCE = "#a47e00"
"""Line of a reference curve; drawn dashed, so that it does not rest on colour alone."""

ELEMENTS = (
    "#0a78c2",
    "#d55e00",
    "#009e73",
    "#b5499b",
    "#668ff5",
    "#a34733",
    "#14705c",
    "#7d8a1f",
    "#5b4be0",
    "#e0607e",
)
"""Colours of elements in order of appearance; the first few differ most."""

_SHARE_STOPS = ("#939393", "#c06f4a", "#cf4a4e", "#b91f55")


def element_colours(symbols: Iterable[str]) -> dict[str, str]:
    """Give each element a colour, by order of first appearance.

    Parameters
    ----------
    symbols : iterable of str
        Element symbols, repeats allowed, such as `Spectrum.symbols`.

    Returns
    -------
    dict of str
        Hex colour of each element; distinct for up to ten elements, then the list starts again.
    """
    return {s: ELEMENTS[i % len(ELEMENTS)] for i, s in enumerate(dict.fromkeys(symbols))}


def share_colours(shares: Any) -> list[str]:
    """Colour shares between 0 (neutral grey) and 1 (crimson).

    The path is even in the perceptual OKLab space and its lightness only falls, so that shares can
    be ranked without colour vision.

    Parameters
    ----------
    shares : array_like, shape (n,)
        Clipped to [0, 1]; anything that is no number counts as zero.

    Returns
    -------
    list of str
        One hex colour per share.
    """
    values = np.clip(np.nan_to_num(np.asarray(shares, dtype=float).ravel(), nan=0.0), 0.0, 1.0)
    return [_hex(rgb) for rgb in _share_rgb(values)]


def intensity_map(dark: bool | None = None) -> Any:
    """Sequential scale whose zero recedes into the background, as a matplotlib colormap.

    A stretch of magma: perceptually uniform, its lightness changes in one direction only, so that
    it reads without colour vision and in grey. On dark it runs from black to yellow, else from
    cream to dark violet.

    Parameters
    ----------
    dark : bool or None
        Theme of the page.
    """
    import matplotlib as mpl
    from matplotlib.colors import ListedColormap

    base = mpl.colormaps["magma" if dark else "magma_r"]
    return ListedColormap(base(np.linspace(0.0, 0.92, 256)), name="deepdos_intensity")


def intensity_bytes() -> bytes:
    """Colours of `intensity_map` for canvases: light, then dark, uint8 of shape (2, 256, 3)."""
    colours = [intensity_map(dark).colors for dark in (False, True)]
    return np.round(255.0 * np.array(colours)[..., :3]).astype(np.uint8).tobytes()


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two hex colours as WCAG 2 defines it, between 1 and 21."""
    low, high = sorted(_linear(_rgb(c)) @ [0.2126, 0.7152, 0.0722] for c in (first, second))
    return float((high + 0.05) / (low + 0.05))


def theme(dark: bool | None = None) -> AbstractContextManager[None]:
    """Matplotlib settings for one theme, as a context manager.

    Parameters
    ----------
    dark : bool or None
        True: light ink on dark grey. False: dark ink on white. None: a grey ink legible on both,
        on a transparent background, for notebooks whose theme is not known.
    """
    import matplotlib as mpl

    ink = INK[dark]
    ground = {True: DARK, False: LIGHT, None: "none"}[dark]
    settings: Any = {
        "figure.facecolor": ground,
        "savefig.facecolor": ground,
        "savefig.edgecolor": "none",
        "axes.facecolor": "none",
        "axes.edgecolor": ink,
        "axes.labelcolor": ink,
        "axes.titlecolor": ink,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlesize": 11.0,
        "axes.titlelocation": "left",
        "axes.titlepad": 8.0,
        "axes.labelsize": 9.5,
        "axes.grid": False,
        "text.color": ink,
        "xtick.color": ink,
        "ytick.color": ink,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "xtick.direction": "out",
        "ytick.direction": "out",
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "font.size": 9.5,
        "font.family": ["sans-serif"],
        # DejaVu ships with matplotlib, so figures look the same on every machine and have
        # every sub- and superscript.
        "font.sans-serif": ["DejaVu Sans"],
        "lines.linewidth": 1.4,
        "savefig.dpi": 200,
        "figure.dpi": 110,
        "svg.fonttype": "path",
        "pdf.fonttype": 42,
    }
    return mpl.rc_context(settings)


def _rgb(colour: str) -> np.ndarray[Any, Any]:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0


def _hex(rgb: np.ndarray[Any, Any]) -> str:
    return "#" + "".join(f"{round(255 * float(v)):02x}" for v in np.clip(rgb, 0.0, 1.0))


def _linear(rgb: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


# OKLab (Ottosson 2020): linear sRGB → cone responses → cube root → lightness and two opponents.
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _share_rgb(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    stops = np.cbrt(_linear(np.array([_rgb(c) for c in _SHARE_STOPS])) @ _TO_CONES.T) @ _TO_LAB.T
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(stops, axis=0), axis=1))])
    lab = np.stack([np.interp(values * length[-1], length, c) for c in stops.T], axis=-1)
    linear = np.clip((lab @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_CONES).T, 0.0, 1.0)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
