"""A condition is one kind of damage; a case is one picture under one condition."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retouch.arrays.types import AnyArray, Image, Mask
from retouch.degrade.noise.protocols import add_noise, noise_rng
from retouch.errors import InputError
from retouch.evaluation.cases.masks import FAMILY, NVIDIA, Bin, MaskSource, in_bin, list_library, pair_masks
from retouch.evaluation.cases.pictures import PictureEntry, read_8_bits
from retouch.evaluation.cases.preparation import Preparation, resize_mask
from retouch.io.pictures.mask_files import read_mask
from retouch.io.pictures.reading import MAX_PIXELS
from retouch.masks.sampler import sample_mask

_WHITE = 255


@dataclass(frozen=True)
class Condition:
    """One kind of damage: masks of one source and bin, or noise of one protocol and strength.

    Attributes
    ----------
    masks : MaskSource or None
    ratio_bin : (float, float) or None
        Half-open, shares of missing pixels.
    noise : str
        Name of a noise protocol; empty for masks.
    sigma : float
        Strength of the noise, in [0, 1].
    """

    masks: MaskSource | None = None
    ratio_bin: Bin | None = None
    noise: str = ""
    sigma: float = 0.0

    @property
    def label(self) -> str:
        """What tables call it: "brush 0.1-0.2", "awgn 25"."""
        if self.masks is None:
            return f"{self.noise} {self.sigma * _WHITE:g}"
        return self.masks.name + (f" {self.ratio_bin[0]:g}-{self.ratio_bin[1]:g}" if self.ratio_bin else "")

    @property
    def folder(self) -> str:
        """Name of its folder of results."""
        return re.sub(r"[^\w.-]+", "_", self.label)


@dataclass(frozen=True)
class Case:
    """One picture under one condition.

    Attributes
    ----------
    index : int
        Number of the picture in the list: picture i gets mask i.
    entry : PictureEntry
    condition : Condition
    mask_file : Path or None
        For masks that come from files.
    problem : str
        Why it cannot be done, if that is known beforehand.
    """

    index: int
    entry: PictureEntry
    condition: Condition
    mask_file: Path | None = None
    problem: str = ""

    @property
    def key(self) -> str:
        """Unique within the evaluation."""
        return f"{self.condition.label}|{self.entry.name}"

    @property
    def file_name(self) -> str:
        """Name of its result files, without folder: unique within the condition."""
        return f"{self.index:05d}-{re.sub(r'[^A-Za-z0-9_.-]+', '_', self.entry.path.stem)[:80]}.png"


@dataclass(frozen=True, eq=False)
class LoadedCase:
    """The pictures of a case.

    Attributes
    ----------
    truth : (H, W, C) uint8
    mask : (H, W) bool, or None for noise
    noisy : (H, W, C) float32, or None for masks
        Not clipped, unless the noise protocol says so.
    """

    truth: AnyArray
    mask: Mask | None = None
    noisy: Image | None = None

    @property
    def damaged(self) -> AnyArray:
        """What the methods are given, in 8 bits: black where a pixel is missing."""
        if self.mask is not None:
            return np.where(self.mask[:, :, None], np.uint8(0), self.truth)
        noisy = self.truth if self.noisy is None else np.rint(np.clip(self.noisy, 0, 1) * _WHITE)
        return noisy.astype(np.uint8)

    @property
    def mask_sha256(self) -> str:
        """Hash of the mask's size and pixels; empty for noise."""
        if self.mask is None:
            return ""
        return hashlib.sha256(f"{self.mask.shape}".encode() + np.packbits(self.mask).tobytes()).hexdigest()


def mask_conditions(sources: Iterable[MaskSource], bins: Sequence[Bin]) -> tuple[Condition, ...]:
    """Return every source with every bin."""
    return tuple(Condition(source, ratio_bin) for source in sources for ratio_bin in (bins or (None,)))


def list_cases(entries: Sequence[PictureEntry], conditions: Iterable[Condition]) -> tuple[Case, ...]:
    """Return the cases in order: condition by condition, picture by picture.

    Pictures whose own mask lies outside the bin are no cases of it; a picture without a mask is one with a problem.
    """
    return tuple(case for condition in conditions for case in _cases_of(entries, condition))


def load_case(case: Case, preparation: Preparation, seed: int, max_pixels: int = MAX_PIXELS) -> LoadedCase:
    """Read and prepare the pictures of a case.

    Raises
    ------
    InputError, LimitError
        If the picture or its mask cannot be read, their sizes differ, the whole picture is missing, or nothing is.
    """
    if case.problem:
        raise InputError(case.problem)
    pixels = read_8_bits(case.entry.path, max_pixels=max_pixels)
    native = pixels.shape[0], pixels.shape[1]
    window = preparation.window(*native, _rng("crop", seed, case.index))
    truth = preparation.picture(pixels, window)
    condition = case.condition
    if condition.masks is None:
        unit = truth.astype(np.float32) / np.float32(_WHITE)
        noisy = add_noise(unit, condition.noise, condition.sigma, rng=noise_rng(seed, case.index))
        return LoadedCase(truth, noisy=noisy)
    height, width = truth.shape[:2]
    mask = _load_mask(case, preparation, (height, width), seed, native, window)
    if not mask.any():
        raise InputError("the mask of this picture is empty, so there is nothing to fill")
    return LoadedCase(truth, mask=mask)


def _cases_of(entries: Sequence[PictureEntry], condition: Condition) -> list[Case]:
    source = condition.masks
    if source is None or source.kind == FAMILY or source.folder is None:
        return [Case(index, entry, condition) for index, entry in enumerate(entries)]
    if source.kind == NVIDIA:
        files = list_library(source.folder, condition.ratio_bin)
        return [Case(i, entry, condition, files[i % len(files)]) for i, entry in enumerate(entries)]
    masks = pair_masks(source.folder, entries)
    cases = []
    for index, entry in enumerate(entries):
        file = masks.get(entry.name)
        if file is None:
            problem = (
                f"no mask of this picture found in {source.folder}; looked for {entry.path.stem}_mask.png and the like"
            )
            cases.append(Case(index, entry, condition, problem=problem))
        elif in_bin(file, condition.ratio_bin):
            cases.append(Case(index, entry, condition, file))
    return cases


def _load_mask(
    case: Case,
    preparation: Preparation,
    prepared: tuple[int, int],
    seed: int,
    native: tuple[int, int],
    window: tuple[slice, slice],
) -> Mask:
    condition = case.condition
    if case.mask_file is None:
        family = condition.masks.name if condition.masks else ""
        return sample_mask(family, *prepared, ratio_bin=condition.ratio_bin, seed=seed, index=case.index)
    if condition.masks is not None and condition.masks.fits_any_size:
        return resize_mask(read_mask(case.mask_file), *prepared)
    return preparation.mask(read_mask(case.mask_file, shape=native), window)


def _rng(purpose: str, seed: int, index: int) -> np.random.Generator:
    words = f"{seed} {purpose} {index}"
    return np.random.default_rng(int.from_bytes(hashlib.sha256(words.encode()).digest(), "little"))
