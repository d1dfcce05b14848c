"""What large cells cost: seconds and memory of a prediction, and the way not taken.

    python benchmarks/large_cells.py --atoms 200 500 1000 --out FOLDER

Every crystal is a supercell of an example whose atoms are moved at random (0.02 Å), so that no
symmetry helps, predicted in a process of its own with --threads threads. NiAl, where half of the
atoms have a d shell, is the worst case for electrons. With --chebyshev, the states of every row of
one such matrix are also expanded in Chebyshev polynomials, as many as their width needs, with a
sparse matrix.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

CRYSTALS = ("MgO", "SrTiO3", "NiAl")
CELLS = {  # atoms: copies along each edge
    "MgO": {200: (5, 5, 4), 500: (5, 5, 10), 1000: (8, 8, 8)},
    "SrTiO3": {200: (4, 5, 2), 500: (5, 5, 4), 1000: (10, 5, 4)},
    "NiAl": {200: (5, 5, 4), 500: (8, 8, 4), 1000: (8, 8, 8)},
}
RATTLE = 0.02
TOLERANCE = 1e-4
"""Weight of the last polynomial in a Gaussian, of the first one's."""


def crystal(name: str, atoms: int):
    import numpy as np
    from pymatgen.core import Structure

    import deepdos_nb as dd

    large = dd.example(name).copy()
    large.make_supercell(CELLS[name][atoms])
    moved = large.cart_coords + RATTLE * np.random.default_rng(0).standard_normal((len(large), 3))
    return Structure(large.lattice, large.species, moved, coords_are_cartesian=True)


def one(kind: str, name: str, atoms: int) -> None:
    """Predict one crystal; print a row of the table."""
    import deepdos_nb as dd
    from deepdos_nb.inference.cost import expected_cost

    structure, model = crystal(name, atoms), dd.load_model(kind)
    model.predict(dd.example("MgO"))
    start, clock = time.process_time(), time.perf_counter()
    model.predict(structure, max_atoms=len(structure))
    seconds, clock = time.process_time() - start, time.perf_counter() - clock
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    expected = expected_cost(structure, kind)
    print(
        f"| {kind} | {name} | {len(structure)} | {seconds:.1f} | {clock:.1f} | {gigabytes:.2f} "
        f"| {expected.seconds:.1f} | {expected.gigabytes:.2f} |"
    )


def chebyshev(name: str, atoms: int) -> None:
    """Time a few steps of the expansion, and say what all of them would take."""
    import math

    import torch

    import deepdos_nb as dd
    from deepdos_nb.crystal.graph import build_graph
    from deepdos_nb.crystal.primitive import primitive_cell
    from deepdos_nb.physics import tight_binding
    from deepdos_nb.physics.large_cells import lattice_sum

    structure = crystal(name, atoms)
    model = dd.load_model("edos").draft_model
    with torch.no_grad():
        cell = tight_binding.orbital_cell(primitive_cell(structure, build_graph(structure)))
        blocks = tight_binding.orbital_blocks(model(cell.pairs).double(), cell.pairs)
        blocks = [part.float() for part in blocks]
        matrix = lattice_sum(cell.pairs.q[0], cell.pairs, *blocks, cell.orbital)
    start = time.process_time()
    values = torch.linalg.eigh(matrix)[0]
    exact = time.process_time() - start
    half = float(values[-1] - values[0]) / 2
    # A Gaussian of relative width s has weights exp(−(n s)² / 2); each product gives two moments.
    width = tight_binding.BROADENING / half
    products = math.ceil(math.sqrt(-2 * math.log(TOLERANCE)) / width / 2)
    matrix = ((matrix - torch.eye(len(matrix)) * float(values.mean())) / half).to_sparse_csr()
    ahead, here = torch.eye(len(matrix)), matrix.to_dense()
    start, steps = time.process_time(), 3
    for _ in range(steps):
        ahead, here = here, 2 * (matrix @ here) - ahead
    each = (time.process_time() - start) / steps
    print(
        f"{name}, {len(structure)} atoms, {len(matrix)} orbitals over {2 * half:.0f} eV: "
        f"diagonalised in {exact:.1f} s; "
        f"{products} products of {each:.1f} s: {products * each:.0f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--atoms", type=int, nargs="+", default=[200, 500])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--chebyshev", nargs=2, metavar=("CRYSTAL", "ATOMS"))
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(options.one[0], options.one[1], int(options.one[2]))
        return
    if options.chebyshev:
        chebyshev(options.chebyshev[0], int(options.chebyshev[1]))
        return
    environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
    rows = [
        "| Kind | Crystal | Atoms | CPU (s) | Clock (s) | Memory (GB) "
        "| Expected (s) | Expected (GB) |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for atoms in options.atoms:
        for name in CRYSTALS:
            for kind in ("phdos", "edos"):
                command = [sys.executable, __file__, "--one", kind, name, str(atoms)]
                answer = subprocess.run(
                    command, check=True, capture_output=True, text=True, env=environment
                )
                rows.append(answer.stdout.strip())
                print(rows[-1], flush=True)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "large_cells.md").write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
