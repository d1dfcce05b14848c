"""The whole model: encoder → decoder → start → transport, and the total that scales the shape.

::

    structure ─► graph ──encoder──► sites ──decoder──► bins ──┐
        │                            │                        ├── say where states should go
        │                            └───────────┬────────────┘
        └─draft model─► draft = p₀[site, cell] ──transport──► p_K[site, cell] ─► × states / width

Without a draft p₀ is what the decoder makes of sites and bins by itself.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.model.batch import GraphBatch
from deepdos_nb.model.config import ModelConfig
from deepdos_nb.model.decoder import Decoded, Decoder
from deepdos_nb.model.encoder import Encoded, Encoder
from deepdos_nb.model.operators import make_reasoner
from deepdos_nb.model.start import Shares, make_start, split_cells
from deepdos_nb.model.totals import make_totals
from deepdos_nb.model.transport import Refined
from deepdos_nb.physics.draft import DraftModel, make_draft_model


class Prediction(NamedTuple):
    """Everything one forward pass computed, for C crystals.

    states : (C,), states per cell inside and beyond the window
    n_bins : cells of the window; phonons have one more beyond it
    """

    encoded: Encoded
    decoded: Decoded
    refined: Refined
    states: Tensor
    n_bins: int

    @property
    def steps(self) -> Shares:
        """Shares of states at every step, shapes (K + 1, C, S, B) and (K + 1, C, S)."""
        return split_cells(self.refined.cells, self.n_bins)

    @property
    def density(self) -> Tensor:
        """Final shares of states, shape (C, S, B)."""
        return self.steps.density[-1]

    @property
    def outside(self) -> Tensor:
        """Shares of states beyond the window in the end, shape (C, S)."""
        return self.steps.outside[-1]


class Reasoner(nn.Module):
    """Structure to site-resolved density of states.

    The draft model travels with the model, because its drafts must be the ones learnt from, but it
    is learnt before and on its own (`training.draft`), and a batch brings drafts along.
    """

    reads_system = False

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.start = make_start(config)
        self.reasoner = make_reasoner(config)
        self.totals = make_totals(config)
        # Keys of shipped weights begin with `drafter.`: the attribute keeps that name.
        self.drafter = make_draft_model(config.kind).requires_grad_(False) if config.draft else None

    @property
    def draft_model(self) -> DraftModel | None:
        """What drafts the spectra this model reads; None if it reads none."""
        return self.drafter

    def set_draft_model(self, draft_model: DraftModel | None) -> None:
        """Keep a copy of the draft model whose drafts this model is to read.

        Raises
        ------
        ConfigError
            If the model's settings ask for a draft model and there is none, or the other way round,
            or it drafts another kind of spectrum.
        """
        if (draft_model is None) != (self.drafter is None):
            raise ConfigError(
                "a model that reads drafts needs a draft model, and another cannot use any.",
                remedy="Learn one with `deepdos draft`, and name its file.",
            )
        if draft_model is not None and self.drafter is not None:
            if draft_model.kind != self.config.kind:
                raise ConfigError(
                    f"a draft model for {draft_model.kind} cannot draft {self.config.kind}.",
                    remedy="Springs are for phonons, tight binding is for electrons.",
                )
            self.drafter.load_state_dict(draft_model.state_dict())

    def forward(self, batch: GraphBatch) -> Prediction:
        """Predict every crystal of a batch, keeping all intermediates."""
        encoded = self.encoder(batch)
        sites = batch.pad(encoded.nodes)
        decoded = self.decoder(sites, batch)
        cells = self.start(decoded, sites, batch)
        refined = self.reasoner(cells, decoded, sites)
        states = self.totals(sites, batch.site_weight, batch.draft)
        return Prediction(encoded, decoded, refined, states, self.config.grid.n_bins)

    def total(self, batch: GraphBatch) -> Tensor:
        """Final totals of C crystals as shares of their states, shape (C, B)."""
        prediction: Prediction = self(batch)
        return prediction.density.sum(dim=1)
