"""Method "auto": the choice made for each hole by its geometry, with the reason in plain words.

Thin damage is interpolated: both banks are near, so that smoothness says more than any copied texture. Broad holes are
composed of patches along an interpolation, which alone would leave a blur, and so are holes that the user has marked
with labels or lines, however thin: only patches can follow marks. Where the surroundings hold not one whole
known patch there is nothing to copy, and the hole is interpolated as well.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from retouch.arrays.regions import Box
from retouch.arrays.types import Mask
from retouch.methods.catalogue import MethodInfo, find_method
from retouch.methods.planning.survey import THIN_HALF_WIDTH_PX, Survey

THIN_METHOD, BROAD_METHOD, TINY_METHOD = "kriging", "guided_patchmatch", "harmonic"
_PATCH_PX = 7


class Choice(NamedTuple):
    """A method and why it was chosen."""

    info: MethodInfo
    reason: str


def choose_for_thin(survey: Survey) -> Choice:
    """Choose for all thin damage of a picture."""
    return Choice(
        find_method(THIN_METHOD),
        f"thin damage (half-width {survey.thin_half_width_px:.1f} px, limit {THIN_HALF_WIDTH_PX:g} px) is interpolated "
        "from its banks",
    )


def choose_for_broad(survey: Survey) -> Choice:
    """Choose for holes that are broader than the limit, as long as patches are to be had (see `choose_for_crop`)."""
    least, most = min(survey.broad_half_widths_px), max(survey.broad_half_widths_px)
    widths = f"{least:.1f}" if least == most else f"{least:.1f} to {most:.1f}"
    limit = f"limit {THIN_HALF_WIDTH_PX:g} px"
    damage = f"marked or broad damage (half-width {widths} px, {limit} without marks)"
    if not survey.led:
        damage = f"broad damage (half-width {widths} px, {limit})"
    return Choice(find_method(BROAD_METHOD), f"{damage} is composed of patches from around it")


def choose_for_crop(broad: Choice, mask: Mask, box: Box) -> Choice:
    """Return the choice for one crop of broad holes: the given one, unless no whole patch of the crop is known."""
    if has_known_patch(mask[box.slices], _PATCH_PX):
        return broad
    return Choice(
        find_method(TINY_METHOD),
        f"around this hole not one patch of {_PATCH_PX}x{_PATCH_PX} pixels is wholly known, so it is interpolated",
    )


def has_known_patch(mask: Mask, patch_px: int) -> bool:
    """Whether at least one square of `patch_px` pixels holds no missing pixel.

    >>> has_known_patch(np.zeros((7, 7), bool), 7), has_known_patch(np.eye(7, dtype=bool), 7)
    (True, False)
    """
    if min(mask.shape) < patch_px:
        return False
    known = (~mask).view(np.uint8)
    # Eroding leaves a pixel where the square around it is known; outside the picture counts as missing.
    whole = cv2.erode(known, np.ones((patch_px, patch_px), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return bool(whole.any())
