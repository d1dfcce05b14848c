"""`deepdos doctor`: what is here, what is missing, and how to mend it."""

from __future__ import annotations

from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
    gpu: Annotated[
        bool, typer.Option(help="Also ask for a GPU, which loads torch: a second or two.")
    ] = True,
) -> None:
    """Check versions, views, engines, weights, data and hardware; exit code 1 if something fails.

    Only what predictions and views cannot do without counts as a failure.
    """
    from deepdos_nb.diagnostics.doctor import doctor as look

    checkup = look(gpu=gpu)
    if as_json:
        typer.echo(checkup.to_json())
    else:
        _show(checkup)
    if not checkup.ok:
        raise typer.Exit(1)


TITLES = {
    "core": "Predictions",
    "views": "Views",
    "app": "Web app",
    "cluster": "Many processes",
    "labels": "Reference calculations",
    "data": "Weights and data",
    "hardware": "Hardware",
}
MARKS = {
    "ok": "[green]ok[/]",
    "note": "[cyan]note[/]",
    "missing": "[yellow]missing[/]",
    "broken": "[red]broken[/]",
}


def _show(checkup: object) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from deepdos_nb.diagnostics.doctor import Checkup

    assert isinstance(checkup, Checkup)
    console = Console(highlight=False, soft_wrap=False)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("", "what", "found"):
        table.add_column(column, overflow="fold")
    group = ""
    for check in checkup.checks:
        if check.group != group:
            group = check.group
            table.add_section()
            table.add_row("", f"[bold]{TITLES[group]}[/]", "")
        table.add_row(MARKS[check.status], escape(check.name), escape(check.found))
    console.print(table)
    for check in checkup.checks:
        if check.remedy:
            console.print(f"[bold]{escape(check.name)}[/]: {escape(check.found)}")
            for line in check.remedy.splitlines():
                # Commands are copied: never wrapped, never coloured.
                console.print(f"    {line}", markup=False, soft_wrap=True)
    console.print(escape(checkup.verdict()), style="green" if checkup.ok else "red")
