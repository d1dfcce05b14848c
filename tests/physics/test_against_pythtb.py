"""The bands of pythtb, from the same levels, hoppings and fields and the published table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pythtb
import torch
from crystals import crystals, mgo, rutile, triclinic
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lattice_places import places, translations
from slater_koster_table import slater_koster

from deepdos_nb.core.arrays import Array
from deepdos_nb.crystal.graph import build_graph
from deepdos_nb.crystal.primitive import primitive_cell
from deepdos_nb.physics.hoppings import HoppingNetwork
from deepdos_nb.physics.slater_koster import CHANNELS, ORBITALS, SHELL
from deepdos_nb.physics.tight_binding import OrbitalCell, Terms, bands, orbital_cell

BONDS = 20
"""About as many are kept, the shortest: pythtb looks through its hoppings whenever one is added."""


def nearest(cell: OrbitalCell) -> OrbitalCell:
    """The same with its shortest bonds; both directions of a bond stay or go."""
    length = cell.pairs.vector.norm(dim=-1)
    kept = length < length.sort().values[: 2 * BONDS][-1] + 1e-4
    edges = ("receiver", "sender", "vector", "envelope")
    pairs = replace(cell.pairs, **{name: getattr(cell.pairs, name)[kept] for name in edges})
    return replace(cell, pairs=pairs)


def blocks(strengths: torch.Tensor, cell: OrbitalCell) -> Array:
    """Matrix of every bond by the published table, shape (E, 10, 10)."""
    directions = torch.nn.functional.normalize(cell.pairs.vector, dim=-1).numpy()
    rows = (dict(zip(CHANNELS, row, strict=True)) for row in strengths.tolist())
    return np.stack([slater_koster(u, row) for u, row in zip(directions, rows, strict=True)])


def pythtb_model(
    terms: Terms, cell: OrbitalCell, lattice: Array, fractional: Array, images: Array
) -> pythtb.tb_model:
    """The same Hamiltonian, orbital by orbital."""
    orbital = cell.orbital.tolist()
    model = pythtb.tb_model(3, 3, lattice, [fractional[o // ORBITALS] for o in orbital])
    here = {o: place for place, o in enumerate(orbital)}
    receivers, senders = cell.pairs.receiver.tolist(), cell.pairs.sender.tolist()
    own = np.stack([np.diag(row) for row in terms.levels.numpy()[:, list(SHELL)]])
    for i, field in zip(receivers, blocks(terms.fields, cell), strict=True):
        own[i] += field
    for a in orbital:
        model.set_onsite(own[a // ORBITALS, a % ORBITALS, a % ORBITALS], here[a])
        for b in orbital:
            if a < b and a // ORBITALS == b // ORBITALS:
                coupling = own[a // ORBITALS, a % ORBITALS, b % ORBITALS]
                model.set_hop(coupling, here[a], here[b], [0, 0, 0])
    hops = blocks(terms.hoppings, cell)
    for i, j, image, hop in zip(receivers, senders, images.tolist(), hops, strict=True):
        # pythtb adds the other direction of a bond by itself.
        if (i, j, image) < (j, i, [-x for x in image]):
            for a in range(ORBITALS):
                for b in range(ORBITALS):
                    first, second = here.get(i * ORBITALS + a), here.get(j * ORBITALS + b)
                    if first is not None and second is not None and hop[a, b]:
                        model.set_hop(hop[a, b], first, second, image)
    return model


@settings(max_examples=4)
@example(structure=mgo(), seed=0)
@example(structure=rutile(), seed=1)
@example(structure=triclinic(), seed=2)
@given(structure=crystals(), seed=st.integers(0, 99))
def test_the_bands_are_those_of_pythtb(structure, seed):
    primitive = primitive_cell(structure, build_graph(structure))
    cell = nearest(orbital_cell(primitive))
    torch.manual_seed(seed)
    with torch.no_grad():
        terms = HoppingNetwork()(cell.pairs).double()
    # pythtb's orbitals are orthogonal; overlaps have a test of their own.
    terms = terms._replace(overlaps=torch.zeros_like(terms.overlaps))
    fractional = places(structure, primitive)
    images = translations(fractional, primitive, cell.pairs)
    model = pythtb_model(terms, cell, primitive.lattice, fractional, images)
    k = np.random.default_rng(seed).uniform(-1, 1, (5, 3))
    k[0] = 0
    cartesian = 2 * np.pi * k @ np.linalg.inv(primitive.lattice).T
    found = bands(terms, cell, torch.from_numpy(cartesian)).numpy()
    np.testing.assert_allclose(found, model.solve_all(k).T, atol=1e-6)
