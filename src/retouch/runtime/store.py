"""The weight store: a folder of weights files and a manifest that pins the SHA-256 of each.

Departure: one manifest for the whole folder is rewritten at each change, atomically; two commands that change the
store at the same moment may lose one of two lines, never a file.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from retouch.errors import FileError, WeightsError, unknown_name
from retouch.io.atomic import atomic_write
from retouch.io.weights.state_dicts import file_sha256
from retouch.io.wording import fault, shown
from retouch.runtime.transfer import bring

MANIFEST = "manifest.json"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST_MANIFEST_BYTES = 1 << 22


@dataclass(frozen=True)
class Entry:
    """One line of the manifest.

    Attributes
    ----------
    name : str
        Small letters, digits, dots, dashes and underscores.
    file : str
        Name of the file in the folder of the store.
    sha256 : str
        Of the file, 64 hexadecimal digits.
    licence : str
        Of the weights, as their authors state it.
    source : str
        Where they came from.
    net : str
        The network they belong to.
    """

    name: str
    file: str
    sha256: str
    licence: str = ""
    source: str = ""
    net: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise WeightsError(
                f"a name in the weight store has small letters, digits, dots, dashes and underscores, got {self.name!r}"
            )
        if not _FILE.fullmatch(self.file) or self.file == MANIFEST:
            raise WeightsError(
                f"a file in the weight store has letters, digits, dots, dashes and underscores, got {self.file!r}"
            )
        if not _SHA256.fullmatch(self.sha256):
            raise WeightsError(f"a SHA-256 has 64 hexadecimal digits in small letters, {self.name} has {self.sha256!r}")


class WeightStore:
    """A folder with weights and their manifest; made when something is first put in.

    Parameters
    ----------
    folder : path, optional
        By default `default_folder()`.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self.folder = default_folder() if folder is None else Path(folder)

    def entries(self) -> dict[str, Entry]:
        """Return what the manifest lists, by name; nothing where there is no store yet.

        Raises
        ------
        WeightsError
            If the manifest is damaged or names files outside the folder.
        """
        path = self.folder / MANIFEST
        try:
            if path.stat().st_size > _MOST_MANIFEST_BYTES:
                raise WeightsError(f"{shown(path)} is no manifest: it is too large; put it right or remove it")
            lines = json.loads(path.read_bytes())["weights"]
            found = [Entry(**line) for line in lines]
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise WeightsError(
                f"cannot read the manifest {shown(path)}: {fault(error)}; put it right or remove it"
            ) from error
        return {entry.name: entry for entry in found}

    def path_of(self, name: str) -> Path:
        """Return where the weights of that name lie, after their hash was found to be the pinned one.

        Raises
        ------
        WeightsError
            If they are not in the store or are damaged; says what to do.

        Notes
        -----
        Reads the whole file, once for each process while it is unchanged.
        """
        entries = self.entries()
        if name not in entries:
            here = f"the weight store {shown(self.folder)}"
            if not entries:
                raise WeightsError(
                    f"there are no weights '{name}': {here} is empty; see 'retouch weights fetch --help'"
                )
            raise WeightsError(f"{unknown_name('weights', name, entries)}; fetch them into {here}")
        fault_found = self._fault_of(entries[name])
        if fault_found:
            raise WeightsError(f"the weights {name} cannot be used: {fault_found}; fetch them again")
        return self.folder / entries[name].file

    def add(self, path: str | os.PathLike[str], entry: Entry) -> Path:
        """Copy a file into the store and return where it is now.

        Parameters
        ----------
        path : path
            The file.
        entry : Entry
            Its line in the manifest; one of the same name is replaced.

        Raises
        ------
        WeightsError
            If the file cannot be read or its hash is not that of the entry; the store is as before.
        FileError
            If the store cannot be written.
        """
        return self.fetch([Path(path).resolve().as_uri()], entry)

    def fetch(self, addresses: Sequence[str], entry: Entry, *, offline: bool | None = None) -> Path:
        """Bring a file from the first address that gives it, put it in the store and return where it is.

        Parameters
        ----------
        addresses : sequence of str
            https:// or file:// addresses of the same file: mirrors.
        entry : Entry
            Its line in the manifest; the hash is that of the file that must come.
        offline : bool, optional
            Refuse https://; by default what `is_offline()` says.

        Raises
        ------
        WeightsError
            If no address gives the file, or what it gives has another hash; the store is as before.
        FileError
            If the store cannot be written.
        """
        entries = self.entries()
        others = [other.name for other in entries.values() if other.file == entry.file and other.name != entry.name]
        if others:
            raise WeightsError(f"the file {entry.file} belongs to the weights {others[0]}; give it another name")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"cannot make the weight store {shown(self.folder)}: {fault(error)}") from error
        target = self.folder / entry.file
        bring(addresses, target, entry.sha256, offline=is_offline() if offline is None else offline)
        self._write(entries | {entry.name: entry})
        return target

    def verify(self) -> dict[str, str]:
        """Return what is wrong with each of the weights, by name; nothing for sound ones. Reads every file."""
        found = {entry.name: self._fault_of(entry) for entry in self.entries().values()}
        return {name: words for name, words in found.items() if words}

    def prune(self) -> list[Path]:
        """Remove the files that no line of the manifest names, and return them; folders are left alone.

        Raises
        ------
        WeightsError
            If there are files and no manifest: the folder may not be a weight store at all.
        FileError
            If one cannot be removed.
        """
        if not self.folder.is_dir():
            return []
        if not (self.folder / MANIFEST).is_file():
            raise WeightsError(f"{shown(self.folder)} has no {MANIFEST}, so it is no weight store; nothing was removed")
        kept = {MANIFEST} | {entry.file for entry in self.entries().values()}
        gone = sorted(item for item in self.folder.iterdir() if item.name not in kept and _is_removable(item))
        for item in gone:
            try:
                item.unlink()
            except OSError as error:
                raise FileError(f"cannot remove {shown(item)}: {fault(error)}") from error
        return gone

    def _fault_of(self, entry: Entry) -> str:
        path = self.folder / entry.file
        try:
            facts = path.stat()
            found = _hash_of(path.resolve(), (facts.st_size, facts.st_mtime_ns, facts.st_ino))
        except OSError as error:
            return f"{shown(path)}: {fault(error)}"
        except WeightsError as error:
            return str(error)
        return "" if found == entry.sha256 else f"{shown(path)} has the SHA-256 {found}, pinned is {entry.sha256}"

    def _write(self, entries: Mapping[str, Entry]) -> None:
        lines = {"weights": [asdict(entries[name]) for name in sorted(entries)]}
        atomic_write(self.folder / MANIFEST, (json.dumps(lines, indent=1) + "\n").encode())


def default_folder() -> Path:
    """Return the folder of the store: RETOUCH_WEIGHTS, or a place for data of the person who is logged in."""
    if os.environ.get("RETOUCH_WEIGHTS"):
        return Path(os.environ["RETOUCH_WEIGHTS"])
    if sys.platform == "win32":
        place = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        place = Path.home() / "Library" / "Application Support"
    else:
        place = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return place / "retouch" / "weights"


def is_offline() -> bool:
    """Tell whether RETOUCH_OFFLINE forbids the network: set to anything but 0."""
    return os.environ.get("RETOUCH_OFFLINE", "0") not in ("", "0")


@lru_cache(maxsize=64)
def _hash_of(path: Path, _stamp: tuple[int, int, int]) -> str:
    return file_sha256(path)


def _is_removable(item: Path) -> bool:
    return item.is_symlink() or item.is_file()
