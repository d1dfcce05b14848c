"""The original archives of the Kyoto phonondb: forces in, site-projected phonon DOS out.

One material is a folder, or an archive of one (``mp-149-20180417.tar.lzma``, .tar.xz, .tar.gz,
.zip), with

- ``POSCAR-unitcell`` or ``POSCAR``, and ``phonopy.conf`` with DIM and, where it differs from what
  symmetry gives, PRIMITIVE_AXIS; or a phonopy YAML file that says the same,
- ``FORCE_SETS``, unless the YAML file holds the forces,
- ``BORN`` for polar crystals: Born charges and dielectric tensor.

phonopy (``pip install phonopy``, part of the extra ``label``) makes the force constants and the
densities. `convert` keeps the results, so this is done once.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from deepdos_nb.core.arrays import Array
from deepdos_nb.core.errors import DataError
from deepdos_nb.core.grids import MODES_PER_ATOM, Kind
from deepdos_nb.crystal.symmetry import symmetry_orbits
from deepdos_nb.data.downloads import unpack
from deepdos_nb.data.label_shards import Label
from deepdos_nb.data.sources.phonondb import PROVENANCE, SOURCE, site_shares

if TYPE_CHECKING:
    from phonopy import Phonopy

CELLS = ("POSCAR-unitcell", "POSCAR")
YAMLS = ("phonopy_params.yaml", "phonopy_params.yaml.xz", "phonopy.yaml", "phonon.yaml")
FILES = (*CELLS, *YAMLS, "phonopy_disp.yaml", "FORCE_SETS", "BORN", "phonopy.conf")
ARCHIVES = (".lzma", ".xz", ".gz", ".tgz", ".txz", ".bz2", ".tar", ".zip")

CM_PER_THZ = 33.35640951981521
SPACING = 4.0
"""Distance of the points at which densities are tabulated, cm⁻¹."""
REACH = 1200.0
"""Highest wavenumber tabulated at least, cm⁻¹."""
IMAGINARY = -5.0
"""Modes below this wavenumber (cm⁻¹) count as imaginary."""
MAX_IMAGINARY = 1e-3
"""Largest share of imaginary modes of a record that is kept."""
MESH = 45.0
"""Density of the q-mesh: points along an axis times the cell's length, Å (phonopy's rule)."""
SMEARING = 6.0
"""Standard deviation of the Gaussian that stands for each mode, cm⁻¹."""


def read_archive(path: str | Path, *, mesh: float = MESH) -> Label:
    """Compute the label of one material.

    Parameters
    ----------
    path : path
        Its folder or archive; the name up to the first dot, without a date, is the material's.
    mesh : float
        See `MESH`.

    Returns
    -------
    Label
        Primitive cell; modes of one atom of each orbit in the 51 bins; facts with the share of
        imaginary modes.

    Raises
    ------
    DataError
        If phonopy is not installed, a file is missing or malformed, or the archive is not one.
    """
    path, phonopy = Path(path), _phonopy()
    with tempfile.TemporaryDirectory(prefix="deepdos-phonondb-") as folder:
        if path.is_dir():
            files = {name: path / name for name in FILES if (path / name).is_file()}
        else:
            files = unpack(path, folder, FILES)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                phonon = _load(files, str(path))
                grid, rows, imaginary = _densities(phonon, mesh)
            except DataError:
                raise
            except Exception as error:  # phonopy raises many kinds on malformed files
                raise DataError(
                    f"phonopy cannot use it ({type(error).__name__}: {error}).", source=str(path)
                ) from error
    structure = _structure(phonon)
    orbits = symmetry_orbits(structure, symprec=1e-2)
    per_orbit = np.array([rows[orbits == o].mean(axis=0) for o in range(int(orbits.max()) + 1)])
    sites, _ = site_shares(grid, MODES_PER_ATOM * per_orbit / _area(per_orbit, grid)[:, None])
    facts = PROVENANCE | {
        "name": material_name(path),
        "kind": Kind.phdos,
        "engine": f"phonopy {phonopy.__version__}",
        "origin": {"source": SOURCE, "file": path.name, "licence": PROVENANCE["licence"]},
        "settings": {"mesh": mesh, "smearing": SMEARING, "born": phonon.nac_params is not None},
        "imaginary": imaginary,
    }
    return Label(
        lattice=np.asarray(structure.lattice.matrix),
        numbers=np.asarray(structure.atomic_numbers),
        frac=np.asarray(structure.frac_coords),
        orbits=orbits,
        states=MODES_PER_ATOM * sites[:, None, :],
        facts=facts,
    )


def convert(
    paths: Iterable[str | Path],
    out: str | Path,
    *,
    mesh: float = MESH,
    max_imaginary: float = MAX_IMAGINARY,
    report: Callable[[str, str], None] | None = None,
) -> dict[str, int]:
    """Compute the labels of many archives into a folder of shards, going on where it stopped.

    Parameters
    ----------
    paths : iterable of path
    out : path
        Folder of labels, to be opened by `open_dataset`.
    mesh, max_imaginary : float
    report : callable, optional
        Called with the name of each material and, where it is left out, the reason.

    Returns
    -------
    dict
        Counts under "done", "failed" and "skipped" (finished earlier).

    Raises
    ------
    DataError
        If phonopy is not installed.
    """
    from deepdos_nb.data.label_folder import Folder

    _phonopy()  # here, or every archive would be recorded as a failure
    folder = Folder(out)
    folder.check_kind(Kind.phdos)
    finished = folder.finished()
    counts = {"done": 0, "failed": 0, "skipped": 0}
    for path in map(Path, paths):
        name, reason = material_name(path), ""
        if name in finished:
            counts["skipped"] += 1
            continue
        finished.add(name)
        try:
            label = read_archive(path, mesh=mesh)
            share = label.facts["imaginary"]
            if share > max_imaginary:
                reason = f"{100 * share:.2g} % of the modes are imaginary"
        except DataError as error:
            reason = error.reason
        if reason:
            folder.fail(name, reason)
        else:
            folder.add(label)
        counts["failed" if reason else "done"] += 1
        if report:
            report(name, reason)
    folder.gather(everything=True)
    return counts


def archives(folder: str | Path) -> list[Path]:
    """Archives and folders of materials in a folder, sorted by name.

    Raises
    ------
    DataError
        If there are none.
    """
    folder = Path(folder)
    found = [
        p
        for p in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if (p.is_file() and p.suffix in ARCHIVES)
        or (p.is_dir() and any((p / name).is_file() for name in (*CELLS, *YAMLS)))
    ]
    if not found:
        raise DataError(
            "there are no phonondb archives.",
            source=str(folder),
            remedy="Name a folder with one archive or folder for each material.",
        )
    return found


def material_name(path: Path) -> str:
    """Name of a material from its file: ``mp-149-20180417.tar.lzma`` is mp-149."""
    stem = path.name.split(".")[0]
    parts = stem.rsplit("-", 1)
    dated = len(parts) == 2 and len(parts[1]) == 8 and parts[1].isdigit()
    return parts[0] if dated else stem


def _phonopy() -> ModuleType:
    try:
        import phonopy
    except ImportError:
        raise DataError("phonopy is not installed.", remedy="Run `pip install phonopy`.") from None
    module: ModuleType = phonopy
    return module


def _load(files: dict[str, Path], source: str) -> Phonopy:
    import phonopy

    common: dict[str, Any] = {
        "force_sets_filename": files.get("FORCE_SETS"),
        "born_filename": files.get("BORN"),
        "is_nac": "BORN" in files,
        "log_level": 0,
    }
    cell = next((files[name] for name in CELLS if name in files), None)
    setting = read_conf(files["phonopy.conf"]) if "phonopy.conf" in files else {}
    table = next((files[n] for n in (*YAMLS, "phonopy_disp.yaml") if n in files), None)
    if cell and "DIM" in setting:
        phonon = phonopy.load(
            unitcell_filename=cell,
            supercell_matrix=setting["DIM"],
            primitive_matrix=setting.get("PRIMITIVE_AXES", "auto"),
            **common,
        )
    elif table:
        common["is_nac"] = True  # the table may hold Born charges itself
        phonon = phonopy.load(table, **common)
    else:
        raise DataError(
            "lacks POSCAR-unitcell with a phonopy.conf that sets DIM, or a phonopy YAML file.",
            source=source,
        )
    if phonon.force_constants is None:
        raise DataError("holds no forces (FORCE_SETS).", source=source)
    return phonon


def read_conf(path: Path) -> dict[str, Any]:
    """DIM and PRIMITIVE_AXES of a phonopy settings file, as 3 × 3 matrices or a letter.

    Raises
    ------
    DataError
        If one of them is malformed.
    """
    found: dict[str, Any] = {}
    for line in path.read_text("utf-8", errors="replace").splitlines():
        key, _, value = line.split("#")[0].partition("=")
        key = key.strip().upper().replace("PRIMITIVE_AXIS", "PRIMITIVE_AXES")
        if key not in ("DIM", "PRIMITIVE_AXES"):
            continue
        words = value.split()
        if key == "PRIMITIVE_AXES" and len(words) == 1 and words[0].isalpha():
            found[key] = words[0].lower() if words[0].lower() == "auto" else words[0].upper()
            continue
        try:
            numbers = [float(Fraction(word)) for word in words]
        except (ValueError, ZeroDivisionError):
            numbers = []
        if len(numbers) == 3 and key == "DIM":
            found[key] = np.diag(numbers).astype(int)
        elif len(numbers) == 9:
            found[key] = np.reshape(numbers, (3, 3)).astype(int if key == "DIM" else float)
        else:
            raise DataError(f"{key} = {value.strip()} is malformed.", source=str(path))
    return found


def _densities(phonon: Phonopy, mesh: float) -> tuple[Array, Array, float]:
    """Wavenumbers (cm⁻¹), densities of the primitive cell's atoms there, share of imaginary modes.

    The sum over the atoms of a mode's squared displacements is one, so the atoms' densities add up
    to the total at every wavenumber.
    """
    phonon.run_mesh(mesh, with_eigenvectors=True, is_mesh_symmetry=False)
    result: Any = phonon.mesh
    frequencies, weights = np.asarray(result.frequencies) * CM_PER_THZ, np.asarray(result.weights)
    below = (frequencies < IMAGINARY).mean(axis=1)
    top = SPACING * np.ceil(max(REACH, 1.02 * float(frequencies.max())) / SPACING)
    phonon.run_projected_dos(
        freq_min=0.0,
        freq_max=top / CM_PER_THZ,
        freq_pitch=SPACING / CM_PER_THZ,
        sigma=SMEARING / CM_PER_THZ,
        use_tetrahedron_method=False,
    )
    projected: Any = phonon.projected_dos
    rows = np.asarray(projected.projected_dos) / CM_PER_THZ
    grid = SPACING * np.arange(rows.shape[1])
    return grid, rows, float(below @ weights / weights.sum())


def _area(rows: Array, grid: Array) -> Array:
    return np.maximum(np.trapezoid(rows, grid, axis=1), 1e-12)


def _structure(phonon: Phonopy) -> Any:
    from pymatgen.core import Lattice, Structure

    cell = phonon.primitive
    return Structure(Lattice(cell.cell), list(cell.numbers), cell.scaled_positions)
