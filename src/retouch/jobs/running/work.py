"""One item from its files to its output; what fails comes back as a sentence and never as an exception.

An output whose hash, inputs and settings are as written down is left as it is. A new one is announced, by its hash,
before it takes its place.
"""

from __future__ import annotations

import errno
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from retouch.arrays.regions import dilate_mask
from retouch.arrays.types import Mask
from retouch.errors import FileError, InputError, RetouchError
from retouch.io.atomic import atomic_write
from retouch.io.pictures.mask_files import read_mask
from retouch.io.pictures.picture import Picture
from retouch.io.pictures.reading import open_image
from retouch.io.pictures.writing import encode, format_for
from retouch.io.wording import fault, shown
from retouch.jobs.journal import Done, Hashes, Work
from retouch.jobs.planning.items import output_path
from retouch.jobs.planning.settings import DENOISE, FILL, REMOVE, Settings, settings_from_json
from retouch.methods.denoise import denoise_picture
from retouch.methods.fill import fill_picture
from retouch.runtime.memory import PeakMemory
from retouch.tasks.photo_repair import repair_picture
from retouch.tasks.removal import remove_from_picture

Announce = Callable[[Hashes], None]

_SAME_FOR_ALL = (errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO)


@dataclass(frozen=True)
class Kept:
    """The output was there already."""


@dataclass(frozen=True)
class Failed:
    """Nothing was written, and why.

    Attributes
    ----------
    reason : str
    may_pass : bool
        Whether another try may do better: not so for a damaged picture.
    stops_all : bool
        Whether no other item would fare better: a full disk.
    """

    reason: str
    may_pass: bool = False
    stops_all: bool = False


Outcome = Done | Kept | Failed


class _Made(NamedTuple):
    picture: Picture
    mask: Mask | None
    notes: tuple[str, ...]


def do_item(work: Work, out: Path, announce: Announce, *, score: bool) -> Outcome:
    """Do one item.

    Parameters
    ----------
    work : Work
    out : Path
        The output folder.
    announce : callable
        Told the hashes when the output is ready, and before it takes its place.
    score : bool
        Whether fills are judged by the detector of artefacts.
    """
    started = time.perf_counter()
    try:
        with PeakMemory() as memory:
            found = _do(work, out, announce, score=score)
    except RetouchError as error:
        code = getattr(error.__cause__, "errno", None) if isinstance(error, FileError) else None
        return Failed(str(error), isinstance(error, FileError), code in _SAME_FOR_ALL)
    except MemoryError:
        return Failed("the machine's memory is used up; give a smaller --max-memory or fewer --workers", may_pass=True)
    except Exception as error:  # a fault of ours must not end the night either
        return Failed(f"internal error ({type(error).__name__}: {fault(error)}); please report it", may_pass=True)
    if found is None:
        return Kept()
    value, notes = found
    return Done(time.perf_counter() - started, memory.peak_mb, value, "; ".join(notes))


def _do(work: Work, out: Path, announce: Announce, *, score: bool) -> tuple[float | None, tuple[str, ...]] | None:
    """Return score and notes; None where the output is there already."""
    source, mask = file_hash(Path(work.source)), "" if work.mask is None else file_hash(Path(work.mask))
    place = output_path(out, work.name)
    if work.before is not None and _is_made(work.before, (work.fingerprint, source, mask), place):
        return None
    settings = settings_from_json(work.settings_json)
    picture = open_image(work.source, max_pixels=settings.max_pixels)
    chosen = None if settings.keep_format else format_for(place, picture)
    made = _make(picture, work.mask, settings)
    data = encode(made.picture, chosen, quality=settings.quality, keep_metadata=settings.keep_metadata)
    value = _score(made) if score else None
    announce(Hashes(work.fingerprint, source, mask, hashlib.sha256(data).hexdigest()))
    _make_folder(place.parent)
    atomic_write(place, data)
    return value, (*picture.notes, *made.notes)


def _is_made(before: Hashes, wanted: tuple[str, str, str], place: Path) -> bool:
    """Whether the output that was written down is of these settings, picture and mask, and lies in its place."""
    same = (before.made_by, before.source, before.mask) == wanted
    return same and place.is_file() and file_hash(place) == before.output


def _make(picture: Picture, mask: str | None, settings: Settings) -> _Made:
    if settings.task == DENOISE:
        return _Made(denoise_picture(picture, settings.denoise_request()).picture, None, ())
    request = settings.fill_request()
    if settings.task == FILL:
        missing = _read_mask(str(mask), picture, settings)
        filled = fill_picture(picture, missing, request)
        return _Made(filled.picture, missing, tuple(filled.report.warnings()))
    if settings.task == REMOVE:
        removed = remove_from_picture(picture, settings.target(mask), request)
        return _Made(removed.picture, removed.mask, removed.status)
    repaired = repair_picture(picture, settings.repair(), request)
    return _Made(repaired.picture, repaired.mask, repaired.status)


def _read_mask(path: str, picture: Picture, settings: Settings) -> Mask:
    mask = read_mask(path, shape=picture.shape, invert=settings.invert_mask, max_pixels=settings.max_pixels)
    return dilate_mask(mask, settings.dilate) if settings.dilate else mask


def _score(made: _Made) -> float | None:
    """Return how filled the fill looks, 0 to 1; None where nothing was filled."""
    if made.mask is None or not made.mask.any():
        return None
    from retouch.tasks.inspecting.door import inspect_picture  # noqa: PLC0415 - loads a network

    return float(inspect_picture(made.picture, made.mask).score.mean)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file.

    Raises
    ------
    InputError
        If it cannot be read, or is no file: a pipe would be waited for without end.
    """
    try:
        if path.exists() and not path.is_file():
            raise InputError(f"cannot read {shown(path)}: it is no file; give the name of a picture file")
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except RetouchError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {shown(path)}: {fault(error)}; give the name of a picture file") from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileError(f"cannot make the folder {shown(folder)}: {fault(error)}") from error
