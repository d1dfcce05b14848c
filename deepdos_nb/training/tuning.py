"""A draft model learns a family of crystals before the network that reads it does.

A network adds to its draft what springs or tight binding miss. Where they miss the very bonds, as
springs of oxides do between two metals, the draft model learns them better from the same curves.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from deepdos_nb.core.errors import ConfigError, DataWarning
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.records import Record
from deepdos_nb.training.draft import DRAFT, TRAININGS, draft_config, train_draft_model
from deepdos_nb.training.draft_training import DraftConfig
from deepdos_nb.training.history import Report
from deepdos_nb.training.recipe import Recipe, batch_for
from deepdos_nb.training.start import Start

FOLDER = "draft"
"""Of the draft model's run, inside that of the network's."""

EPOCHS, CRYSTALS = 36, 200
"""Times that so few crystals are seen; more crystals are seen less often, for the same time."""


def usual_epochs(start: Start, records: Sequence[Record]) -> int:
    """Epochs that the draft model of some weights is tuned for; 0 where it cannot be.

    Records are those that it learns from and is validated on. Tight binding wants the number of
    states, which a curve without units does not tell.
    """
    electrons = start.model.config.kind == Kind.edos
    if electrons and any(record.states is None for record in records):
        return 0
    return min(EPOCHS, max(2, EPOCHS * CRYSTALS // max(len(records), 1)))


def with_tuned_draft(
    recipe: Recipe,
    train_records: Sequence[Record],
    valid_records: Sequence[Record],
    folder: str | Path,
    *,
    progress: bool = True,
    report: Report | None = None,
) -> Recipe:
    """The same, its start's draft model tuned; an interrupted run is resumed.

    Parameters
    ----------
    recipe : Recipe
        Its `draft_epochs` are `usual_epochs` if None. One without weights to start from, or with no
        such epochs, stays as it is; with a warning, where no crystal is small enough to learn from.
    train_records, valid_records : sequence of Record
    folder : path
        Of the network's run; the draft model's is a folder in it.
    progress : bool
        Show a progress bar.
    report : callable, optional
        Called with the draft model's history after every epoch.

    Raises
    ------
    ConfigError
        If records lack what the draft model learns from, or epochs are asked for and no crystal is
        small enough, or the folder holds another run, or `torchrun` has started several processes,
        which would all write to it.
    """
    start, epochs = recipe.start, recipe.draft_epochs
    draft_model = None if start is None else start.model.draft_model
    if start is None or draft_model is None or epochs == 0:
        return recipe
    training = TRAININGS[draft_model.kind]
    # What is left out makes no steps, and need not know its shells or its number of states.
    learnt = [record for record in train_records if training.learns_from(record)]
    records = [*learnt, *valid_records]
    if epochs is None:
        if not learnt:
            warnings.warn(
                "the draft model stays as it is: it learns from primitive cells of at most "
                f"{training.largest} atoms, and all {len(train_records)} crystals have more.",
                DataWarning,
                stacklevel=2,
            )
            return recipe
        epochs = usual_epochs(start, records)
        if epochs == 0:
            return recipe
    shells = recipe.config.loss.sites > 0 and all(r.orbital_shape is not None for r in records)
    config = replace(
        draft_config(
            draft_model.kind,
            recipe.config.seed,
            epochs,
            projections=shells,
            start=draft_model,
        ),
        batch_size=batch_for(len(learnt)),
        learning_rate=DraftConfig.learning_rate,
    )
    place = Path(folder) / FOLDER
    if "TORCHELASTIC_RUN_ID" in os.environ and not (place / DRAFT).exists():
        raise ConfigError(
            "a draft model is tuned by one process, and here are several.",
            source=str(place),
            remedy="Tune it first, `deepdos draft --from shipped`, and name its file with --draft.",
        )
    tuned = train_draft_model(
        train_records,
        valid_records,
        config,
        place,
        start=draft_model,
        progress=progress,
        report=report,
    )
    begun = start.with_draft(tuned)
    return recipe._replace(start=begun, config=replace(recipe.config, start=begun.fingerprint))
