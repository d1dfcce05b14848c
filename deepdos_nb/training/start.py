"""Weights that training starts from, and parts of the model that stay as they are."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from deepdos_nb.core.errors import WeightsError
from deepdos_nb.core.files import PACKAGE
from deepdos_nb.core.grids import Kind
from deepdos_nb.model import Reasoner
from deepdos_nb.model.weights import load_draft_model, load_weights
from deepdos_nb.physics.draft import DraftModel
from deepdos_nb.training.draft_cache import fingerprint

Part = Literal["encoder", "decoder", "reasoner", "totals"]
PARTS: tuple[Part, ...] = get_args(Part)
"""Parts of a `Reasoner` that can be frozen."""

Precision = Literal["32-true", "bf16-mixed"]

DIGITS = 12
"""Of a fingerprint."""

SHIPPED = "shipped"
"""What stands for the weights inside the package."""


class Start(NamedTuple):
    """A model to start from.

    Attributes
    ----------
    model : Reasoner
        With the draft model it reads.
    elements : list of int
        Atomic numbers it has seen; empty where unknown.
    fingerprint : str
        Twelve hexadecimal digits that tell weights apart.
    """

    model: Reasoner
    elements: list[int]
    fingerprint: str

    def with_draft(self, draft_model: DraftModel) -> Start:
        """The same weights, reading drafts of another draft model."""
        model = copy.deepcopy(self.model)
        model.set_draft_model(draft_model)
        both = f"{self.fingerprint} {fingerprint(draft_model)}"
        return self._replace(
            model=model, fingerprint=hashlib.sha256(both.encode()).hexdigest()[:DIGITS]
        )


def starting_weights(source: str | Path, kind: Kind, seed: int = 0) -> Start:
    """Read weights to start from.

    Parameters
    ----------
    source : str or path
        "shipped", a folder of ``*.safetensors``, or one such file.
    kind : {"phdos", "edos"}
    seed : int
        Which of a folder's files, in the order of their names; one after the last is the first.

    Raises
    ------
    WeightsError
        If there are none, or they are of another kind.
    """
    kind = Kind(kind)
    path = PACKAGE / "weights" / kind if str(source) == SHIPPED else Path(source)
    files = sorted(path.glob("*.safetensors")) if path.is_dir() else [path]
    if not files:
        raise WeightsError(
            "no weights to start from.",
            source=str(path),
            remedy="Name a folder of *.safetensors files, or `shipped`.",
        )
    file = files[seed % len(files)]
    model, metadata = load_weights(file)
    if model.config.kind != kind:
        raise WeightsError(
            f"weights for {model.config.kind} cannot start a model of {kind}.", source=str(file)
        )
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:DIGITS]
    return Start(model, list(metadata.get("elements", [])), digest)


def starting_draft(source: str | Path, kind: Kind) -> DraftModel:
    """Read a draft model to read drafts of, or to go on learning.

    Parameters
    ----------
    source : str or path
        "shipped", or a file of `deepdos draft`.
    kind : {"phdos", "edos"}

    Raises
    ------
    WeightsError
        If there is none, or the file is damaged.
    """
    if str(source) != SHIPPED:
        return load_draft_model(source)[0]
    draft_model = starting_weights(SHIPPED, kind).model.draft_model
    assert draft_model is not None  # what is shipped reads drafts
    return draft_model
