"""Masks from a folder or an archive, one drawn at random for each sample.

Source: the training script of GDN turns the masks at random, enlarges them, lets the holes grow by a box of random
side, cuts out a square at random and sorts the results into ratio bins. All of this can be asked for; as it stands a
mask is only scaled to the sample and mirrored. OpenCV is not needed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from scipy import ndimage

from retouch.arrays.types import AnyArray, Mask
from retouch.errors import InputError, UsageError
from retouch.io.pictures.mask_files import read_mask
from retouch.training.data.curricula.contract import SharedCurriculum
from retouch.training.data.curricula.families import never_all_nor_none
from retouch.training.data.curricula.options import Options
from retouch.training.data.curricula.ratios import check_bins, turned
from retouch.training.data.memory import ArrayMemory
from retouch.training.data.sources.files import PictureFiles
from retouch.training.data.sources.opening import entries_at
from retouch.training.recipes.settings import DamageSettings

_MAX_TRIES = 50
_MEMORY_MB = 256
_FITS = ("scale", "crop")
_ANY = (0.0, 1.0)


@dataclass(frozen=True)
class Changes:
    """What is done to a mask, in this order.

    Attributes
    ----------
    rotate_deg : float
        Turned by an angle up to this, either way.
    scale : (float, float)
        Enlarged by a factor within these.
    grow_px : (float, float)
        Holes grow by a box whose side is within these, in pixels of the file; 0 and 1 do nothing.
    fit : str
        "scale" brings the shorter side to that of the sample; "crop" cuts the sample's square out as it is.
    flip : bool
        Mirrored and turned by quarters at random.
    """

    rotate_deg: float = 0.0
    scale: tuple[float, float] = (1.0, 1.0)
    grow_px: tuple[float, float] = (0.0, 0.0)
    fit: str = "scale"
    flip: bool = True


def build_mask_files(damage: DamageSettings, seed: int, size_px: int) -> SharedCurriculum:
    """Return masks from `damage.root`, spread evenly over `damage.bins` if there are any.

    Options: `invert` (false; true takes black for missing), and those of `Changes`. For a bin, masks are drawn until
    one lies in it, 50 times at most; then the nearest is taken.

    Raises
    ------
    InputError
        If there are no masks. One that cannot be read stops the run when it is drawn.
    """
    options = Options(damage, ("invert", "rotate_deg", "scale", "grow_px", "fit", "flip"))
    changes = Changes(
        options.number("rotate_deg", 0.0, 0.0, 180.0),
        options.pair("scale", (1.0, 1.0), 1.0, 16.0),
        options.pair("grow_px", (0.0, 0.0), 0.0, 1000.0),
        options.word("fit", _FITS[0], _FITS),
        options.switch("flip", default=True),
    )
    if not damage.root:
        raise UsageError("the curriculum 'masks' needs a folder of masks; set [damage] root")
    files = MaskFiles(damage.root, invert=options.switch("invert", default=False))
    bins = check_bins(damage.bins, size_px) if damage.bins else {"": _ANY}

    def draw_mask(group: str, shape: tuple[int, int], step: int, rng: np.random.Generator) -> Mask:
        return nearest_to_bin(lambda: changed(files.draw(rng), changes, shape, rng), bins[group])

    return SharedCurriculum(dict.fromkeys(bins, 1.0), draw_mask, seed, files.fingerprint)


class MaskFiles:
    """The masks of a folder, an archive, a folder of archives or a list.

    Attributes
    ----------
    fingerprint : str
        SHA-256 of their names and contents.
    """

    def __init__(self, root: str, *, invert: bool = False) -> None:
        self._files = PictureFiles(entries_at(Path(root).expanduser()))
        if not len(self._files):
            raise InputError(f"there must be at least one mask in {root}, got none; give a folder of masks")
        self._invert = invert
        self._memory = ArrayMemory(_MEMORY_MB)
        hashes = (f"{self._files.name(i)} {self._files.content_hash(i)}" for i in range(len(self._files)))
        self.fingerprint = hashlib.sha256("\n".join(hashes).encode()).hexdigest()

    def draw(self, rng: np.random.Generator) -> Mask:
        """Return one at random, as large as its file."""
        index = int(rng.integers(len(self._files)))
        packed = self._memory.get(index, lambda: self._packed(index))
        height, width = packed[:8].view(np.uint32)
        return np.unpackbits(packed[8:], count=int(height) * int(width)).view(np.bool_).reshape(height, width)

    def _packed(self, index: int) -> AnyArray:
        """Return a mask as its height and width, four bytes each, and one bit for each pixel."""
        try:
            mask = read_mask(self._files.bytes_of(index), invert=self._invert)
        except InputError as error:
            raise UsageError(
                f"all masks must be readable, got {self._files.name(index)}: {error}; remove it"
            ) from error
        return np.concatenate([np.array(mask.shape, np.uint32).view(np.uint8), np.packbits(mask)])


def changed(mask: Mask, changes: Changes, shape: tuple[int, int], rng: np.random.Generator) -> Mask:
    """Return a mask turned, enlarged, grown, cut to (H, W) and mirrored."""
    if changes.rotate_deg:
        angle = rng.uniform(-changes.rotate_deg, changes.rotate_deg)
        mask = np.asarray(PillowImage.fromarray(mask.view(np.uint8)).rotate(angle)).view(np.bool_)
    side = round(rng.uniform(*changes.grow_px))
    if side > 1:
        mask = ndimage.maximum_filter(mask.view(np.uint8), side).view(np.bool_)
    mask = _sized(mask, rng.uniform(*changes.scale), shape, changes.fit)
    top, left = (int(rng.integers(has - wanted + 1)) for has, wanted in zip(mask.shape, shape, strict=True))
    mask = mask[top : top + shape[0], left : left + shape[1]]
    return never_all_nor_none(turned(mask, rng) if changes.flip else mask, rng)


def nearest_to_bin(draw: Callable[[], Mask], ratio_bin: tuple[float, float]) -> Mask:
    """Draw until the share of missing pixels lies in (low, high], 50 times at most; return the nearest."""
    low, high = ratio_bin
    best, least = draw(), np.inf
    mask = best
    for _ in range(_MAX_TRIES):
        ratio = float(mask.mean())
        distance = max(low - ratio, ratio - high)
        if low < ratio <= high:
            return mask
        if distance < least:
            best, least = mask, distance
        mask = draw()
    return best


def _sized(mask: Mask, factor: float, shape: tuple[int, int], fit: str) -> Mask:
    """Return a mask enlarged by a factor, for "scale" from the size of the sample on; never smaller than that."""
    wanted = max(want / has for want, has in zip(shape, mask.shape, strict=True))
    by = max(factor * (wanted if fit == "scale" else 1.0), wanted)
    if by == 1:
        return mask
    height, width = (max(round(has * by), want) for has, want in zip(mask.shape, shape, strict=True))
    image = PillowImage.fromarray(mask.view(np.uint8)).resize((width, height), PillowImage.Resampling.NEAREST)
    return np.asarray(image).view(np.bool_)
