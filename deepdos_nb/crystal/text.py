"""From the bytes of a file to its text: size, compression, encoding and line ends."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
from typing import Any

from deepdos_nb.core.errors import EmptyStructureError, UnreadableStructureError, printable

MAX_BYTES = 5_000_000
"""Largest structure file that is read, in bytes; a CIF of 500 atoms is a hundred times smaller."""

COMPRESSED: dict[bytes, Any] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
"""First bytes of compressed files, and what opens them."""

COMPRESSED_ENDINGS = (".gz", ".bz2", ".xz")

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Longer marks first: UTF-32's begins with that of UTF-16."""

MINUS_SIGNS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d\u00ad"), "-")
"""What typesetting makes of a minus sign."""

OVERBARS = re.compile("([\\dxyzXYZ])[\u0304\u0305]|[\u00af\u02c9](\\d)")
"""Bars over a digit or an axis, or before a digit, which stand for a minus sign."""

NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d{1,4})?", re.ASCII)
"""A decimal number; Fortran writes D for the exponent."""

CONTROLS = re.compile("[\x00-\x08]")
"""Signs that no text holds."""

TAIL = "\x00\x1a"
"""What old systems leave at the end of a file."""

PLAIN = {**MINUS_SIGNS, ord("\u2044"): "/", ord("\u2215"): "/"}
"""Signs inside numbers, symbols and operators, and the plain ones they stand for."""

BLANKS = dict.fromkeys(
    map(ord, "\x0b\x0c\u00a0\u2007\u202f\u2009\u200a\u2002\u2003\u3000\u200b"), " "
)
BLANKS.update(dict.fromkeys(map(ord, "\u200c\u200d\u2060\ufeff"), ""))
"""Blanks that no parser takes for blanks, and signs without a width."""


def check_size(n_bytes: int, name: str) -> None:
    """Refuse files larger than `MAX_BYTES`."""
    if n_bytes > MAX_BYTES:
        raise UnreadableStructureError(
            f"the file has {n_bytes / 1e6:.1f} MB, the limit is {MAX_BYTES / 1e6:g} MB.",
            source=name,
            remedy="Give a file with a single structure and no volumetric data.",
        )


def decode(raw: str | bytes, name: str) -> str:
    """Return the text of a file with plain line ends and blanks.

    Compressed files are opened, and no more of them than `MAX_BYTES` is.

    Raises
    ------
    UnreadableStructureError
        If it is binary, or too large.
    EmptyStructureError
        If there is nothing in it.
    """
    text = raw if isinstance(raw, str) else _characters(_expand(raw, name))
    if text.endswith(tuple(TAIL)) and text.rstrip(TAIL)[-1:].isspace():
        text = text.rstrip(TAIL)
    if CONTROLS.search(text, 0, 4096) or "\x00" in text:
        raise UnreadableStructureError(
            "this is a binary file, not a structure in text form.",
            source=name,
            remedy="Export the crystal as CIF or POSCAR.",
        )
    if text.isascii():
        text = text.replace("\x0b", " ").replace("\x0c", " ")
    else:
        text = text.translate(BLANKS)
    if not text.strip():
        raise EmptyStructureError(
            "the file is empty.", source=name, remedy="Export the structure again."
        )
    return text.replace("\r\n", "\n").replace("\r", "\n")


def shown_name(name: str) -> str:
    """A file's name as a message can show it, no longer than a name can be."""
    name = printable(name)
    return name if len(name) <= 255 else f"{name[:100]}…{name[-100:]}"


def plain_name(name: str) -> str:
    """Name of a file without the ending of its compression."""
    for ending in COMPRESSED_ENDINGS:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)]
    return name


def plain_signs(text: str) -> str:
    """Minus signs and fractions as ASCII writes them: ``−x`` as ``-x``, ``½`` as ``1/2``."""
    if text.isascii():
        return text
    import unicodedata

    return unicodedata.normalize("NFKC", text).translate(PLAIN)


def decimal(text: str) -> float:
    """Value of a decimal number; NaN where there is none.

    Stricter than Python, which takes underscores and the digits of every script.
    """
    if not NUMBER.fullmatch(text):
        return float(text) if text.lower() in ("inf", "-inf") else float("nan")
    try:
        return float(text)
    except ValueError:
        return float(text.replace("d", "e").replace("D", "e"))


def _expand(raw: bytes, name: str) -> bytes:
    for mark, opener in COMPRESSED.items():
        if raw.startswith(mark):
            try:
                with opener(io.BytesIO(raw)) as file:
                    inner: bytes = file.read(MAX_BYTES + 1)
            except (OSError, EOFError, lzma.LZMAError, ValueError) as error:
                raise UnreadableStructureError(
                    f"the compressed file is damaged or cut off ({error}).",
                    source=name,
                    remedy="Compress it again, or give the file as it was before.",
                ) from error
            if len(inner) > MAX_BYTES:
                raise UnreadableStructureError(
                    f"unpacked, the file has more than {MAX_BYTES / 1e6:g} MB.",
                    source=name,
                    remedy="Give a file with a single structure and no volumetric data.",
                )
            return inner
    return raw


def _characters(raw: bytes) -> str:
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if raw.startswith(mark):
            return raw.decode(encoding, errors="replace")
    # Windows writes UTF-16 without a mark too: every other byte of ASCII is zero then.
    if b"\x00" in raw and len(raw) % 2 == 0:
        for encoding, zeros, signs in (
            ("utf-16-le", raw[1::2], raw[::2]),
            ("utf-16-be", raw[::2], raw[1::2]),
        ):
            if zeros.count(0) > 0.9 * len(zeros) and 0 not in signs:
                return raw.decode(encoding, errors="replace")
    # Old CIFs quote authors in Latin-1, which decodes any byte; only control bytes are junk.
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return raw.decode("cp1252")
        except UnicodeDecodeError:
            return raw.decode("latin-1")
