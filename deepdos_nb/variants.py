"""What is compared with what: our model, the baselines, and our model with one thing changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from deepdos_nb.grids import Kind
from deepdos_nb.losses import LossWeights
from deepdos_nb.model import ModelConfig
from deepdos_nb.model.baselines import NAMES, BaselineConfig
from deepdos_nb.spring_training import SpringConfig
from deepdos_nb.training import TrainConfig

OURS = "deepdos"
"""Name of our own model beside the baselines."""

BARE = "no springs"
"""Our model as published: without the draft of springs."""

SPRINGS_ALONE = "springs alone"
"""The draft by itself, before any network reads it."""

Config = TrainConfig | SpringConfig
"""Of a network, or of springs alone."""


def benchmark_configs(kind: Kind, base: TrainConfig) -> dict[str, Config]:
    """Our model and the three baselines, at their own losses, everything else as `base` says.

    For phonons also ours without springs, and springs without ours.
    """
    dropout = base.model.dropout
    ours: dict[str, Config] = {OURS: replace(base, model=full_model(kind, dropout))}
    if kind == "phdos":
        ours[BARE] = replace(base, model=ModelConfig(kind=kind, dropout=dropout))
        ours[SPRINGS_ALONE] = SpringConfig(base.seed, base.epochs)
    baselines = {n: BaselineConfig(name=n, kind=kind, dropout=dropout) for n in NAMES}
    return ours | {name: replace(base, model=model) for name, model in baselines.items()}


def full_model(kind: Kind, dropout: float) -> ModelConfig:
    """Our model with everything it has: springs too, where there are phonons."""
    return ModelConfig(kind=kind, dropout=dropout, springs=kind == "phdos")


def ablation_configs(
    kind: Kind,
    base: TrainConfig,
    *,
    springs: bool = True,
    strides: tuple[int, ...] = ModelConfig().strides,
) -> dict[str, TrainConfig]:
    """Our model with one thing changed at a time.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    base : TrainConfig
        Everything else.
    springs : bool
        Whether the model that is changed reads springs; electrons have none.
    strides : tuple of int
        Of its transport. A variant has half as many steps, or twice as many where they are few.
    """
    springs = springs and kind == "phdos"
    dropout = base.model.dropout
    full = ModelConfig(kind=kind, dropout=dropout, springs=springs, strides=strides)
    other = strides * 2 if len(strides) < 6 else strides[: len(strides) // 2]
    models = {
        BARE: replace(full, springs=False),
        "no Stage II": replace(full, refiner="none"),
        "residual softmax": replace(full, refiner="residual"),
        "moving faces": replace(full, refiner="remap"),
        "one cell a step": replace(full, strides=(1,) * len(strides)),
        f"K = {len(other)}": replace(full, strides=other),
        "pooled sites": replace(full, sharing="pooled"),
        "no angles": replace(full, moments=0),
    }
    if springs or kind == "edos":
        models = {OURS: full} | models
    if not springs and kind == "edos":
        del models[BARE]
    variants = {name: replace(base, model=model) for name, model in models.items()}
    blind = replace(base.loss, cdf=0.0)
    return variants | {"no CDF term": replace(base, model=full, loss=blind)}


PROJECTIONS = "totals and sites"
"""Our model trained on site projections too."""


def site_configs(kind: Kind, base: TrainConfig) -> dict[str, Config]:
    """Our model trained on totals alone, as in the benchmark, and on site projections too."""
    ours = replace(base, model=full_model(kind, base.model.dropout))
    return {OURS: ours, PROJECTIONS: replace(ours, loss=replace(ours.loss, sites=1.0))}


def with_dropout(config: Config, dropout: float) -> Config:
    """The same with another dropout, if it has any."""
    if isinstance(config, SpringConfig):
        return config
    return replace(config, model=replace(config.model, dropout=dropout))


def dropout_of(config: Config) -> float | None:
    """A variant's dropout; springs have none."""
    return None if isinstance(config, SpringConfig) else config.model.dropout


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
