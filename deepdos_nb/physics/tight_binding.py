r"""Tight binding: from levels and hoppings to bands, and from bands to the states of every orbital.

Electrons live on orbitals of atoms and hop between them. With hoppings h_ij (10 × 10, eV) and
overlaps s_ij along every pair, the Hamiltonian of wave vector k is::

    H_ij(k) = Σ_images h_ij exp(i k·r_ij) + δ_ij (levels of i + field of its neighbours)
    S_ij(k) = Σ_images s_ij exp(i k·r_ij)
    H′ = (1 − S/2) H (1 − S/2)

Orbitals of neighbours overlap. Löwdin (J. Chem. Phys. 18, 365 (1950)) makes them orthogonal by
(1 + S)^(−½), of which this is the first order: antibonding bands spread more than bonding ones, and
electrons hop by way of third atoms. The eigenvalues are the bands, and ``|c_o|²`` is the share of
orbital o in a state. Bands are filled with the valence electrons, two a band, and energies counted
from the top of the filled ones where there is a gap, from the Fermi level where there is none: no
energy of the reference is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64, Num
from torch import Tensor

from deepdos_nb.core.grids import Kind
from deepdos_nb.core.limits import LARGE
from deepdos_nb.crystal.elements import MAX_NUMBER, has_d_orbitals, valence_electrons
from deepdos_nb.crystal.kpoints import orbital_mesh_length, wave_vectors
from deepdos_nb.crystal.primitive import PrimitiveCell
from deepdos_nb.physics.gaussians import draw_states, gaussian
from deepdos_nb.physics.inversion import RealBasis, real_basis, squared
from deepdos_nb.physics.large_cells import states_of
from deepdos_nb.physics.loewdin import orthogonalised
from deepdos_nb.physics.pairs import PairCell, hermitian, image_sums, pair_cell
from deepdos_nb.physics.slater_koster import MOMENT, ORBITALS, SHELL, couplings

BROADENING = 0.2
"""Standard deviation of the Gaussian every state is drawn as, eV."""

SMEARING = 0.1
"""kT of the Fermi function that finds the Fermi level on a coarse mesh, eV."""

LEAST_GAP = 0.3
"""Gap above which energies count from the valence-band maximum, eV; as in the reference data."""

SAME_LEVEL = 1e-3
"""States this close to the top of the filled ones share it, eV."""


@dataclass(frozen=True)
class OrbitalCell:
    """A primitive cell with its orbitals.

    Parameters
    ----------
    pairs : PairCell
        Its mesh of wave vectors contains Γ, where many bands have their edges.
    orbital : Tensor
        Which of the ten orbitals of each atom there are, as 10 × atom + orbital.
    electrons : int
        Valence electrons.
    """

    pairs: PairCell
    orbital: Int64[Tensor, " orbitals"]
    electrons: int

    @cached_property
    def basis(self) -> RealBasis | None:
        """Functions in which matrices are real, where inversion is a symmetry."""
        if self.pairs.partner is None:
            return None
        return real_basis(self.pairs.partner, self.orbital, (-1) ** torch.tensor(MOMENT))

    @cached_property
    def shell(self) -> Int64[Tensor, " orbitals"]:
        """Shell that each row of the matrices in that basis counts for, see `shell_of`.

        A function of two partners counts for one of them; both own the mean.
        """
        return shell_of(self.orbital if self.basis is None else self.orbital[self.basis.rows])


def shell_of(orbital: Int64[Tensor, " orbitals"]) -> Int64[Tensor, " orbitals"]:
    """3 × atom + momentum of orbitals that are given as 10 × atom + orbital."""
    return 3 * (orbital // ORBITALS) + torch.tensor(MOMENT)[orbital % ORBITALS]


def orbital_cell(cell: PrimitiveCell, thinned: float = 1.0) -> OrbitalCell:
    """Take from a primitive cell what its electrons need.

    Parameters
    ----------
    cell : PrimitiveCell
    thinned : float
        Factor on the `orbital_mesh_length`.
    """
    numbers = np.minimum(cell.graph.numbers, MAX_NUMBER)
    wide = has_d_orbitals()[numbers]
    orbital = np.flatnonzero((np.array(SHELL) != 2) | wide[:, None])
    length = thinned * orbital_mesh_length(len(orbital))
    return OrbitalCell(
        pair_cell(
            cell,
            wave_vectors(cell.lattice, length, centred=True, rotations=cell.rotations),
        ),
        torch.from_numpy(orbital),
        int(valence_electrons()[numbers].sum()),
    )


class Terms(NamedTuple):
    """What a Hamiltonian is made of, in eV where nothing else is said.

    Attributes
    ----------
    levels
        Of the s, p, d and second s shell of every atom.
    hoppings, fields
        What couples the two ends of an edge, and what its sender does to the orbitals of its
        receiver.
    overlaps
        Of the orbitals at the two ends, without a unit.
    """

    levels: Float[Tensor, "atoms shells"]
    hoppings: Float[Tensor, "edges channels"]
    fields: Float[Tensor, "edges channels"]
    overlaps: Float[Tensor, "edges channels"]

    def double(self) -> Terms:
        """The same in double precision."""
        return Terms(*(t.double() for t in self))

    def split(self, cells: Sequence[PairCell]) -> list[Terms]:
        """Of cells that were joined, each its own."""
        atoms, edges = [len(c.numbers) for c in cells], [len(c.receiver) for c in cells]
        bonds = (t.split(edges) for t in (self.hoppings, self.fields, self.overlaps))
        return [Terms(*t) for t in zip(self.levels.split(atoms), *bonds, strict=True)]


def hamiltonians(
    terms: Terms,
    cell: OrbitalCell,
    k: Float[Tensor, "points 3"],
    precision: torch.dtype | None = None,
    basis: RealBasis | None = None,
) -> Num[Tensor, "points orbitals orbitals"]:
    """H′(k) in eV, Hermitian; real and symmetric in the functions of a `basis`.

    Parameters
    ----------
    terms : Terms
    cell : OrbitalCell
    k : Tensor
        Å⁻¹.
    precision : torch.dtype, optional
        That of real numbers; without it that of `terms`.
    basis : RealBasis, optional
        Of the cell.
    """
    rows = columns = cell.orbital
    if basis is not None:
        rows, columns = rows[basis.enough], columns[basis.rows]
    hop, own, overlap = (
        blocks.to(precision or terms.levels.dtype) for blocks in orbital_blocks(terms, cell.pairs)
    )
    between, overlapping = image_sums(torch.stack([hop, overlap]), cell.pairs, k, rows, columns)
    onsite = torch.block_diag(*own)[rows[:, None], columns]
    hopping = torch.stack([between[0] + onsite, between[1]])
    whole = hermitian if basis is None else basis.real
    return orthogonalised(whole(hopping), whole(overlapping))


class Blocks(NamedTuple):
    """Terms as matrices, with levels and fields of an atom in one."""

    hop: Float[Tensor, "edges 10 10"]
    own: Float[Tensor, "atoms 10 10"]
    overlap: Float[Tensor, "edges 10 10"]


def orbital_blocks(terms: Terms, pairs: PairCell) -> Blocks:
    """Matrix elements and overlaps between the ends of every edge, and those within every atom."""
    n, real = len(pairs.numbers), terms.levels.dtype
    unit = torch.nn.functional.normalize(pairs.vector, dim=-1).to(real)
    strengths = torch.stack([terms.hoppings, terms.fields, terms.overlaps])
    hop, field, overlap = couplings(strengths, unit)
    own = torch.zeros(n, ORBITALS, ORBITALS, dtype=real).index_add(0, pairs.receiver, field)
    return Blocks(hop, own + torch.diag_embed(terms.levels[:, list(SHELL)]), overlap)


class Occupation(NamedTuple):
    """Where the electrons end.

    zero
        Valence-band maximum or Fermi level, eV.
    slope
        How it moves with every eigenvalue; sums to one.
    gap
        On the mesh, eV; zero where bands overlap or are half filled.
    """

    zero: Float[Tensor, ""]
    slope: Float[Tensor, "points orbitals"]
    gap: float


def fermi_level(
    energies: Float[Tensor, "points orbitals"],
    weight: Float[Tensor, " points"],
    electrons: int,
    *,
    gapped: bool | None = None,
) -> Occupation:
    """Fill bands with electrons.

    Parameters
    ----------
    energies : Tensor
        Eigenvalues, ascending, eV.
    weight : Tensor
    electrons : int
        Per cell; two fill a band.
    gapped : bool, optional
        Count from the valence-band maximum, or from the Fermi level, whatever the gap.
    """
    filled, odd = divmod(electrons, 2)
    whole = not odd and 0 < filled <= energies.shape[1]
    gap = 0.0
    if whole and filled == energies.shape[1]:
        gap = float("inf")
    elif whole:
        gap = max(0.0, float(energies[:, filled].min() - energies[:, filled - 1].max()))
    if whole and (gap > LEAST_GAP if gapped is None else gapped):
        zero = energies[:, filled - 1].max()
        top = energies > zero - SAME_LEVEL
        top[:, filled:] = False
        slope = top.to(energies.dtype)
    else:
        zero = _fermi_level(energies, weight, electrons)
        occupied = torch.sigmoid((zero - energies) / SMEARING)
        slope = weight[:, None] * occupied * (1.0 - occupied)
    return Occupation(zero, slope / slope.sum().clamp_min(1e-12), gap)


def _fermi_level(energies: Tensor, weight: Tensor, electrons: int) -> Tensor:
    below, above = energies.min() - 5.0, energies.max() + 5.0
    for _ in range(50):
        middle = (below + above) / 2
        held = 2.0 * (weight[:, None] * torch.sigmoid((middle - energies) / SMEARING)).sum()
        below = torch.where(held < electrons, middle, below)
        above = torch.where(held < electrons, above, middle)
    return (below + above) / 2


class OrbitalDensity(torch.autograd.Function):
    r"""States of every orbital on the grid, with a slope that degenerate bands do not spoil.

    The density of orbital o at energy E is the diagonal of a function of the matrix,
    2 Σ_k w_k g(E − H_k)_oo. The slope of a matrix function (Daleckii and Krein, 1965) has divided
    differences of g where the slope of single eigenvectors would have 1 / (E_n − E_m): between
    equal eigenvalues they become the derivative of g. Weighed by the slopes G of a loss, the sum
    over energies is done first, t_on = Σ_E G_oE g(E − E_n), so that one matrix is left for each k.
    """

    @staticmethod
    def forward(
        ctx: Any,
        matrices: Num[Tensor, "points orbitals orbitals"],
        weight: Float[Tensor, " points"],
        electrons: int,
        grid: Float[Tensor, " bins"],
        broadening: float,
        gapped: bool | None,
    ) -> Float[Tensor, "orbitals bins"]:
        """Density of every orbital in states/eV; `grid` are energies in eV."""
        energies, vectors = torch.linalg.eigh(matrices)
        filling = fermi_level(energies, weight, electrons, gapped=gapped)
        offset = (grid + filling.zero - energies[:, :, None]) / broadening
        drawn = gaussian(offset, broadening)
        share = squared(vectors)
        ctx.save_for_backward(energies, vectors, weight, offset, drawn, filling.slope)
        ctx.broadening = broadening
        weighed = (2.0 * weight[:, None, None] * share).transpose(0, 1).flatten(1)
        return weighed @ drawn.flatten(0, 1)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        """Slope of a loss with respect to the matrices, Hermitian."""
        (loss,) = slopes
        energies, vectors, weight, offset, drawn, zero_slope = ctx.saved_tensors
        steep = offset / ctx.broadening * drawn  # ∂g/∂E_n
        value = torch.einsum("ob,knb->kon", loss, drawn)
        derivative = torch.einsum("ob,knb->kon", loss, steep)
        product = vectors.mH @ (vectors * value)
        apart = energies[:, :, None] - energies[:, None, :]
        near = apart.abs() < 1e-4
        equal = vectors.mH @ (vectors * derivative)
        inner = torch.where(
            near,
            (equal + equal.mH) / 2,
            (product.mH - product) / torch.where(near, torch.ones_like(apart), apart),
        )
        inner = 2.0 * weight[:, None, None] * inner
        # All energies move against the zero, which moves with the states that define it.
        share = squared(vectors)
        shift = -2.0 * (weight[:, None, None] * derivative * share).sum()
        inner = inner + torch.diag_embed((shift * zero_slope).to(inner.dtype))
        return vectors @ inner @ vectors.mH, None, None, None, None, None


def site_states(
    terms: Terms,
    cell: OrbitalCell,
    *,
    broadening: float = BROADENING,
    gapped: bool | None = None,
) -> Float[Tensor, "atoms 3 bins"]:
    """States of the s, p and d shells of every atom in each bin of the window.

    Parameters
    ----------
    terms : Terms
    cell : OrbitalCell
    broadening : float
        Standard deviation of the Gaussian every state is drawn as, eV.
    gapped : bool, optional
        See `fermi_level`.
    """
    if any(t.requires_grad for t in terms):
        table = _with_slopes(terms, cell, broadening, gapped)
    elif len(cell.orbital) > LARGE:
        table = _one_by_one(terms, cell, broadening, gapped)
    else:
        table = _at_once(terms, cell, broadening, gapped)
    rows = Kind.edos.grid.step * table.unflatten(0, (len(cell.pairs.numbers), 3))
    return cell.pairs.over_orbits(cell.pairs.over_partners(rows))


def _with_slopes(
    terms: Terms, cell: OrbitalCell, broadening: float, gapped: bool | None
) -> Float[Tensor, "shells bins"]:
    """States/eV of every shell, by the way that a model learns from."""
    grid, real = Kind.edos.grid, terms.levels.dtype
    rows = OrbitalDensity.apply(
        hamiltonians(terms, cell, cell.pairs.q, basis=cell.basis),
        cell.pairs.weight.to(real),
        cell.electrons,
        torch.from_numpy(grid.energies).to(real),
        broadening,
        gapped,
    )
    table = rows.new_zeros(3 * len(cell.pairs.numbers), grid.n_bins)
    return table.index_add(0, cell.shell, rows)


def _at_once(
    terms: Terms, cell: OrbitalCell, broadening: float, gapped: bool | None
) -> Float[Tensor, "shells bins"]:
    """The same without slopes, in half the time: single precision moves curves by 10⁻⁵."""
    weight = cell.pairs.weight
    energies, vectors = torch.linalg.eigh(
        hamiltonians(terms, cell, cell.pairs.q, torch.float32, cell.basis)
    )
    energies = energies.double()
    zero = fermi_level(energies, weight, cell.electrons, gapped=gapped).zero
    share = squared(vectors)
    owned = share.new_zeros(len(share), 3 * len(cell.pairs.numbers), share.shape[2])
    owned = owned.index_add_(1, cell.shell, share).double().mul_(2.0 * weight[:, None, None])
    rows = owned.transpose(1, 2).flatten(0, 1)
    return draw_states((energies - zero).flatten(), rows, Kind.edos, broadening).T


def _one_by_one(
    terms: Terms, cell: OrbitalCell, broadening: float, gapped: bool | None
) -> Float[Tensor, "shells bins"]:
    """The same for large cells, whose matrices would fill the memory."""
    weight = cell.pairs.weight.to(terms.levels.dtype)
    hop, own, overlap = orbital_blocks(terms, cell.pairs)
    states = list(states_of(cell.pairs, hop, own, cell.orbital, shell_of(cell.orbital), overlap))
    energies = torch.stack([values for values, _ in states])
    zero = fermi_level(energies, weight, cell.electrons, gapped=gapped).zero
    table = terms.levels.new_zeros(3 * len(cell.pairs.numbers), Kind.edos.grid.n_bins)
    for w, (values, shares) in zip(weight, states, strict=True):
        rows = (2.0 * w).to(shares) * shares.T
        table[: len(shares)] += draw_states(values - zero, rows, Kind.edos, broadening).T
    return table


def bands(
    terms: Terms, cell: OrbitalCell, k: Float[Tensor, "points 3"]
) -> Float[Tensor, "points orbitals"]:
    """Eigenvalues at wave vectors `k`, Å⁻¹, in eV, ascending, not shifted."""
    return torch.linalg.eigvalsh(hamiltonians(terms, cell, k))
