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

Data = Annotated[
    str | None,
    typer.Option(
        help="A data set's name (`deepdos data list`), or a folder of structures and curves; "
        "without it, what the shipped weights learnt from."
    ),
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
    data: Data = None,
    petretto: Petretto = None,
    phonondb: Phonondb = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="A draft model to go on from, with a quarter of the rate: its file, or shipped.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of weights and data order.")] = 0,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="48 for phonons and 60 for electrons without it.")
    ] = None,
    projections: Annotated[
        bool,
        typer.Option(help="Electrons: learn from the states of every shell, or totals alone."),
    ] = True,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Learn the draft model that networks read: force constants (springs), or tight binding.

    Seeds of an ensemble may share it; those with a draft of their own disagree more, and average
    better.
    """
    from deepdos_nb.data.training_sets import training_data
    from deepdos_nb.training.draft import DRAFT, draft_config, train_draft_model
    from deepdos_nb.training.start import starting_draft

    base = None if start is None else starting_draft(start, kind)
    config = draft_config(kind, seed, epochs, projections=projections, start=base)
    parts = training_data(kind, petretto, phonondb, data)
    typer.echo(f"{len(parts.train)} crystals to learn from, {len(parts.valid)} to validate.")
    train_draft_model(parts.train, parts.valid, config, out, start=base, progress=progress)
    typer.echo(
        f"The draft model ({kind.draft}) is {out / DRAFT}; "
        f"name it with `deepdos train --kind {kind} --draft`."
    )


def train(
    out: Annotated[Path, typer.Option(help="Folder of the run; an interrupted one is resumed.")],
    kind: KindOption = Kind.phdos,
    data: Data = None,
    model: Annotated[ModelName, typer.Option(help="Ours, or a baseline.")] = ModelName.deepdos,
    petretto: Petretto = None,
    phonondb: Phonondb = None,
    start: Annotated[
        str | None,
        typer.Option("--from", help="Weights to go on from: shipped, or a folder or file."),
    ] = None,
    freeze: Annotated[
        list[str] | None,
        typer.Option(help="encoder, decoder, transport or totals stay as they are; repeat it."),
    ] = None,
    size: Annotated[str, typer.Option(help="small or full.")] = "full",
    draft: Annotated[
        str | None,
        typer.Option(help="Read drafts: a file of `deepdos draft`, or shipped."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of weights, data order and dropout.")] = 0,
    epochs: Annotated[int, typer.Option(min=1, help="Times through the training part.")] = 36,
    draft_epochs: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="With --from: times that the draft model sees it before; 36 without it, fewer if "
            "there are many crystals, none with --draft; 0 leaves the draft model as it is.",
        ),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Crystals a step; 32, or fewer for small sets.")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(min=0, help="0.0015 without it, and 0.0003 with --from.")
    ] = None,
    weight_decay: Annotated[float, typer.Option(min=0, help="Of AdamW.")] = 0.05,
    dropout: Annotated[float | None, typer.Option(min=0, max=0.9, help="0.2 without it.")] = None,
    width: Annotated[
        int | None, typer.Option(min=6, help="A multiple of six, the attention heads.")
    ] = None,
    refiner: Annotated[
        str | None, typer.Option(help="transport (default), remap, factor, softmax or none.")
    ] = None,
    site_weight: Annotated[
        float, typer.Option(min=0, help="Weight of site projections; 0 trains on totals alone.")
    ] = 1.0,
    device: Annotated[str, typer.Option(help="auto, cpu or gpu.")] = "auto",
    devices: Annotated[
        int, typer.Option(min=0, help="GPUs to train on together; 0 takes what is there.")
    ] = 0,
    nodes: Annotated[
        int, typer.Option(min=1, help="Machines; start the command on each with torchrun.")
    ] = 1,
    precision: Annotated[str, typer.Option(help="32-true or bf16-mixed.")] = "32-true",
    workers: Annotated[
        int, typer.Option(min=0, help="Processes that draft crystals and lay out batches.")
    ] = 0,
    logs: Annotated[str, typer.Option(help="Further tables: none, csv or tensorboard.")] = "none",
    checkpoint_steps: Annotated[
        int | None,
        typer.Option(min=1, help="Keep the state every so many steps, not every two minutes."),
    ] = None,
    progress: Annotated[bool, typer.Option(help="Show a progress bar.")] = True,
) -> None:
    """Train one seed of a model; run it once for each seed of an ensemble."""
    from deepdos_nb.data.training_sets import training_data
    from deepdos_nb.training.recipe import make_recipe
    from deepdos_nb.training.settings import Machine
    from deepdos_nb.training.train import train as run
    from deepdos_nb.training.tuning import with_tuned_draft

    parts = training_data(kind, petretto, phonondb, data)
    recipe = make_recipe(
        kind,
        len(parts.train),
        start=start,
        size=size,
        draft=draft,
        model=model.value,
        seed=seed,
        epochs=epochs,
        draft_epochs=draft_epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
        dropout=dropout,
        width=width,
        refiner=refiner,
        site_weight=site_weight,
        precision=precision,
        freeze=freeze or (),
    )
    typer.echo(f"{len(parts.train)} crystals to train on, {len(parts.valid)} to validate.")
    recipe = with_tuned_draft(recipe, parts.train, parts.valid, out, progress=progress)
    run(
        parts.train,
        parts.valid,
        recipe.config,
        out,
        draft_model=recipe.draft_model,
        start=recipe.start,
        cache=_drafts(draft, out),
        machine=Machine(device, devices or "auto", nodes, workers),
        progress=progress,
        logs=logs,
        checkpoint_steps=checkpoint_steps,
    )
    typer.echo(f"Best weights of seed {seed} are in {out}; `deepdos pack` makes them loadable.")


def _drafts(draft: str | None, out: Path) -> Path:
    """Where drafts are kept for the other seeds: beside the draft model, or beside the run."""
    path = Path(draft) if draft is not None else None
    return path.parent if path is not None and path.is_file() else out.resolve().parent / "drafts"


def pack(
    out: Annotated[Path, typer.Option(help="Folder for weights, scores and the model card.")],
    runs: Annotated[
        list[Path] | None,
        typer.Argument(help="Folders of finished runs, one a seed; without any, score OUT again."),
    ] = None,
    kind: KindOption = Kind.phdos,
    data: Data = None,
    petretto: Petretto = None,
    phonondb: Phonondb = None,
    command: Annotated[str, typer.Option(help="How the runs were made, for the card.")] = "",
) -> None:
    """Pack trained seeds into one ensemble, score it once on the test part, write its card."""
    from deepdos_nb.data.training_sets import training_data
    from deepdos_nb.evaluation.model_card import pack as make

    parts = training_data(kind, petretto, phonondb, data)
    typer.echo(f"Wrote {make(runs or [], parts, out, command)}.")


def score(
    kind: KindOption = Kind.phdos,
    data: Data = None,
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
    from deepdos_nb.inference.loading import load_model

    parts = training_data(kind, petretto, phonondb, data)
    scores = run(load_model(kind, folder=weights), parts)
    text = score_table(scores, kind)
    if "test_sites" in scores:
        text += "\n\n" + site_table(scores["test_sites"], kind)
    Console().print(Markdown(text))
