"""`deepdos draft`, `train`, `pack` and `score`: data to weights, and their scores."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deepdos_nb.core.grids import Kind

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


def draft(
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted one is resumed.")],
    kind: KindOption = Kind.phdos,
    petretto: Petretto = None,
    phonondb: Phonondb = None,
    seed: Annotated[int, typer.Option(help="Seed of weights and data order.")] = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="24 for phonons and 36 for electrons without it.")
    ] = None,
    projections: Annotated[
        bool,
        typer.Option(help="Electrons: learn from the states of every shell, or totals alone."),
    ] = True,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Learn the draft model that networks read: force constants (springs), or tight binding.

    All seeds of an ensemble share it.
    """
    from deepdos_nb.data.training_sets import training_data
    from deepdos_nb.training.draft import DRAFT, draft_config, train_draft_model

    config = draft_config(kind, seed, epochs, projections=projections)
    data = training_data(kind, petretto, phonondb)
    typer.echo(f"{len(data.train)} crystals to learn from, {len(data.valid)} to validate.")
    train_draft_model(data.train, data.valid, config, out, progress=progress)
    typer.echo(
        f"The draft model ({kind.draft}) is {out / DRAFT}; "
        f"name it with `deepdos train --kind {kind} --draft`."
    )


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
        typer.Option(help="File of `deepdos draft`: read its drafts."),
    ] = None,
    refiner: Annotated[
        str, typer.Option(help="transport, remap, factor, softmax or none.")
    ] = "transport",
    site_weight: Annotated[
        float, typer.Option(min=0, help="Weight of site projections; 0 trains on totals alone.")
    ] = 1.0,
    devices: Annotated[
        int, typer.Option(min=0, help="GPUs to train on together; 0 takes what is there.")
    ] = 0,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Train one seed of a model; run it once for each seed of an ensemble."""
    from deepdos_nb.data.training_sets import training_data
    from deepdos_nb.model import ModelConfig
    from deepdos_nb.model.baselines import BaselineConfig
    from deepdos_nb.model.weights import load_draft_model
    from deepdos_nb.training.losses import LossWeights
    from deepdos_nb.training.train import TrainConfig
    from deepdos_nb.training.train import train as run

    network: ModelConfig | BaselineConfig
    if model == ModelName.deepdos:
        network = ModelConfig.standard(
            kind, width=width, dropout=dropout, draft=draft is not None, refiner=refiner
        )
    else:
        network = BaselineConfig(name=model.value, kind=kind, dropout=dropout)  # type: ignore[arg-type]
    config = TrainConfig(
        model=network,
        loss=LossWeights(sites=site_weight),
        seed=seed,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
    )
    data = training_data(kind, petretto, phonondb)
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
    from deepdos_nb.data.training_sets import training_data
    from deepdos_nb.evaluation.model_card import pack as make

    typer.echo(f"Wrote {make(runs or [], training_data(kind, petretto, phonondb), out, command)}.")


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

    from deepdos_nb.data.training_sets import training_data
    from deepdos_nb.evaluation.model_card import score as run
    from deepdos_nb.evaluation.model_card import score_table, site_table
    from deepdos_nb.inference.ensemble import load_model

    scores = run(load_model(kind, folder=weights), training_data(kind, petretto, phonondb))
    text = score_table(scores, kind)
    if "test_sites" in scores:
        text += "\n\n" + site_table(scores["test_sites"], kind)
    Console().print(Markdown(text))
