"""States drawn as Gaussians: each by itself, or many at once without an exponential for each."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from deepdos_nb.core.grids import Kind

FINE = 8
"""Points of the finer mesh for one bin."""

REACH = 12.0
"""Standard deviations beyond the window from which states are still seen in it.

Far more than a spectrum needs: in a gap, what is left of the Gaussians says whose states are near.
"""


def gaussian(offset: Tensor, width: float) -> Tensor:
    """Normalised Gaussian of this standard deviation, `offset` standard deviations from it."""
    return torch.exp(-0.5 * offset.square()) / (width * (2 * math.pi) ** 0.5)


def draw_states(
    energies: Float64[Tensor, " states"],
    rows: Float[Tensor, "states columns"],
    kind: Kind,
    broadening: float,
) -> Float64[Tensor, "bins columns"]:
    """Sum of every row times a normalised Gaussian around its energy, on the grid.

    A Gaussian between two points of a finer mesh is the cubic through its values at four of them.
    Turned round, every state is first shared out among four points, and one product of matrices
    then draws all points. The error is below 10⁻⁶ of a Gaussian's height where the mesh is a
    twentieth as wide as the Gaussian, and falls with the fourth power of that.

    Parameters
    ----------
    energies : Tensor
        In the unit of the grid.
    rows : Tensor
    kind : {"phdos", "edos"}
        Whose grid.
    broadening : float
        Standard deviation, in the unit of the grid.
    """
    points, table = _gaussians(kind, broadening)
    step = points[1] - points[0]
    place = (energies - points[0]) / step
    seen = (place >= 1.0) & (place < len(points) - 2.0)
    place, rows = place[seen], rows[seen]
    low = place.floor()
    x = place - low
    shares = (
        -x * (x - 1) * (x - 2) / 6,
        (x + 1) * (x - 1) * (x - 2) / 2,
        -(x + 1) * x * (x - 2) / 2,
        (x + 1) * x * (x - 1) / 6,
    )
    held = rows.new_zeros(len(points), rows.shape[1])
    for offset, share in zip((-1, 0, 1, 2), shares, strict=True):
        held.index_add_(0, low.long() + offset, share.to(rows)[:, None] * rows)
    return table @ held.double()


@lru_cache(maxsize=4)
def _gaussians(
    kind: Kind, broadening: float
) -> tuple[Float64[Tensor, " points"], Float64[Tensor, "bins points"]]:
    """The finer mesh, and a Gaussian around each of its points on the grid."""
    grid = kind.grid
    edge = REACH * broadening
    count = round((grid.stop - grid.start + 2 * edge) / grid.step * FINE)
    points = torch.linspace(grid.start - edge, grid.stop + edge, count, dtype=torch.float64)
    offset = (torch.from_numpy(grid.energies)[:, None] - points) / broadening
    return points, gaussian(offset, broadening)
