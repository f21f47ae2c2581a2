"""The size planner: which parts of a picture a method is shown, so that memory stays inside the stated budget.

Every missing pixel is owned by exactly one crop, and each crop treats all missing pixels of its stage as unknown, also
those that another crop owns: the order of the crops changes nothing.

Thin damage is cut into tiles: thousands of letters or a scratch across the whole picture become few calls of limited
size. The margin of a tile is five half-widths of the damage: the influence of values at distance x along a slit of
width w falls like exp(-pi x / w), so that cutting there changes less than a tenth of an 8-bit level.

Broad holes are composed whole. Each is shown with a margin that grows with its size; holes are merged where their boxes
nearly meet, and where one common crop is no larger than the crops apart. Where labels say what a hole may borrow, the
margin grows until patches of each label are shown. Where the budget does not hold a crop its margin shrinks, down to
the least that the method works with; only then is the fill refused.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int

from retouch.arrays.regions import Box, bounding_box
from retouch.arrays.types import Mask
from retouch.errors import LimitError
from retouch.methods.catalogue import MethodInfo
from retouch.methods.planning.guidance import Reach
from retouch.methods.planning.memory import format_memory
from retouch.runtime.padding import padded_shape

_TILE_PX = 512
_LEAST_TILE_PX = 64
_REACH_HALF_WIDTHS = 5
_NEAR_PX = 16  # holes less than this apart have patches in common


@dataclass(frozen=True)
class Crop:
    """One call of a method.

    Attributes
    ----------
    box : Box
        The part of the picture that the method is shown.
    core : Box
        The bounding box of the pixels that this crop owns.
    owned : (h, w) bool, of the size of `box`
        The missing pixels whose result is taken from this crop.
    margin_px : int
        How far `box` reaches beyond `core` where the picture does not end before.
    """

    box: Box
    core: Box
    owned: Bool[np.ndarray, "h w"]
    margin_px: int

    @property
    def n_owned(self) -> int:
        """Number of pixels that are filled."""
        return int(np.count_nonzero(self.owned))


@dataclass(frozen=True)
class Budget:
    """How many bytes one call of a method may use.

    Attributes
    ----------
    n_bytes : int
        What is left of the budget for one crop.
    max_memory_bytes : int
        The whole budget, for the message.
    n_channels : int
        Channels of the picture.
    """

    n_bytes: int
    max_memory_bytes: int
    n_channels: int

    def holds(self, info: MethodInfo, box: Box, mask: Mask) -> bool:
        """Whether the method's call on this box stays inside."""
        return self._needed(info, box, int(np.count_nonzero(mask[box.slices]))) <= self.n_bytes

    def refuse(self, info: MethodInfo, box: Box, mask: Mask) -> LimitError:
        """Write the error for a box that is as small as possible and still too large."""
        short = self._needed(info, box, int(np.count_nonzero(mask[box.slices]))) - self.n_bytes
        return LimitError(
            f"the fill must stay within the memory budget of {format_memory(self.max_memory_bytes)}, but the hole of "
            f"{box.width}x{box.height} pixels needs about {format_memory(self.max_memory_bytes + short)} with method "
            f"'{info.name}'; raise --max-memory, choose a lighter method or work on a smaller picture"
        )

    def _needed(self, info: MethodInfo, box: Box, n_missing: int) -> int:
        limits = info.limits
        n_pixels = math.prod(padded_shape((box.height, box.width), limits.multiple, limits.least_px))
        three = max(self.n_channels, 3) / 3
        per_channel = n_pixels * limits.bytes_per_pixel + n_missing * limits.bytes_per_missing
        return int(per_channel * three + n_pixels**2 * limits.bytes_per_square) + limits.bytes_at_all


def plan_tiles(mask: Mask, thin: Mask, half_width_px: float, info: MethodInfo, budget: Budget) -> list[Crop]:
    """Cut thin damage into tiles.

    Parameters
    ----------
    mask, thin : (H, W) bool
        All missing pixels, and those of the thin holes, of which there is at least one.
    half_width_px : float
        The greatest half-width of a thin hole.

    Raises
    ------
    LimitError
        If not even the smallest tile fits the budget.
    """
    shape = (mask.shape[0], mask.shape[1])
    margin = max(info.context.least_px, int(np.ceil(_REACH_HALF_WIDTHS * half_width_px)))
    tile_px = _TILE_PX
    while True:
        cores = list(_tile_cores(thin, tile_px))
        too_large = [c for c in cores if not budget.holds(info, c.grown(margin, margin, shape), mask)]
        if not too_large:
            return [_crop(core, margin, thin) for core in cores]
        if tile_px <= _LEAST_TILE_PX:
            raise budget.refuse(info, too_large[0].grown(margin, margin, shape), mask)
        tile_px //= 2


def plan_holes(
    mask: Mask, holes: Iterable[Box], info: MethodInfo, budget: Budget, reach: Reach | None = None
) -> list[Crop]:
    """Give each broad hole, or each group of near ones, a crop with context.

    Parameters
    ----------
    mask : (H, W) bool
        True where a pixel of a broad hole is missing.
    holes : iterable of Box
        The bounding boxes of the holes.
    info : MethodInfo
    budget : Budget
    reach : Reach, optional
        Labels for which a crop must show patches.

    Raises
    ------
    LimitError
        If a hole does not fit the budget even with the method's least context.
    """
    shape = (mask.shape[0], mask.shape[1])
    crops = []
    for core in merge_boxes(list(holes), info, shape):
        margin = context_px(core, info) if reach is None else reach.margin_for(core, context_px(core, info))
        while not budget.holds(info, core.grown(margin, margin, shape), mask):
            if margin <= info.context.least_px:
                raise budget.refuse(info, core.grown(margin, margin, shape), mask)
            margin = max(info.context.least_px, margin * 3 // 4)
        crops.append(_crop(core, margin, mask))
    return crops


def context_px(hole: Box, info: MethodInfo) -> int:
    """Return how many pixels around a hole the method is shown when memory is no concern."""
    wanted = int(info.context.growth * max(hole.height, hole.width))
    return min(max(wanted, info.context.least_px), info.context.most_px)


def merge_boxes(holes: list[Box], info: MethodInfo, shape: tuple[int, int]) -> list[Box]:
    """Unite holes whose boxes nearly meet, and those whose common crop is no larger than the two crops apart.

    The boxes returned are disjoint and sorted from top to bottom.
    """
    pending, done = list(reversed(holes)), _BoxTable(len(holes))
    while pending:
        box = pending.pop()
        crop = box.grown(context_px(box, info), context_px(box, info), shape)
        partner = done.find_partner(box, crop, info, shape)
        if partner is None:
            done.add(box, crop)
        else:
            pending.append(box.united(done.take(partner)))
    return sorted(done.boxes())


class _BoxTable:
    """Boxes and the areas of their crops in arrays, so that one box is held against all others at once."""

    def __init__(self, capacity: int) -> None:
        self._boxes = np.empty((capacity, 4), np.int64)
        self._areas = np.empty(capacity, np.int64)
        self._n = 0

    def add(self, box: Box, crop: Box) -> None:
        self._boxes[self._n], self._areas[self._n] = box, crop.height * crop.width
        self._n += 1

    def take(self, index: int) -> Box:
        """Remove a box and return it."""
        box = Box(*self._boxes[index].tolist())
        self._n -= 1
        self._boxes[index], self._areas[index] = self._boxes[self._n], self._areas[self._n]
        return box

    def boxes(self) -> list[Box]:
        return [Box(*row) for row in self._boxes[: self._n].tolist()]

    def find_partner(self, box: Box, crop: Box, info: MethodInfo, shape: tuple[int, int]) -> int | None:
        """Return the index of the first box to be united with the given one."""
        others = self._boxes[: self._n]
        low, high = np.subtract(box[:2], _NEAR_PX), np.add(box[2:], _NEAR_PX)
        meets = (others[:, :2] < high).all(axis=1) & (others[:, 2:] > low).all(axis=1)
        united = np.hstack([np.minimum(others[:, :2], box[:2]), np.maximum(others[:, 2:], box[2:])])
        worthwhile = _crop_areas(united, info, shape) <= self._areas[: self._n] + crop.height * crop.width
        found = np.flatnonzero(meets | worthwhile)
        return int(found[0]) if found.size else None


def _crop_areas(boxes: Int[np.ndarray, "n 4"], info: MethodInfo, shape: tuple[int, int]) -> Int[np.ndarray, " n"]:
    """Return the area of the crop around each box."""
    longer = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True)
    wanted = (info.context.growth * longer).astype(np.int64)
    margin = np.clip(wanted, info.context.least_px, info.context.most_px)
    low = np.maximum(boxes[:, :2] - margin, 0)
    high = np.minimum(boxes[:, 2:] + margin, shape)
    return np.asarray((high - low).prod(axis=1))


def _tile_cores(thin: Mask, tile_px: int) -> Iterable[Box]:
    """Yield, for each tile of an even grid over the damage, the box of the damage in it."""
    whole = bounding_box(thin)
    row_cuts = _even_cuts(whole.top, whole.bottom, tile_px)
    column_cuts = _even_cuts(whole.left, whole.right, tile_px)
    for top, bottom in itertools.pairwise(row_cuts):
        for left, right in itertools.pairwise(column_cuts):
            tile = thin[top:bottom, left:right]
            if tile.any():
                inner = bounding_box(tile)
                yield Box(top + inner.top, left + inner.left, top + inner.bottom, left + inner.right)


def _even_cuts(start: int, stop: int, longest: int) -> list[int]:
    """Cut a range into the fewest parts of about equal length, none longer than `longest`."""
    n_parts = -(-(stop - start) // longest)
    return np.linspace(start, stop, n_parts + 1).astype(int).tolist()  # type: ignore[no-any-return]


def _crop(core: Box, margin: int, pixels: Mask) -> Crop:
    """Return the crop around `core` that owns the given pixels inside the core."""
    box = core.grown(margin, margin, (pixels.shape[0], pixels.shape[1]))
    owned = np.zeros((box.height, box.width), bool)
    rows, columns = slice(core.top - box.top, core.bottom - box.top), slice(core.left - box.left, core.right - box.left)
    owned[rows, columns] = pixels[core.slices]
    return Crop(box, core, owned, margin)
