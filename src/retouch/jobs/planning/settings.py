"""How one item is to be done, in plain values that a journal can hold; what contradicts itself is refused here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from retouch import __version__
from retouch.errors import UsageError, unknown_name
from retouch.io.pictures.reading import MAX_PIXELS
from retouch.methods.catalogue import AUTO, find_method
from retouch.methods.crop_run import FillRequest
from retouch.methods.denoise import DenoiseRequest
from retouch.methods.denoisers import choose_denoiser, find_denoiser, load_denoiser
from retouch.methods.options import parse_options, parse_pairs, read_options
from retouch.methods.planning.memory import parse_memory
from retouch.tasks.photo_repair import DENOISE_SHARE, Repair
from retouch.tasks.targeting.target import Target

FILL, REMOVE, DENOISE, RESTORE = "fill", "remove", "denoise", "restore"
TASKS = (FILL, REMOVE, DENOISE, RESTORE)

_LEVELS = 255.0
_BEST = 100
_ONLY_FOR = {
    "invert_mask": (FILL,),
    "dilate": (FILL,),
    "sigma": (DENOISE,),
    "find": (REMOVE,),
    "grow": (REMOVE,),
    "sensitivity": (REMOVE, RESTORE),
    "fade": (RESTORE,),
    "denoise_share": (RESTORE,),
}


@dataclass(frozen=True)
class Settings:
    """How one item is done.

    Attributes
    ----------
    task : str
        One of `TASKS`.
    method : str
        What fills; for "denoise" the denoiser.
    options : tuple of str
        Of the method, name=value each.
    seed : int
    max_memory : str
        Budget of each process, such as "2G". Another budget may cut a picture otherwise and so give other bytes.
    max_pixels : int
        Larger pictures are refused.
    quality : int, 1 to 100, or None
        Of JPEG, WebP and AVIF; None keeps that of the input.
    keep_metadata : bool
        Keep GPS position, thumbnail and maker notes too.
    keep_format : bool
        Write the format that the input's content has, whatever its name says; else the name decides.
    invert_mask, dilate : bool, int
        For "fill": black is the hole; grow the holes by so many pixels.
    sigma : float, range [0, 255], or None
        For "denoise", in levels of 8 bits; None tells it from the picture.
    find : tuple of str
        For "remove": names of finders.
    grow : int or None
        For "remove": see `Target.grow_px`.
    sensitivity : float, range [0, 1]
        For "remove" and "restore".
    fade, denoise_share : bool, float
        For "restore": see `Repair`.

    Raises
    ------
    UsageError
        If a value is out of range, or does not belong to the task.
    """

    task: str
    method: str = AUTO
    options: tuple[str, ...] = ()
    seed: int = 0
    max_memory: str = "2G"
    max_pixels: int = MAX_PIXELS
    quality: int | None = None
    keep_metadata: bool = False
    keep_format: bool = False
    invert_mask: bool = False
    dilate: int = 0
    sigma: float | None = None
    find: tuple[str, ...] = ()
    grow: int | None = None
    sensitivity: float = 0.5
    fade: bool = False
    denoise_share: float = DENOISE_SHARE

    def __post_init__(self) -> None:
        """Refuse what no picture could make right, before the first one is read."""
        if self.task not in TASKS:
            raise UsageError(unknown_name("task", self.task, TASKS))
        for name, tasks in _ONLY_FOR.items():
            if getattr(self, name) != _DEFAULTS[name] and self.task not in tasks:
                raise UsageError(f"{name} belongs to {' and '.join(tasks)}, and the task is {self.task}; leave it out")
        self._check_numbers()
        if self.task == DENOISE:
            self.denoise_request()
            return
        self.fill_request()
        if self.task == RESTORE:
            self.repair()
        elif self.find:
            self.target(None)

    def _check_numbers(self) -> None:
        if self.quality is not None and not 1 <= self.quality <= _BEST:
            raise UsageError(f"quality must be 1 to {_BEST}, got {self.quality}")
        if self.sigma is not None and not 0 <= self.sigma <= _LEVELS:
            raise UsageError(f"sigma must be 0 to 255, in levels of an 8-bit picture, got {self.sigma:g}")
        for name, least in (("seed", 0), ("dilate", 0), ("max_pixels", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} must be {least} or more, got {getattr(self, name)}")

    def fill_request(self) -> FillRequest:
        """Return how to fill."""
        if self.method == AUTO and self.options:
            raise UsageError(f"method '{AUTO}' takes no options, got '{self.options[0]}'; name one with --method")
        options = {} if self.method == AUTO else parse_options(find_method(self.method), self.options)
        return FillRequest(self.method, options, self.seed, parse_memory(self.max_memory))

    def denoise_request(self) -> DenoiseRequest:
        """Return how to take noise away."""
        sigma = None if self.sigma is None else self.sigma / _LEVELS
        info = find_denoiser(choose_denoiser()[0] if self.method == AUTO else self.method)
        options = parse_pairs(read_options(load_denoiser(info)), self.options, f"method '{info.name}'")
        return DenoiseRequest(self.method, sigma, options, parse_memory(self.max_memory))

    def target(self, mask: str | None) -> Target:
        """Return what is to be removed; `mask` is added to what the finders find."""
        return Target(find=self.find, mask=mask, sensitivity=self.sensitivity, grow_px=self.grow)

    def repair(self) -> Repair:
        """Return the steps of a photo's repair."""
        return Repair(sensitivity=self.sensitivity, denoise_share=self.denoise_share, fade=self.fade)

    def to_json(self) -> str:
        """Return the settings as one line; equal settings give equal lines."""
        return json.dumps(asdict(self), sort_keys=True)


_DEFAULTS: Mapping[str, Any] = {field.name: field.default for field in fields(Settings)}


def settings_from_json(text: str) -> Settings:
    """Return the settings of a line of `Settings.to_json`."""
    values = json.loads(text)
    return Settings(**{**values, "options": tuple(values["options"]), "find": tuple(values["find"])})


def fingerprint(settings_json: str) -> str:
    """Return the SHA-256 of what decides the bytes of an output beside its inputs: settings and version."""
    return hashlib.sha256(f"{__version__}\n{settings_json}".encode()).hexdigest()
