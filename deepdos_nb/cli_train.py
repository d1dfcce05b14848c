"""`deepdos train`, `pack` and `score`: from data to weights, and their numbers again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from deepdos_nb.recipes import PhononData

Petretto = Annotated[
    Path | None,
    typer.Option(help="Copy of the benchmark's data.csv; downloaded and verified without it."),
]
Phonondb = Annotated[
    Path | None,
    typer.Option(help="Folder with structures.jsonl and phdos_sites.npz; none without it."),
]


def train(
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted one is resumed.")],
    petretto: Petretto = None,
    phonondb: Phonondb = None,
    seed: Annotated[int, typer.Option(help="Seed of weights, data order and dropout.")] = 0,
    epochs: Annotated[int, typer.Option(min=1)] = 36,
    batch_size: Annotated[int, typer.Option(min=1, help="Crystals a step.")] = 32,
    learning_rate: Annotated[float, typer.Option(min=0)] = 1.5e-3,
    weight_decay: Annotated[float, typer.Option(min=0)] = 0.05,
    dropout: Annotated[float, typer.Option(min=0, max=0.9)] = 0.2,
    width: Annotated[int, typer.Option(min=6, help="A multiple of six, the attention heads.")] = 96,
    refiner: Annotated[str, typer.Option(help="transport, residual or none.")] = "transport",
    site_weight: Annotated[
        float, typer.Option(min=0, help="Weight of site projections; 0 trains on totals alone.")
    ] = 1.0,
    devices: Annotated[
        int, typer.Option(min=0, help="GPUs to train on together; 0 takes what is there.")
    ] = 0,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Train one seed of the phonon model; run it once for each seed of an ensemble."""
    from deepdos_nb.losses import LossWeights
    from deepdos_nb.model import ModelConfig
    from deepdos_nb.training import TrainConfig
    from deepdos_nb.training import train as run

    config = TrainConfig(
        model=ModelConfig(width=width, dropout=dropout, refiner=refiner),  # type: ignore[arg-type]
        loss=LossWeights(sites=site_weight),
        seed=seed,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
    )
    data = _data(petretto, phonondb)
    typer.echo(f"{len(data.train)} crystals to train on, {len(data.valid)} to validate.")
    run(data.train, data.valid, config, out, devices=devices or "auto", progress=progress)
    typer.echo(f"Best weights of seed {seed} are in {out}; `deepdos pack` makes them loadable.")


def pack(
    runs: Annotated[list[Path], typer.Argument(help="Folders of finished runs, one a seed.")],
    out: Annotated[Path, typer.Option(help="Folder for weights, scores and the model card.")],
    petretto: Petretto = None,
    phonondb: Phonondb = None,
    command: Annotated[str, typer.Option(help="How the runs were made, for the card.")] = "",
) -> None:
    """Pack trained seeds into one ensemble, score it once on the test part, write its card."""
    from deepdos_nb.cards import pack as make

    typer.echo(f"Wrote {make(runs, _data(petretto, phonondb), out, command)}.")


def score(
    petretto: Petretto = None,
    phonondb: Phonondb = None,
    weights: Annotated[
        Path | None, typer.Option(help="Folder of weights; the shipped ones without it.")
    ] = None,
) -> None:
    """Score an ensemble on the phonon benchmark and print every number of its card."""
    from rich.console import Console
    from rich.markdown import Markdown

    from deepdos_nb.cards import score as run
    from deepdos_nb.cards import score_table, site_table
    from deepdos_nb.predict import load_model

    scores = run(load_model("phdos", folder=weights), _data(petretto, phonondb))
    text = score_table(scores)
    if "test_sites" in scores:
        text += "\n\n" + site_table(scores["test_sites"])
    Console().print(Markdown(text))


def _data(petretto: Path | None, phonondb: Path | None) -> PhononData:
    from deepdos_nb.recipes import phonon_data

    return phonon_data(petretto, phonondb)
