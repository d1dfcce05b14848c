"""`deepdos sweep`: a notebook over a grid of parameters; what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup


class _RunFirst(TyperGroup):
    """`deepdos sweep GRID.yaml` runs; `status` and `report` are named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            args = ["run", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_RunFirst,
    no_args_is_help=True,
    help="Run a notebook over a grid of parameters: deepdos sweep GRID.yaml",
)


@app.command()
def run(
    grid: Annotated[Path, typer.Argument(help="YAML file: notebook, grid, parameters, draws.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the sweep; sweeps/NAME-OF-GRID without it.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Runs at a time on this machine.")] = 1,
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler whose workers take the runs.")
    ] = None,
    gpus: Annotated[int, typer.Option(min=0, help="GPUs that every run needs.")] = 0,
    again: Annotated[bool, typer.Option("--again", help="Do failed runs again.")] = False,
) -> None:
    """Run every point of a grid; an interrupted or extended sweep goes on.

    Several of these on one folder, on other machines too, share the runs. Failed runs are recorded
    with their traceback and not done again without --again.
    """
    from rich.console import Console

    from deepdos_nb.sweeps.grid import read_grid
    from deepdos_nb.sweeps.sweep import sweep

    notebook, axes = read_grid(grid)
    done = sweep(
        notebook,
        axes.axes,
        folder=out or Path("sweeps", grid.stem),
        parameters=axes.fixed,
        draws=axes.draws,
        seed=axes.seed,
        workers=workers,
        address=scheduler,
        gpus=gpus,
        again=again,
    )
    Console(soft_wrap=True).print(done.describe(), markup=False)
    if (done.runs()["state"] == "failed").any():
        raise typer.Exit(2)


@app.command()
def status(folder: Annotated[Path, typer.Argument(help="Folder of a sweep.")]) -> None:
    """Show every run: its parameters, finished, failed or waiting, and why it failed."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from deepdos_nb.sweeps.report import Sweep

    sweep = Sweep(folder)
    runs = sweep.runs()
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in runs.columns:
        table.add_column(name, overflow="fold")
    colours = {"finished": "green", "failed": "red"}
    for row in runs.to_dict("records"):
        colour = colours.get(row["state"], "default")
        cells = ["–" if value is None or value != value else str(value) for value in row.values()]
        table.add_row(*map(escape, cells), style=colour if colour == "red" else "")
    console = Console(soft_wrap=True)
    console.print(table)
    console.print(sweep.describe(), markup=False)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder of a sweep.")],
    score: Annotated[str | None, typer.Option(help="Column of the figure's vertical axis.")] = None,
    along: Annotated[str | None, typer.Option(help="Parameter of its horizontal axis.")] = None,
) -> None:
    """Write all results into one table (report.csv) and one figure (report.png)."""
    from deepdos_nb.sweeps.report import Sweep

    for path in Sweep(folder).report(score, along):
        typer.echo(str(path))
