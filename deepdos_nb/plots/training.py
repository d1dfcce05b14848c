"""How a training goes: loss and validation score against epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.style.axes import dress, new_figure
from deepdos_nb.style.palette import ELEMENTS, INK, TOTAL, theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from deepdos_nb.core.arrays import Array

TRAIN, VALID = ELEMENTS[0], ELEMENTS[1]


def training_figure(
    histories: Sequence[Sequence[Mapping[str, float]]],
    kind: str,
    *,
    epochs: int | None = None,
    before: Mapping[str, float] | None = None,
    title: str = "",
    dark: bool | None = None,
) -> Figure:
    """Training loss, validation error and Wasserstein distance of every epoch.

    Parameters
    ----------
    histories : sequence of sequence of mapping
        One history a seed, one row an epoch, as `training.history` keeps them: "epoch",
        "train/shape", "valid/shape", "valid/mse_max", "valid/wd_mean".
    kind : {"phdos", "edos"}
    epochs : int, optional
        Where the axis ends; the longest history without it.
    before : mapping, optional
        "shape" and "wd_mean" before training, drawn as lines to be beaten.
    title : str
    dark : bool or None
        Theme of the page; None suits any.

    Raises
    ------
    ConfigError
        If no history has an epoch.
    """
    kept = [list(rows) for rows in histories if len(rows)]
    if not kept:
        raise ConfigError("a history without an epoch cannot be drawn.", remedy="Train first.")
    last = epochs or int(max(rows[-1]["epoch"] for rows in kept))
    figure = new_figure((7.4, 2.9))
    with theme(dark):
        figure.set_facecolor("none" if dark is None else {True: "#111111", False: "#ffffff"}[dark])
        left, right = figure.subplots(1, 2)
        for axes in (left, right):
            dress(axes, dark)
            axes.set_xlim(0, last)
            axes.set_xlabel("epoch", color=INK[dark])
        _errors(left, kept, before, dark)
        _distances(right, kept, Kind(kind), before, dark)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, color=INK[dark])
    return figure


def _errors(
    axes: Axes,
    histories: list[list[Mapping[str, float]]],
    before: Mapping[str, float] | None,
    dark: bool | None,
) -> None:
    """Error of the shape on both parts, on a logarithmic axis."""
    for i, rows in enumerate(histories):
        epochs = _column(rows, "epoch")
        thin: dict[str, Any] = {"linewidth": 1.4, "alpha": 1.0 if len(histories) < 3 else 0.75}
        axes.plot(
            epochs,
            _column(rows, "train/shape"),
            color=TRAIN,
            label=None if i else "training",
            **thin,
        )
        axes.plot(
            epochs,
            _column(rows, "valid/shape"),
            color=VALID,
            linestyle=(0, (6, 2)),
            label=None if i else "validation",
            **thin,
        )
        best = int(np.argmin(_column(rows, "valid/mse_max")))
        axes.plot(
            epochs[best],
            _column(rows, "valid/shape")[best],
            "o",
            color=VALID,
            markersize=5,
            label=None if i else "best epoch, kept",
        )
    if before and "shape" in before:
        axes.axhline(before["shape"], color=TOTAL, linewidth=1.1, linestyle=":", label="before")
    axes.set_yscale("log")
    axes.set_ylabel("squared error of the shape", color=INK[dark])
    _plain_ticks(axes)
    # Above the axes: inside, curves and the line to be beaten take any corner.
    axes.set_title(" ", fontsize=8)
    axes.legend(
        labelcolor=INK[dark],
        frameon=False,
        fontsize=8,
        loc="lower left",
        bbox_to_anchor=(-0.02, 0.99),
        borderaxespad=0.0,
        ncols=4,
        handlelength=1.3,
        handletextpad=0.5,
        columnspacing=0.8,
    ).set_in_layout(False)


def _distances(
    axes: Axes,
    histories: list[list[Mapping[str, float]]],
    kind: Kind,
    before: Mapping[str, float] | None,
    dark: bool | None,
) -> None:
    """Mean Wasserstein distance on the validation part."""
    for rows in histories:
        axes.plot(
            _column(rows, "epoch"),
            _column(rows, "valid/wd_mean"),
            color=VALID,
            linestyle=(0, (6, 2)),
        )
    ends = [rows[-1]["valid/wd_mean"] for rows in histories]
    epoch = histories[0][-1]["epoch"]
    # Behind the curve where it has just begun and still falls steeply, above its flat end later.
    begun = epoch < 0.5 * axes.get_xlim()[1]
    axes.annotate(
        f"{np.mean(ends):{kind.distance_format}} {kind.grid.unit}",
        (epoch, float(np.mean(ends))),
        xytext=(6, -3) if begun else (0, 7),
        textcoords="offset points",
        ha="left" if begun else "right",
        fontsize=8.5,
        color=INK[dark],
    )
    if before and "wd_mean" in before:
        axes.axhline(before["wd_mean"], color=TOTAL, linewidth=1.1, linestyle=":")
    # The first epochs know nothing: cut off, so that what follows can be seen.
    every = np.concatenate([_column(rows, "valid/wd_mean") for rows in histories])
    beaten = before.get("wd_mean", 0.0) if before else 0.0
    axes.set_ylim(0.0, min(1.05 * max(every.max(), beaten), 4.0 * every.min()))
    axes.set_ylabel(f"Wasserstein distance ({kind.grid.unit}),\nvalidation", color=INK[dark])


def _column(rows: list[Mapping[str, float]], name: str) -> Array:
    return np.array([row.get(name, np.nan) for row in rows])


def _plain_ticks(axes: Axes) -> None:
    """Few and plain numbers where the axis spans little."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
