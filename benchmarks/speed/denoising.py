"""Time, memory and likeness of BM3D, non-local means and total variation beside those that people install today."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from benchmarks.denoisers.measuring import measure, present, prime
from benchmarks.measuring import Bench
from benchmarks.pictures import SEED, photograph
from benchmarks.records import Record

FAMILIES: dict[str, tuple[str, ...]] = {
    "BM3D": ("retouch:bm3d", "pypi_bm3d"),
    "non-local means": ("retouch:non_local_means", "skimage_nlm", "opencv_nlm"),
    "total variation": ("retouch:total_variation", "skimage_tv"),
}
"""Ours first."""

PICTURES = ("camera", "astronaut", "motorcycle")
LEVELS = (15, 25, 50)
SIDE_PX = 512
GROWING, GROWTH_LEVEL = "motorcycle", 25
SHAPES = ((512, 512), (1024, 1024), (1536, 2048), (3000, 4000))
BUDGETS = ("2G", "400M")
_LUMA = (0.299, 0.587, 0.114)
RIVALS, GROWTH = "rivals", "growth"
PROTOCOL = """Grey photographs (BT.601 luma) with white Gaussian noise that is neither clipped nor rounded, drawn
from seed 0, the number of the picture and sigma; every denoiser is told sigma. Each picture in a fresh process;
warm-up first (a 192 px piece), then 5 timed runs; 3 where the first takes more than 10 s and 1 where it takes more
than 30 s. CPU is user and system time of all threads. Peak memory is the process's VmHWM, kernels already compiled.
PSNR of the result rounded to 8 bits. PyPI's bm3d with its defaults; scikit-image's denoise_nl_means in fast mode,
patch_size=5, patch_distance=6, h=0.8 sigma; denoise_tv_chambolle with weight 0.04, 0.08, 0.20 at sigma 15, 25, 50;
OpenCV's fastNlMeansDenoising, h=0.9 sigma, on 8 bits. Growth: BM3D on one photograph enlarged, sigma 25, under two
budgets of memory."""


def grey_photograph(name: str, height: int, width: int) -> npt.NDArray[np.uint8]:
    """Return the luma of a bundled picture in the wanted size."""
    luma = photograph(name, height, width) @ np.array(_LUMA)
    levels: npt.NDArray[np.uint8] = np.rint(luma).astype(np.uint8)
    return levels


def add_noise(truth: npt.NDArray[np.uint8], sigma: int, index: int) -> npt.NDArray[np.float32]:
    """Return picture number `index` in [0, 1] with noise beyond it; sigma is of 255."""
    rng = np.random.default_rng([SEED, index, sigma])
    noisy = truth + sigma * rng.standard_normal(truth.shape)
    return (noisy / 255).astype(np.float32)


def run(bench: Bench) -> None:
    """Measure every case and write the result file."""
    record = Record(bench, "denoising", PROTOCOL)
    families = {family: present(bench, engines) for family, engines in FAMILIES.items()}
    prime(bench, [engines[0] for engines in families.values()])
    add_rivals(bench, record, families)
    add_growth(bench, record)
    record.write()


def add_rivals(bench: Bench, record: Record, families: dict[str, list[str]]) -> None:
    """Measure each family on every photograph at every strength."""
    side = 128 if bench.quick else SIDE_PX
    for index, name in enumerate(PICTURES[:1] if bench.quick else PICTURES):
        truth = grey_photograph(name, side, side)
        for sigma in LEVELS:
            noisy = add_noise(truth, sigma, index)
            for family, engines in families.items():
                print(f"{side} {name}, sigma {sigma}, {family}", flush=True)
                reports = {engine: measure(bench, engine, truth, noisy, sigma / 255) for engine in engines}
                record.add(series=RIVALS, family=family, picture=name, sigma=sigma, side_px=side, engines=reports)


def add_growth(bench: Bench, record: Record) -> None:
    """Measure our BM3D on pictures that grow, under each budget of memory."""
    ours = FAMILIES["BM3D"][0]
    for shape in ((96, 128), (192, 256)) if bench.quick else SHAPES:
        truth = grey_photograph(GROWING, *shape)
        noisy = add_noise(truth, GROWTH_LEVEL, 0)
        print(f"{shape[1]}x{shape[0]} {GROWING}", flush=True)
        reports = {
            budget: measure(bench, f"{ours}:max_memory={budget}", truth, noisy, GROWTH_LEVEL / 255)
            for budget in BUDGETS
        }
        record.add(series=GROWTH, shape=list(shape), megapixels=round(truth.size / 1e6, 3), budgets=reports)
