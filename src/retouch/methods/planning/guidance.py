"""What the user draws to lead a fill: a map of labels, lines, a sketch; and what it means for every pixel.

Source: structural guidance and sketches of a doctoral thesis on structure-first inpainting and object removal, Sec. 5.1
and 5.4; what labels mean to a method that borrows patches stands in `retouch.classical.exemplar.sources`.

Strokes of lines and sketch cut areas (see boundaries.py). Where map and strokes both speak, the map is heard. A network
that takes a sketch is given it as such, and no areas.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int32

from retouch.arrays.regions import Box
from retouch.arrays.types import AnyArray, Mask
from retouch.classical.exemplar.sources import allowed_patches
from retouch.errors import InputError, UsageError
from retouch.methods.catalogue import INTERPOLATION, MethodInfo
from retouch.methods.options import options_of

LABELS, AREAS, SKETCH, PATCH_SIZE = "labels", "areas", "sketch", "patch_size"
"""Options by which methods take guidance, and the one that says how large a patch is."""

_USUAL_PATCH_PX = 7
_ENOUGH_PATCHES = 1024  # of a label, around a hole
_MOST_LABEL = 65535
_MOST_DRAWN = 0.25  # a map in black on white passes this
_SILENT = "the guidance map has no label on a missing pixel, so it changes nothing"
_NOTHING_TOUCHED = "the strokes touch no hole, so they cut no areas"


@dataclass(frozen=True)
class Marks:
    """What was drawn; all of the picture's size.

    Attributes
    ----------
    labels : (H, W) int, optional
        The guidance map: missing pixels of label 1 and up borrow from known ones of their label, 0 has no say.
    lines, sketch : (H, W) bool, optional
        Strokes, True where drawn.
    """

    labels: AnyArray | None = None
    lines: Mask | None = None
    sketch: Mask | None = None

    @property
    def names(self) -> list[str]:
        """What is given, in the words of the command line."""
        given = {"guidance": self.labels, "lines": self.lines, "sketch": self.sketch}
        return [name for name, array in given.items() if array is not None]


@dataclass(frozen=True)
class Guidance:
    """What marks mean for every pixel of a picture with holes.

    Attributes
    ----------
    labels : (H, W) int32 or None
        Who borrows where, 0 for anything.
    areas : (H, W) int32 or None
        Between which the structure has an edge.
    sketch : (H, W) bool or None
        For a network that takes one.
    notes : tuple of str
        Sentences on marks that change nothing.
    """

    labels: Int32[np.ndarray, "H W"] | None = None
    areas: Int32[np.ndarray, "H W"] | None = None
    sketch: Bool[np.ndarray, "H W"] | None = None
    notes: tuple[str, ...] = ()

    def led(self, mask: Mask) -> Mask | None:
        """Return the missing pixels of which a mark says anything, or None where there are no marks."""
        if self.labels is None or self.areas is None:
            return None
        return mask & ((self.labels > 0) | (self.areas > 0))

    def options_for(self, info: MethodInfo) -> dict[str, AnyArray]:
        """Return the arrays that a method takes."""
        taken = options_taken(info)
        own = {LABELS: self.labels, AREAS: self.areas, SKETCH: self.sketch}
        return {name: array for name, array in own.items() if name in taken and array is not None}


def guide(marks: Marks, mask: Mask) -> Guidance:
    """Return what marks mean for a picture with these holes.

    Parameters
    ----------
    marks : Marks
    mask : (H, W) bool
        True where a pixel is missing.

    Raises
    ------
    InputError
        If a mark has another size, a label is no whole number from 0 to 65535, or strokes cover a quarter or more.

    Examples
    --------
    >>> mask = np.array([[False, True, True]])
    >>> guide(Marks(labels=np.array([[5, 5, 0]])), mask).led(mask).tolist()
    [[False, True, False]]
    """
    _check_drawn(marks, mask)
    if not marks.names:
        return Guidance()
    labels = np.zeros(mask.shape, np.int32) if marks.labels is None else _checked(marks.labels)
    silent = marks.labels is not None and not (labels[mask] > 0).any()
    guidance = Guidance(labels, labels, marks.sketch, (_SILENT,) if silent else ())
    strokes = [drawn for drawn in (marks.lines, marks.sketch) if drawn is not None]
    return _cut_by(np.logical_or.reduce(strokes), guidance, mask) if strokes else guidance


def _cut_by(strokes: Mask, guidance: Guidance, mask: Mask) -> Guidance:
    """Return the guidance with the areas that strokes cut, where the map has no say."""
    from retouch.methods.planning.boundaries import cut_by_lines  # noqa: PLC0415 - scipy, for which fills need not wait

    cut = cut_by_lines(strokes, mask)
    if cut is None or guidance.labels is None:
        return replace(guidance, notes=(*guidance.notes, _NOTHING_TOUCHED))
    free = (guidance.labels == 0) & (cut.areas > 0)
    areas = np.where(free, cut.areas + guidance.labels.max(), guidance.labels).astype(np.int32)
    return replace(guidance, labels=np.where(free & cut.seam, 0, areas).astype(np.int32), areas=areas)


def check_takes(info: MethodInfo, marks: Marks) -> None:
    """Refuse marks for a method that can make nothing of them.

    Raises
    ------
    UsageError
        If the method borrows no patches, and takes no sketch where that is all that is given.
    """
    taken = options_taken(info)
    refused = [name for name in marks.names if LABELS not in taken and not (name == SKETCH and SKETCH in taken)]
    if refused:
        why = "it continues values from the border" if info.kind == INTERPOLATION else "it takes no labels"
        raise UsageError(
            f"method '{info.name}' cannot be led by --{refused[0]}: {why} and borrows no patches by label; choose "
            "'patchmatch', 'guided_patchmatch' or 'auto'"
        )


def options_taken(info: MethodInfo) -> set[str]:
    """Return by which options a method is led."""
    return {option.name for option in options_of(info)} & {LABELS, AREAS, SKETCH}


def half_patch_of(info: MethodInfo, options: dict[str, object]) -> int:
    """Return half the side of a method's patches, rounded down."""
    default = {option.name: option.default for option in options_of(info)}.get(PATCH_SIZE, _USUAL_PATCH_PX)
    size = options.get(PATCH_SIZE, default)
    return int(size) // 2 if isinstance(size, int) else _USUAL_PATCH_PX // 2


class Reach:
    """How far a crop must reach for the labels in its holes to find patches.

    Parameters
    ----------
    labels : (H, W) int32
    mask : (H, W) bool
    half : int
        Half the side of a patch, rounded down.
    """

    def __init__(self, labels: Int32[np.ndarray, "H W"], mask: Mask, half: int) -> None:
        self._labels, self._mask = labels, mask
        self._patches = allowed_patches(~mask, labels, half)

    def margin_for(self, core: Box, margin: int) -> int:
        """Return the given margin, or the least double, fourfold ... of it with enough patches of every label."""
        shape = (self._mask.shape[0], self._mask.shape[1])
        here = self._labels[core.slices][self._mask[core.slices]]
        wanted = {int(label): self._enough(int(label)) for label in np.unique(here[here > 0])}
        while margin < max(shape) and not all(
            self._count(label, core.grown(margin, margin, shape)) >= least for label, least in wanted.items()
        ):
            margin *= 2
        return margin

    def _enough(self, label: int) -> int:
        return min(int(np.count_nonzero(self._patches == label)), _ENOUGH_PATCHES)

    def _count(self, label: int, box: Box) -> int:
        return int(np.count_nonzero(self._patches[box.slices] == label))


def _check_drawn(marks: Marks, mask: Mask) -> None:
    for name, array in (("guidance map", marks.labels), ("map of lines", marks.lines), ("sketch", marks.sketch)):
        if array is not None and array.shape != mask.shape:
            sizes = [f"{shape[1]}x{shape[0]}" for shape in (mask.shape, (*array.shape, 1)[:2])]
            raise InputError(
                f"picture and {name} must have the same width and height, got picture {sizes[0]} and {name} {sizes[1]}"
            )
    for name, strokes in (("lines", marks.lines), ("sketch", marks.sketch)):
        if strokes is not None and strokes.mean() > _MOST_DRAWN:
            raise InputError(
                f"strokes of --{name} must be white on black and cover at most {_MOST_DRAWN:.0%} of the picture, got "
                f"{strokes.mean():.0%} white; invert the map or draw thinner"
            )


def _checked(labels: AnyArray) -> Int32[np.ndarray, "H W"]:
    if labels.dtype.kind not in "bui" or (labels.size and not 0 <= labels.min() <= labels.max() <= _MOST_LABEL):
        raise InputError(
            f"a guidance map must hold whole numbers from 0 to {_MOST_LABEL}, one for each pixel, got {labels.dtype} "
            f"from {labels.min()} to {labels.max()}"
        )
    return labels.astype(np.int32)
