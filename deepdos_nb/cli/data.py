"""`deepdos data list`, `get` and `show`: which data sets there are, and what is in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deepdos_nb.core.errors import ConfigError, DataError

if TYPE_CHECKING:
    from deepdos_nb.data.dataset import Dataset

app = typer.Typer(
    no_args_is_help=True,
    help="Data sets of reference spectra: list them, get them, look into them.",
)

Names = Annotated[
    str, typer.Argument(metavar="NAME", help="A data set's name, or a folder or file of your own.")
]


@app.command("list")
def list_sets() -> None:
    """List every data set: kind, number of records here, projections, licence."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from deepdos_nb.cli.data_tables import console
    from deepdos_nb.data.catalogue import SOURCES

    screen = console()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="Data sets", title_justify="left")
    table.add_column("Name", no_wrap=True)
    table.add_column("Kind")
    table.add_column("Records here", justify="right", no_wrap=True)
    table.add_column("Projections")
    table.add_column("Licence")
    table.add_column("What it holds")
    missing = []
    for source in SOURCES.values():
        count = source.count()
        here = f"[green]{count:,}[/]" if count else "[yellow]–[/]"
        table.add_row(source.name, source.kind, here, source.sites, source.licence, source.title)
        if not count:
            missing.append(source)
    screen.print(table)
    for source in missing:
        screen.print(
            f"[yellow]{source.name} is not here.[/] {source.getting}", soft_wrap=True, markup=True
        )
    screen.print("A folder of your own structures and CSV files opens by its path.")


@app.command()
def get(
    name: Annotated[str, typer.Argument(help="Name of the data set.")],
    archives: Annotated[
        Path | None, typer.Option(help="phonondb: folder of the original archives.")
    ] = None,
    ids: Annotated[
        str | None,
        typer.Option(help="materials_project: identifiers, separated by commas, or a file."),
    ] = None,
    elements: Annotated[
        str | None, typer.Option(help="materials_project: elements that occur, by commas.")
    ] = None,
    max_atoms: Annotated[
        int, typer.Option(min=1, help="materials_project: largest number of atoms per cell.")
    ] = 20,
    limit: Annotated[
        int | None, typer.Option(min=1, help="materials_project: materials at most.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the records; the usual place without it.")
    ] = None,
) -> None:
    """Get a data set: download and verify it, or convert archives; run again, it goes on."""
    from deepdos_nb.data.catalogue import SOURCES, open_dataset

    if name not in SOURCES:
        open_dataset(name)  # says what is known, or that it is here
        typer.echo(f"{name} is here already.")
        return
    if name == "petretto":
        from deepdos_nb.data.sources.petretto import PetrettoStore, fetch_petretto

        path = fetch_petretto(out, progress=True)
        typer.echo(f"{len(PetrettoStore(path)):,} records, hash verified, in {path}")
    elif name == "jarvis":
        from deepdos_nb.data.sources.jarvis import JarvisStore, fetch_jarvis

        path = fetch_jarvis(out, progress=True)
        typer.echo(f"{len(JarvisStore(path)):,} records, hash verified, in {path}")
    elif name == "phonondb":
        _convert(archives, out or SOURCES[name].place())
    elif name == "materials_project":
        _download(ids, elements, max_atoms, limit, out or SOURCES[name].place())
    else:
        count = SOURCES[name].count()
        if not count:
            SOURCES[name].open()  # raises, and says why
        typer.echo(f"{name} is part of the package: {count:,} records.")


@app.command()
def show(
    name: Names,
    material: Annotated[
        str | None, typer.Argument(help="Identifier or formula; the whole set without it.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option(help="Write the spectrum to this file (png, svg or pdf).")
    ] = None,
) -> None:
    """Show what a data set holds, or one of its records with its spectrum and provenance."""
    from deepdos_nb.cli.data_tables import console, draw, overview, record_table
    from deepdos_nb.data.catalogue import open_dataset

    screen = console()
    data = open_dataset(name)
    if material is None:
        if figure is not None:
            raise ConfigError(
                "--figure shows one record.", remedy="Name a material, by identifier or formula."
            )
        screen.print(overview(data))
        return
    found = data.find(material)
    if not len(found):
        raise DataError(f"holds no {material}.", source=name, remedy=_suggest(data, material))
    record = found[0]
    screen.print(record_table(record))
    if len(found) > 1:
        others = ", ".join(e.material_id for e in found[1:6].entries())
        more = "" if len(found) <= 6 else ", …"
        screen.print(f"{len(found) - 1} more of this formula: {others}{more}", soft_wrap=True)
    if figure is not None:
        draw(record, figure)
        screen.print(f"Figure in {figure}", soft_wrap=True)


@contextmanager
def _progress(title: str, total: int) -> Iterator[Callable[[str, str], None]]:
    """A bar that moves with every material, and a line for each that is left out."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(title, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task(title, total=total)

        def report(name: str, reason: str) -> None:
            bar.advance(task)
            if reason:
                bar.console.print(f"{name}: left out, {reason}", markup=False, soft_wrap=True)

        yield report


def _convert(folder: Path | None, out: Path) -> None:
    from deepdos_nb.data.sources.phonondb_archive import archives, convert

    if folder is None:
        raise ConfigError(
            "phonondb has no single file to download.",
            remedy="Fetch archives from phonondb.mtl.kyoto-u.ac.jp and name their folder: "
            "--archives FOLDER.",
        )
    paths = archives(folder)
    with _progress("converting", len(paths)) as report:
        counts = convert(paths, out, report=report)
    _summary(counts, out)


def _download(
    ids: str | None, elements: str | None, max_atoms: int, limit: int | None, out: Path
) -> None:
    from deepdos_nb.data.sources.materials_project import connect, download, search

    if (ids is None) == (elements is None):
        raise ConfigError("say what to download.", remedy="Give either --ids or --elements.")
    client = connect()
    if ids is not None:
        text = Path(ids).read_text("utf-8") if Path(ids).is_file() else ids
        names = text.replace(",", " ").split()[:limit]
    else:
        symbols = (elements or "").replace(",", " ").split()
        names = search(client, limit=limit, elements=symbols, num_sites=(1, max_atoms))
    with _progress("downloading", len(names)) as report:
        counts = download(names, out, client, report=report)
    _summary(counts, out)


def _summary(counts: dict[str, int], out: Path) -> None:
    typer.echo(
        f"{counts['done']} new, {counts['skipped']} there already, {counts['failed']} left out; "
        f"records in {out}"
    )


def _suggest(data: Dataset, name: str) -> str:
    import difflib

    known = {e.formula for e in data.entries()} | {e.material_id for e in data.entries()}
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    hint = f"Did you mean {', '.join(near)}? " if near else ""
    return f"{hint}`deepdos data show {data.name}` tells what it holds."
