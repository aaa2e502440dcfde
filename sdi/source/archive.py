"""Getting at the bytes of a delivery: digests, packed files, and the guards around both."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, NoReturn

from sdi.errors import refused
from sdi.source.delivery import Limits

SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qpj", ".sbn", ".sbx", ".qix", ".shp.xml")
"""Endings of the files that together are one shapefile."""
_BROKEN = (zipfile.BadZipFile, OSError, EOFError, zlib.error, lzma.LZMAError, RuntimeError, UnicodeError)
"""What the standard library raises over a damaged archive; a name may be no text."""
_BLOCK = 1024 * 1024
_HARMLESS = 64 * 1024 * 1024
_REMOTE = ("/vsi", "http:", "https:", "ftp:", "s3:", "gs:", "az:", "wfs:", "oapif:", "pg:", "mysql:", "mssql:")


def local_file(path: Path | str, limits: Limits) -> Path:
    """Take a path for what it must be: one local file of sensible size.

    Parameters
    ----------
    path : Path or str
        Where the delivery lies.
    limits : Limits
        Largest size.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    RefusedError
        If it is an address, a connection, a folder, missing, empty or too large.
    """
    text = str(path)
    lowered = text.lower().replace("\\", "/")
    # pathlib shortens // to /, so an address arrives as "https:/host".
    if lowered.startswith(_REMOTE) or "\x00" in text or "<" in text:
        raise refused("path-refused", f"{text!r} is no local file", "download the delivery first and name the file")
    path = Path(path)
    try:
        return _plain_file(path, limits)
    except OSError as error:
        found = f"{text[:200]!r} cannot be opened: {error.strerror}"
        raise refused("path-unreadable", found, "check the length of its name and the rights to read it") from error


def _plain_file(path: Path, limits: Limits) -> Path:
    """Look at what a path leads to."""
    if path.is_dir():
        raise refused("path-folder", f"{path} is a folder", "name the file, or pack the folder as a .zip")
    if not path.exists():
        raise refused("path-missing", f"{path} does not exist", "check source.path of the entry and the data folder")
    if not path.is_file():
        raise refused("path-refused", f"{path} is no plain file", "copy the delivery to a plain file first")
    size = path.stat().st_size
    if size == 0:
        raise refused("file-empty", f"{path.name} is empty (0 bytes)", "ask the supplier for the file again")
    if size > limits.file_bytes:
        _too_large(path.name, size, limits.file_bytes)
    first_bytes(path, 1)
    return path


def _too_large(name: str, size: int, limit: int) -> None:
    """Refuse a file for its size."""
    raise refused(
        "file-too-large",
        f"{name} has {size:,} bytes, at most {limit:,} are read",
        "deliver it in parts, or as GeoPackage or GeoParquet",
        bytes=size,
        limit=limit,
    )


def parts(path: Path) -> tuple[Path, ...]:
    """List the files that make up a delivery.

    Parameters
    ----------
    path : Path
        A file; of a shapefile any part that has geometry or attributes.

    Returns
    -------
    tuple of Path
        The file itself, or all parts of the shapefile, by name.
    """
    if path.suffix.lower() not in (".shp", ".dbf", ".shx"):
        return (path,)
    stem = path.stem.lower()
    return tuple(
        sorted(
            other
            for other in path.parent.iterdir()
            if other.name.lower() in {stem + part for part in SHAPEFILE_PARTS} and other.is_file()
        )
    )


def digest(path: Path) -> str:
    """Fingerprint a delivery by its bytes.

    Parameters
    ----------
    path : Path
        A file, or one part of a shapefile.

    Returns
    -------
    str
        SHA-256 as ``sha256sum`` prints it; for a set of files that of the lines ``sha256sum *`` would print.
    """
    return digest_of(parts(path))


def digest_of(files: Sequence[Path]) -> str:
    """Fingerprint files that together are one delivery.

    Parameters
    ----------
    files : sequence of Path
        The files, by name.

    Returns
    -------
    str
        SHA-256 of the one file, or of the lines ``sha256sum *`` would print.
    """
    if len(files) == 1:
        return _sha256(files[0])
    lines = "".join(f"{_sha256(file)}  {file.name}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def unpacked(path: Path, layer: str | None, limits: Limits) -> Iterator[Path]:
    """Give access to the file inside a packed delivery, or to the file itself.

    Parameters
    ----------
    path : Path
        A file; ``.zip`` and ``.gz`` are unpacked into a folder that is removed afterwards.
    layer : str or None
        Which file of an archive, without its ending, where there are several.
    limits : Limits
        Largest size and number of files.

    Yields
    ------
    Path
        A file that can be read with an ordinary reader.

    Raises
    ------
    RefusedError
        If the archive is broken, hostile or ambiguous.
    """
    head = first_bytes(path, 4)
    if head[:2] != b"\x1f\x8b" and head != b"PK\x03\x04":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="delivery-") as folder:
        unpack = _from_gzip if head[:2] == b"\x1f\x8b" else _from_zip
        yield unpack(path, Path(folder), layer, limits)


def first_bytes(path: Path, count: int) -> bytes:
    """Read the beginning of a file."""
    with path.open("rb") as file:
        return file.read(count)


def _from_gzip(path: Path, folder: Path, _layer: str | None, limits: Limits) -> Path:
    """Unpack a gzip file up to the limit: what it says of its size is not to be trusted."""
    target = folder / (path.stem if path.suffix.lower() == ".gz" else path.name)
    try:
        with gzip.open(path) as packed:
            _copy(packed, target, _unpackable(path.stat().st_size, limits), path.name)
    except (OSError, EOFError, zlib.error) as error:
        raise refused("archive-broken", f"{path.name} cannot be unpacked ({error})", "pack it again") from error
    return target


def allowed(path: Path, limits: Limits) -> int:
    """Return how many bytes the columns of a file may take in memory; small ones are no danger at any ratio.

    Parameters
    ----------
    path : Path
        A file that is packed within itself, such as GeoParquet; what an archive may write is bounded further.
    limits : Limits
        Largest size and ratio.

    Returns
    -------
    int [byte]
        The size of the file times the ratio, at least 64 MiB, at most the largest size of a file.
    """
    return min(limits.file_bytes, max(_HARMLESS, path.stat().st_size * limits.expansion))


def _unpackable(size: int, limits: Limits) -> int:
    """Return how many bytes an archive of that size may write [byte]."""
    return min(limits.file_bytes, limits.unpacked_bytes, max(_HARMLESS, size * limits.expansion))


def _copy(packed: IO[bytes] | gzip.GzipFile, target: Path, most: int, name: str) -> int:
    """Copy a stream into a file, but never more than so many bytes; return how many it were."""
    written = 0
    with target.open("wb") as file:
        while block := packed.read(_BLOCK):
            written += len(block)
            if written > most:
                _swells(name, most)
            file.write(block)
    return written


def _swells(name: str, most: int) -> NoReturn:
    """Refuse an archive that becomes too large."""
    raise refused(
        "archive-bomb",
        f"{name} unpacks to more than {most:,} bytes",
        "deliver the file unpacked if it is really that large",
        limit=most,
    )


def _from_zip(path: Path, folder: Path, layer: str | None, limits: Limits) -> Path:
    """Unpack a zip file after looking at its list of contents."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir() and not _is_noise(member)]
            most = _unpackable(path.stat().st_size, limits)
            _check_members(path.name, members, limits)
            if sum(member.file_size for member in members) > most:
                _swells(path.name, most)
            written = 0
            for member in members:
                target = folder.joinpath(*PurePosixPath(member.filename).parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed:
                    written += _copy(packed, target, most - written, path.name)
    except _BROKEN as error:
        raise refused("archive-broken", f"{path.name} cannot be unpacked ({error})", "pack it again") from error
    return _chosen(path.name, folder, layer)


def _is_noise(member: zipfile.ZipInfo) -> bool:
    """Tell whether a member is what file managers leave behind."""
    return member.filename.startswith("__MACOSX/") or member.filename.endswith((".DS_Store", "Thumbs.db"))


def _check_members(name: str, members: list[zipfile.ZipInfo], limits: Limits) -> None:
    """Refuse an archive that is empty, encrypted, too large, or writes outside its folder."""
    if not members:
        raise refused("archive-empty", f"{name} holds no file", "ask the supplier for the archive again")
    if len(members) > limits.members:
        raise refused("archive-bomb", f"{name} holds {len(members):,} files", "deliver one layer per archive")
    for member in members:
        pure = PurePosixPath(member.filename)
        linked = stat.S_ISLNK(member.external_attr >> 16)
        outside = pure.is_absolute() or ".." in pure.parts or not pure.parts or ":" in pure.parts[0]
        if linked or outside or "\\" in member.filename:
            raise refused(
                "archive-hostile",
                f"{name} holds {member.filename!r}, which points outside the archive",
                "do not open it; ask the supplier who packed it",
                member=member.filename,
            )
        if member.flag_bits & 0x1:
            raise refused("archive-encrypted", f"{name} is encrypted", "deliver it without a password")
        if pure.suffix.lower() in (".zip", ".gz", ".7z", ".rar"):
            raise refused(
                "archive-nested", f"{name} holds another archive, {member.filename!r}", "unpack the inner one"
            )
    twice = [member for member, times in Counter(member.filename for member in members).items() if times > 1]
    if twice:
        found = f"{name} holds {twice[0]!r} more than once"
        raise refused("archive-ambiguous", found, "which of them counts is unknown; pack one", member=twice[0])
    declared = sum(member.file_size for member in members)
    if declared > limits.file_bytes:
        _too_large(f"{name}, unpacked,", declared, limits.file_bytes)


_LAYER_ENDINGS = (
    ".shp", ".gpkg", ".geojson", ".json", ".fgb", ".parquet", ".geoparquet", ".csv", ".tif", ".tiff", ".asc",
)  # fmt: skip


def _chosen(name: str, folder: Path, layer: str | None) -> Path:
    """Choose the one layer of an unpacked archive."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in _LAYER_ENDINGS)
    if len(files) > 1 and layer is not None:
        files = [file for file in files if layer in (file.stem, file.name)] or files
    if not files:
        everything = sorted(file for file in folder.rglob("*") if file.is_file())
        if len(everything) == 1:
            return everything[0]
        raise refused(
            "format-unsupported",
            f"{name} holds no layer that can be read ({', '.join(file.name for file in everything[:5])})",
            f"expected one of {', '.join(_LAYER_ENDINGS)}",
        )
    if len(files) > 1:
        raise refused(
            "layer-ambiguous",
            f"{name} holds several layers: {', '.join(file.stem for file in files[:20])}",
            "name one of them as source.layer in the entry",
            layers=[file.stem for file in files],
        )
    return files[0]


def move_beside(path: Path, folder: Path) -> Path:
    """Copy all parts of a shapefile into a folder where missing ones can be added.

    Parameters
    ----------
    path : Path
        The ``.shp`` file.
    folder : Path
        An empty folder.

    Returns
    -------
    Path
        The copied ``.shp`` file.
    """
    for part in parts(path):
        shutil.copyfile(part, folder / part.name)
    return folder / path.name
