"""The `deepdos` command. Every subcommand is a plain function, added to `app` at the end.

Only typer is imported here: models, crystals and figures load inside the commands that need them,
so that ``deepdos --help`` answers at once.
"""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from deepdos_nb.cli.course import student, tutorials
from deepdos_nb.cli.data import app as data
from deepdos_nb.cli.doctor import doctor
from deepdos_nb.cli.label import label
from deepdos_nb.cli.predict import demo, predict
from deepdos_nb.cli.screen import screen
from deepdos_nb.cli.serve import serve
from deepdos_nb.cli.sweep import app as sweep
from deepdos_nb.cli.train import draft, pack, score, train
from deepdos_nb.core.errors import DeepDOSError


class Commands(TyperGroup):
    """Turns the package's own errors into one red line and exit code 2."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except DeepDOSError as error:
            from deepdos_nb.cli.output import complain

            complain(str(error))
            raise typer.Exit(2) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Electronic and phonon densities of states of crystals, atom by atom.",
)


def _version(wanted: bool) -> None:
    if wanted:
        from deepdos_nb.core.version import __version__

        typer.echo(f"deepdos {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Electronic and phonon densities of states of crystals, atom by atom."""


for command in (
    predict,
    demo,
    screen,
    doctor,
    label,
    draft,
    train,
    pack,
    score,
    tutorials,
    student,
):
    app.command()(command)
app.command("app")(serve)
app.add_typer(data, name="data")
app.add_typer(sweep, name="sweep")
