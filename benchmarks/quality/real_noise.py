"""Blind denoising of photographs with the noise of real cameras, beside blind rivals.

The pictures may not be published, so only scores are kept.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from benchmarks.denoisers.measuring import likeness, measure, prime
from benchmarks.measuring import Bench
from benchmarks.quality.by_bin import SHARED
from benchmarks.records import Record

FOLDER = SHARED / "denoise-real-nam"
INPUT, OURS = "input", "retouch:auto"
RIVALS = ("opencv_nlm", "skimage_wavelet", "skimage_nlm")
MEASURES = ("psnr", "ssim")
PROTOCOL = """10 pairs of 512x512 of the set of Nam et al.: one developed photograph of a camera, with its noise, and
the mean of hundreds of the same scene. 8 bits in and out; nobody is told the noise: retouch.denoise with its defaults;
OpenCV's fastNlMeansDenoisingColored with its defaults; scikit-image's denoise_wavelet (BayesShrink, convert2ycbcr) and
denoise_nl_means (fast mode, patch_size=5, patch_distance=6, h=0.8 sigma) with the sigma of its estimate_sigma.
PSNR and SSIM over all channels."""


def pairs() -> list[tuple[Path, Path]]:
    """Return noisy pictures with the clean ones; none where the folder is absent."""
    return [
        (file, FOLDER / "clean" / file.name.replace("_noise", "_gt")) for file in sorted(FOLDER.glob("noisy/*.png"))
    ]


def run(bench: Bench) -> None:
    """Score every engine on every pair and write the result file."""
    files = pairs()[: 2 if bench.quick else None]
    if not files:
        print(f"skipped: {FOLDER} is absent")
        return
    record = Record(bench, "real-noise", PROTOCOL)
    prime(bench, [OURS])
    for noisy_file, clean_file in files:
        noisy, clean = _read(noisy_file), _read(clean_file)
        name = noisy_file.stem.removesuffix("_noise")
        print(name, flush=True)
        engines = {engine: measure(bench, engine, clean, noisy, None, repeats=1) for engine in (OURS, *RIVALS)}
        scores = {engine: {name: report[name] for name in MEASURES} for engine, report in engines.items()}
        record.add(picture=name, engines={INPUT: likeness(clean, noisy), **scores})
    record.write()


def _read(file: Path) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(file).convert("RGB"))
