"""What an explorer can list: crystals by index, some with a reference spectrum.

A collection is anything with a length, `entries` that tell its items apart without reading them,
and `item`, which reads one. Here are those of the shipped examples, of data sets and of a folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from deepdos_nb.core.errors import ConfigError, DeepDOSError
from deepdos_nb.core.grids import Kind
from deepdos_nb.crystal.read import example, examples, read_structure
from deepdos_nb.data.catalogue import open_dataset
from deepdos_nb.spectra.spectrum import Spectrum
from deepdos_nb.widgets.explorer.records import EMBEDDED, Records
from deepdos_nb.widgets.explorer.search import Entry, entry_of

if TYPE_CHECKING:
    from pymatgen.core import Structure

MAX_FILES = 20_000
"""Files of a folder that are listed."""

HEAD = 4096
"""Bytes at the beginning of a file in which its formula is looked for."""


@runtime_checkable
class Collection(Protocol):
    """Crystals to choose from."""

    def __len__(self) -> int:
        """Number of items."""

    @property
    def entries(self) -> Sequence[Entry]:
        """One entry for each item, in order."""

    def item(self, index: int) -> tuple[Structure, Spectrum | None]:
        """The crystal, and its reference spectrum where there is one."""


@runtime_checkable
class WithOthers(Collection, Protocol):
    """Crystals of which other models' curves are known."""

    def others(self, index: int) -> Mapping[str, Spectrum]:
        """Curves of other models, by their names."""

    def about_others(self, index: int) -> str:
        """How those models were trained, in words."""


class Examples:
    """The example crystals shipped with the package; without references.

    Parameters
    ----------
    kind : {"phdos", "edos"}, optional
        Which spectrum of them is predicted, where there are models of both kinds.
    """

    def __init__(self, kind: Kind | None = None) -> None:
        self.kind = kind

    def __len__(self) -> int:
        return len(examples())

    @cached_property
    def entries(self) -> list[Entry]:
        """One entry for each crystal."""
        return [entry_of(example(name), name) for name in examples()]

    def item(self, index: int) -> tuple[Structure, None]:
        """One of the crystals."""
        return example(list(examples())[index]), None


class Folder:
    """The CIF and POSCAR files of a folder; each is read when it is opened.

    Parameters
    ----------
    path : str or Path
    kind : {"phdos", "edos"}, optional
        As in `Examples`.

    Raises
    ------
    ConfigError
        If there is no such folder.
    """

    def __init__(self, path: str | Path, kind: Kind | None = None) -> None:
        self.kind = kind
        self.path = Path(path).expanduser()
        if not self.path.is_dir():
            raise ConfigError(
                "there is no such folder.", source=str(path), remedy="Check the spelling."
            )
        files = (p for p in self.path.iterdir() if _is_structure(p))
        self.files = sorted(files, key=lambda p: p.name.lower())[:MAX_FILES]

    def __len__(self) -> int:
        return len(self.files)

    @cached_property
    def entries(self) -> list[Entry]:
        """One entry for each file, with the formula its head gives."""
        return [_peek(path) for path in self.files]

    def item(self, index: int) -> tuple[Structure, None]:
        """Read one file; a bad one raises `StructureError`."""
        return read_structure(self.files[index]), None


class Items:
    """Crystals in memory.

    Parameters
    ----------
    items : iterable of Spectrum, Structure, or pairs of both
        A spectrum is the reference of its own structure.
    names : iterable of str, optional
    kind : {"phdos", "edos"}, optional
        As in `Examples`.
    """

    def __init__(
        self, items: Iterable[Any], names: Iterable[str] | None = None, kind: Kind | None = None
    ) -> None:
        self.kind = kind
        self._items = [_pair(item) for item in items]
        given = list(names) if names is not None else None
        self._names = given or [str(i + 1) for i in range(len(self._items))]

    def __len__(self) -> int:
        return len(self._items)

    @cached_property
    def entries(self) -> list[Entry]:
        """One entry for each crystal."""
        return [entry_of(s, n) for (s, _), n in zip(self._items, self._names, strict=True)]

    def item(self, index: int) -> tuple[Structure, Spectrum | None]:
        """One of the crystals."""
        return self._items[index]


def shipped_collections(kinds: Iterable[Kind] = ()) -> dict[str, Collection]:
    """The data sets inside the package that hold anything, and the examples.

    Parameters
    ----------
    kinds : iterable of {"phdos", "edos"}
        With more than one, the examples are listed for each.
    """
    found: dict[str, Collection] = {}
    for name, title in EMBEDDED.items():
        try:
            data = open_dataset(name)
        except DeepDOSError:
            continue
        if len(data):
            found[title] = Records(data)
    several = list(kinds)
    if len(several) < 2:
        return found | {"Examples": Examples()}
    return found | {f"Examples, {Kind(kind).particles}": Examples(kind) for kind in several}


class Case(Protocol):
    """A crystal of a case study, with its electronic reference where one has been computed."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def structure(self) -> Structure: ...  # noqa: D102
    @property
    def reference(self) -> Spectrum | None: ...  # noqa: D102


def as_study(cases: Sequence[Case]) -> Items:
    """A case study as a collection."""
    return Items([(c.structure, c.reference) for c in cases], [c.name for c in cases], Kind.edos)


def as_collection(source: Any) -> Collection:
    """Make a collection of whatever is given.

    Parameters
    ----------
    source : Collection, path, Dataset, or sequence of Record, Structure or Spectrum
        A mapping of names to structures or spectra works too.

    Raises
    ------
    ConfigError
        If nothing can be listed from it.
    """
    # Asked of the class: the object would read every crystal for its entries.
    if all(hasattr(type(source), name) for name in ("entries", "item", "__len__")):
        return source
    if isinstance(source, (str, Path)):
        return Folder(source)
    if isinstance(source, Mapping):
        return Items(source.values(), source.keys())
    if hasattr(source, "entries") and hasattr(source, "__getitem__"):
        return Records(source)
    if isinstance(source, Sequence):
        first = source[0] if len(source) else None
        return Records(source) if hasattr(first, "material_id") else Items(source)
    raise ConfigError(
        f"a {type(source).__name__} cannot be listed.",
        remedy="Pass a folder, a Dataset, or a list of structures, spectra or records.",
    )


def _pair(item: Any) -> tuple[Structure, Spectrum | None]:
    if isinstance(item, Spectrum):
        return item.structure, item
    structure, reference = item if isinstance(item, tuple) else (item, None)
    if not hasattr(structure, "lattice"):
        raise ConfigError(
            f"a {type(structure).__name__} is no crystal.",
            remedy="Pass structures, spectra, or pairs of both.",
        )
    return structure, reference


def _is_structure(path: Path) -> bool:
    name = path.name.upper()
    named = name.endswith((".CIF", ".VASP", ".POSCAR")) or "POSCAR" in name or "CONTCAR" in name
    return named and not name.startswith(".") and path.is_file()


def _peek(path: Path) -> Entry:
    """Entry of a file from its first lines; a file that tells nothing keeps its name."""
    from pymatgen.core import Composition

    try:
        with path.open("rb") as file:
            head = file.read(HEAD).decode("utf-8", "replace")
        if path.suffix.lower() == ".cif":
            found = re.search(r"_chemical_formula_sum\s+['\"]?([A-Za-z0-9. ]+)", head)
            composition = Composition(found[1].replace(" ", "")) if found else None
        else:
            lines = head.splitlines()
            symbols, counts = lines[5].split(), [int(n) for n in lines[6].split()]
            composition = Composition(dict(zip(symbols, counts, strict=True)))
        if composition:
            elements = tuple(e.symbol for e in composition.elements)
            return Entry(path.name, composition.reduced_formula, 0, elements)
    except (OSError, ValueError, IndexError, KeyError, AttributeError):
        pass
    return Entry(path.name, "", 0, ())
