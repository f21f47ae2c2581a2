"""Kind "clips": runs of frames, clean and with captions.

A clip is a folder of frames, or frames that share a name up to their number, in a folder or an archive. With the
options `damaged` and `clean`, the names of two folders, each clip has a partner; without, captions are burnt into the
clean frames, the same throughout a clip. "synthetic:toy_clips" draws them. Videos must be unpacked into frames first:
nothing here can read them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, UInt8

from retouch.arrays.types import AnyArray
from retouch.errors import InputError
from retouch.training.data.cutting import Cut, check_cutting, fit
from retouch.training.data.samples import Draw, Groups, Sample
from retouch.training.data.sources.contract import Source
from retouch.training.data.sources.files import Entry, PictureFiles
from retouch.training.data.sources.opening import SYNTHETIC, entries_at, open_source
from retouch.training.data.synthetic.damage.captions import draw_caption
from retouch.training.data.tasks.fitting import draw_cut, fit_labels, planes
from retouch.training.data.tasks.options import check_names, take
from retouch.training.recipes.settings import DataSettings, Recipe

FRAMES = 9
"""Frames of a sample, unless the option `frames` says otherwise."""
_KNOWN = ("damaged", "clean", "frames", "stride")
_NUMBERED = re.compile(r"^(.*?)(\d*)$")


class Clip(NamedTuple):
    """A clip's name, its frames in order, and those of its damaged partner: none, where it has no partner folder."""

    name: str
    clean: tuple[Entry, ...]
    damaged: tuple[Entry, ...] = ()


class ClipFiles:
    """A source of clips in files of frames; see `retouch.training.data.sources.contract`."""

    def __init__(self, clips: Sequence[Clip], n_channels: int = 3) -> None:
        self.clips = tuple(clips)
        self.n_channels = n_channels

    def __len__(self) -> int:
        """Return how many clips there are."""
        return len(self.clips)

    def length(self, index: int) -> int:
        """Return how many frames a clip has."""
        return len(self.clips[index].clean)

    def read(self, index: int) -> Mapping[str, AnyArray]:
        """Return all of a clip; see `read_frames`."""
        return self.read_frames(index, range(self.length(index)))

    def read_frames(self, index: int, numbers: Iterable[int]) -> Mapping[str, AnyArray]:
        """Return "frames", and "damaged_frames" if there is a partner, (T, H, W, C) uint8.

        Raises
        ------
        InputError
            If a frame cannot be read, frames differ in size, or the partner has not as many.
        """
        clip, numbers = self.clips[index], list(numbers)
        frames = {"frames": self._decoded(clip.clean, numbers)}
        if clip.damaged:
            if len(clip.damaged) != len(clip.clean):
                raise InputError(
                    f"both clips of a pair must have as many frames, got {len(clip.damaged)} and {len(clip.clean)}"
                )
            frames["damaged_frames"] = self._decoded(clip.damaged, numbers)
            if frames["damaged_frames"].shape != frames["frames"].shape:
                raise InputError("the frames of both clips of a pair must have the same size")
        return frames

    def name(self, index: int) -> str:
        """Return the clip's path below the root."""
        return self.clips[index].name

    def content_hash(self, index: int) -> str:
        """Return a hash over the contents of all clean frames."""
        clip = PictureFiles(self.clips[index].clean)
        frames = "".join(clip.content_hash(number) for number in range(len(clip)))
        return hashlib.sha256(frames.encode()).hexdigest()

    def _decoded(self, entries: tuple[Entry, ...], numbers: Sequence[int]) -> UInt8[np.ndarray, "T H W C"]:
        files, frames = PictureFiles(entries, self.n_channels), []
        for number in numbers:
            try:
                frames.append(files.read(number)["image"])
            except InputError as error:
                raise InputError(f"its frame {files.name(number)}: {error}") from error
        if len({frame.shape for frame in frames}) > 1:
            raise InputError("all frames of a clip must have the same size")
        return np.stack(frames)


def find_clips(root: Path, damaged: str = "", clean: str = "") -> list[Clip]:
    """List the clips at a folder or archive.

    Raises
    ------
    InputError
        If there is none, or only one of the two partner folders is given.
    """
    if bool(damaged) != bool(clean):
        raise InputError("data.options.damaged and data.options.clean must both be given, or neither; got one of them")
    runs = _runs(entries_at(root))
    if not damaged:
        clips = [Clip(name, frames) for name, frames in runs.items()]
    else:
        ours, theirs = f"{clean.strip('/')}/", f"{damaged.strip('/')}/"
        names = [name.removeprefix(ours) for name in runs if name.startswith(ours)]
        clips = [Clip(name, runs[ours + name], runs[theirs + name]) for name in names if theirs + name in runs]
    if not clips:
        raise InputError(
            f"{root} must hold folders of frames, or numbered frames, got none; unpack each video into a folder"
        )
    return clips


def _runs(entries: Sequence[Entry]) -> dict[str, tuple[Entry, ...]]:
    """Return frames by the name of their clip: the folder and what stands before the number."""
    runs: dict[str, list[tuple[int, Entry]]] = {}
    for entry in entries:
        path = PurePosixPath(entry.name)
        head, number = _split_number(path.stem)
        runs.setdefault(str(path.parent / head) if head else str(path.parent), []).append((number, entry))
    return {name: tuple(e for _, e in sorted(run, key=lambda each: each[0])) for name, run in runs.items()}


def _split_number(stem: str) -> tuple[str, int]:
    """Return what stands before the number at the end of a name, and the number.

    >>> _split_number("walk_0012"), _split_number("0012")
    (('walk', 12), ('', 12))
    """
    match = _NUMBERED.match(stem)
    head, digits = match.groups() if match else (stem, "")
    return head.rstrip("_-. "), int(digits or 0)


@dataclass(frozen=True, eq=False)  # as itself in tables, whatever its options are
class ClipMaker:
    """Samples of clips; see `Maker`.

    "frames" and "damaged_frames" are (T, C, S, S) uint8, "frame_masks" (T, 1, S, S) bool where it is known which pixels
    the captions cover. "image" and "damaged" are the middle frames, "mask" the middle mask.
    """

    data: DataSettings
    source: Source
    n_frames: int = FRAMES
    stride: int = 1
    n_validation: int = 0
    groups: Groups | None = None
    fingerprint: str = ""

    def make(self, index: int, draw: Draw) -> Sample:
        """Return a sample."""
        arrays = self._read(index, draw)
        clean = self._fitted(arrays["frames"])
        cut = draw_cut(clean.shape[1:], self.data, draw)
        clean = _cut_all(cut, clean)
        masks: Bool[np.ndarray, "T S S"] | None = None
        if "damaged_frames" in arrays:
            damaged = _cut_all(cut, self._fitted(arrays["damaged_frames"]))
            if "frame_masks" in arrays:
                numbers = [fit_labels(mask.astype(np.int64), self.data) for mask in arrays["frame_masks"]]
                masks = _cut_all(cut, np.stack(numbers)) > 0
        else:
            damaged, masks = self._caption(clean, draw)
        return Sample(_as_tensors(clean, damaged, masks))

    def notes(self) -> tuple[str, ...]:
        """Say nothing."""
        return ()

    def _read(self, index: int, draw: Draw) -> Mapping[str, AnyArray]:
        """Return the frames of a window of the clip, anywhere in training, in the middle in validation."""
        if isinstance(self.source, ClipFiles):
            return self.source.read_frames(index, self._window(self.source.length(index), draw))
        arrays = self.source.read(index)
        numbers = self._window(len(arrays["frames"]), draw)
        return {name: array[numbers] for name, array in arrays.items()}

    def _fitted(self, frames: UInt8[np.ndarray, "T H W C"]) -> UInt8[np.ndarray, "T h w C"]:
        return np.stack([fit(frame, self.data) for frame in frames])

    def _window(self, length: int, draw: Draw) -> list[int]:
        """Return the numbers of the frames; beyond the ends of a clip they are mirrored."""
        room = max(length - (self.n_frames - 1) * self.stride, 1)
        start = int(draw.rng("window").integers(room)) if draw.is_training else room // 2
        return [mirrored(start + step * self.stride, length) for step in range(self.n_frames)]

    def _caption(
        self, clean: UInt8[np.ndarray, "T S S C"], draw: Draw
    ) -> tuple[UInt8[np.ndarray, "T S S C"], Bool[np.ndarray, "T S S"]]:
        """Burn a caption in; pixels outside of it stay as they are."""
        caption = draw_caption(clean.shape[1], clean.shape[2], draw.rng("damage"))
        ink = caption.ink.mean(axis=2, keepdims=True) if clean.shape[3] == 1 else caption.ink
        frames = clean.astype(np.float32) / 255
        burnt = np.rint((frames + caption.alpha[..., None] * (ink - frames)) * 255).astype(np.uint8)
        damaged = np.where(caption.mask[..., None], burnt, clean)
        return damaged, np.broadcast_to(caption.mask, clean.shape[:3])


def mirrored(number: int, length: int) -> int:
    """Return the frame that stands for one beyond the end of a clip.

    >>> [mirrored(number, 3) for number in range(6)]
    [0, 1, 2, 1, 0, 1]
    """
    if length == 1:
        return 0
    place = number % (2 * (length - 1))
    return min(place, 2 * (length - 1) - place)


def build_clips(recipe: Recipe) -> ClipMaker:
    """Return the maker of a recipe's clips.

    Options: `frames` (9) and `stride` (1) of a sample; `damaged` and `clean`, folders of clips with captions and
    without.
    """
    data = recipe.data
    check_cutting(data)
    is_drawn = data.root.startswith(SYNTHETIC)
    check_names(data.options, _KNOWN, is_drawn=is_drawn)
    n_frames, stride = take(data.options, "frames", FRAMES), take(data.options, "stride", 1)
    if min(n_frames, stride) < 1:
        raise InputError(f"frames and stride of clips must be 1 or more, got {n_frames} and {stride}")
    if is_drawn or not data.root:
        return ClipMaker(data, open_source(data).source, n_frames, stride)
    folders = take(data.options, "damaged", ""), take(data.options, "clean", "")
    return ClipMaker(
        data, ClipFiles(find_clips(Path(data.root).expanduser(), *folders), data.channels), n_frames, stride
    )


def _cut_all(cut: Cut, frames: AnyArray) -> AnyArray:
    return np.stack([cut.of(frame) for frame in frames])


def _as_tensors(clean: AnyArray, damaged: AnyArray, masks: AnyArray | None) -> dict[str, AnyArray]:
    middle = len(clean) // 2
    tensors = {
        "frames": planes(clean),
        "damaged_frames": planes(damaged),
        "image": planes(clean[middle]),
        "damaged": planes(damaged[middle]),
    }
    if masks is not None:
        tensors |= {"frame_masks": masks[:, None], "mask": masks[middle][None]}
    return tensors
