"""Learning a draft model from spectra, before and apart from the network that reads its drafts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import lightning as L
from torch.utils.data import DataLoader

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.files import remove_parts
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.records import Record
from deepdos_nb.model.weights import load_draft_model, save_draft_model
from deepdos_nb.physics.draft import DraftModel, make_draft_model
from deepdos_nb.training.draft_cache import fingerprint
from deepdos_nb.training.draft_training import DraftConfig, DraftTraining
from deepdos_nb.training.force_constants import ForceConstantConfig, ForceConstantTraining
from deepdos_nb.training.history import Report
from deepdos_nb.training.loop import best_state, fit, make_trainer
from deepdos_nb.training.order import ResumableLoader, Shuffled
from deepdos_nb.training.settings import CONFIG, keep_config
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
        Of the configuration's kind. Large primitive cells are left out of training, see
        `DraftTraining.largest`.
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
        If there are no records of the right kind, or they lack what is to be learnt from, or the
        folder holds a run with other settings, or the settings name another start.
    """
    folder, kind = Path(folder), config.kind
    if config.start != ("" if start is None else fingerprint(start)):
        raise ConfigError("the settings name another draft model to start from than is given.")
    folder.mkdir(parents=True, exist_ok=True)
    remove_parts(folder)
    keep_config(folder / CONFIG, config)
    file = folder / DRAFT
    if file.exists():
        return load_draft_model(file)[0]
    if any(not part or part[0].kind != kind for part in (train_records, valid_records)):
        raise ConfigError(
            f"a draft by {kind.draft} needs {kind.adjective} records to learn from and to be "
            "validated on."
        )
    L.seed_everything(config.seed, verbose=False)
    module = TRAININGS[kind](config)
    module.report = report
    if start is not None:
        module.draft_model.load_state_dict(start.state_dict())
    seen, valid = module.examples(train_records, True), module.examples(valid_records, False)
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
