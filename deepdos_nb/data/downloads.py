"""Files from outside: where they are kept, how their content is verified, how they are unpacked."""

from __future__ import annotations

import bz2
import errno
import gzip
import hashlib
import io
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Generator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO, Any

from deepdos_nb.core.errors import DataError
from deepdos_nb.core.files import replacing

HOME = "DEEPDOS_DATA"
"""Environment variable that names the folder for downloaded data."""

MAX_UNPACKED = 300_000_000
"""Bytes an archive of one material may hold; a large one holds a tenth of that."""

MAX_MEMBERS = 10_000
"""Files an archive may list."""

_PIECE = 1 << 20

_FOLDER = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EEXIST,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENAMETOOLONG,
}
"""What is wrong with the folder, and not with the network."""

_DAMAGE = (
    OSError,
    EOFError,
    RuntimeError,  # an encrypted zip file
    tarfile.TarError,
    zipfile.BadZipFile,
    lzma.LZMAError,
    zlib.error,
)


def data_home() -> Path:
    """Folder for downloaded data: ``$DEEPDOS_DATA``, or the user's cache folder."""
    if named := os.environ.get(HOME):
        return Path(named).expanduser()
    import pooch

    return Path(pooch.os_cache("deepdos_nb"))


def git_blob_sha1(path: str | Path) -> str:
    """Hash of a file as git names it: SHA-1 of ``blob``, its size, a zero byte and its content."""
    content = Path(path).read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def fetch(
    url: str,
    target: Path,
    verify: Callable[[Path], str],
    *,
    remedy: str,
    progress: bool = False,
) -> Path:
    """Download a file once; it gets its name only after its content was verified.

    Parameters
    ----------
    url : str
    target : Path
        Where it is kept; nothing is downloaded where `verify` accepts what already lies there.
    verify : callable
        Given a path, returns an empty string or what is wrong with the content.
    remedy : str
        What to do without network.
    progress : bool
        Show a progress bar.

    Raises
    ------
    DataError
        If the download fails or the content is refused; nothing is kept then.
    """
    import pooch

    if target.exists() and not verify(target):
        return target
    try:
        # A name of its own: another process may be at it too.
        with replacing(target) as part:
            # The content is verified below, in ways pooch does not know.
            options = {"progressbar": Bar()} if progress else {}
            pooch.retrieve(
                url,
                known_hash=None,
                fname=part.name,
                path=target.parent,
                **({"downloader": pooch.HTTPDownloader(**options)} if progress else {}),
            )
            if wrong := verify(part):
                raise DataError(
                    wrong,
                    source=url,
                    remedy="Try again later, or pass the path of a copy you trust.",
                )
    except OSError as error:
        raise download_error(error, url, target.parent, remedy) from error
    return target


def download_error(error: Exception, url: str, folder: Path, remedy: str) -> DataError:
    """What to say of a download that failed: whether the network or the folder is to blame."""
    from requests import RequestException

    if getattr(error, "errno", None) in _FOLDER and not isinstance(error, RequestException):
        return DataError(
            f"nothing can be kept there ({getattr(error, 'strerror', None) or error}).",
            source=str(folder),
            remedy=f"Make room or give access, or name another folder in ${HOME}.",
        )
    return DataError(f"download failed ({error}).", source=url, remedy=remedy)


class Bar:
    """A rich progress bar with the few methods pooch asks of one."""

    def __init__(self) -> None:
        from rich.progress import BarColumn, DownloadColumn, Progress, TransferSpeedColumn

        self._bar = Progress("downloading", BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._task = self._bar.add_task("download", total=None)
        self._total = 0

    @property
    def total(self) -> int:
        """Bytes expected."""
        return self._total

    @total.setter
    def total(self, value: int) -> None:
        self._total = value
        self._bar.update(self._task, total=value or None)
        self._bar.start()

    def update(self, n: int) -> None:
        """Count `n` more bytes."""
        self._bar.advance(self._task, n)

    def reset(self) -> None:
        """Start from nothing."""
        self._bar.update(self._task, completed=0)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.stop()


def unpack(
    path: str | Path,
    folder: str | Path,
    wanted: Collection[str],
    *,
    max_bytes: int = MAX_UNPACKED,
) -> dict[str, Path]:
    """Take the wanted files out of an archive of one material, and nothing else.

    Parameters
    ----------
    path : path
        A zip file, or a tar file that may be compressed by xz, lzma, gzip or bzip2. Its content
        tells which, not its name.
    folder : path
        Files are written directly into it, whatever folder they had in the archive.
    wanted : collection of str
        Base names.
    max_bytes : int
        Uncompressed bytes that are read at most, counted while reading.

    Returns
    -------
    dict of Path
        By base name.

    Raises
    ------
    DataError
        If it is no archive, is damaged, names paths outside of itself, holds a wanted file twice
        or is larger than allowed.
    """
    path, folder = Path(path), Path(folder)
    found: dict[str, Path] = {}
    try:
        with closing(_members(path, max_bytes)) as members:
            for count, (name, stream) in enumerate(members):
                inside = PurePosixPath(name.replace("\\", "/"))
                if inside.is_absolute() or ".." in inside.parts or ":" in name:
                    raise DataError(f"names a path outside of itself ({name}).", source=str(path))
                if count >= MAX_MEMBERS:
                    raise DataError(f"lists more than {MAX_MEMBERS} files.", source=str(path))
                if stream is None or inside.name not in wanted:
                    continue
                if inside.name in found:
                    raise DataError(
                        f"holds {inside.name} twice.",
                        source=str(path),
                        remedy="Give one archive for each material.",
                    )
                target = folder / inside.name
                with target.open("wb") as file:
                    while piece := stream.read(_PIECE):
                        file.write(piece)
                found[inside.name] = target
    except FileNotFoundError:
        raise DataError("no such file.", source=str(path)) from None
    except _DAMAGE as error:
        raise DataError(f"not an archive, or a damaged one ({error}).", source=str(path)) from error
    return found


def _members(path: Path, max_bytes: int) -> Generator[tuple[str, Any], None, None]:
    """Names of an archive's members with their content (None for anything but plain files)."""
    with path.open("rb") as file:
        start = file.read(6)
        file.seek(0)
        if start.startswith(b"PK"):
            with zipfile.ZipFile(file) as archive:
                limit = _Limit(max_bytes, str(path))
                for info in archive.infolist():
                    with archive.open(info) as stream:
                        plain = not info.is_dir()
                        yield info.filename, _Limited(stream, limit) if plain else None
            return
        limited = _Limited(_decompressed(file, start), _Limit(max_bytes, str(path)))
        # As a stream: no member is read twice, and the limit counts those that are skipped too.
        with tarfile.open(fileobj=limited, mode="r|") as archive:
            for member in archive:
                yield member.name, archive.extractfile(member) if member.isreg() else None


def _decompressed(file: IO[bytes], start: bytes) -> Any:
    if start.startswith((b"\xfd7zXZ", b"\x5d\x00\x00")):
        return lzma.open(file)
    if start.startswith(b"\x1f\x8b"):
        return gzip.open(file)
    return bz2.open(file) if start.startswith(b"BZh") else file


class _Limit:
    """Bytes that may still be read from one archive."""

    def __init__(self, n_bytes: int, source: str):
        self.left, self.n_bytes, self.source = n_bytes, n_bytes, source

    def spend(self, n_bytes: int) -> None:
        self.left -= n_bytes
        if self.left < 0:
            raise DataError(
                f"unpacks to more than {self.n_bytes / 1e6:.0f} MB.",
                source=self.source,
                remedy="This is no archive of one material; check where it comes from.",
            )


class _Limited(io.RawIOBase):
    """A stream whose bytes count against a limit."""

    def __init__(self, stream: Any, limit: _Limit):
        self.stream, self.limit = stream, limit

    def read(self, size: int | None = -1) -> bytes:
        size = _PIECE if size is None or size < 0 else min(size, _PIECE)
        piece: bytes = self.stream.read(size)
        self.limit.spend(len(piece))
        return piece
