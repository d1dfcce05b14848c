"""Every number that shapes a model, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind, OfKind
from deepdos_nb.core.settings import Settings

MOST = {
    "width": 2048,
    "heads": 256,
    "encoder_layers": 64,
    "decoder_layers": 64,
    "moments": 1024,
    "radial": 1024,
    "reasoner_width": 2048,
}
"""Far above anything sensible: settings come from files, and a model must fit into memory."""

Refiner = Literal["transport", "remap", "factor", "softmax", "none"]


@dataclass(frozen=True)
class ModelConfig(OfKind, Settings):
    """Architecture of one `Reasoner`.

    Parameters
    ----------
    kind : {"phdos", "edos"}
        Fixes the grid, the partition of states among sites and the source of the total.
    width : int
        Length of atom, bin and crystal embeddings.
    heads : int
        Attention heads in encoder and decoder.
    encoder_layers, decoder_layers : int
    moments : int
        Channels of the angular moments (l = 0, 1, 2) in each encoder layer; zero leaves the
        encoder with distances only.
    radial : int
        Gaussian radial basis functions.
    dropout : float
    draft : bool
        Stage 0: a draft of the spectrum, by force constants (`ForceConstantNetwork`) for phonons,
        by tight binding (`HoppingNetwork`) for electrons. Attention is grounded in it, and Stage II
        starts from it. Without one, Stage II starts from the decoder's own density.
    grounded : bool
        Source attention starts from the draft's shares, where there is a draft.
    refiner : {"transport", "remap", "factor", "softmax", "none"}
        Stage II: the conserving transport by donor cells or by moving cell faces, its controls of
        equal size, or nothing.
    strides : tuple of int
        Reach of each transport step in cells; its length is the number of steps K.
    correction : bool
        Where a draft was moved, a last step multiplies sites and bins by a factor of the decoder.
    reasoner_width : int
        Width of the velocity network.
    states_from_draft : bool
        Electrons: the number of states in the window is what the draft holds there, times a factor
        for each site. Without it, or without a draft, each site's number is learnt from nothing.
    """

    kind: Kind = Kind.phdos
    width: int = 96
    heads: int = 6
    encoder_layers: int = 3
    decoder_layers: int = 2
    moments: int = 16
    radial: int = 24
    dropout: float = 0.1
    draft: bool = False
    grounded: bool = True
    refiner: Refiner = "transport"
    strides: tuple[int, ...] = (4, 2, 1)
    correction: bool = False
    reasoner_width: int = 48
    states_from_draft: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        # JSON knows no tuples.
        object.__setattr__(self, "strides", tuple(self.strides))
        for name, most in MOST.items():
            value, least = getattr(self, name), 0 if name == "moments" else 1
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise ConfigError(f"{name} must be a whole number from {least} to {most}.")
        if self.width % self.heads:
            raise ConfigError(f"width {self.width} is no multiple of {self.heads} heads.")
        if self.refiner not in get_args(Refiner):
            raise ConfigError(
                f"unknown refiner {self.refiner!r}.",
                remedy=f"Use one of {', '.join(get_args(Refiner))}.",
            )
        if not 0 <= self.dropout < 1:
            raise ConfigError(f"dropout {self.dropout} must lie between 0 and 1.")
        if len(self.strides) > MOST["encoder_layers"] or any(
            not 1 <= s < self.grid.n_bins for s in self.strides
        ):
            raise ConfigError("strides, few of them, must lie between 1 and the number of bins.")

    @property
    def fixed_modes(self) -> bool:
        """Whether every site owns the same, known number of states (phonons)."""
        return self.kind.fixed_modes

    @property
    def counts_draft(self) -> bool:
        """Whether the number of states follows the draft's."""
        return self.draft and self.states_from_draft and not self.fixed_modes

    @property
    def corrects(self) -> bool:
        """Whether Stage II ends with a correction."""
        return self.draft and self.correction and self.refiner != "none"

    @property
    def extra_cells(self) -> int:
        """Cells beyond the window that states can move to: one for phonons."""
        return int(self.fixed_modes)

    @classmethod
    def standard(cls, kind: Kind, **changes: Any) -> ModelConfig:
        """Our model with everything it has, as shipped; `changes` are other settings."""
        standard: dict[str, Any] = {"kind": kind, "draft": True}
        if kind == Kind.edos:
            standard |= {"strides": (8, 4, 2, 8, 4, 2), "correction": True}
            standard["states_from_draft"] = True
        return cls(**standard | changes)
