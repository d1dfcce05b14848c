"""Weights in a folder, or those of the package, made an ensemble."""

from __future__ import annotations

from dataclasses import fields
from importlib import resources
from math import isfinite
from pathlib import Path

from deepdos_nb.core.collecting import without_collecting
from deepdos_nb.core.errors import WeightsError
from deepdos_nb.core.grids import grid_for
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.model.weights import load_weights
from deepdos_nb.spectra.error_band import ErrorBand

SCORES = "scores.json"
"""Scores of packed weights, beside them."""


@without_collecting()
def load_model(
    kind: str = "phdos", *, folder: str | Path | None = None, device: str | None = None
) -> Ensemble:
    """Load an ensemble; without `folder`, the weights shipped inside the package.

    Parameters
    ----------
    kind : {"phdos", "edos"}
    folder : path, optional
        A folder of ``*.safetensors`` files, one for each seed.
    device : str, optional

    Raises
    ------
    ConfigError
        If `kind` is unknown.
    WeightsError
        If there are no such weights, or they or their scores cannot be read.
    """
    grid = grid_for(kind)
    if folder is None:
        shipped = resources.files("deepdos_nb").joinpath("weights", grid.kind)
        folder, remedy = Path(str(shipped)), "Install the package again: its files are missing."
    else:
        folder, remedy = Path(folder), "Train some with `deepdos train`, or name another folder."
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise WeightsError(f"no weights for {grid.kind!r}.", source=str(folder), remedy=remedy)
    models, metadata = zip(*(load_weights(f) for f in files), strict=True)
    if any(m.config.kind != grid.kind for m in models):
        raise WeightsError(
            f"weights of another kind than {grid.kind!r}.",
            source=str(folder),
            remedy=f"Ask for {models[0].config.kind!r}, or name another folder.",
        )
    return Ensemble(models, metadata, device, _error_band(folder / SCORES))


def _error_band(path: Path) -> ErrorBand | None:
    """What `model_card.score` found on the validation part; None for weights never scored."""
    if not path.exists():
        return None
    try:
        valid = parse_json(path.read_text("utf-8"))["valid"]
        found = {
            f.name: valid[f"band_{f.name}"] for f in fields(ErrorBand) if f"band_{f.name}" in valid
        }
        # Scores of one seed have no band, those of older versions no outer one.
        if not {"spread", "near", "wide"} <= found.keys():
            return None
        numbers = {name: float(value) for name, value in found.items()}
        if not all(map(isfinite, numbers.values())):
            raise ValueError("a number is not finite")
        return ErrorBand(**numbers)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise WeightsError(
            f"the scores cannot be read ({error}).",
            source=str(path),
            remedy="Write them again with `deepdos pack`, or delete the file.",
        ) from error
