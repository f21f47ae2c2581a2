"""A photograph repaired: scratches, folds and dust found and filled, some of its noise taken, its fading taken back.

Source: the applications sheet, section 1. Each step can be left out. Noise is taken mildly: `auto`'s denoiser is told a
share of the level that the picture shows, half unless another is asked for, so that grain thins out and faces stay.
Departures: no learned detector; what is wider than about 4 px, such as a tear, is not found and wants its own mask.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.noise_level.estimate import LEAST_SIDE_PX
from retouch.arrays.regions import Box, find_holes, mask_ratio
from retouch.arrays.types import Mask, Progress, ignore_progress
from retouch.errors import UsageError
from retouch.io.pictures.picture import Picture
from retouch.masks.finding.scratches import find_scratches
from retouch.methods.crop_run import FillRequest
from retouch.methods.denoise import DenoiseRequest, denoise_picture
from retouch.methods.denoisers import AUTO_DENOISER
from retouch.methods.fill import fill_picture
from retouch.methods.planning.blind import noise_of
from retouch.methods.report import FillReport
from retouch.tasks.doubtful_damage import without_doubtful
from retouch.tasks.fading import correct_fading
from retouch.tasks.provenance import record_of, request_to_dict
from retouch.tasks.targeting.targets import seen_by_searches

DENOISE_SHARE = 0.5
"""Of the level of noise that is found."""

MOST_DAMAGE = 0.3
"""Share of the picture; more that looks like damage is hardly any."""

_LEFT = "{n} dark marks were left, for eyes and lips look like them: all_damage (--all-damage) fills them too"
_TWO_LEVELS = "1"
_OTHER_COLOURS = ("CMYK", "YCbCr", "LAB", "HSV", _TWO_LEVELS)


@dataclass(frozen=True)
class Repair:
    """Which steps to take, and how.

    Attributes
    ----------
    scratches : bool
        Whether thin damage is found and filled.
    sensitivity : float, range [0, 1]
        0 finds only what is certain, 1 all that may be a scratch.
    all_damage : bool
        Whether dark marks that are not long and thin are filled too: eyes and lips look like them.
    region : Box or None
        Where to look; None for everywhere.
    most_share : float, range (0, 1]
        Damage that covers more of the picture is refused with a reason.
    denoise_share : float, range [0, 1]
        Of the level of noise found, how much is taken; 0 leaves the step out.
    fade : bool
        Whether each channel gets its full range back.

    Raises
    ------
    UsageError
        If the share is out of range, or no step is left.
    """

    scratches: bool = True
    sensitivity: float = 0.5
    all_damage: bool = False
    region: Box | None = None
    most_share: float = MOST_DAMAGE
    denoise_share: float = DENOISE_SHARE
    fade: bool = False

    def __post_init__(self) -> None:
        """Refuse what no picture could make right."""
        if not 0 <= self.denoise_share <= 1:
            raise UsageError(f"the share of noise to take must be 0 to 1, got {self.denoise_share:g}")
        if not (self.scratches or self.denoise_share or self.fade):
            raise UsageError("nothing is left to do: leave scratches, noise or fading to be repaired")


class RepairedPhoto(NamedTuple):
    """A repaired photograph and the account of it.

    Attributes
    ----------
    picture : Picture, or of the kind that `retouch.restore_photo` was given
        Outside the mask bit-equal, unless noise was taken or fading corrected.
    mask : (H, W) bool
        The damage that was filled.
    boxes : tuple of Box
        Around each part of it.
    status : tuple of str
        What each step did.
    provenance : dict
        Plain JSON: version, steps, settings of the fill, hashes of picture and mask.
    report : FillReport or None
        Of the fill; None where nothing was filled.
    """

    picture: Any
    mask: Mask
    boxes: tuple[Box, ...]
    status: tuple[str, ...]
    provenance: dict[str, Any]
    report: FillReport | None


def repair_picture(
    picture: Picture, repair: Repair, request: FillRequest, progress: Progress = ignore_progress
) -> RepairedPhoto:
    """Repair a photograph.

    Parameters
    ----------
    picture : Picture
    repair : Repair
    request : FillRequest
        Of the fill; its memory budget is also that of the denoiser.
    progress : callable, optional
        Of the fill, and then of the denoiser.

    Raises
    ------
    InputError, UsageError, LimitError
        As `find_scratches`, `fill_picture` and `denoise_picture`.
    """
    mask, status = _find_damage(picture, repair)
    result, report = picture, None
    if mask.any():
        result, report = fill_picture(picture, mask, request, progress)
    if repair.denoise_share:
        result, sentence = _with_less_noise(picture, result, (repair.denoise_share, request), progress)
        status.append(sentence)
    if repair.fade:
        result, sentence = _without_fading(result, mask)
        status.append(sentence)
    record = record_of(
        "restore photo",
        picture.pixels,
        np.packbits(mask),
        repair={**asdict(repair), "region": None if repair.region is None else list(repair.region)},
        status=list(status),
        fill=request_to_dict(request),
    )
    return RepairedPhoto(result, mask, tuple(find_holes(mask)), tuple(status), record, report)


def _find_damage(picture: Picture, repair: Repair) -> tuple[Mask, list[str]]:
    if not repair.scratches:
        return np.zeros(picture.shape, bool), []
    settings: dict[str, Any] = {"sensitivity": repair.sensitivity, "region": repair.region}
    image = seen_by_searches(picture)
    found = find_scratches(image, most_share=repair.most_share, **settings)
    if found.reason:
        return found.mask, [found.reason]
    mask, n_left = (found.mask, 0) if repair.all_damage else without_doubtful(image, found.mask)
    left = [_LEFT.format(n=n_left)] if n_left else []
    if not mask.any():
        return mask, left
    share = f"{mask_ratio(mask):.2%}".replace("%", " %")
    return mask, [f"{len(find_holes(mask))} scratches and specks, {share} of the picture, were filled", *left]


def _with_less_noise(
    original: Picture, filled: Picture, how: tuple[float, FillRequest], progress: Progress
) -> tuple[Picture, str]:
    """Return the picture with a share of its noise taken; the level is that before the fill, which has no noise."""
    share, request = how
    if original.mode == _TWO_LEVELS:
        return filled, "a picture of two levels has no noise that could be told from it"
    if min(original.shape) < LEAST_SIDE_PX:
        return filled, f"a picture below {LEAST_SIDE_PX}x{LEAST_SIDE_PX} is too small to tell its noise, which was left"
    found = noise_of(original)
    sigma = min(share * found.sigma, 1.0)
    if sigma == 0:
        return filled, "no noise was found, so none was taken"
    options = {} if found.grain is None else {"covariance": found.grain.covariance}
    order = DenoiseRequest(AUTO_DENOISER, sigma, options, request.max_memory_bytes)
    result, report = denoise_picture(filled, order, progress)
    level = f"{255 * found.level.sigma:.3g} (of 255)"
    return (
        result,
        f"{found.level.kind} noise of sigma {level} was found, and {report.method} was told {share:.0%} of it".replace(
            "%", " %"
        ),
    )


def _without_fading(picture: Picture, mask: Mask) -> tuple[Picture, str]:
    if picture.mode in _OTHER_COLOURS:
        return picture, f"fading is corrected in grey and RGB only, and was left in this {picture.mode} picture"
    corrected = correct_fading(picture.to_float(), mask)
    everywhere = np.ones(picture.shape, bool)
    return picture.with_filled(corrected, everywhere), "each channel was stretched to its full range"
