"""What a training leaves: a model, its history, and how it came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from deepdos_nb.data.training_sets import TrainingData
from deepdos_nb.evaluation.model_card import describe
from deepdos_nb.evaluation.scoring import score_totals
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.plots.training import training_figure
from deepdos_nb.training.history import Row

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Training:
    """A finished training, as `dd.train` returns it.

    Attributes
    ----------
    model : Ensemble
        The best epoch of every seed, ready to predict. With several seeds it has an error band,
        fitted to the validation part.
    data : TrainingData
        Training, validation and test records.
    folder : Path
        Runs, and `weights/`, which ``dd.load_model(kind, folder=...)`` takes; another call in the
        same folder puts the weights of its own seeds there.
    histories : list
        One list of rows a seed.
    seconds : float
        That this call took; little where it found a finished training.
    device : str
    before : mapping or None
        Validation scores of the weights it started from.
    """

    model: Ensemble
    data: TrainingData
    folder: Path
    histories: list[list[Row]] = field(repr=False)
    seconds: float
    device: str
    before: Mapping[str, float] | None = None

    @property
    def weights(self) -> Path:
        """Folder that `load_model` takes."""
        return self.folder / "weights"

    @property
    def history(self) -> pd.DataFrame:
        """Losses and scores, one row for each seed and epoch."""
        import pandas as pd

        rows = [{"seed": seed} | row for seed, rows in enumerate(self.histories) for row in rows]
        return pd.DataFrame(rows).astype({"seed": int, "epoch": int, "step": int})

    def plot(self, *, dark: bool | None = None) -> Figure:
        """Curves of all seeds."""
        return training_figure(
            self.histories, self.data.kind, before=self.before, title=self._words(), dark=dark
        )

    def test(self) -> dict[str, float]:
        """Scores on the test part, which had no say in the training; look once."""
        return score_totals(self.model, self.data.test)

    def card(self) -> Path:
        """Write scores and a model card beside the weights; returns the card's path."""
        return describe(self.weights, self.data, "dd.train(...)")

    def _words(self) -> str:
        seeds = f"{len(self.histories)} seeds, " if len(self.histories) > 1 else ""
        return f"{seeds}{self.seconds:.0f} s on {self.device}"

    def __repr__(self) -> str:
        best = min(row["valid/mse_max"] for rows in self.histories for row in rows)
        return (
            f"Training({self.data.kind}: {len(self.data.train)} crystals, "
            f"{len(self.data.valid)} to validate, {len(self.data.test)} to test; {self._words()}; "
            f"best validation MSE {best:.4f}; weights in {self.weights})"
        )
