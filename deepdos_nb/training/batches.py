"""Records to training batches: quotient graphs, padded targets, buckets of similar size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from torch.utils.data import DataLoader

from deepdos_nb.core.errors import ConfigError, DataError
from deepdos_nb.crystal.graph import CrystalGraph
from deepdos_nb.crystal.symmetry import SYSTEMS, crystal_system
from deepdos_nb.data.records import Record
from deepdos_nb.model import GraphBatch, collate
from deepdos_nb.physics.draft import DraftModel
from deepdos_nb.training.draft_cache import record_inputs
from deepdos_nb.training.losses import Target
from deepdos_nb.training.order import BatchOrder, ResumableLoader

Item = tuple[CrystalGraph, Record]


def prepare(
    records: Sequence[Record],
    *,
    systems: bool = False,
    draft_model: DraftModel | None = None,
    cache: str | Path | None = None,
    workers: int = 0,
) -> list[Item]:
    """Build the quotient graph of every record.

    Parameters
    ----------
    records : sequence of Record
    systems : bool
        Also find the crystal system.
    draft_model : DraftModel, optional
        Also draft its spectrum.
    cache : path, optional
        Folder where drafts are kept.
    workers : int
        Processes that draft; none or one works here.

    Raises
    ------
    DataError
        If a curve or a draft holds values that are no numbers, or no states.
    """
    for record in records:
        check(record)
    inputs = record_inputs(records, draft_model, cache, workers=workers)
    if systems:
        places = [SYSTEMS.index(crystal_system(r.structure)) for r in records]
        inputs = [replace(g, system=place) for g, place in zip(inputs, places, strict=True)]
    for graph, record in zip(inputs, records, strict=True):
        if graph.draft is not None and not np.isfinite(graph.draft).all():
            raise DataError(
                f"the draft of {record.material_id} holds values that are no numbers.",
                source=record.source,
                remedy="Take this crystal out of the data.",
            )
    return list(zip(inputs, records, strict=True))


def check(record: Record) -> None:
    """Refuse a record that nothing can be learnt from.

    Raises
    ------
    DataError
        If its curve, or that of a site, holds values that are negative or no numbers, or no states.
    """
    known = [a for a in (record.shape, record.site_shape, record.outside) if a is not None]
    wrong = "holds values that are negative or no numbers"
    if all(np.isfinite(a).all() and (a >= 0).all() for a in known):
        if record.shape.sum() > 0:
            return
        wrong = "holds no states"
    raise DataError(
        f"the curve of {record.material_id} {wrong}.",
        source=record.source,
        remedy="Mend it, or take this crystal out of the data.",
    )


def collate_items(items: Sequence[Item]) -> tuple[GraphBatch, Target]:
    """Crystals and their references side by side."""
    batch = collate([graph for graph, _ in items])
    n_sites, n_bins = batch.site.shape[1], len(items[0][1].shape)
    site_shape = np.zeros((len(items), n_sites, n_bins), dtype=np.float32)
    outside = np.zeros((len(items), n_sites), dtype=np.float32)
    known = np.zeros(len(items), dtype=bool)
    for i, (_, record) in enumerate(items):
        if record.site_shape is not None and record.outside is not None:
            known[i] = True
            site_shape[i, : len(record.site_shape)] = record.site_shape
            outside[i, : len(record.outside)] = record.outside
    shape = np.stack([record.shape for _, record in items]).astype(np.float32)
    counted = [None if record.kind.fixed_modes else record.states for _, record in items]
    states = np.array([number or 0.0 for number in counted], dtype=np.float32)
    arrays = (shape, site_shape, outside, known, states)
    names = tuple(record.material_id for _, record in items)
    shapes, sites, beyond, told, numbers = (torch.from_numpy(a) for a in arrays)
    return batch, Target(shapes, sites, beyond, told, numbers, names)


class BucketSampler(BatchOrder):
    """Random batches of crystals of similar size, so that little of the padded tables is padding.

    Every process of a distributed run takes its own batches, and as many as the others; where there
    are fewer batches than processes, some take the same.
    """

    POOL = 16

    def __init__(
        self, items: Sequence[Item], batch_size: int, seed: int, *, rank: int = 0, world: int = 1
    ):
        super().__init__(seed)
        self.cost = np.array([graph.n_nodes * graph.degree.max() for graph, _ in items])
        self.batch_size, self.rank, self.world = batch_size, rank, world

    def __len__(self) -> int:
        return max(1, -(-len(self.cost) // self.batch_size) // self.world)

    def batches(self) -> list[list[int]]:
        """See `BatchOrder`."""
        rng = self.random
        order = rng.permutation(len(self.cost))
        found: list[list[int]] = []
        pool = self.POOL * self.batch_size
        for start in range(0, len(order), pool):
            part = order[start : start + pool]
            part = part[np.argsort(self.cost[part], kind="stable")]
            found += [
                part[i : i + self.batch_size].tolist() for i in range(0, len(part), self.batch_size)
            ]
        shuffled = rng.permutation(len(found))
        places = [(i * self.world + self.rank) % len(found) for i in range(len(self))]
        return [found[shuffled[place]] for place in places]


class SpectrumData(L.LightningDataModule):
    """Training and validation crystals; keywords as in `prepare`."""

    def __init__(
        self,
        train: Sequence[Record],
        valid: Sequence[Record],
        *,
        batch_size: int,
        seed: int,
        systems: bool = False,
        draft_model: DraftModel | None = None,
        cache: str | Path | None = None,
        workers: int = 0,
    ):
        super().__init__()
        if not train or not valid:
            raise ConfigError("training needs at least one training and one validation record.")
        self._records = train, valid
        self._options: dict[str, Any] = {
            "systems": systems,
            "draft_model": draft_model,
            "cache": cache,
            "workers": workers,
        }
        self.train_items: list[Item] = []
        self.valid_items: list[Item] = []
        self.batch_size, self.seed, self.workers = batch_size, seed, workers

    def prepare_data(self) -> None:
        """Make what is kept on disk: one process does, the others wait, then all read it."""
        if self._options["cache"] is not None:
            self._prepare()

    def setup(self, stage: str) -> None:
        """Lay out both parts."""
        if not self.train_items:
            self._prepare()

    def _prepare(self) -> None:
        self.train_items, self.valid_items = (
            prepare(records, **self._options) for records in self._records
        )

    def train_dataloader(self) -> ResumableLoader:
        """Batches in an order fixed by seed and epoch."""
        sampler = BucketSampler(
            self.train_items,
            self.batch_size,
            self.seed,
            rank=self.trainer.global_rank if self.trainer else 0,
            world=self.trainer.world_size if self.trainer else 1,
        )
        return ResumableLoader(self.train_items, sampler, collate_items, workers=self.workers)

    def val_dataloader(self) -> DataLoader[Item]:
        """Validation crystals in their own order."""
        return DataLoader(
            self.valid_items,  # type: ignore[arg-type]
            batch_size=self.batch_size,
            collate_fn=collate_items,
        )

    def transfer_batch_to_device(
        self, batch: tuple[GraphBatch, Target], device: torch.device, dataloader_idx: int
    ) -> tuple[GraphBatch, Target]:
        """Move graphs and references."""
        return batch[0].to(device), batch[1].to(device)
