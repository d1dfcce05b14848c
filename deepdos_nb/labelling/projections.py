"""To which atom and angular momentum a state belongs: its parts inside the PAW spheres.

They are divided by their sum, so that they add up to the total state by state. What lies between
the spheres is thereby attributed in proportion to what lies inside them: a convention.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from deepdos_nb.core.arrays import Array

ANGULAR = "spdf"


def channels(calculator: Any, orbits: Array) -> Array:
    """Share of every state in each orbit and angular momentum.

    Parameters
    ----------
    calculator : gpaw.GPAW
        Finished calculation.
    orbits : ndarray of int, shape (n_atoms,)
        Symmetry orbit of each atom.

    Returns
    -------
    ndarray, shape (n_spins, n_kpoints, n_bands, n_orbits * 4)
        Sums to one over the last axis; angular momenta vary fastest.
    """
    points, bands = calculator.wfs.kd, calculator.wfs.bd.nbands
    overlaps = [_sphere_overlaps(setup) for setup in calculator.setups]
    n_orbits = int(orbits.max()) + 1
    inside = np.zeros((points.nspins, points.nibzkpts, bands, n_orbits, len(ANGULAR)))
    for u in calculator.wfs.kpt_u:
        for a, orbit in enumerate(orbits):
            projections = np.asarray(u.projections[a])
            for angular, index, overlap in overlaps[a]:
                # index: partial waves × magnetic quantum numbers
                p = projections[:, index]
                share = np.einsum("njm,jk,nkm->n", p.conj(), overlap, p, optimize=True).real
                inside[u.s, u.k, :, orbit, angular] += np.clip(share, 0.0, None)
    flat = inside.reshape(*inside.shape[:3], -1)
    total = flat.sum(axis=-1, keepdims=True)
    even = np.repeat(np.bincount(orbits) / len(orbits) / len(ANGULAR), len(ANGULAR))
    # A state with nothing inside any sphere belongs to every atom alike.
    return np.where(total > 1e-9, flat / np.maximum(total, 1e-9), even)


def _sphere_overlaps(setup: Any) -> list[tuple[int, Array, Array]]:
    """For each angular momentum: projector indices and ∫ φ_j φ_k r² dr within the PAW sphere."""
    radial = setup.rgd.r_g
    starts = np.cumsum([0, *[2 * momentum + 1 for momentum in setup.l_j]])
    result = []
    for angular in range(len(ANGULAR)):
        waves = [j for j, momentum in enumerate(setup.l_j) if momentum == angular]
        if not waves:
            continue
        inside = radial < max(setup.data.rcut_j)
        phi = np.array([np.asarray(setup.data.phi_jg[j])[: len(radial)] for j in waves])
        measure = np.where(inside, radial**2 * setup.rgd.dr_g, 0.0)
        index = np.array([np.arange(starts[j], starts[j + 1]) for j in waves])
        result.append((angular, index, np.einsum("jg,kg,g->jk", phi, phi, measure)))
    return result
