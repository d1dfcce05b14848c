"""`Screen`: the folder of a finished screen, or of one that is still running, as tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deepdos_nb.core.errors import ConfigError, DataError
from deepdos_nb.core.grids import Grid, Kind
from deepdos_nb.screening.schema import arrow, columns
from deepdos_nb.screening.shards import manifest, shard_files

if TYPE_CHECKING:
    import pandas as pd
    from pymatgen.core import Structure

NUMBERS = ("string", "int32", "double")
"""Types of the columns that a table for people shows."""


class Screen:
    """What `screen` wrote.

    Parameters
    ----------
    folder : path

    Raises
    ------
    DataError
        If no screen lies there.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        self.facts = manifest(self.folder)
        self.kind = Kind(self.facts["kind"])

    @property
    def grid(self) -> Grid:
        """Energy grid of `total`, `band` and `by_element`."""
        return self.kind.grid

    @property
    def files(self) -> list[Path]:
        """The parquet files, in the order of the crystals."""
        return shard_files(self.folder)

    def __len__(self) -> int:
        return sum(self._rows)

    @cached_property
    def _rows(self) -> list[int]:
        return [arrow().parquet.read_metadata(path).num_rows for path in self.files]

    def to_dataframe(self, which: Sequence[str] | None = None) -> pd.DataFrame:
        """The crystals that could be used, one a row.

        Parameters
        ----------
        which : sequence of str, optional
            Columns; without it, those that hold one number or name. `columns` describes them all.

        Raises
        ------
        ConfigError
            If there is no such column.
        """
        known = columns(self.kind)
        plain = [c for c, (form, _) in known.items() if form in NUMBERS and c != "error"]
        wanted = plain if which is None else list(which)
        if unknown := [c for c in wanted if c not in known]:
            raise ConfigError(
                f"no column {', '.join(unknown)}.", remedy=f"There are {', '.join(known)}."
            )
        table = self._read([*wanted, *(["error"] if "error" not in wanted else [])])
        return table[table["error"].isna()][wanted].reset_index(drop=True)

    @property
    def bad(self) -> pd.DataFrame:
        """Crystals that could not be used: name, source and reason."""
        table = self._read(["name", "source", "error"])
        return table[table["error"].notna()].reset_index(drop=True)

    @property
    def columns(self) -> pd.DataFrame:
        """What each column holds, and its type in the files."""
        import pandas as pd

        rows = [(name, form, what) for name, (form, what) in columns(self.kind).items()]
        return pd.DataFrame(rows, columns=["column", "type", "what"]).set_index("column")

    def query(self, sql: str) -> pd.DataFrame:
        """Ask DuckDB; the crystals are a table called `screen`, never in memory as a whole.

        >>> found.query("SELECT formula, gap FROM screen WHERE gap > 3 ORDER BY gap")

        Parameters
        ----------
        sql : str
            Rows of crystals that could not be used hold NULL.

        Raises
        ------
        ConfigError
            If DuckDB is not installed, or does not understand the question.
        """
        try:
            import duckdb
        except ImportError:
            raise ConfigError(
                "DuckDB is not installed.",
                remedy="pip install duckdb, or use `to_dataframe` and pandas.",
            ) from None
        with duckdb.connect() as database:
            try:
                table = database.read_parquet([str(path) for path in self.files])
                table.create_view("screen")
                return database.sql(sql).df()
            except duckdb.Error as error:
                raise ConfigError(f"DuckDB cannot answer ({error}).") from error

    def structures(self, names: Sequence[str]) -> dict[str, Structure]:
        """Crystals by name, as they went in, ready for `label`.

        Raises
        ------
        DataError
            If one is not there.
        """
        wanted = set(names)
        found = {row["name"]: _structure(row) for row in self._rows_of(wanted)}
        if missing := [name for name in names if name not in found]:
            raise DataError(f"no crystal {missing[0]!r}.", source=str(self.folder))
        return {name: found[name] for name in names}

    def _rows_of(self, names: set[str]) -> Iterator[dict[str, Any]]:
        pa = arrow()
        which = ["name", "lattice", "numbers", "positions"]
        for path in self.files:
            hits = [("name", "in", names)]
            for row in pa.parquet.read_table(path, columns=which, filters=hits).to_pylist():
                if row["lattice"] is not None:
                    yield row

    def _read(self, which: Sequence[str]) -> pd.DataFrame:
        import pandas as pd

        files = self.files
        if not files:
            raise DataError("the screen has no shard yet.", source=str(self.folder))
        read = arrow().parquet.read_table
        return pd.concat(
            [read(path, columns=list(which)).to_pandas() for path in files], ignore_index=True
        )

    def __repr__(self) -> str:
        return f"Screen({self.kind}, {len(self)} crystals in {str(self.folder)!r})"


def _structure(row: dict[str, Any]) -> Structure:
    import numpy as np
    from pymatgen.core import Lattice, Structure

    cell = np.array(row["lattice"]).reshape(3, 3)
    return Structure(Lattice(cell), row["numbers"], np.array(row["positions"]).reshape(-1, 3))
