"""The Python door: find_mask(), remove() and restore_photo() for every kind of picture, and the same kind out as in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from retouch.arrays.regions import Box
from retouch.arrays.types import Mask, Progress, ignore_progress
from retouch.methods.crop_run import FillRequest
from retouch.methods.kinds import to_kind_of, to_picture
from retouch.methods.marks import read_marks
from retouch.methods.planning.memory import parse_memory
from retouch.tasks.photo_repair import DENOISE_SHARE, MOST_DAMAGE, Repair, RepairedPhoto, repair_picture
from retouch.tasks.removal import Removal, remove_from_picture
from retouch.tasks.targeting.found import Finding
from retouch.tasks.targeting.target import Target
from retouch.tasks.targeting.targets import find_targets

_PLAIN = ("method", "seed", "seam", "grain")
_MARKS = ("guidance", "lines", "sketch")


class FoundMask(NamedTuple):
    """The mask of a target.

    Attributes
    ----------
    mask : (H, W) bool
        True where something is to go; ready for `retouch.fill`.
    findings : tuple of Finding
        What is under it: kind, label, box, score, area.
    status : tuple of str
        What was looked for in vain, and why.
    """

    mask: Mask
    findings: tuple[Finding, ...]
    status: tuple[str, ...]


def find_mask(image: Any, target: Target) -> FoundMask:
    """Return the mask of what is meant in a picture, grown so that no rim stays.

    Parameters
    ----------
    image : path, bytes, PIL.Image.Image, numpy.ndarray or Picture
        As for `retouch.fill`.
    target : Target
        Clicks (row, col), boxes, names, classes, marks, masks: see `retouch.Target`.

    Returns
    -------
    FoundMask
        Empty where nothing was found, and its status says why.

    Raises
    ------
    InputError
        If the picture cannot be read, or a click or a box is outside it.
    UsageError
        If a class is unknown.
    WeightsError
        If the model cannot be opened.

    Examples
    --------
    A green square, and around it the 3 px of growth that a small picture has, one on each side:

    >>> import numpy as np
    >>> picture = np.zeros((60, 80, 3), np.uint8)
    >>> picture[20:40, 30:50] = 0, 255, 0
    >>> int(find_mask(picture, Target(at=[(30, 40)])).mask.sum())
    484
    """
    targets = find_targets(to_picture(image), target)
    return FoundMask(targets.mask, targets.findings, targets.status)


def remove(image: Any, target: Target, *, candidates: int = 1, progress: Progress | None = None, **how: Any) -> Removal:
    """Return the picture without what is meant; all pixels outside the mask keep their values bit for bit.

    Parameters
    ----------
    image : path, bytes, PIL.Image.Image, numpy.ndarray or Picture
        As for `retouch.fill`.
    target : Target
        Clicks (row, col), boxes, names, classes, marks, masks: see `retouch.Target`.
    candidates : int, 1 to 16
        How many different fills to make; the best goes into `picture`, the rest into `others`.
    progress : callable, optional
        Called as progress(done, total); raise `retouch.Cancelled` from it to stop.
    **how
        As for `retouch.fill`: method, seed, max_memory, seam, grain, guidance, lines, sketch, and the options of the
        method.

    Returns
    -------
    Removal
        Its `picture` is of the kind of `image`. Where nothing was found it is unchanged, and `status` says so.

    Raises
    ------
    InputError, UsageError, WeightsError, LimitError
        As `find_mask` and `retouch.fill`.

    Examples
    --------
    >>> import numpy as np
    >>> picture = np.zeros((60, 80, 3), np.uint8)
    >>> picture[20:40, 30:50] = 0, 255, 0
    >>> int(remove(picture, Target(at=[(30, 40)]), method="harmonic").picture.max())
    0
    """
    request, report = request_of(how), progress or ignore_progress
    done = remove_from_picture(to_picture(image), target, request, report, n_candidates=candidates)
    others = tuple(to_kind_of(image, other) for other in done.others)
    return done._replace(picture=to_kind_of(image, done.picture), others=others)


def restore_photo(
    image: Any,
    *,
    scratches: bool = True,
    sensitivity: float = 0.5,
    all_damage: bool = False,
    region: Box | tuple[int, int, int, int] | None = None,
    most_share: float = MOST_DAMAGE,
    denoise: float = DENOISE_SHARE,
    fade: bool = False,
    progress: Progress | None = None,
    **how: Any,
) -> RepairedPhoto:
    """Return a photograph without its scratches, folds and dust, with less noise and, if wanted, without fading.

    Parameters
    ----------
    image : path, bytes, PIL.Image.Image, numpy.ndarray or Picture
        As for `retouch.fill`.
    scratches : bool
        Find thin damage, at most about 4 px wide, and fill it.
    sensitivity : float, range [0, 1]
        0 finds only what is certain, 1 all that may be a scratch.
    all_damage : bool
        Fill dark marks that are not long and thin too: eyes and lips look like them.
    region : Box or (top, left, bottom, right), optional
        Where to look for damage.
    most_share : float, range (0, 1]
        Damage that covers more of the picture is refused with a reason.
    denoise : float, range [0, 1]
        Of the level of noise found, how much is taken; 0 takes none, and then all pixels outside the mask keep their
        values bit for bit unless `fade` is set.
    fade : bool
        Stretch each channel to its full range, which takes a colour cast away too.
    progress : callable, optional
        Called as progress(done, total); raise `retouch.Cancelled` from it to stop.
    **how
        As for `retouch.fill`: method, seed, max_memory, seam, grain, and the options of the method.

    Returns
    -------
    RepairedPhoto
        Its `picture` is of the kind of `image`; `mask` holds the damage and `status` says what each step did.

    Raises
    ------
    InputError, UsageError, LimitError
        As `retouch.fill` and `retouch.denoise`.

    Examples
    --------
    >>> import numpy as np
    >>> photo = np.full((64, 64), 128, np.uint8)
    >>> photo[32, 10:50] = 255
    >>> int(restore_photo(photo).picture.max())
    128
    """
    box = None if region is None else Box(*region)
    repair = Repair(scratches, sensitivity, all_damage, box, most_share, float(denoise), fade)
    done = repair_picture(to_picture(image), repair, request_of(how), progress or ignore_progress)
    return done._replace(picture=to_kind_of(image, done.picture))


def request_of(how: Mapping[str, Any]) -> FillRequest:
    """Return the settings of a fill from the keywords that `retouch.fill` takes; what is none of them is an option.

    >>> request_of({"seed": 7, "patch_size": 9}).options
    {'patch_size': 9}
    """
    settings = {name: value for name, value in how.items() if name in _PLAIN}
    if "max_memory" in how:
        settings["max_memory_bytes"] = parse_memory(how["max_memory"])
    marks = read_marks(*(how.get(name) for name in _MARKS))
    options = {name: value for name, value in how.items() if name not in (*_PLAIN, *_MARKS, "max_memory")}
    return FillRequest(options=options, marks=marks, **settings)
