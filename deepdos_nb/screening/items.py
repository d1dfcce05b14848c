"""One crystal of a screen before it is read: where it stands, and its text, path or object."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from deepdos_nb.core.errors import DeepDOSError, StructureError, UnreadableStructureError
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.crystal.read import parse_structure, read_structure

if TYPE_CHECKING:
    from pymatgen.core import Structure

Form = Literal["file", "text", "json", "object", "broken"]

NAME_KEYS = ("name", "material_id", "id", "task_id", "mp_id", "jid", "entry_id")
"""Keys of a JSON line or columns of a table that name a crystal, the first that is there."""


@dataclass(frozen=True)
class Item:
    """A crystal that nobody has read yet, small enough to be sent to another process.

    Parameters
    ----------
    name : str
        What the crystal is called, unless its JSON says otherwise.
    source : str
        File, line or frame it stands in.
    form : {"file", "text", "json", "object", "broken"}
        What `content` is: a path, the text of a file (`filename` tells its format), a line of JSON,
        a pymatgen Structure or ASE Atoms, or the reason why nothing can be read there.
    content : object
    filename : str
    """

    name: str
    source: str
    form: Form
    content: Any
    filename: str = ""

    def read(self, max_atoms: int) -> tuple[str, Structure]:
        """The crystal's name, and the crystal, checked.

        Raises
        ------
        StructureError
            If it cannot be used.
        """
        if self.form == "file":
            return self.name, read_structure(self.content, max_atoms=max_atoms)
        if self.form == "text":
            return self.name, parse_structure(self.content, self.filename, max_atoms=max_atoms)
        if self.form == "json":
            name = _name_in(self.content) or self.name
            return name, parse_structure(self.content, f"{name}.json", max_atoms=max_atoms)
        if self.form == "broken":
            raise UnreadableStructureError(str(self.content), source=self.source)
        return self.name, read_structure(self.content, max_atoms=max_atoms)

    def read_or_reason(self, max_atoms: int) -> tuple[str, Structure | DeepDOSError]:
        """The same, with the error in place of a crystal that cannot be used."""
        name = self.name
        try:
            return self.read(max_atoms)
        except DeepDOSError as error:
            if self.form == "json":
                name = _name_in(self.content) or name
            return name, error
        except Exception as error:  # one bad crystal of a million must not stop the others
            return name, StructureError(
                f"it could not be read ({type(error).__name__}: {error}).", source=self.source
            )

    def fingerprint(self) -> bytes:
        """What tells whether the item is still the one that was screened."""
        content = self.content
        if self.form == "file":
            try:
                facts = Path(content).stat()
                content = f"{content} {facts.st_size} {facts.st_mtime_ns}"
            except OSError:
                content = f"{content} missing"
        elif self.form == "object":
            content = _arrays(content)
        return f"{self.name}\0{self.source}\0{self.form}\0{content}\0".encode(
            "utf-8", "surrogatepass"
        )


def digest(items: Iterable[Item]) -> str:
    """SHA-256 of the items of a shard, hexadecimal."""
    total = hashlib.sha256()
    for item in items:
        total.update(item.fingerprint())
    return total.hexdigest()


def _name_in(line: str) -> str | None:
    try:
        data = parse_json(line)
    except (ValueError, RecursionError):
        return None
    if isinstance(data, dict):
        for key in NAME_KEYS:
            if isinstance(data.get(key), str | int):
                return str(data[key])
    return None


def _arrays(thing: Any) -> str:
    """Cell, positions and species of a structure of pymatgen or ASE; else what it calls itself."""
    if hasattr(thing, "frac_coords"):
        return repr(
            (thing.lattice.matrix.tolist(), thing.frac_coords.tolist(), thing.species_and_occu)
        )
    if hasattr(thing, "get_atomic_numbers"):
        cell, place = thing.cell.array.tolist(), thing.positions.tolist()
        return repr((cell, place, thing.get_atomic_numbers().tolist(), thing.pbc.tolist()))
    return repr(thing)
