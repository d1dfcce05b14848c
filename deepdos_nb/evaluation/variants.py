"""What is compared with what: our model, the baselines, and our model with one thing changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from deepdos_nb.core.grids import Kind
from deepdos_nb.model import ModelConfig
from deepdos_nb.model.baselines import NAMES, BaselineConfig
from deepdos_nb.training.draft import draft_config
from deepdos_nb.training.draft_training import DraftConfig
from deepdos_nb.training.losses import LossWeights
from deepdos_nb.training.train import TrainConfig

OURS = "deepdos"
"""Name of our own model beside the baselines."""

BARE: dict[Kind, str] = {Kind.phdos: "no springs", Kind.edos: "no tight binding"}
"""Our model as published: without a draft."""

ALONE: dict[Kind, str] = {Kind.phdos: "springs alone", Kind.edos: "tight binding alone"}
"""The draft by itself, before any network reads it."""

Config = TrainConfig | DraftConfig
"""Of a network, or of a draft model alone."""


def benchmark_configs(kind: Kind, base: TrainConfig) -> dict[str, Config]:
    """Our model and the three baselines, at their own losses, everything else as `base` says.

    Also ours without a draft, and the draft without ours.
    """
    dropout = base.model.dropout
    ours: dict[str, Config] = {
        OURS: replace(base, model=full_model(kind, dropout)),
        BARE[kind]: replace(base, model=full_model(kind, dropout, draft=False)),
        ALONE[kind]: draft_config(kind, base.seed, base.epochs, projections=False),
    }
    baselines = {n: BaselineConfig(name=n, kind=kind, dropout=dropout) for n in NAMES}
    return ours | {name: replace(base, model=model) for name, model in baselines.items()}


def full_model(kind: Kind, dropout: float, *, draft: bool = True) -> ModelConfig:
    """Our model with everything it has, or without a draft."""
    return ModelConfig.standard(kind, dropout=dropout, draft=draft)


def ablation_configs(
    kind: Kind,
    base: TrainConfig,
    *,
    draft: bool = True,
    strides: tuple[int, ...] | None = None,
) -> dict[str, TrainConfig]:
    """Our model with one thing changed at a time.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    base : TrainConfig
        Everything else.
    draft : bool
        Whether the model that is changed reads one.
    strides : tuple of int, optional
        Of its transport, the usual ones without it. A variant has half as many steps, or twice as
        many where they are few.
    """
    dropout = base.model.dropout
    strides = strides or ModelConfig.standard(kind).strides
    full = ModelConfig.standard(kind, dropout=dropout, draft=draft, strides=strides)
    other = strides * 2 if len(strides) < 6 else strides[: len(strides) // 2]
    models = {
        BARE[kind]: replace(full, draft=False),
        "no Stage II": replace(full, refiner="none"),
        "factor instead of transport": replace(full, refiner="factor"),
        "softmax instead of transport": replace(full, refiner="softmax"),
        "moving faces": replace(full, refiner="remap"),
        "one cell a step": replace(full, strides=(1,) * len(strides)),
        f"K = {len(other)}": replace(full, strides=other),
        "no angles": replace(full, moments=0),
    }
    if draft:
        models = {OURS: full, "attention without draft": replace(full, grounded=False)} | models
    variants = {name: replace(base, model=model) for name, model in models.items()}
    blind = replace(base.loss, cdf=0.0)
    return variants | {"no CDF term": replace(base, model=full, loss=blind)}


PROJECTIONS = "totals and sites"
"""Our model trained on site projections too."""


def site_configs(kind: Kind, base: TrainConfig) -> dict[str, Config]:
    """Our model trained on totals alone, as in the benchmark, and on site projections too.

    Also the one that reads no draft, on totals alone.
    """
    ours = replace(base, model=full_model(kind, base.model.dropout))
    bare = replace(base, model=full_model(kind, base.model.dropout, draft=False))
    return {
        OURS: ours,
        BARE[kind]: bare,
        PROJECTIONS: replace(ours, loss=replace(ours.loss, sites=1.0)),
    }


def baselines(names: Iterable[str]) -> list[str]:
    """Those names of a table that are not ours."""
    return [n for n in names if n in NAMES]


def train_config(
    *, epochs: int, dropout: float = 0.2, weight_decay: float = 0.05, sites: float = 0.0
) -> TrainConfig:
    """Settings that every variant of a table shares."""
    return TrainConfig(
        model=ModelConfig(dropout=dropout),
        loss=LossWeights(sites=sites),
        epochs=epochs,
        weight_decay=weight_decay,
    )
