"""Learning a draft model from spectra, before and apart from the network that reads its drafts."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning as L
from torch.utils.data import DataLoader

from deepdos_nb.core.errors import ConfigError, DataWarning
from deepdos_nb.core.files import remove_parts
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.records import Record
from deepdos_nb.model.weights import load_draft_model, save_draft_model
from deepdos_nb.physics.draft import DraftModel, make_draft_model
from deepdos_nb.training.draft_cache import fingerprint
from deepdos_nb.training.draft_training import DraftConfig, DraftTraining
from deepdos_nb.training.force_constants import ForceConstantConfig, ForceConstantTraining
from deepdos_nb.training.history import Report
from deepdos_nb.training.loop import LAST, best_state, fit, make_trainer
from deepdos_nb.training.order import ResumableLoader, Shuffled
from deepdos_nb.training.settings import CONFIG, DATA, DataFacts, keep_config
from deepdos_nb.training.tight_binding import TightBindingConfig, TightBindingTraining

DRAFT = "draft.safetensors"
"""The finished draft model in the folder of its training."""

TRAININGS: dict[Kind, type[DraftTraining[Any]]] = {
    Kind.phdos: ForceConstantTraining,
    Kind.edos: TightBindingTraining,
}


GENTLE = 0.25
"""Factor on the learning rate where training goes on from a draft model."""


def draft_config(
    kind: Kind,
    seed: int = 0,
    epochs: int | None = None,
    *,
    projections: bool = True,
    start: DraftModel | None = None,
) -> DraftConfig:
    """Settings of a draft model of either kind.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    seed : int
    epochs : int, optional
        As many as usual without it.
    projections : bool
        Whether electrons are learnt from the states of every shell of every atom. Force constants
        are learnt from totals alone, whatever it says.
    start : DraftModel, optional
        Training goes on from it, with a lower learning rate.

    Raises
    ------
    ConfigError
        If the start is of the other kind.
    """
    settings: dict[str, Any] = {"seed": seed} | ({} if epochs is None else {"epochs": epochs})
    if start is not None:
        if start.kind != kind:
            raise ConfigError(f"a draft for {start.kind} cannot start one for {kind}.")
        rate = GENTLE * DraftConfig.learning_rate
        settings |= {"start": fingerprint(start), "learning_rate": rate}
    if Kind(kind) is Kind.phdos:
        return ForceConstantConfig(**settings)
    return TightBindingConfig(**settings, projections=projections)


def train_draft_model(
    train_records: Sequence[Record],
    valid_records: Sequence[Record],
    config: DraftConfig,
    folder: str | Path,
    *,
    start: DraftModel | None = None,
    progress: bool = True,
    report: Report | None = None,
) -> DraftModel:
    """Learn a draft model; an interrupted run in the same folder is resumed, a finished one read.

    Parameters
    ----------
    train_records, valid_records : sequence of Record
        Of the configuration's kind. Large primitive cells are left out of training, with a
        warning, see `DraftTraining.largest`.
    config : ForceConstantConfig or TightBindingConfig
    folder : path
        Gets checkpoints, `history.csv`, and `draft.safetensors` in the end.
    start : DraftModel, optional
        Where training goes on from, the one that `config` names.
    progress : bool
        Show a progress bar.
    report : callable, optional
        Called with the history, one row an epoch, after every epoch.

    Raises
    ------
    ConfigError
        If there are no records of the right kind, or none is small enough, or they lack what is
        to be learnt from, or the folder holds a run with other settings or data, or the settings
        name another start.
    """
    folder, kind = Path(folder), config.kind
    if config.start != ("" if start is None else fingerprint(start)):
        raise ConfigError("the settings name another draft model to start from than is given.")
    if any(not part or part[0].kind != kind for part in (train_records, valid_records)):
        raise ConfigError(
            f"a draft by {kind.draft} needs {kind.adjective} records to learn from and to be "
            "validated on."
        )
    folder.mkdir(parents=True, exist_ok=True)
    remove_parts(folder)
    keep_config(folder / CONFIG, config)
    _keep_data(folder, DataFacts.of(train_records, valid_records))
    file = folder / DRAFT
    if file.exists():
        return load_draft_model(file)[0]
    L.seed_everything(config.seed, verbose=False)
    module = TRAININGS[kind](config)
    module.report = report
    if start is not None:
        module.draft_model.load_state_dict(start.state_dict())
    seen, valid = module.examples(train_records, True), module.examples(valid_records, False)
    _check_sizes(len(train_records), len(seen), module.largest)
    order = Shuffled(len(seen), config.batch_size, config.seed)
    train = ResumableLoader(seen, order, list)
    held: DataLoader[Any] = DataLoader(
        valid,  # type: ignore[arg-type]
        batch_size=config.batch_size,
        collate_fn=list,
    )
    trainer = make_trainer(
        folder,
        "valid/mse_oracle",
        epochs=config.epochs,
        progress=progress,
        # Many small eigenvalue problems: a GPU would wait for its launches.
        accelerator="cpu",
        gradient_clip_val=1.0,
    )
    fit(trainer, module, folder, train_dataloaders=train, val_dataloaders=held)
    draft_model = make_draft_model(kind)
    draft_model.load_state_dict(best_state(folder, "draft_model."))
    save_draft_model(draft_model, file, metadata={"training": config.to_dict()})
    # As stored, so that whatever reads their drafts learns from the drafts that will be shipped.
    return load_draft_model(file)[0]


def _keep_data(folder: Path, facts: DataFacts) -> None:
    """Write down what a draft model learns from, or check it."""
    if not (folder / DATA).exists() and any((folder / n).exists() for n in (DRAFT, LAST)):
        # Nothing is written: nobody knows what an earlier version was given.
        warnings.warn(
            f"{folder}: the draft model there was begun by an earlier version, which did not write "
            "down its data. They are taken to be the same; if not, choose another folder.",
            DataWarning,
            stacklevel=3,
        )
        return
    keep_config(folder / DATA, facts, "data")


def _check_sizes(given: int, seen: int, largest: int) -> None:
    limit = f"a draft model learns from primitive cells of at most {largest} atoms"
    if not seen:
        raise ConfigError(
            f"{limit}, and all {given} crystals to learn from have more.",
            remedy="Add smaller ones. Weights to start from keep the draft model they have with "
            "`--draft-epochs 0`.",
        )
    if seen < given:
        warnings.warn(
            f"{limit}: {given - seen} of {given} crystals are left out.",
            DataWarning,
            stacklevel=3,
        )
