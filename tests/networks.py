"""Networks that have learnt nothing."""

from __future__ import annotations

from functools import cache

import torch

from deepdos_nb.model import ModelConfig, Reasoner
from deepdos_nb.physics.force_constants import ForceConstantNetwork

SMALL = {"width": 24, "heads": 4, "encoder_layers": 2, "moments": 6, "reasoner_width": 16}


@cache
def random_model(kind: str, seed: int = 0, scale: float = 1.0, **changes: object) -> Reasoner:
    torch.manual_seed(seed)
    model = Reasoner(ModelConfig(kind=kind, **(SMALL | changes))).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    return model


@cache
def random_springs(seed: int = 0) -> ForceConstantNetwork:
    torch.manual_seed(seed)
    return ForceConstantNetwork().eval().requires_grad_(False)


@cache
def reader() -> Reasoner:
    torch.manual_seed(1)
    model = Reasoner(ModelConfig(draft=True, **SMALL)).eval()
    model.set_draft_model(random_springs())
    return model
