"""Parquet shards of a screen: how one is made, how it is known again, and what lies in a folder."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from deepdos_nb.core.errors import ConfigError, DataError
from deepdos_nb.core.files import replacing, write_text
from deepdos_nb.core.grids import Kind
from deepdos_nb.core.nesting import parse_json
from deepdos_nb.core.version import __version__
from deepdos_nb.inference.ensemble import Ensemble
from deepdos_nb.parallel.threads import one_thread
from deepdos_nb.screening.items import Item
from deepdos_nb.screening.predict import answers_of
from deepdos_nb.screening.rows import failed_row, rows
from deepdos_nb.screening.schema import arrow, arrow_schema

MANIFEST = "_screen.json"
"""Begins with an underscore, so that readers of parquet folders pass it over."""
BATCH = 128
"""Crystals of a shard whose graphs are held at a time."""


@dataclass(frozen=True)
class Settings:
    """What the numbers of a screen depend on, besides its crystals.

    Parameters
    ----------
    kind : Kind
    weights : str
        Fingerprint of the weights.
    max_atoms : int
    shard : int
        Crystals of a shard.
    version : str
        Of this package.
    """

    kind: Kind
    weights: str
    max_atoms: int
    shard: int
    version: str = __version__


def shard_name(number: int) -> str:
    """File of a shard."""
    return f"shard-{number:06d}.parquet"


def in_shards(items: Iterable[Item], size: int) -> Iterator[tuple[int, list[Item]]]:
    """A stream of crystals, some at a time, numbered."""
    stream, number = iter(items), 0
    while part := list(islice(stream, size)):
        yield number, part
        number += 1


@one_thread()
def make_shard(
    model: Ensemble, settings: Settings, mark: str, items: Sequence[Item]
) -> tuple[bytes, int, int]:
    """Read, predict and tabulate some crystals; done by workers, on one thread.

    So the same crystals give the same bytes in every process of a machine.

    Parameters
    ----------
    model : Ensemble
    settings : Settings
    mark : str
        Digest of the items, kept in the shard.
    items : sequence of Item

    Returns
    -------
    file : bytes
        The parquet file: one row for each item, in their order.
    n_done, n_failed : int
    """
    table: list[dict[str, Any]] = []
    for start in range(0, len(items), BATCH):
        table += _batch(model, settings, items[start : start + BATCH])
    pa = arrow()
    schema = arrow_schema(settings.kind, {"items": mark})
    text = io.BytesIO()
    pa.parquet.write_table(
        pa.Table.from_pylist(table, schema=schema), text, compression="zstd", row_group_size=BATCH
    )
    failed = sum(row.get("error") is not None for row in table)
    return text.getvalue(), len(table) - failed, failed


def _batch(model: Ensemble, settings: Settings, items: Sequence[Item]) -> list[dict[str, Any]]:
    read = [item.read_or_reason(settings.max_atoms) for item in items]
    usable = [i for i, (_, found) in enumerate(read) if not isinstance(found, Exception)]
    structures: list[Any] = [read[i][1] for i in usable]
    answers = answers_of(model, structures)
    good = [k for k, answer in enumerate(answers) if not isinstance(answer, Exception)]
    made = rows(
        settings.kind,
        [(read[usable[k]][0], items[usable[k]].source) for k in good],
        [structures[k] for k in good],
        [answers[k] for k in good],  # type: ignore[misc]
    )
    by_place = dict(zip((usable[k] for k in good), made, strict=True))
    reasons = {i: e for i, (_, e) in enumerate(read) if isinstance(e, Exception)}
    reasons |= {usable[k]: a for k, a in enumerate(answers) if isinstance(a, Exception)}
    for i, error in reasons.items():
        by_place[i] = failed_row(read[i][0], items[i].source, str(error))
    return [by_place[i] for i in range(len(items))]


def store_shard(folder: Path, number: int, file: bytes) -> None:
    """Write a shard so that it is complete or not there."""
    with replacing(folder / shard_name(number)) as part:
        part.write_bytes(file)


def stored_mark(path: Path) -> str | None:
    """Digest of the items of a stored shard; None where there is none, or it is damaged."""
    pa = arrow()
    try:
        metadata = pa.parquet.read_metadata(path).metadata or {}
    except (OSError, pa.ArrowException):
        return None
    mark = metadata.get(b"items")
    return mark.decode() if mark else None


def shard_files(folder: Path) -> list[Path]:
    """Shards of a folder, in order."""
    return sorted(folder.glob("shard-*.parquet"))


def fingerprint(model: Ensemble) -> str:
    """What tells weights from others: SHA-256 over all numbers of all seeds, 16 hex digits."""
    total = hashlib.sha256()
    for member in model.models:
        for name, values in member.state_dict().items():
            total.update(name.encode())
            total.update(values.detach().cpu().contiguous().numpy().tobytes())
    return total.hexdigest()[:16]


def agree(folder: Path, settings: Settings, sources: Sequence[str]) -> None:
    """Write down what a screen is of, or make sure that the one which lies there is the same.

    Raises
    ------
    ConfigError
        If another screen lies in the folder.
    DataError
        If its record is damaged.
    """
    path = folder / MANIFEST
    wanted = asdict(settings) | {"kind": str(settings.kind), "sources": list(sources)}
    if not path.exists():
        write_text(path, json.dumps(wanted, indent=1, ensure_ascii=False) + "\n")
        return
    found = manifest(folder)
    differing = [key for key, value in wanted.items() if found.get(key) != value]
    if differing:
        told = "; ".join(f"{k}: {found.get(k)!r}, now {wanted[k]!r}" for k in differing)
        raise ConfigError(
            f"another screen lies in this folder ({told}).",
            source=str(folder),
            remedy="Choose another folder, or delete this one.",
        )


def manifest(folder: Path) -> dict[str, Any]:
    """What is written down about a screen.

    Raises
    ------
    DataError
        If there is no screen, or its record is damaged.
    """
    path = folder / MANIFEST
    try:
        found = parse_json(path.read_text("utf-8"))
        Kind(found["kind"])
    except FileNotFoundError:
        raise DataError(
            "no screen lies here.", source=str(folder), remedy="`deepdos screen` makes one."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"the record of the screen cannot be read ({error}).", source=str(path)
        ) from error
    return dict(found)
