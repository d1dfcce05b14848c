"""The data sets this package knows: what each is, whether it is here, how to get and to open it."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepdos_nb.core.errors import DataError
from deepdos_nb.core.files import DAMAGED_ARCHIVE
from deepdos_nb.core.grids import Kind
from deepdos_nb.data.dataset import Dataset
from deepdos_nb.data.downloads import data_home
from deepdos_nb.data.sources.embedded import embedded_shards, embedded_store
from deepdos_nb.data.sources.folder import own_stores
from deepdos_nb.data.sources.jarvis import JarvisStore, jarvis_file
from deepdos_nb.data.sources.petretto import PetrettoStore, petretto_file
from deepdos_nb.data.sources.phonondb import PhonondbStore
from deepdos_nb.data.sources.phonondb_archive import archives
from deepdos_nb.data.stores import ShardStore, Store, label_files

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Source:
    """One data set.

    Attributes
    ----------
    name : str
        What `open_dataset` and ``deepdos data`` call it.
    kind : {"phdos", "edos"}
    title : str
        What it holds, in a few words.
    licence : str
    sites : str
        What its site projections are, or "total only".
    getting : str
        How it comes here.
    place : callable
        Where it lies, or would lie.
    store : callable
        Opens what lies there.
    """

    name: str
    kind: Kind
    title: str
    licence: str
    sites: str
    getting: str
    place: Callable[[], Path]
    store: Callable[[Path], Store]

    def count(self) -> int:
        """Records that are here; 0 where the data set is not."""
        try:
            place = self.place()
            if place.is_file():
                store = self.store(place)
                assert isinstance(store, PetrettoStore | JarvisStore)  # what lies in one file
                return len(store)
            if (place / "structures.jsonl").is_file():
                return len(PhonondbStore(place))
            return sum(map(_size, label_files(place)))
        except DataError:
            return 0

    def open(self) -> Dataset:
        """The data set, from where it lies.

        Raises
        ------
        DataError
            If it is not here yet.
        """
        place = self.place()
        if not self.count():
            raise DataError(f"{self.name} is not here yet.", source=str(place), remedy=self.getting)
        return Dataset([self.store(place)], name=self.name)


def _embedded(kind: Kind) -> Callable[[], Path]:
    return lambda: embedded_shards(kind)[0].parent


def _labels(name: str) -> Callable[[Path], Store]:
    def store(place: Path) -> Store:
        if (place / "structures.jsonl").is_file():
            return PhonondbStore(place)
        return ShardStore(label_files(place), name)

    return store


SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        Source(
            "embedded-edos",
            Kind.edos,
            "our own DFT labels: PBE, plane waves (GPAW)",
            "per structure",
            "sites × s/p/d/f",
            "It comes with the package; this copy holds none. `deepdos label` makes some.",
            _embedded(Kind.edos),
            lambda place: embedded_store(Kind.edos),
        ),
        Source(
            "embedded-phdos",
            Kind.phdos,
            "ML-potential phonons (SevenNet 7net-l3i5)",
            "per structure",
            "sites",
            "It comes with the package; this copy holds none. `deepdos label` makes some.",
            _embedded(Kind.phdos),
            lambda place: embedded_store(Kind.phdos),
        ),
        Source(
            "petretto",
            Kind.phdos,
            "the phonon benchmark: DFPT, PBEsol (ABINIT)",
            "CC BY 4.0",
            "total only",
            "Run `deepdos data get petretto` (downloads and verifies it).",
            petretto_file,
            PetrettoStore,
        ),
        Source(
            "phonondb",
            Kind.phdos,
            "Kyoto phonondb: finite displacements, PBEsol (VASP)",
            "CC BY 4.0",
            "sites",
            "Download archives from phonondb.mtl.kyoto-u.ac.jp, then run "
            "`deepdos data get phonondb --archives FOLDER`.",
            lambda: data_home() / "phonondb",
            _labels("phonondb"),
        ),
        Source(
            "materials_project",
            Kind.edos,
            "Materials Project: PBE (VASP)",
            "CC BY 4.0",
            "sites × s/p/d/f",
            "Set MP_API_KEY, then run `deepdos data get materials_project --elements Mg,O`.",
            lambda: data_home() / "materials_project",
            _labels("materials_project"),
        ),
        Source(
            "jarvis",
            Kind.edos,
            "JARVIS-DFT: OptB88vdW (VASP)",
            "CC BY 4.0",
            "total only",
            "Run `deepdos data get jarvis` (downloads and verifies it).",
            jarvis_file,
            JarvisStore,
        ),
    )
}
"""Every known data set by name; a folder of your own is opened by its path."""


def datasets() -> pd.DataFrame:
    """The data sets this package knows, one a row; `open_dataset` takes the names.

    Returns
    -------
    DataFrame
        Index: name. Columns: kind, records (0 where it is not here), sites, licence, title, and
        how to get it where it is not here.
    """
    import pandas as pd

    rows = []
    for s in SOURCES.values():
        count = s.count()
        getting = "" if count else s.getting
        rows.append((s.name, s.kind, count, s.sites, s.licence, s.title, getting))
    columns = ["name", "kind", "records", "sites", "licence", "title", "getting"]
    return pd.DataFrame(rows, columns=columns).set_index("name")


def open_dataset(name: str | Path) -> Dataset:
    """Open a known data set by its name (see `datasets`), or a file or folder of records.

    A file is taken for a copy of the phonon benchmark's table. A folder may hold labels (shards, as
    `deepdos label` writes them), phonondb's two files, structures with CSV files (see
    `deepdos_nb.data.sources.folder`), or results of VASP, phonopy and pymatgen (see
    `deepdos_nb.data.sources.calculations`).

    Raises
    ------
    DataError
        If the name is unknown, there is nothing of these kinds, or the data set has not been
        downloaded yet; the message names the command that does.
    """
    if str(name) in SOURCES:
        return SOURCES[str(name)].open()
    path = Path(name).expanduser()
    if path.is_file():
        return Dataset([PetrettoStore(path)], name=path.stem)
    if path.is_dir():
        return Dataset(_folder_stores(path), name=path.resolve().name)
    near = difflib.get_close_matches(str(name), SOURCES, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}? " if near else ""
    raise DataError(
        "no data set has this name, and no folder or file either.",
        source=str(name),
        remedy=f"{hint}Known are {', '.join(SOURCES)}; `deepdos data list` describes them.",
    )


def _folder_stores(path: Path) -> list[Store]:
    if shards := label_files(path):
        return [ShardStore(shards, path.resolve().name)]
    if (path / "structures.jsonl").is_file():
        return [PhonondbStore(path)]
    try:
        return own_stores(path)
    except DataError:
        try:
            found = archives(path)
        except DataError:
            found = []
        if not found:
            raise
        raise DataError(
            f"{len(found)} phonondb archives have to be converted first.",
            source=str(path),
            remedy=f"Run `deepdos data get phonondb --archives {path}`.",
        ) from None


def _size(path: Path) -> int:
    """Records of a shard, from one small array of it."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return len(file["atoms"])
    except DAMAGED_ARCHIVE as error:
        raise DataError(f"not a shard of labels ({error}).", source=str(path)) from error
