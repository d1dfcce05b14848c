"""The shapes stated in signatures are checked while tests run; this is the test of that check."""

from __future__ import annotations

import pytest
import torch
from jaxtyping import TypeCheckError

from deepdos_nb.physics.pairs import PairCell
from deepdos_nb.physics.slater_koster import CHANNELS, couplings


def test_arguments_must_agree_with_each_other():
    strength, directions = torch.ones(2, len(CHANNELS)), torch.eye(3)
    assert couplings(strength, directions[:2]).shape == (2, 10, 10)
    with pytest.raises(TypeCheckError, match="edges"):
        couplings(strength, directions)


def test_fields_must_agree_with_each_other():
    atom, far = torch.tensor([14]), torch.ones(1, 3).double()
    one = torch.ones(1).double()
    PairCell(atom, atom * 0, atom * 0, far, one, far, one, atom * 0)
    with pytest.raises(TypeCheckError, match="edges"):
        PairCell(atom, atom * 0, torch.zeros(2, dtype=torch.int64), far, one, far, one, atom * 0)
