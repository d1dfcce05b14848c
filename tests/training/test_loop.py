"""The moving average forgets where it started; rates rise and fall in any number of steps."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch.optim.swa_utils import AveragedModel

from deepdos_nb.training.loop import MovingAverage, one_cycle


def average(decay: float, values: list[float]) -> float:
    """Averaged weight after a network took these values one step after the other."""
    network = torch.nn.Linear(1, 1, bias=False)
    averaged = AveragedModel(network, **MovingAverage(decay)._kwargs)
    for value in values:
        network.weight.data.fill_(value)
        averaged.update_parameters(network)
    return averaged.module.weight.item()


def test_the_first_steps_count_as_worked_out_by_hand():
    # decays (1 + 1)/(10 + 1) and (1 + 2)/(10 + 2) after the first value is taken as it is
    second = 2 / 11 * 8 + 9 / 11 * 4
    assert abs(average(0.998, [8.0, 4.0]) - second) < 1e-6
    assert abs(average(0.998, [8.0, 4.0, 6.0]) - (second / 4 + 6 * 3 / 4)) < 1e-6


def test_a_random_start_is_forgotten_in_a_short_run():
    # A plain average of decay 0.998 would still hold 82 % of the start after 100 steps.
    assert average(0.998, [1.0] + [0.0] * 100) < 1e-6


def test_the_decay_is_never_above_the_one_asked_for():
    assert abs(average(0.5, [0.0] * 50 + [1.0, 1.0]) - 0.75) < 1e-6


@pytest.mark.parametrize("steps", [1, 2, 9, 10, 11, 20])
def test_rates_fall_to_nothing_in_any_number_of_steps(steps: int):
    """Ten steps are those of 160 crystals seen once."""
    weight = torch.nn.Parameter(torch.zeros(1))
    trainer = SimpleNamespace(estimated_stepping_batches=steps)
    parts = one_cycle([{"params": [weight], "lr": 1e-2}], trainer, weight_decay=0.0, warm_up=0.1)
    rates = []
    for _ in range(steps):
        rates.append(parts["optimizer"].param_groups[0]["lr"])
        parts["optimizer"].step()
        if len(rates) < steps:
            parts["lr_scheduler"]["scheduler"].step()
    assert max(rates) <= 1e-2 * (1 + 1e-6)
    assert rates[-1] == min(rates) or steps < 3
