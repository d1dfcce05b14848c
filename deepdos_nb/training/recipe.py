"""From a few wishes to the settings of a training: what starts it, how large, how fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.model import ModelConfig
from deepdos_nb.model.baselines import NAMES, BaselineConfig
from deepdos_nb.model.networks import NetworkConfig
from deepdos_nb.physics.draft import DraftModel
from deepdos_nb.training.losses import LossWeights
from deepdos_nb.training.settings import TrainConfig
from deepdos_nb.training.start import Part, Start, starting_draft, starting_weights

Size = Literal["small", "full"]

SIZES: dict[Size, dict[str, Any]] = {
    "small": {
        "width": 48,
        "encoder_layers": 2,
        "decoder_layers": 1,
        "moments": 8,
        "radial": 16,
        "reasoner_width": 24,
    },
    "full": {},
}
"""What each size changes in `ModelConfig.standard`."""

EPOCHS = 36
RATE, GENTLE = 1.5e-3, 3e-4
"""Highest learning rates: from a random start, and from weights that know something already."""

OURS = "deepdos"


class Recipe(NamedTuple):
    """What `training.train` is called with.

    Attributes
    ----------
    config : TrainConfig
    start : Start or None
        Weights to start from.
    draft_model : DraftModel or None
        For a model that reads drafts and starts from nothing.
    draft_epochs : int or None
        How often the start's draft model sees the data first; None: as often as usual.
    """

    config: TrainConfig
    start: Start | None
    draft_model: DraftModel | None
    draft_epochs: int | None = None


def make_recipe(
    kind: str,
    crystals: int,
    *,
    start: str | Path | None = None,
    size: str = "full",
    draft: str | Path | None = None,
    model: str = OURS,
    seed: int = 0,
    epochs: int | None = None,
    draft_epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    weight_decay: float = 0.05,
    dropout: float | None = None,
    width: int | None = None,
    refiner: str | None = None,
    site_weight: float = 1.0,
    precision: str = "32-true",
    freeze: Sequence[str] = (),
) -> Recipe:
    """Settings of a training; what is left out is chosen.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    crystals : int
        To train on. Few crystals are seen in small batches, so that there are steps enough.
    start : str or path, optional
        "shipped", or a folder or file of weights: training goes on from there, more gently, with
        their architecture and their draft model. Without it weights are random.
    size : {"small", "full"}
    draft : str or path, optional
        "shipped", or a file of `deepdos draft`. Without it a model of its own reads no draft, and
        weights to start from keep theirs.
    model : str
        "deepdos", or the name of a baseline.
    seed : int
        Of weights, data order and dropout; picks one of the weights to start from.
    draft_epochs : int, optional
        How often the draft model of weights to start from sees the data before the network does,
        see `training.tuning`. Without it as often as usual; not at all where another draft is
        named, which has learnt, or the weights read none.
    epochs, batch_size, learning_rate, weight_decay, dropout, width, refiner, precision, freeze
        See `TrainConfig` and `ModelConfig`.
    site_weight : float
        Weight of site projections; 0 trains on totals alone.

    Raises
    ------
    ConfigError
        If wishes contradict each other, or are out of range.
    WeightsError
        If weights or a draft model cannot be read.
    """
    kind = Kind(kind)
    begun = None if start is None else starting_weights(start, kind, seed)
    network: NetworkConfig
    drafter = None
    sizes = {"width": width, "refiner": refiner}
    given = [name for name, value in sizes.items() if value is not None]
    if begun is not None:
        if given or model != OURS:
            raise ConfigError(
                f"{(given or ['model'])[0]} is what the weights to start from bring along.",
                remedy="Leave it out, or start from nothing.",
            )
        if draft is not None:
            begun = begun.with_draft(starting_draft(draft, kind))
        network = begun.model.config
    elif model != OURS:
        if model not in NAMES:
            raise ConfigError(
                f"no model is called {model!r}.", remedy=f"Use {OURS} or one of {', '.join(NAMES)}."
            )
        given += [] if draft is None else ["draft"]
        if given:
            raise ConfigError(
                f"{given[0]} is no setting of {model}.", remedy=f"Leave it out, or train {OURS}."
            )
        network = BaselineConfig(name=model, kind=kind, dropout=0.2)
    else:
        if size not in get_args(Size):
            raise ConfigError(f"unknown size {size!r}.", remedy="Use small or full.")
        drafter = None if draft is None else starting_draft(draft, kind)
        changes = {"draft": drafter is not None, "dropout": 0.2} | SIZES[size]  # type: ignore[index]
        wishes = {"width": width, "refiner": refiner}
        changes |= {name: value for name, value in wishes.items() if value is not None}
        network = ModelConfig.standard(kind, **changes)
    if dropout is not None:
        network = replace(network, dropout=dropout)
    if freeze and begun is None:
        raise ConfigError(
            "a part that has learnt nothing yet cannot be frozen.",
            remedy="Start from weights: --from shipped, or start='shipped'.",
        )
    if draft_epochs is not None and begun is None:
        raise ConfigError(
            "only the draft model of weights to start from can be tuned.",
            remedy="Learn one with `deepdos draft`, and name its file.",
        )
    if draft_epochs is not None and (draft_epochs != int(draft_epochs) or draft_epochs < 0):
        raise ConfigError(f"draft_epochs is {draft_epochs:g}, but must be a whole number from 0.")
    if draft_epochs and begun is not None and begun.model.draft_model is None:
        raise ConfigError(
            "the weights to start from read no draft, so there is no draft model to be tuned.",
            source=str(start),
            remedy="Leave draft_epochs out.",
        )
    if draft_epochs is None and draft is not None:
        draft_epochs = 0
    config = TrainConfig(
        model=network,
        loss=LossWeights(sites=site_weight),
        seed=seed,
        epochs=EPOCHS if epochs is None else epochs,
        batch_size=batch_for(crystals) if batch_size is None else batch_size,
        learning_rate=(RATE if begun is None else GENTLE)
        if learning_rate is None
        else learning_rate,
        weight_decay=weight_decay,
        precision=precision,  # type: ignore[arg-type]
        start="" if begun is None else begun.fingerprint,
        freeze=tuple(_part(name) for name in freeze),
    )
    return Recipe(config, begun, drafter, draft_epochs)


def batch_for(crystals: int) -> int:
    """Crystals a step: 32, and fewer where an epoch would have less than a dozen steps."""
    size = 32
    while size > 4 and crystals < 12 * size:
        size //= 2
    return size


def _part(name: str) -> Part:
    # What the transport's module is called is nobody's business.
    return "reasoner" if name == "transport" else name  # type: ignore[return-value]
