"""`deepdos springs`, `bonds`, `train`, `pack` and `score`: data to weights, and their scores."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deepdos_nb.cli.predict import Kind

if TYPE_CHECKING:
    from deepdos_nb.data.training_sets import TrainingData

Petretto = Annotated[
    Path | None,
    typer.Option(help="Copy of the benchmark's data.csv; downloaded and verified without it."),
]
KindOption = Annotated[
    Kind, typer.Option(help="Phonons (benchmark) or electrons (labels inside the package).")
]
Phonondb = Annotated[
    Path | None,
    typer.Option(help="Folder with structures.jsonl and phdos_sites.npz; none without it."),
]


class ModelName(StrEnum):
    """Networks that can be trained; the baselines are `model.baselines.NAMES`."""

    deepdos = "deepdos"
    graph_network = "graph-network"
    mat2spec = "mat2spec"
    dostransformer = "dostransformer"


def springs(
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted one is resumed.")],
    petretto: Petretto = None,
    phonondb: Phonondb = None,
    seed: Annotated[int, typer.Option(help="Seed of weights and data order.")] = 0,
    epochs: Annotated[int, typer.Option(min=1)] = 24,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Learn the springs whose drafts phonon models read; all seeds of an ensemble share them."""
    from deepdos_nb.training.force_constants import (
        SPRINGS,
        ForceConstantConfig,
        train_force_constants,
    )

    data = _data(Kind.phdos, petretto, phonondb)
    typer.echo(f"{len(data.train)} crystals to learn from, {len(data.valid)} to validate.")
    train_force_constants(
        data.train,
        data.valid,
        ForceConstantConfig(seed=seed, epochs=epochs),
        out,
        progress=progress,
    )
    typer.echo(f"The springs are {out / SPRINGS}; name them with `deepdos train --draft`.")


def bonds(
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted one is resumed.")],
    seed: Annotated[int, typer.Option(help="Seed of weights and data order.")] = 0,
    epochs: Annotated[int, typer.Option(min=1)] = 36,
    projections: Annotated[
        bool, typer.Option(help="Learn from the states of every shell, or from totals alone.")
    ] = True,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Learn the tight binding whose drafts electronic models read; all seeds share it."""
    from deepdos_nb.training.tight_binding import BONDS, TightBindingConfig, train_tight_binding

    data = _data(Kind.edos, None, None)
    typer.echo(f"{len(data.train)} crystals to learn from, {len(data.valid)} to validate.")
    config = TightBindingConfig(seed=seed, epochs=epochs, projections=projections)
    train_tight_binding(data.train, data.valid, config, out, progress=progress)
    typer.echo(f"They are {out / BONDS}; name them with `deepdos train --kind edos --draft`.")


def train(
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted one is resumed.")],
    kind: KindOption = Kind.phdos,
    model: Annotated[ModelName, typer.Option(help="Ours, or a baseline.")] = ModelName.deepdos,
    petretto: Petretto = None,
    phonondb: Phonondb = None,
    seed: Annotated[int, typer.Option(help="Seed of weights, data order and dropout.")] = 0,
    epochs: Annotated[int, typer.Option(min=1)] = 36,
    batch_size: Annotated[int, typer.Option(min=1, help="Crystals a step.")] = 32,
    learning_rate: Annotated[float, typer.Option(min=0)] = 1.5e-3,
    weight_decay: Annotated[float, typer.Option(min=0)] = 0.05,
    dropout: Annotated[float, typer.Option(min=0, max=0.9)] = 0.2,
    width: Annotated[int, typer.Option(min=6, help="A multiple of six, the attention heads.")] = 96,
    draft: Annotated[
        Path | None,
        typer.Option(help="File of `deepdos springs` or `deepdos bonds`: read their drafts."),
    ] = None,
    refiner: Annotated[str, typer.Option(help="transport, remap, residual or none.")] = "transport",
    site_weight: Annotated[
        float, typer.Option(min=0, help="Weight of site projections; 0 trains on totals alone.")
    ] = 1.0,
    devices: Annotated[
        int, typer.Option(min=0, help="GPUs to train on together; 0 takes what is there.")
    ] = 0,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Train one seed of a model; run it once for each seed of an ensemble."""
    from deepdos_nb.model import ModelConfig
    from deepdos_nb.model.baselines import BaselineConfig
    from deepdos_nb.model.weights import load_draft_model
    from deepdos_nb.training.losses import LossWeights
    from deepdos_nb.training.train import TrainConfig
    from deepdos_nb.training.train import train as run

    network: ModelConfig | BaselineConfig
    if model == ModelName.deepdos:
        network = ModelConfig(
            kind=kind.value,
            width=width,
            dropout=dropout,
            draft=draft is not None,
            refiner=refiner,  # type: ignore[arg-type]
        )
    else:
        network = BaselineConfig(name=model.value, kind=kind.value, dropout=dropout)  # type: ignore[arg-type]
    config = TrainConfig(
        model=network,
        loss=LossWeights(sites=site_weight),
        seed=seed,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
    )
    data = _data(kind, petretto, phonondb)
    typer.echo(f"{len(data.train)} crystals to train on, {len(data.valid)} to validate.")
    run(
        data.train,
        data.valid,
        config,
        out,
        draft_model=None if draft is None else load_draft_model(draft)[0],
        cache=None if draft is None else draft.parent,
        devices=devices or "auto",
        progress=progress,
    )
    typer.echo(f"Best weights of seed {seed} are in {out}; `deepdos pack` makes them loadable.")


def pack(
    out: Annotated[Path, typer.Option(help="Folder for weights, scores and the model card.")],
    runs: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders of finished runs, one a seed; without any, score OUT again."),
    ] = None,
    kind: KindOption = Kind.phdos,
    petretto: Petretto = None,
    phonondb: Phonondb = None,
    command: Annotated[str, typer.Option(help="How the runs were made, for the card.")] = "",
) -> None:
    """Pack trained seeds into one ensemble, score it once on the test part, write its card."""
    from deepdos_nb.evaluation.model_card import pack as make

    typer.echo(f"Wrote {make(runs or [], _data(kind, petretto, phonondb), out, command)}.")


def score(
    kind: KindOption = Kind.phdos,
    petretto: Petretto = None,
    phonondb: Phonondb = None,
    weights: Annotated[
        Path | None, typer.Option(help="Folder of weights; the shipped ones without it.")
    ] = None,
) -> None:
    """Score an ensemble on the test part of its data and print every number of its card."""
    from rich.console import Console
    from rich.markdown import Markdown

    from deepdos_nb.evaluation.model_card import score as run
    from deepdos_nb.evaluation.model_card import score_table, site_table
    from deepdos_nb.inference.ensemble import load_model

    scores = run(load_model(kind.value, folder=weights), _data(kind, petretto, phonondb))
    text = score_table(scores, kind.value)
    if "test_sites" in scores:
        text += "\n\n" + site_table(scores["test_sites"], kind.value)
    Console().print(Markdown(text))


def _data(kind: Kind, petretto: Path | None, phonondb: Path | None) -> TrainingData:
    from deepdos_nb.data.training_sets import embedded_data, phonon_data

    return embedded_data("edos") if kind == Kind.edos else phonon_data(petretto, phonondb)
