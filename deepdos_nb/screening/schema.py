"""The columns of a screen: one table for every reader and for the page that describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deepdos_nb.core.errors import ConfigError
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.markdown import markdown_table

if TYPE_CHECKING:
    import pyarrow as pa

COMMON: dict[str, tuple[str, str]] = {
    "name": ("string", "of the crystal: its file, identifier, or place in a list"),
    "source": ("string", "file, line or frame it was read from"),
    "error": ("string", "why it could not be used; the other columns are then empty"),
    "formula": ("string", "reduced"),
    "n_atoms": ("int32", "atoms per cell"),
    "elements": ("list<string>", "symbols, in the order of `by_element`"),
    "lattice": ("list<double>", "cell vectors one after the other, Å"),
    "numbers": ("list<int16>", "atomic number of each atom"),
    "positions": ("list<double>", "fractional coordinates, atom after atom"),
    "states": ("double", "states inside the window, per cell"),
    "total": ("list<float>", "density of states on the grid, per cell"),
    "band": ("list<float>", "half-width of the error band (1 σ)"),
    "by_element": (
        "list<float>",
        "densities of the elements one after the other; they sum to total",
    ),
    "cautions": ("list<string>", "what was assumed in reading, and cautions"),
    "embedding": ("list<float>", "crystal embedding of the first seed"),
}
"""Columns of both kinds: Arrow's type and what the column holds."""

OWN: dict[Kind, dict[str, tuple[str, str]]] = {
    Kind.phdos: {
        "heat_capacity": (
            "double",
            "C_V at 300 K, J/(mol·K) per mole of atoms, modes in the window",
        ),
        "mean_frequency": ("double", "mean of the modes in the window, cm⁻¹"),
    },
    Kind.edos: {
        "gap": ("double", "band gap read off the curve, eV; 0 for a metal"),
        "valence_gap": ("double", "width of the widest gap inside the valence band of a metal, eV"),
        "valence_gap_low": ("double", "its lower edge, eV; empty where there is none"),
        "valence_gap_high": ("double", "its upper edge, eV"),
        "density_at_zero": ("double", "density at the zero of energy, states/eV per atom"),
    },
}
"""Columns of one kind."""


def columns(kind: Kind | str) -> dict[str, tuple[str, str]]:
    """Every column of a kind, in order."""
    return COMMON | OWN[Kind(kind)]


def arrow_schema(kind: Kind, facts: dict[str, str]) -> pa.Schema:
    """The schema of a shard, with facts about it in its metadata."""
    pa = arrow()
    types = {
        "string": pa.string(),
        "int32": pa.int32(),
        "double": pa.float64(),
        "list<string>": pa.list_(pa.string()),
        "list<double>": pa.list_(pa.float64()),
        "list<float>": pa.list_(pa.float32()),
        "list<int16>": pa.list_(pa.int16()),
    }
    fields = [pa.field(name, types[form]) for name, (form, _) in columns(kind).items()]
    return pa.schema(fields, metadata=facts)


def arrow() -> pa:
    """PyArrow, which writes and reads the files.

    Raises
    ------
    ConfigError
        If it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigError(
            "screens are written as parquet files, and pyarrow is not installed.",
            remedy="pip install pyarrow",
        ) from None
    return pyarrow


def columns_markdown() -> str:
    """Every column as a table for people; the how-to page holds it."""
    rows = [
        (f"`{name}`", f"`{form}`", which, what)
        for which, part in (("both", COMMON), *((str(kind), own) for kind, own in OWN.items()))
        for name, (form, what) in part.items()
    ]
    return markdown_table(["column", "type", "kind", "what"], rows, left=4)
