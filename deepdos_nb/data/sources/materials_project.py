"""Electronic densities of states of the Materials Project (VASP, PBE), CC BY 4.0.

They are downloaded with the project's own client (``pip install "deepdos-nb[mp]"``) and a key of
yours in the environment variable ``MP_API_KEY``, one file for each material, so that an interrupted
download goes on where it stopped. `label_of` takes any pymatgen `CompleteDos`, your own too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.resampling import to_bins
from deepdos_nb.crystal.symmetry import symmetry_orbits
from deepdos_nb.data.label_shards import Label

if TYPE_CHECKING:
    from pymatgen.electronic_structure.dos import CompleteDos

SOURCE = "materials_project"
KEY = "MP_API_KEY"
PROVENANCE = {
    "method": "PBE (VASP, Materials Project)",
    "licence": "CC BY 4.0",
    "citation": "Jain et al., APL Materials 1, 011002 (2013); Munro et al., npj Comput. Mater. 6, "
    "112 (2020)",
}

ANGULAR = "spdf"
BROADENING = 0.1
"""Standard deviation of the Gaussian applied to the curves, eV: that of our own labels."""
REAL_GAP = 0.3
"""Smallest gap (eV) taken for one; below it the zero is E_F."""
EMPTY = 1e-3
"""Density that counts as none, as a share of the largest value in the window."""
NEAR = 0.25
"""Distance (eV) from E_F within which a gap is looked for: it often lies on a band's edge."""
GATHER = 500
"""Materials downloaded before their files are gathered into shards."""
LOST = 3
"""Failed requests in a row after which the connection is taken for lost."""


def label_of(
    dos: CompleteDos,
    name: str,
    *,
    broadening: float = BROADENING,
    facts: dict[str, Any] | None = None,
) -> Label:
    """Make a label of a pymatgen `CompleteDos`.

    Energies are counted from the valence-band maximum where the density has a gap wider than
    `REAL_GAP` at E_F, else from E_F. Both spins are added. The projections on PAW spheres are
    divided by their sum at every energy, so that the sites add up to the total; what lies between
    the spheres is attributed in proportion to what lies inside them.

    Parameters
    ----------
    dos : CompleteDos
        In states/eV, with projections on every site.
    name : str
    broadening : float
        eV.
    facts : dict, optional
        Added to the label's facts.

    Raises
    ------
    DataError
        If the projections are missing or the curve does not cover −4…4 eV.
    """
    energies = np.asarray(dos.energies, dtype=float)
    total = np.clip(_spins(dos.densities), 0.0, None)
    structure, parts = _projections(dos, name, len(energies))
    zero, level, gap = zero_of(energies, total, float(dos.efermi))
    inside = parts.sum(axis=(0, 1))
    even = 1.0 / (len(structure) * len(ANGULAR))
    shares = np.where(inside > 1e-9 * inside.max(), parts / np.maximum(inside, 1e-30), even)
    try:
        bins = to_bins(Kind.edos, energies - level, shares * total, broadening=broadening)
    except DataError as error:
        raise DataError(error.reason, source=name, remedy=error.remedy) from error
    orbits = symmetry_orbits(structure, symprec=1e-2)
    states = np.array([bins[orbits == o].mean(axis=0) for o in range(int(orbits.max()) + 1)])
    known = PROVENANCE | {
        "name": name,
        "kind": Kind.edos,
        "engine": "VASP",
        "zero": zero,
        "gap": gap,
        "origin": {"source": "Materials Project", "licence": "CC BY 4.0", "identifier": name},
        "settings": {"broadening": broadening, "spins": len(dos.densities)},
    }
    return Label(
        lattice=np.asarray(structure.lattice.matrix),
        numbers=np.asarray(structure.atomic_numbers),
        frac=np.asarray(structure.frac_coords),
        orbits=orbits,
        states=states,
        facts=known | (facts or {}),
    )


def zero_of(energies: Array, total: Array, fermi: float) -> tuple[str, float, float]:
    """Name and energy of the zero, and the gap, all from the density itself (eV).

    Parameters
    ----------
    energies, total : ndarray, shape (n_points,)
    fermi : float

    Returns
    -------
    zero : {"VBM", "E_F"}
    energy : float
    gap : float
        0 for "E_F".
    """
    window = np.abs(energies - fermi) <= Kind.edos.grid.stop
    threshold = EMPTY * float(total[window].max(initial=0.0))
    empty = total <= threshold
    edges = np.flatnonzero(np.diff(np.concatenate([[0], empty.astype(int), [0]])))
    for first, last in edges.reshape(-1, 2):
        # Runs that reach either end of the data are no gaps.
        if first == 0 or last == len(energies):
            continue
        top = _crossing(energies, total, int(first) - 1, int(first), threshold)
        bottom = _crossing(energies, total, int(last) - 1, int(last), threshold)
        if top - NEAR <= fermi <= bottom + NEAR and bottom - top > REAL_GAP:
            return "VBM", top, bottom - top
    return "E_F", fermi, 0.0


def _crossing(energies: Array, total: Array, i: int, j: int, threshold: float) -> float:
    a, b = float(total[i]), float(total[j])
    t = 0.5 if a == b else (threshold - a) / (b - a)
    return float(energies[i] + t * (energies[j] - energies[i]))


def _spins(densities: Any) -> Array:
    return np.sum([np.asarray(d, dtype=float) for d in densities.values()], axis=0)


def _projections(dos: Any, name: str, n_points: int) -> tuple[Any, Array]:
    """Structure, and density of every site and angular momentum (n_sites, 4, n_points)."""
    structure, pdos = getattr(dos, "structure", None), getattr(dos, "pdos", None)
    if structure is None or not pdos:
        raise DataError("the density of states comes without projections.", source=name)
    parts = np.zeros((len(structure), len(ANGULAR), n_points))
    for i, site in enumerate(structure):
        if site not in pdos:
            raise DataError(f"site {i + 1} has no projections.", source=name)
        for orbital, spins in pdos[site].items():
            kind = getattr(orbital, "orbital_type", orbital)
            parts[i, ANGULAR.index(kind.name)] += np.clip(_spins(spins), 0.0, None)
    return structure.copy().remove_oxidation_states(), parts


def connect(key: str | None = None) -> Any:
    """A client of the Materials Project.

    Parameters
    ----------
    key : str, optional
        Taken from ``MP_API_KEY`` without it.

    Raises
    ------
    DataError
        If there is no key, or the client is not installed.
    """
    key = key or os.environ.get(KEY)
    if not key:
        raise DataError(
            "the Materials Project asks for a key.",
            remedy=f"Get yours at materialsproject.org (free), then set {KEY}.",
        )
    try:
        from mp_api.client import MPRester
    except ImportError:
        raise DataError(
            "the Materials Project's client is not installed.",
            remedy='Run `pip install "deepdos-nb[mp]"`.',
        ) from None
    return MPRester(key, mute_progress_bars=True)


def search(client: Any, *, limit: int | None = None, **criteria: Any) -> list[str]:
    """Identifiers of materials that have a density of states.

    Parameters
    ----------
    client : MPRester
    limit : int, optional
    **criteria
        As `materials.summary.search` takes them: elements=["O"], num_sites=(1, 8), …

    Returns
    -------
    list of str
        Sorted by number.
    """
    try:
        found = client.materials.summary.search(
            has_props=["dos"], fields=["material_id"], all_fields=False, **criteria
        )
    except Exception as error:  # the client raises its own kinds and those of its transport
        raise DataError(f"the search failed ({error}).", source="Materials Project") from error
    names = {str(d["material_id"] if isinstance(d, dict) else d.material_id) for d in found}
    return sorted(names, key=lambda n: (len(n), n))[:limit]


def download(
    names: Iterable[str],
    out: str | Path,
    client: Any,
    *,
    report: Callable[[str, str], None] | None = None,
) -> dict[str, int]:
    """Download densities of states into a folder of labels, going on where it stopped.

    Parameters
    ----------
    names : iterable of str
        Identifiers such as mp-149.
    out : path
        To be opened by `open_dataset`.
    client : MPRester
        See `connect`.
    report : callable, optional
        Called with each identifier and, where it is left out, the reason.

    Returns
    -------
    dict
        Counts under "done", "failed" and "skipped" (finished earlier). A material without data
        counts as failed and is not asked for again.

    Raises
    ------
    DataError
        If several requests in a row fail; what was downloaded by then is kept.
    """
    from deepdos_nb.data.label_folder import Folder

    folder = Folder(out)
    folder.check_kind(Kind.edos)
    finished = folder.finished()
    counts = {"done": 0, "failed": 0, "skipped": 0}
    lost = 0
    for name in names:
        if name in finished:
            counts["skipped"] += 1
            continue
        finished.add(name)
        reason, broken = "", False
        try:
            folder.add(label_of(client.get_dos_by_material_id(name, load_projections=True), name))
        except DataError as error:
            reason = error.reason
        except Exception as error:  # as in `search`
            reason = str(error) or type(error).__name__
            # The client says "No … data found" where there is nothing to be had.
            broken = not reason.startswith("No ")
        lost = lost + 1 if broken else 0
        if lost >= LOST:
            raise DataError(
                f"{LOST} requests in a row failed ({reason}).",
                source="Materials Project",
                remedy="Run the same command again later; it goes on where it stopped.",
            )
        if reason and not broken:
            folder.fail(name, reason)
        counts["failed" if reason else "done"] += 1
        if counts["done"] % GATHER == 0:
            folder.gather()
        if report:
            report(name, reason)
    folder.gather(everything=True)
    return counts
