"""`deepdos predict` and `deepdos demo`: crystals in; a table, data files and figures out."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepdos_nb.core.errors import ConfigError, DeepDOSError, ExtrapolationWarning
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.limits import MAX_ATOMS

if TYPE_CHECKING:
    from deepdos_nb.cli.output import Report, Result
    from deepdos_nb.inference.cost import Cost

OUT = Path("deepdos-out")
"""Where files go unless told otherwise."""

BATCH = 64
"""Structures predicted before their files are written, so that a long run leaves its results."""


class Format(StrEnum):
    """Data files to write."""

    csv = "csv"
    json = "json"
    both = "both"
    none = "none"


class Picture(StrEnum):
    """Figures to write."""

    png = "png"
    svg = "svg"
    pdf = "pdf"
    none = "none"


Weights = Annotated[
    Path | None, typer.Option(help="Folder of weights; the shipped ones without it.")
]


def predict(
    files: Annotated[
        list[Path], typer.Argument(help="CIF, POSCAR, CONTCAR or any periodic structure file.")
    ],
    kind: Annotated[Kind, typer.Option(help="Phonons or electrons.")] = Kind.phdos,
    out: Annotated[Path, typer.Option(help="Folder for the files written.")] = OUT,
    data: Annotated[Format, typer.Option("--format", help="Data file per structure.")] = Format.csv,
    figure: Annotated[Picture, typer.Option(help="Figure per structure.")] = Picture.png,
    weights: Weights = None,
    max_atoms: Annotated[int, typer.Option(min=1, help="Largest cell accepted.")] = MAX_ATOMS,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")] = False,
) -> None:
    """Predict the density of states of crystals, element by element, with its error band.

    Structures that cannot be used are named and skipped; the exit code is then 2.
    """
    from deepdos_nb.cli.output import Report

    named = list(zip(_labels(files), files, strict=True))
    report = Report(kind, out, _endings(data), _ending(figure), quiet=quiet)
    _run(named, report, weights, max_atoms)
    report.finish()
    if report.errors:
        raise typer.Exit(2)


def demo(
    out: Annotated[Path, typer.Option(help="Folder for the files written.")] = OUT,
    kind: Annotated[Kind, typer.Option(help="Phonons or electrons.")] = Kind.phdos,
    figure: Annotated[Picture, typer.Option(help="Figure per structure.")] = Picture.png,
    weights: Weights = None,
) -> None:
    """Predict the crystals shipped with the package: salts, oxides, semiconductors, metals."""
    from deepdos_nb.cli.output import Report
    from deepdos_nb.crystal.read import examples

    report = Report(kind, out, (), _ending(figure), sparklines=True)
    _run(list(examples().items()), report, weights)
    report.finish()
    if report.errors:
        raise typer.Exit(2)


def _run(
    named: Sequence[tuple[str, Path]],
    report: Report,
    weights: Path | None,
    max_atoms: int = MAX_ATOMS,
) -> None:
    import deepdos_nb as dd
    from deepdos_nb.inference.cost import expected_cost

    structures: list[tuple[str, Path, Any]] = []
    for label, path in named:
        try:
            structures.append((label, path, dd.read_structure(path, max_atoms=max_atoms)))
        except DeepDOSError as error:
            report.fail(path, error)
    if not structures:
        return
    model = dd.load_model(report.kind, folder=weights)
    costs = [expected_cost(structure, report.kind) for _, _, structure in structures]
    with report.progress(costs) as done:
        for batch in _batches(costs):
            some = [structures[i] for i in batch]
            for result in _predicted(model, some, report, max_atoms):
                report.add(result)
            done(sum(costs[i].seconds for i in batch))


def _batches(costs: Sequence[Cost]) -> Iterator[list[int]]:
    """Places of crystals that are predicted together: `BATCH` at most, large ones alone."""
    batch: list[int] = []
    for place, cost in enumerate(costs):
        if batch and (len(batch) == BATCH or cost.seconds > 1.0):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _predicted(
    model: Any, batch: Sequence[tuple[str, Path, Any]], report: Report, max_atoms: int
) -> Iterator[Result]:
    """Predict a batch; if it fails as a whole, one by one, so that one cannot stop the others."""
    from deepdos_nb.cli.output import Result

    with warnings.catch_warnings():
        # The spectrum's notes say the same, beside the result they belong to.
        warnings.simplefilter("ignore", ExtrapolationWarning)
        try:
            spectra = model.predict_many([s for _, _, s in batch], max_atoms=max_atoms)
        except DeepDOSError as error:
            if len(batch) == 1:
                report.fail(batch[0][1], error)
                return
            for one in batch:
                yield from _predicted(model, [one], report, max_atoms)
            return
    for (label, path, _), spectrum in zip(batch, spectra, strict=True):
        yield Result(label, path, spectrum)


def _labels(files: Sequence[Path]) -> list[str]:
    """A distinct name for each file's results: its stem, with its folder's where that repeats."""
    if not files:
        raise ConfigError("no structure file is given.", remedy="Name at least one.")
    stems = [f.stem or f.name for f in files]
    labels: list[str] = []
    for file, stem in zip(files, stems, strict=True):
        label = stem
        if stems.count(stem) > 1:
            folder = file.resolve().parent.name
            label = f"{folder}_{file.name.replace('.', '_')}" if folder else stem
        unique, count = label, 1
        while unique in labels:
            count += 1
            unique = f"{label}-{count}"
        labels.append(unique)
    return labels


def _endings(data: Format) -> tuple[str, ...]:
    return {"both": ("csv", "json"), "none": ()}.get(data.value, (data.value,))


def _ending(figure: Picture) -> str | None:
    return None if figure is Picture.none else figure.value
