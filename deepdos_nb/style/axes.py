"""What all figures share: axes in a theme, wording, colour scales, atomic saving."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.files import replacing
from deepdos_nb.style.palette import INK, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure

    from deepdos_nb.core.grids import Grid, Kind

FORMATS = ("png", "svg", "pdf")

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def formula_text(formula: str) -> str:
    """A formula with its digits as subscripts: ``Bi2Te3`` → ``Bi₂Te₃``."""
    return formula.translate(_SUBSCRIPTS)


def energy_label(grid: Grid) -> str:
    """Label of the energy axis, with its unit."""
    if grid.zero_inside:
        return rf"{grid.quantity} above VBM or $E_\mathrm{{F}}$ ({grid.unit})"
    return f"{grid.quantity} ({grid.unit})"


def title_text(formula: str, kind: Kind, addition: str = "") -> str:
    """Title of a figure: formula, kind, and what is special about it."""
    return "  ·  ".join(filter(None, [formula_text(formula), kind.long_name, addition]))


def new_figure(size: tuple[float, float]) -> Figure:
    """A figure that pyplot forgets at once: shown where it is returned, never twice, no leak."""
    # Importing pyplot is what teaches a notebook to show figures.
    from matplotlib import pyplot

    figure = pyplot.figure(figsize=size, layout="constrained")
    pyplot.close(figure)
    return figure


@contextmanager
def themed_axes(
    ax: Axes | None, size: tuple[float, float], dark: bool | None
) -> Iterator[tuple[Axes, str]]:
    """Yield axes and their ink; axes handed in keep their look unless `dark` is stated."""
    if ax is not None and dark is None:
        import matplotlib as mpl

        yield ax, str(mpl.rcParams["text.color"])
        return
    from matplotlib import pyplot

    # Its first use makes a notebook show figures by itself. Inside the theme that setting would
    # end with the theme, and every later figure would stay unseen.
    pyplot.draw_if_interactive()
    with theme(dark):
        if ax is None:
            ax = pyplot.subplots(figsize=size, layout="constrained")[1]
        dress(ax, dark)
        yield ax, INK[dark]


def dress(ax: Axes, dark: bool | None) -> None:
    """Fix the theme's colours in the axes, since ticks are made later, outside the theme."""
    ink = INK[dark]
    ax.tick_params(which="both", color=ink, labelcolor=ink, length=3.5, width=0.8)
    for spine in ax.spines.values():
        spine.set_edgecolor(ink)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_color(ink)
        axis.get_offset_text().set_color(ink)


def energy_axis(ax: Axes, grid: Grid, ink: str, *, label: bool = True) -> None:
    """Limits and label of the energy axis, and the line of the electronic zero."""
    ax.set_xlim(grid.start, grid.stop)
    if label:
        ax.set_xlabel(energy_label(grid))
    if grid.zero_inside:
        ax.axvline(0.0, color=ink, linewidth=0.8, linestyle=(0, (4, 3)), zorder=4, gid="zero")


def notes_below(ax: Axes, notes: tuple[str, ...], ink: str) -> None:
    """Write cautions under the axes, where no curve can hide them."""
    if notes:
        ax.annotate(
            "\n".join(textwrap.fill(note, 92) for note in notes),
            xy=(0, 0),
            xycoords="axes fraction",
            xytext=(0, -36),
            textcoords="offset points",
            va="top",
            fontsize=8,
            style="italic",
            color=ink,
        )


def signed_map(dark: bool | None) -> Colormap:
    """Diverging scale: blue below zero, vermilion above, zero as the background."""
    from matplotlib.colors import LinearSegmentedColormap

    middle = {True: "#24282d", False: "#f1f3f5", None: "#a3a6aa"}[dark]
    ends = ("#0a4f9c", "#0a78c2"), ("#d55e00", "#9c3a00")
    if dark:
        ends = ("#7cc4ff", "#0a78c2"), ("#d55e00", "#ffb27a")
    colours = [*ends[0], middle, *ends[1]]
    return LinearSegmentedColormap.from_list("deepdos_signed", colours, N=255)


def colour_bar(figure: Figure, artist: Any, axes: Any, label: str, ink: str, **options: Any) -> Any:
    """A slim colour bar in the theme's ink."""
    bar = figure.colorbar(artist, ax=axes, pad=0.015, **options)
    bar.set_label(label, color=ink)
    bar.outline.set_visible(False)
    bar.ax.tick_params(color=ink, labelcolor=ink, length=2.5, width=0.8)
    return bar


def save(figure: Figure, path: str | Path) -> Path:
    """Write a figure so that the file is either complete or not there.

    Parameters
    ----------
    figure : matplotlib Figure
    path : str or Path
        Ends in ``.png``, ``.svg`` or ``.pdf``; missing directories are made.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    ConfigError
        If the ending is none of these.
    """
    import matplotlib as mpl

    path = Path(path)
    kind = path.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise ConfigError(
            f"a figure cannot be saved as {path.suffix or 'a file without ending'!r}.",
            source=path.name,
            remedy="Use .png, .svg or .pdf.",
        )
    # Without dates and random ids the same figure gives the same bytes.
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with (
        replacing(path) as part,
        mpl.rc_context({"svg.hashsalt": "deepdos_nb", "savefig.dpi": 200}),
    ):
        figure.savefig(part, format=kind, metadata=metadata)
    return path
