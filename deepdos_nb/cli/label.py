"""`deepdos label`: reference spectra of crystals, computed here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deepdos_nb.core.grids import Kind
from deepdos_nb.core.limits import MAX_ATOMS

if TYPE_CHECKING:
    from deepdos_nb.labelling.jobs import Job

OUT = Path("deepdos-labels")
"""Folder of labels unless told otherwise."""


def label(
    paths: Annotated[
        list[Path],
        typer.Argument(help="Structure files, folders of them, or lists (.jsonl) of crystals."),
    ],
    kind: Annotated[
        Kind, typer.Option(help="Electrons (GPAW) or phonons (machine-learnt potential).")
    ] = Kind.edos,
    out: Annotated[Path, typer.Option(help="Folder of labels; an earlier run goes on.")] = OUT,
    workers: Annotated[int, typer.Option(min=1, help="Calculations at a time.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler whose workers calculate.")
    ] = None,
    time_limit: Annotated[float, typer.Option(min=1, help="Seconds for each attempt.")] = 900.0,
    retry: Annotated[bool, typer.Option(help="Try a failure again, slower and safer.")] = True,
    max_atoms: Annotated[int, typer.Option(min=1, help="Largest cell accepted.")] = MAX_ATOMS,
    limit: Annotated[int, typer.Option(min=0, help="Stop after so many crystals; 0: all.")] = 0,
) -> None:
    """Compute reference densities of states, one process a crystal.

    Interrupt it when you like: finished crystals are kept, and the same command goes on. Run it
    twice on one folder, from other machines too: the runs share the crystals. Failures are
    recorded with their reason and not tried again; delete failures.jsonl to do so.
    """
    import warnings

    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from deepdos_nb.core.errors import DataWarning
    from deepdos_nb.data.label_folder import Folder
    from deepdos_nb.labelling.queue import Outcome, label_many

    console = Console()
    jobs, unreadable = _jobs(paths, max_atoms, limit)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    # Warnings are told below the bar, which they would tear apart.
    with (
        warnings.catch_warnings(record=True) as warned,
        Progress(*columns, console=console) as progress,
    ):
        warnings.simplefilter("always", DataWarning)
        finished = Folder(out).finished()
        done = sum(job.name in finished for job in jobs)
        task = progress.add_task("labelling", total=len(jobs), completed=done)

        def report(outcome: Outcome) -> None:
            progress.advance(task)
            if outcome.reason:
                progress.print(f"[red]{escape(outcome.name)}: {escape(outcome.reason)}[/]")
            else:
                progress.print(f"{escape(outcome.name)}: {outcome.seconds:.1f} s of CPU")

        counts = label_many(
            jobs,
            out,
            kind,
            workers=workers,
            time_limit=time_limit,
            retry=retry,
            report=report,
            address=scheduler,
        )
    for warning in warned:
        console.print(f"[yellow]{escape(str(warning.message))}[/]", soft_wrap=True)
    console.print(
        f"{counts['labelled']} labelled, {counts['failed']} failed, "
        f"{counts['skipped']} done before; in {escape(str(out))}/",
        soft_wrap=True,
    )
    if counts["failed"] or unreadable:
        raise typer.Exit(2)


def _jobs(paths: list[Path], max_atoms: int, limit: int) -> tuple[list[Job], int]:
    """The first readable crystals, or all without a limit, and how many were not.

    Those that are not are named as they come.
    """
    from deepdos_nb.cli.output import complain
    from deepdos_nb.core.errors import DeepDOSError
    from deepdos_nb.labelling.jobs import read_jobs

    jobs, unreadable = [], 0
    for entry in read_jobs(paths, max_atoms=max_atoms):
        if isinstance(entry, DeepDOSError):
            unreadable += 1
            complain(str(entry))
        else:
            jobs.append(entry)
            if len(jobs) == limit:
                break
    return jobs, unreadable
