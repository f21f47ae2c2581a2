"""Pictures in .zip and .tar files, which are never unpacked: only where each member lies is kept.

A .tar that is compressed as a whole (.tar.gz) cannot be read from the middle, and is refused.
"""

from __future__ import annotations

import struct
import tarfile
import zipfile
from pathlib import Path

from retouch.errors import InputError
from retouch.io.wording import fault
from retouch.training.data.sources.files import Entry, is_picture_name

ARCHIVE_SUFFIXES = (".zip", ".tar")

_LOCAL_HEADER = 30  # bytes of a member's own header in a zip before its name; lengths of name and extra at its end
_ENCRYPTED = 0x1


def archive_entries(path: Path, prefix: str = "") -> list[Entry]:
    """List the pictures in an archive, sorted by name.

    Parameters
    ----------
    path : Path
        A .zip or an uncompressed .tar file.
    prefix : str
        What the names begin with.

    Raises
    ------
    InputError
        If it cannot be read, or its members are encrypted or packed otherwise than stored or deflated.
    """
    try:
        entries = _zip_entries(path) if path.suffix.lower() == ".zip" else _tar_entries(path)
    except (OSError, zipfile.BadZipFile, tarfile.TarError, struct.error) as error:
        raise InputError(
            f"cannot read the archive {path}: {fault(error)}; give a whole .zip or an uncompressed .tar file"
        ) from error
    return sorted(entry._replace(name=prefix + entry.name) for entry in entries)


def shard_entries(root: Path) -> list[Entry]:
    """List the pictures of all archives in a folder, archive after archive; names begin with that of the archive."""
    shards = sorted(path for path in root.iterdir() if path.suffix.lower() in ARCHIVE_SUFFIXES)
    return [entry for shard in shards for entry in archive_entries(shard, shard.name + "/")]


def _tar_entries(path: Path) -> list[Entry]:
    with tarfile.open(path, "r:") as archive:
        return [
            Entry(_plain(member.name), path, member.offset_data, member.size)
            for member in archive
            if member.isreg() and not member.issparse() and is_picture_name(member.name)
        ]


def _zip_entries(path: Path) -> list[Entry]:
    with zipfile.ZipFile(path) as archive, path.open("rb") as stream:
        members = [m for m in archive.infolist() if not m.is_dir() and is_picture_name(m.filename)]
        for member in members:
            if member.flag_bits & _ENCRYPTED or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise InputError(
                    f"the members of {path} must be stored or deflated and not encrypted, {member.filename} is not; "
                    "pack them again"
                )
        starts = [_data_start(stream.seek(m.header_offset), stream.read(_LOCAL_HEADER)) for m in members]
    return [
        Entry(_plain(m.filename), path, start, m.compress_size, m.compress_type == zipfile.ZIP_DEFLATED)
        for m, start in zip(members, starts, strict=True)
    ]


def _data_start(header_start: int, header: bytes) -> int:
    n_name, n_extra = struct.unpack("<HH", header[-4:])
    return header_start + _LOCAL_HEADER + int(n_name) + int(n_extra)


def _plain(name: str) -> str:
    return name.removeprefix("./")
