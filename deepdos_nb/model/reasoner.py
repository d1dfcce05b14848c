"""The whole model: encoder → decoder → transport, and the total that scales the shape.

    atoms ──encoder──► site embeddings ──decoder──► p₀[site, bin] ──transport──► p_K[site, bin]
      │                       └──────────────│─────totals─────► states per cell
      └──springs──► draft of p[site, bin] ───┘

Absolute site density = p_K × states / bin width.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from deepdos_nb.errors import ConfigError
from deepdos_nb.model.batch import GraphBatch
from deepdos_nb.model.config import ModelConfig
from deepdos_nb.model.decoder import Decoded, Decoder
from deepdos_nb.model.encoder import Encoded, Encoder
from deepdos_nb.model.springs import SpringNetwork
from deepdos_nb.model.totals import make_totals
from deepdos_nb.model.transport import Refined, make_reasoner


class Prediction(NamedTuple):
    """Everything one forward pass computed, for C crystals.

    states : (C,), states per cell inside and beyond the window
    """

    encoded: Encoded
    decoded: Decoded
    refined: Refined
    states: Tensor

    @property
    def density(self) -> Tensor:
        """Final shares of states, shape (C, S, B)."""
        return self.refined.density[-1]

    @property
    def outside(self) -> Tensor:
        """Shares of states beyond the window, shape (C, S)."""
        return self.decoded.outside


class Reasoner(nn.Module):
    """Structure to site-resolved density of states.

    `springs` travel with the model, because its drafts must be theirs, but they are learnt before
    and on their own (`spring_training`), and a batch brings their drafts along.
    """

    def __init__(self, config: ModelConfig):
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.reasoner = make_reasoner(config)
        self.totals = make_totals(config)
        self.springs = SpringNetwork().requires_grad_(False) if config.springs else None

    def take_springs(self, springs: SpringNetwork | None) -> None:
        """Keep a copy of the springs whose drafts this model is to read.

        Raises
        ------
        ConfigError
            If the model's settings ask for springs and there are none, or the other way round.
        """
        if (springs is None) != (self.springs is None):
            raise ConfigError(
                "a model with springs needs some, and one without cannot use any.",
                remedy="Learn them first with `deepdos springs`, and name their file.",
            )
        if springs is not None and self.springs is not None:
            self.springs.load_state_dict(springs.state_dict())

    def forward(self, batch: GraphBatch) -> Prediction:
        """Predict every crystal of a batch, keeping all intermediates."""
        encoded = self.encoder(batch)
        decoded = self.decoder(encoded.nodes, batch)
        refined = self.reasoner(decoded)
        states = self.totals(batch.pad(encoded.nodes), batch.site_weight)
        return Prediction(encoded, decoded, refined, states)
