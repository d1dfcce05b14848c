"""What `deepdos data` shows: a whole set, or one record with its spectrum and provenance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deepdos_nb.cli.output import PIPE_WIDTH, sparkline
from deepdos_nb.core.grids import grid_for
from deepdos_nb.data.dataset import Dataset
from deepdos_nb.data.records import Record
from deepdos_nb.spectra.spectrum import element_sums

WIDTH = 51
"""Characters of a spectrum in one line."""


def console() -> Console:
    """A console that is wide where its width is not known."""
    screen = Console()
    return screen if screen.is_terminal else Console(width=max(screen.width, PIPE_WIDTH))


def overview(data: Dataset) -> Table:
    """A data set in numbers: crystals, elements, projections, gaps, parts."""
    entries = list(data.entries())
    table = Table(box=SIMPLE_HEAD, show_header=False, pad_edge=False, title=data.name)
    table.title_justify = "left"
    atoms = sorted(e.n_atoms for e in entries)
    common = Counter(s for e in entries for s in e.elements).most_common()
    gaps = [e.gap for e in entries if e.gap is not None]
    table.add_row("Crystals", f"{len(entries):,}")
    table.add_row("Kind", ", ".join(sorted({e.kind for e in entries})))
    table.add_row("Formulas", f"{len({e.formula for e in entries}):,}")
    if entries:
        table.add_row("Atoms per cell", f"{atoms[0]} to {atoms[-1]}, median {median(atoms):g}")
        table.add_row("Elements", f"{len(common)}; most: {_counted(common[:8])}")
        table.add_row("With site projections", f"{sum(e.sites for e in entries):,}")
    if gaps:
        metals = sum(g == 0 for g in gaps)
        table.add_row("Gap known", f"{len(gaps):,}; {metals:,} without a gap")
    parts = {part: len(found) for part, found in data.split().items()}
    table.add_row("Split by formula", ", ".join(f"{k} {v:,}" for k, v in parts.items()))
    table.add_row("For example", ", ".join(e.material_id for e in entries[:6]))
    return table


def _counted(pairs: list[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in pairs)


def record_table(record: Record) -> Table:
    """One record: numbers, spectrum by element, provenance."""
    grid = grid_for(record.kind)
    table = Table(box=SIMPLE_HEAD, show_header=False, pad_edge=False)
    table.title = f"{record.formula}  ·  {escape(record.material_id)}  ·  {record.source}"
    table.title_justify = "left"
    table.add_row("Method", escape(record.method))
    table.add_row("Atoms per cell", str(record.n_atoms))
    if record.states is not None:
        window = f"{grid.start:g} to {grid.stop:g} {grid.unit}"
        table.add_row("States in the window", f"{record.states:.2f} ({window})")
    if record.zero:
        gap = f", gap {record.gap:.2f} eV" if record.gap else ""
        table.add_row("Energy zero", f"{record.zero}{gap}")
    table.add_row("Highest at", f"{grid.energies[int(record.shape.argmax())]:.4g} {grid.unit}")
    table.add_row("Total", sparkline(record.shape, WIDTH))
    if record.site_shape is not None:
        sites = record.site_shape[record.orbits]
        whole = max(float(sites.sum()), 1e-12)
        symbols = [site.specie.symbol for site in record.structure]
        for symbol, curve in element_sums(symbols, sites).items():
            table.add_row(symbol, f"{sparkline(curve, WIDTH)}  {100 * curve.sum() / whole:.0f} %")
    ends = f"{grid.start:g}", f"{grid.stop:g} {grid.unit}"
    table.add_row("", f"[dim]{ends[0]}{ends[1]:>{WIDTH - len(ends[0])}}[/]")
    if record.site_shape is None:
        table.add_row("Projections", "none: total only")
    else:
        table.caption = "Every curve reaches its own highest value; per cent: share of all states."
        table.caption_justify = "left"
    for key, value in _provenance(record):
        table.add_row(key, escape(value))
    return table


def _provenance(record: Record) -> Iterator[tuple[str, str]]:
    facts = dict(record.provenance)
    origin = facts.get("origin") or {}
    for key, value in (
        ("Structure from", origin.get("source")),
        ("Identifier there", origin.get("identifier") or origin.get("file")),
        ("Licence", origin.get("licence") or facts.get("licence")),
        ("Citation", facts.get("citation")),
        ("Engine", facts.get("engine")),
        ("CPU time", f"{facts['seconds']:.0f} s" if facts.get("seconds") else None),
    ):
        if value:
            yield key, str(value)


def draw(record: Record, path: Path) -> None:
    """Write the figure of a record, by element where its projections are known."""
    from matplotlib.figure import Figure

    from deepdos_nb.plots import save, spectrum_axes
    from deepdos_nb.style.palette import theme

    resolved = record.site_shape is not None
    absolute = record.states is not None or record.kind.fixed_modes
    spectrum = (record if absolute else replace(record, states=1.0)).reference(even=True)
    # A reference says what it is wherever it is shown.
    spectrum = replace(spectrum, notes=(f"Reference: {record.method}.",))
    with theme(False):
        figure = Figure(figsize=(6.4, 3.5), layout="constrained")
        axes = figure.subplots()
        spectrum_axes(spectrum, axes, elements=resolved, normalised=not absolute, dark=False)
    save(figure, path)
