"""`deepdos screen`: any number of crystals into parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepdos_nb.core.grids import Kind
from deepdos_nb.core.limits import MAX_ATOMS

if TYPE_CHECKING:
    from deepdos_nb.screening.result import Screen

SHOWN = 5
"""Crystals that could not be used, named at the end; all of them stand in the files."""


def screen(
    sources: Annotated[
        list[str],
        typer.Argument(
            help="Folders, files, patterns, lists (.jsonl.gz, .extxyz, .csv, .db), data sets."
        ),
    ],
    kind: Annotated[Kind, typer.Option(help="Phonons or electrons.")] = Kind.phdos,
    out: Annotated[
        Path, typer.Option(help="Folder of the parquet files; an earlier run goes on.")
    ] = Path("deepdos-screen"),
    weights: Annotated[
        Path | None, typer.Option(help="Folder of weights; the shipped ones without it.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes on this machine (Dask).")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, tcp://…:8786.")
    ] = None,
    shard: Annotated[int, typer.Option(min=1, help="Crystals of a file.")] = 512,
    exchange: Annotated[
        int, typer.Option(min=0, help="Beside each crystal, so many with elements exchanged.")
    ] = 0,
    max_atoms: Annotated[int, typer.Option(min=1, help="Largest cell accepted.")] = MAX_ATOMS,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")] = False,
) -> None:
    """Predict thousands of crystals: totals, elements, gaps, heat capacities, embeddings.

    Interrupt it when you like: finished shards are kept, and the same command goes on. Crystals
    that cannot be used are listed with their reasons and stop nobody.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    import deepdos_nb as dd

    console = Console()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=quiet, refresh_per_second=2) as bar:
        task = bar.add_task("reading the weights", total=None)

        def report(progress: Any) -> None:
            words = f"{progress.done} predicted, {progress.failed} not usable"
            kept = f", {progress.kept} done before" if progress.kept else ""
            bar.update(task, description=words + kept)

        given: Any = dd.substituted(sources, exchange) if exchange else sources
        found = dd.screen(
            given,
            kind,
            out=out,
            model=dd.load_model(kind, folder=weights),
            max_atoms=max_atoms,
            shard=shard,
            workers=workers,
            scheduler=scheduler,
            report=report,
        )
    if not quiet:
        _tell(found, console)


def _tell(found: Screen, console: Any) -> None:
    from rich.markup import escape

    bad = found.bad
    for row in bad.head(SHOWN).itertuples():
        console.print(
            f"[yellow]{escape(str(row.name))}: {escape(str(row.error))}[/]", soft_wrap=True
        )
    rest = len(bad) - SHOWN
    if rest > 0:
        console.print(f"[yellow]… and {rest} more; `dd.Screen(folder).bad` lists them.[/]")
    console.print(
        f"{len(found)} crystals, {len(bad)} of them not usable, in {len(found.files)} files of "
        f"{escape(str(found.folder))}/",
        soft_wrap=True,
    )
