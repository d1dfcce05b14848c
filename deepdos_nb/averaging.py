"""The moving average of weights that is validated and shipped."""

from __future__ import annotations

from functools import partial

from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn


class MovingAverage(WeightAveraging):
    """Exponential moving average of weights with a short memory at the start.

    A memory of 1 / (1 - decay) steps, 500 by default, would carry a random start through a third of
    a short run. After n averages the decay is therefore at most (1 + n) / (10 + n), as in
    TensorFlow's `ExponentialMovingAverage`: the memory is about a ninth of the steps taken.
    """

    def __init__(self, decay: float):
        super().__init__(multi_avg_fn=partial(_average, decay))


def _average(
    decay: float, averaged: list[Tensor], current: list[Tensor], count: Tensor | int
) -> None:
    steps = int(count)
    average = get_ema_multi_avg_fn(min(decay, (1 + steps) / (10 + steps)))
    average(averaged, current, count)
