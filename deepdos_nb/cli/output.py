"""What the predicting commands show and write."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from deepdos_nb.core.errors import ConfigError, DeepDOSError
from deepdos_nb.core.files import write_text
from deepdos_nb.core.grids import Kind
from deepdos_nb.inference.cost import WORTH_SAYING, Cost, together
from deepdos_nb.spectra.spectrum import Spectrum

if TYPE_CHECKING:
    from deepdos_nb.core.arrays import Array

BLOCKS = "▁▂▃▄▅▆▇█"

PIPE_WIDTH = 120
"""Columns where the output is no terminal, whose width nobody knows."""


@dataclass(frozen=True)
class Result:
    """One predicted structure."""

    label: str
    path: Path
    spectrum: Spectrum


class Report:
    """Collects results and errors, writes files as they come, shows one table at the end.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    out : Path
        Folder for files; made when the first one is written.
    formats : tuple of str
        Data files per structure, any of "csv" and "json".
    figure : str or None
        Ending of the figure per structure.
    sparklines : bool
        Add a column with each spectrum drawn in block characters.
    quiet : bool
        Show errors only.
    """

    def __init__(
        self,
        kind: str,
        out: Path,
        formats: tuple[str, ...] = (),
        figure: str | None = None,
        *,
        sparklines: bool = False,
        quiet: bool = False,
    ):
        self.kind, self.out, self.formats, self.figure = kind, out, formats, figure
        self.sparklines, self.quiet = sparklines, quiet
        self.rows: list[dict[str, Any]] = []
        self.notes: list[tuple[str, str]] = []
        self.errors: list[DeepDOSError] = []
        self.written = 0

    @contextmanager
    def progress(self, costs: Sequence[Cost]) -> Iterator[Callable[[float], None]]:
        """Say what is to come where it takes a while, and how far it is; to the error stream.

        Yields a function to call with the expected seconds of what is finished.
        """
        expected = together(costs)
        if self.quiet or expected.seconds < WORTH_SAYING:
            yield lambda _: None
            return
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        atoms = f"{len(costs)} crystals" if len(costs) > 1 else "this crystal"
        console.print(f"{atoms}: {expected}.")
        parts = (SpinnerColumn(), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(*parts, console=console, transient=True) as bar:
            task = bar.add_task("", total=expected.seconds)
            yield lambda seconds: bar.advance(task, seconds)

    def fail(self, path: Path, error: DeepDOSError) -> None:
        """Show and remember the one error of a file."""
        self.errors.append(error)
        text = str(error)
        # Readers know a file by its name; a person with many folders needs the path.
        name = error.source or ""
        complain(text.replace(name, str(path), 1) if name == path.name else _named(path, text))

    def add(self, result: Result) -> None:
        """Take in a result and write its files.

        Raises
        ------
        ConfigError
            If they cannot be written.
        """
        self.rows.append(summary(result.spectrum) | {"file": result.label})
        self.notes += [(result.label, note) for note in result.spectrum.notes]
        try:
            self._write(result)
        except OSError as error:
            raise self._unwritable(error) from error

    def finish(self) -> None:
        """Write the summary, show the table, the cautions and where the files are."""
        if self.rows and self.formats:
            try:
                self._put(f"summary_{self.kind}.csv", summary_csv(self.rows))
            except OSError as error:
                raise self._unwritable(error) from error
        if self.quiet or not self.rows:
            return
        console = Console()
        if not console.is_terminal:
            console = Console(width=max(console.width, PIPE_WIDTH))
        console.print(table(self.rows, self.kind, sparklines=self.sparklines))
        for label, note in self.notes:
            console.print(f"[yellow]{escape(label)}: {escape(note)}[/]", soft_wrap=True)
        if self.written:
            console.print(f"{self.written} files in {escape(str(self.out))}/", soft_wrap=True)

    def _unwritable(self, error: OSError) -> ConfigError:
        return ConfigError(
            f"files cannot be written there ({error.strerror or error}).",
            source=str(self.out),
            remedy="Choose another folder with --out.",
        )

    def _put(self, name: str, text: str) -> None:
        write_text(self.out / name, text)
        self.written += 1

    def _write(self, result: Result) -> None:
        stem, spectrum = f"{result.label}_{self.kind}", result.spectrum
        if "csv" in self.formats:
            self._put(
                f"{stem}.csv", spectrum.to_dataframe().to_csv(index=False, float_format="%.8g")
            )
        if "json" in self.formats:
            self._put(f"{stem}.json", spectrum.to_json() + "\n")
        if self.figure:
            draw(spectrum, self.out / f"{stem}.{self.figure}")
            self.written += 1


def complain(text: str) -> None:
    """Print one red line to the error stream."""
    # Not wrapped: one error is one line, also for whoever greps it.
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"[red]error: {escape(text)}[/]")


def _named(path: Path, text: str) -> str:
    return text if str(path) in text else f"{path}: {text}"


def summary(spectrum: Spectrum) -> dict[str, Any]:
    """The numbers of one row: states in the window, highest peak, mean, shares, error band."""
    total, energies = spectrum.total, spectrum.energies
    everything = max(float(total.sum()), 1e-12)
    many = len(spectrum.members) > 1
    return {
        "formula": spectrum.formula,
        "atoms": len(spectrum.structure),
        "states": spectrum.states,
        "peak": float(energies[int(total.argmax())]),
        "mean": float(energies @ total) / everything,
        "shares": {k: float(v.sum()) / everything for k, v in spectrum.by_element().items()},
        "band": float(spectrum.band.mean() / max(total.max(), 1e-12)) if many else None,
        "notes": " ".join(spectrum.notes),
        "total": total,
    }


def table(rows: list[dict[str, Any]], kind: str, *, sparklines: bool = False) -> Table:
    """All results as a rich table; the mean is a mean frequency, so phonons only."""
    kind = Kind(kind)
    grid = kind.grid
    view = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        title=f"{kind.long_name.capitalize()}, {grid.start:g} to {grid.stop:g} {grid.unit}",
        title_justify="left",
        caption="Band: its mean half-width (1 σ), in per cent of the highest value.",
        caption_justify="left",
    )
    view.add_column("File", overflow="fold")
    view.add_column("Formula")
    for name in ("Atoms", "States", f"Peak\n({grid.unit})"):
        view.add_column(name, justify="right")
    if kind.fixed_modes:
        view.add_column(f"Mean\n({grid.unit})", justify="right")
    view.add_column("Share of states")
    view.add_column("Band", justify="right")
    if sparklines:
        view.add_column("Spectrum", no_wrap=True)
    for row in rows:
        cells = [
            escape(row["file"]) + (" [yellow]![/]" if row["notes"] else ""),
            row["formula"],
            str(row["atoms"]),
            f"{row['states']:.1f}",
            format(row["peak"], kind.place_format),
        ]
        cells += [f"{row['mean']:.0f}"] if kind.fixed_modes else []
        cells.append("  ".join(f"{k} {100 * v:.0f} %" for k, v in row["shares"].items()))
        cells.append("–" if row["band"] is None else f"{100 * row['band']:.1f} %")
        cells += [sparkline(row["total"])] if sparklines else []
        view.add_row(*cells)
    return view


def summary_csv(rows: list[dict[str, Any]]) -> str:
    """The table as CSV text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = ("file", "formula", "atoms", "states", "peak", "mean", "band", "notes")
    writer.writerow([*names, "shares"])
    for row in rows:
        shares = " ".join(f"{k}:{v:.4f}" for k, v in row["shares"].items())
        values = [f"{v:.6g}" if isinstance(v, float) else v for v in (row[n] for n in names)]
        writer.writerow([*("" if v is None else v for v in values), shares])
    return text.getvalue()


def sparkline(total: Array, width: int = 26) -> str:
    """A spectrum in one line of block characters, highest value full, low end left."""
    columns = [float(part.mean()) for part in np.array_split(np.asarray(total), width)]
    highest = max(columns)
    if highest <= 0:
        return BLOCKS[0] * width
    return "".join(BLOCKS[round((len(BLOCKS) - 1) * max(c, 0.0) / highest)] for c in columns)


def draw(spectrum: Spectrum, path: Path) -> None:
    """Write the light-theme figure of a spectrum, without pyplot and its global state."""
    from matplotlib.figure import Figure

    from deepdos_nb.plots import save, spectrum_axes
    from deepdos_nb.style.palette import theme

    with theme(False):
        figure = Figure(figsize=(6.4, 3.5), layout="constrained")
        spectrum_axes(spectrum, figure.subplots(), dark=False)
    save(figure, path)
