"""The order in which crystals are seen, which depends on the seed and the epoch only.

So a training can stop anywhere and go on with the very batches that it has not seen yet.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Sampler


class BatchOrder(Sampler[list[int]]):
    """Batches of indices in an order of their own for every epoch.

    Parameters
    ----------
    seed : int
    """

    def __init__(self, seed: int):
        self.seed, self.epoch, self.skip = seed, 0, 0

    @abstractmethod
    def batches(self) -> list[list[int]]:
        """All batches of the current epoch, in order."""

    @property
    def random(self) -> np.random.Generator:
        """Random numbers of the current epoch, from the beginning."""
        return np.random.default_rng((self.seed, self.epoch))

    @property
    def sampler(self) -> BatchOrder:
        """Itself: where Lightning looks for what is to be told the epoch."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before every epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        yield from self.batches()[self.skip :]


class Shuffled(BatchOrder):
    """All of `size` examples, `batch_size` at a time."""

    def __init__(self, size: int, batch_size: int, seed: int):
        super().__init__(seed)
        self.size, self.batch_size = size, batch_size

    def __len__(self) -> int:
        return -(-self.size // self.batch_size)

    def batches(self) -> list[list[int]]:
        """See `BatchOrder`."""
        order = self.random.permutation(self.size).tolist()
        return [order[i : i + self.batch_size] for i in range(0, self.size, self.batch_size)]


class ResumableLoader(DataLoader[Any]):
    """Batches in an order; after a restart in the middle of an epoch, those not yet seen.

    Its state goes into every checkpoint. Counted are batches handed over, since workers may have
    drawn more.

    Parameters
    ----------
    items : sequence
    order : BatchOrder
    collate : callable
        Makes a batch of some items.
    workers : int
        Processes that prepare batches; 0 prepares them here.
    """

    def __init__(
        self,
        items: Sequence[Any],
        order: BatchOrder,
        collate: Callable[[Any], Any],
        *,
        workers: int = 0,
    ):
        super().__init__(
            items,  # type: ignore[arg-type]
            batch_sampler=order,
            collate_fn=collate,
            num_workers=workers,
        )
        self.order, self.handed = order, 0

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        # A generator: its body runs when the first batch is asked for, after `set_epoch`.
        self.handed = self.order.skip
        for batch in super().__iter__():
            self.order.skip = 0
            self.handed += 1
            yield batch

    def state_dict(self) -> dict[str, int]:
        """Batches of this epoch handed over so far."""
        return {"handed": self.handed}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Leave these out of the epoch that is begun next, unless they were all of an epoch."""
        self.order.skip = int(state["handed"]) % len(self)
