r"""How s, p and d orbitals of two atoms couple (Slater and Koster, Phys. Rev. 94, 1498 (1954)).

Only orbitals with the same angular momentum m about the bond couple, with one number for every
pair of shells and every ``|m|`` = 0 (σ), 1 (π), 2 (δ). With the direction u from the first atom
to the second, D_k(u) the five d harmonics and P_ak(u) = ∂_a D_k(u) / √3 their slope across the
bond, the tables of that paper are, as matrices::

    pp = σ u uᵀ + π (1 − u uᵀ),   pd = σ u Dᵀ + π P,   dd = σ D Dᵀ + π PᵀP + δ (1 − D Dᵀ − PᵀP).
"""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from deepdos_nb.crystal.harmonics import real_harmonics

# fmt: off
CHANNELS = (
    "ssσ", "spσ", "psσ", "sdσ", "dsσ",
    "ppσ", "ppπ", "pdσ", "pdπ", "dpσ", "dpπ",
    "ddσ", "ddπ", "ddδ",
    "tsσ", "stσ", "ttσ", "tpσ", "ptσ", "tdσ", "dtσ",
)
# fmt: on
"""Pairs of shells, the first atom's first, and the symmetry about the bond."""

REVERSED = tuple(CHANNELS.index(c[1] + c[0] + c[2]) for c in CHANNELS)
"""Where each channel goes when the bond is looked at from its other end."""

SHELLS = ("s", "p", "d", "s*")
"""Shells of an atom; s* is the next s shell, empty in the free atom. Channels call it t."""

ANGULAR = (0, 1, 2, 0)
"""Angular momentum of each of them."""

ORBITALS = 10
"""s, three p, five d, and a second s."""

SHELL = (0, 1, 1, 1, 2, 2, 2, 2, 2, 3)
"""Which of the shells each of them belongs to."""

MOMENT = tuple(ANGULAR[shell] for shell in SHELL)
"""Angular momentum of each of them: states of s* are s states."""


def d_harmonics(
    u: Float[Tensor, "edges 3"],
) -> tuple[Float[Tensor, "edges 5"], Float[Tensor, "edges 3 5"]]:
    """D(u), with Σ D² = 1 for unit vectors u, and P(u).

    Order and norm are those of `batch.real_harmonics`.
    """
    x, y, z = u.unbind(-1)
    harmonics = torch.from_numpy(real_harmonics(u.numpy())[..., 4:])
    root3, none = 3.0**0.5, torch.zeros_like(x)
    rows = [
        [root3 * y, none, -x, root3 * z, root3 * x],
        [root3 * x, root3 * z, -y, none, -root3 * y],
        [none, root3 * y, 2 * z, root3 * x, none],
    ]
    slope = torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)
    along = (u[..., None] * slope).sum(dim=-2, keepdim=True)
    return harmonics, (slope - u[..., None] * along) / root3


def couplings(
    strength: Float[Tensor, "*kinds edges channels"], u: Float[Tensor, "edges 3"]
) -> Float[Tensor, "*kinds edges 10 10"]:
    """Matrix elements between the orbitals of two atoms.

    Parameters
    ----------
    strength : Tensor
        Of `CHANNELS`; several kinds along the same bonds stand before the edges.
    u : Tensor
        Unit vectors from the first atom to the second.

    Returns
    -------
    Tensor
        Rows are orbitals of the first atom, in the order s, p (x, y, z), d, s*. Harmonics are even
        or odd: seen from the other end, with `REVERSED` strengths and the sign (−1)^(l + l′), the
        matrix is the transposed one.
    """
    v = dict(zip(CHANNELS, strength[..., None, None].unbind(-3), strict=True))
    d, p = d_harmonics(u)
    row, column = u[:, None, :], u[:, :, None]
    ud, dd, pp = column * d[:, None, :], d[:, :, None] * d[:, None, :], p.transpose(1, 2) @ p
    one3, one5 = torch.eye(3, dtype=u.dtype), torch.eye(5, dtype=u.dtype)
    s = [v["ssσ"], v["spσ"] * row, v["sdσ"] * d[:, None, :], v["stσ"]]
    second = [v["tsσ"], v["tpσ"] * row, v["tdσ"] * d[:, None, :], v["ttσ"]]
    p_rows = [
        v["psσ"] * column,
        v["ppσ"] * column * row + v["ppπ"] * (one3 - column * row),
        v["pdσ"] * ud + v["pdπ"] * p,
        v["ptσ"] * column,
    ]
    d_rows = [
        v["dsσ"] * d[:, :, None],
        v["dpσ"] * ud.transpose(1, 2) + v["dpπ"] * p.transpose(1, 2),
        v["ddσ"] * dd + v["ddπ"] * pp + v["ddδ"] * (one5 - dd - pp),
        v["dtσ"] * d[:, :, None],
    ]
    return torch.cat([torch.cat(part, dim=-1) for part in (s, p_rows, d_rows, second)], dim=-2)
