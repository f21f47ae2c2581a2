"""Pictures in files, or in stored or deflated parts of files: the members of archives are read where they lie."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from retouch.arrays.types import AnyArray
from retouch.errors import InputError
from retouch.io.wording import fault
from retouch.training.data.sources.decoding import decode

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif")
"""Names that are taken for pictures; capitals do not matter."""


class Entry(NamedTuple):
    """Where the bytes of a picture are: `length` bytes of a file from `start` on, -1 up to its end."""

    name: str
    path: Path
    start: int = 0
    length: int = -1
    is_deflated: bool = False


class PictureFiles:
    """A source of pictures by their entries; see `retouch.training.data.sources.contract`.

    Every reading opens the file anew: no handle is shared by threads, and none is left open.
    """

    def __init__(self, entries: Sequence[Entry], n_channels: int = 3) -> None:
        self.entries = tuple(entries)
        self.n_channels = n_channels

    def __len__(self) -> int:
        """Return how many pictures there are."""
        return len(self.entries)

    def read(self, index: int) -> Mapping[str, AnyArray]:
        """Return "image", (H, W, C) uint8."""
        return {"image": decode(self.bytes_of(index), self.n_channels)}

    def name(self, index: int) -> str:
        """Return the path below the root."""
        return self.entries[index].name

    def content_hash(self, index: int) -> str:
        """Return the SHA-256 of the file's bytes."""
        return hashlib.sha256(self.bytes_of(index)).hexdigest()

    def bytes_of(self, index: int) -> bytes:
        """Return the bytes of the picture file.

        Raises
        ------
        InputError
            If they cannot be read.
        """
        entry = self.entries[index]
        try:
            with entry.path.open("rb") as stream:
                stream.seek(entry.start)
                data = stream.read(entry.length)
            return zlib.decompress(data, wbits=-zlib.MAX_WBITS) if entry.is_deflated else data
        except (OSError, zlib.error) as error:
            raise InputError(f"its bytes cannot be read: {fault(error)}") from error


def is_picture_name(name: str) -> bool:
    """Return whether a file is taken for a picture: by its suffix, and never a hidden one.

    >>> is_picture_name("a/b.JPG"), is_picture_name("a/._b.jpg"), is_picture_name("a/b.txt")
    (True, False, False)
    """
    path = Path(name)
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".")


def folder_entries(root: Path) -> list[Entry]:
    """List the pictures of a folder and of all folders in it, sorted by name."""
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if is_picture_name(path.name))
    return [Entry(name, root / name) for name in names]
