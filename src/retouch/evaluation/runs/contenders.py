"""What is compared: methods of the catalogues, or results that somebody else's program left in a folder.

patchmatch                    a method with its defaults
patchmatch:patch_size=9       with options, each after a colon
net:lama.onnx:side_px=512     an exported network, from a file or by its name in the weight store
input                         the damaged picture itself
theirs=FOLDER                 results by the names of the pictures, in FOLDER or in FOLDER/CONDITION
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from retouch.arrays.types import AnyArray
from retouch.errors import InputError, UsageError
from retouch.evaluation.cases.conditions import Case, LoadedCase
from retouch.evaluation.cases.pictures import SUFFIXES, hash_file, read_8_bits
from retouch.io.pictures.picture import Picture
from retouch.methods.catalogue import AUTO, NET_PREFIX, find_method
from retouch.methods.crop_run import FillRequest
from retouch.methods.denoisers import choose_denoiser, find_denoiser, load_denoiser
from retouch.methods.fill import fill_picture
from retouch.methods.options import parse_options
from retouch.runtime.memory import PeakMemory

INPAINT, DENOISE = "inpaint", "denoise"
INPUT = "input"
_FOLDER = "folder"


@dataclass(frozen=True)
class Contender:
    """One column of the comparison.

    Attributes
    ----------
    label : str
        What tables call it.
    kind : str
        "inpaint", "denoise", "input" or "folder".
    name : str
        Of the method.
    options : mapping
    folder : Path or None
    """

    label: str
    kind: str
    name: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def is_timed(self) -> bool:
        """Whether it does any work here."""
        return self.kind in (INPAINT, DENOISE)

    @property
    def file_name(self) -> str:
        """The label without what file names may not hold: the folder of its results."""
        return "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in self.label)

    def source_sha256(self, case: Case) -> str:
        """Return the hash of the file that is the result of a case; empty where it is made here.

        Raises
        ------
        InputError
            If the folder has no result of this picture.
        """
        return hash_file(_find_result(self.folder, case)) if self.folder is not None else ""


class Attempt(NamedTuple):
    """What a contender made of a case.

    Attributes
    ----------
    result : (H, W, C) uint8, or float32 in [0, 1] from a denoiser
    seconds : float or None
        Wall time of the method alone.
    peak_mb : float or None
        Greatest memory of the process meanwhile, in MB of 10^6 bytes.
    """

    result: AnyArray
    seconds: float | None
    peak_mb: float | None


def parse_contenders(texts: Iterable[str], task: str) -> tuple[Contender, ...]:
    """Read contenders as they are typed.

    Raises
    ------
    UsageError
        If a method or option is unknown, or two have the same label or the same folder of results.
    InputError
        If a folder of results does not exist.
    """
    contenders = tuple(_parse(text, task) for text in texts)
    labels = [contender.label for contender in contenders]
    for label in labels:
        if labels.count(label) > 1:
            raise UsageError(f"method '{label}' is asked for twice; name it once")
    folders = [contender.file_name.lower() for contender in contenders]
    for label, folder in zip(labels, folders, strict=True):
        if folders.count(folder) > 1 or not folder.strip("."):
            raise UsageError(f"method '{label}' cannot have a folder of its own for its results; label it otherwise")
    if not contenders:
        raise UsageError("an evaluation needs at least one method; see 'retouch methods'")
    return contenders


def attempt(contender: Contender, case: Case, loaded: LoadedCase, seed: int) -> Attempt:
    """Let a contender repair a case.

    Raises
    ------
    RetouchError
        Whatever the method raises; InputError if a folder has no result of this picture, or one of another size.
    """
    if contender.kind == INPUT:
        return Attempt(loaded.damaged, None, None)
    if contender.kind == _FOLDER:
        return Attempt(_read_result(contender, case, loaded), None, None)
    with PeakMemory() as memory:
        started = time.perf_counter()
        result = _work(contender, case, loaded, seed)
        seconds = time.perf_counter() - started
    return Attempt(result, seconds, memory.peak_mb)


def warm_up(contenders: Iterable[Contender]) -> None:
    """Load what methods need and compile their kernels, on a small picture, so that no case is charged for it."""
    rows, columns = np.mgrid[:48, :48]
    truth = np.asarray((rows * columns) % 251, np.uint8)[:, :, None].repeat(3, axis=2)
    mask = np.zeros((48, 48), np.bool_)
    mask[14:34, 14:34] = mask[4:6] = True
    for contender in contenders:
        if contender.kind == INPAINT:
            _fill(contender, truth, mask, 0)
        elif contender.kind == DENOISE:
            _denoise(contender, truth.astype(np.float32) / np.float32(255), 0.1)


def _parse(text: str, task: str) -> Contender:
    label, equals, place = text.partition("=")
    if equals and ":" not in label:
        if not Path(place).is_dir():
            raise InputError(f"results must lie in a folder that exists, got {place}")
        return Contender(label, _FOLDER, folder=Path(place))
    name, *pairs = text.split(":")
    if name == NET_PREFIX.removesuffix(":") and pairs:
        name = NET_PREFIX + pairs.pop(0)
    if name == INPUT:
        return Contender(INPUT, INPUT)
    if name == AUTO and task == INPAINT:
        if pairs:
            raise UsageError(f"method '{AUTO}' takes no options, got '{pairs[0]}'")
        return Contender(AUTO, INPAINT, AUTO)
    if name == AUTO:
        name, _ = choose_denoiser()
    info = find_method(name) if task == INPAINT else find_denoiser(name)
    return Contender(text, task, name, parse_options(info, pairs))


def _work(contender: Contender, case: Case, loaded: LoadedCase, seed: int) -> AnyArray:
    if loaded.mask is not None:
        return _fill(contender, loaded.damaged, loaded.mask, seed)
    if loaded.noisy is None:
        raise InputError("this picture has neither a mask nor noise, so there is nothing to repair")
    return _denoise(contender, loaded.noisy, case.condition.sigma)


def _fill(contender: Contender, damaged: AnyArray, mask: AnyArray, seed: int) -> AnyArray:
    request = FillRequest(contender.name, contender.options, seed)
    return fill_picture(Picture.from_array(damaged), mask, request).picture.pixels


def _denoise(contender: Contender, noisy: AnyArray, sigma: float) -> AnyArray:
    method = load_denoiser(find_denoiser(contender.name))
    result: AnyArray = method(noisy, sigma, **contender.options)
    return result


def _read_result(contender: Contender, case: Case, loaded: LoadedCase) -> AnyArray:
    file = _find_result(contender.folder or Path(), case)
    result = read_8_bits(file)
    if result.shape[2] == 3 and loaded.truth.shape[2] == 1 and bool((result == result[:, :, :1]).all()):  # noqa: PLR2004
        result = result[:, :, :1]
    if result.shape != loaded.truth.shape:
        given, wanted = (f"{s[1]}x{s[0]} with {s[2]} channels" for s in (result.shape, loaded.truth.shape))
        raise InputError(f"the result {file.name} must have the picture's size {wanted}, got {given}")
    return result


def _find_result(folder: Path, case: Case) -> Path:
    """Return the file of a case: first in the condition's own folder, then in the folder itself."""
    names = [Path(case.file_name).stem, Path(case.entry.name).with_suffix("").as_posix()]
    if case.entry.alone:
        names.append(case.entry.path.stem)
    for place in (folder / case.condition.folder, folder):
        for name in names:
            for suffix in sorted(SUFFIXES):
                file = place / f"{name}{suffix}"
                if file.is_file():
                    return file
    raise InputError(
        f"no result of this picture in {folder}; looked for {case.entry.path.stem} with any picture suffix"
    )
